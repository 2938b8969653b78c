package journal

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// A shape encodes one type of record into the bytes that the CBOR library makes
// of it, at half of the cost: what the library finds out by reflection for
// each record is found out once. A test holds the two equal.
type shape struct {
	fields []shapeField // by key
	array  bool         // else a map
}

// shapeField is one field of a record.
type shapeField struct {
	key    byte // none in an array
	offset uintptr
	omit   bool // where it is zero or empty
	kind   reflect.Kind
	size   uintptr // of an integer, or of an element of a slice
	signed bool
	elem   *shape // of a struct, or of the elements of a slice of structs
}

// attemptShape is that of the records of the mock model, which answers more calls
// in a second than anything else here brings records.
var attemptShape = shapeOf(reflect.TypeFor[Attempt]())

// Major types of RFC 8949, in the upper three bits.
const (
	cborUint  = 0 << 5
	cborInt   = 1 << 5
	cborText  = 3 << 5
	cborArray = 4 << 5
	cborMap   = 5 << 5
	cborFalse = 0xf4
	cborTrue  = 0xf5
	cborNull  = 0xf6
)

// shapeOf reads the tags of a record. It panics where a field is of a kind that
// no record has: types are constant.
func shapeOf(t reflect.Type) *shape {
	s := &shape{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("cbor")
		if f.Name == "_" {
			s.array = strings.Contains(tag, "toarray")
			continue
		}
		x := shapeField{offset: f.Offset, kind: f.Type.Kind(), size: f.Type.Size(), omit: strings.Contains(tag, "omitempty")}
		x.signed = x.kind == reflect.Int || x.kind == reflect.Int64
		if !s.array {
			name, _, _ := strings.Cut(tag, ",")
			n, err := strconv.ParseUint(name, 10, 8)
			if err != nil || !strings.Contains(tag, "keyasint") {
				panic(fmt.Sprintf("journal: %s.%s has no key below 256", t, f.Name))
			}
			x.key = byte(n)
		}
		x.inside(f.Type)
		s.fields = append(s.fields, x)
	}
	if !s.array {
		slices.SortFunc(s.fields, func(a, b shapeField) int { return int(a.key) - int(b.key) })
		if must := slices.DeleteFunc(slices.Clone(s.fields), func(x shapeField) bool { return x.omit }); len(must) < 24 || len(s.fields) > 255 {
			panic(fmt.Sprintf("journal: %s has so few fields, or so many, that their number takes no byte of its own", t))
		}
	}
	return s
}

// inside finds the shape of what a field holds.
func (x *shapeField) inside(t reflect.Type) {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint64:
		return
	case reflect.Struct:
		x.elem = shapeOf(t)
		return
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			x.size, x.elem = t.Elem().Size(), shapeOf(t.Elem())
			return
		}
	}
	panic("journal: a shape has no " + t.String() + " yet")
}

// append appends the record at p.
func (s *shape) append(dst []byte, p unsafe.Pointer) []byte {
	if s.array {
		dst = appendHead(dst, cborArray, uint64(len(s.fields)))
	} else {
		dst = append(dst, cborMap|24, 0) // how many is written when it is known
	}
	count := len(dst) - 1
	n := byte(0)
	for i := range s.fields {
		x := &s.fields[i]
		at := unsafe.Add(p, x.offset)
		if x.omit && x.empty(at) {
			continue
		}
		n++
		switch {
		case s.array:
		case x.key < 24:
			dst = append(dst, x.key)
		default:
			dst = append(dst, 24, x.key)
		}
		dst = x.append(dst, at)
	}
	if !s.array {
		dst[count] = n
	}
	return dst
}

func (x *shapeField) append(dst []byte, at unsafe.Pointer) []byte {
	switch x.kind {
	case reflect.Int64, reflect.Int, reflect.Uint8, reflect.Uint64:
		n := x.integer(at)
		if n < 0 && x.signed {
			return appendHead(dst, cborInt, uint64(^n))
		}
		return appendHead(dst, cborUint, uint64(n))
	case reflect.String:
		text := *(*string)(at)
		return append(appendHead(dst, cborText, uint64(len(text))), text...)
	case reflect.Bool:
		if *(*bool)(at) {
			return append(dst, cborTrue)
		}
		return append(dst, cborFalse)
	case reflect.Struct:
		return x.elem.append(dst, at)
	}
	list := *(*[]byte)(at) // whatever the elements are, this is where they begin
	if list == nil {
		return append(dst, cborNull)
	}
	dst = appendHead(dst, cborArray, uint64(len(list)))
	for i := range uintptr(len(list)) {
		dst = x.elem.append(dst, unsafe.Add(unsafe.Pointer(unsafe.SliceData(list)), i*x.size))
	}
	return dst
}

// integer returns the bits of an integer, with its sign where it has one.
func (x *shapeField) integer(at unsafe.Pointer) int64 {
	if x.size == 1 {
		return int64(*(*uint8)(at))
	}
	if x.size == 4 { // an int of a 32-bit machine
		return int64(*(*int32)(at))
	}
	return *(*int64)(at)
}

// empty reports what omitempty leaves out.
func (x *shapeField) empty(at unsafe.Pointer) bool {
	switch x.kind {
	case reflect.Bool:
		return !*(*bool)(at)
	case reflect.String:
		return len(*(*string)(at)) == 0
	case reflect.Slice:
		return len(*(*[]byte)(at)) == 0
	case reflect.Struct:
		return false
	}
	return x.integer(at) == 0
}

// appendHead appends a major type with its argument, as short as it can be.
func appendHead(dst []byte, major byte, n uint64) []byte {
	if n < 24 {
		return append(dst, major|byte(n))
	}
	return appendLong(dst, major, n)
}

func appendLong(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}
