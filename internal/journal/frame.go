package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"reflect"
	"slices"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/fxamacker/cbor/v2"
)

// The file is magic and frames, until the first bad frame or the end:
//
//	"chaosj1\n" | frame ...
//	frame:  u32 LE length of payload | u32 LE CRC-32C of payload | payload
//	payload:  kind, one byte | the record, CBOR (RFC 8949), keys are integers
//
// The first frame is the header. A whole run ends with a run.end mark.
const (
	magic = "chaosj1\n"

	frameHead = 8       // bytes of length and checksum
	frameMax  = 1 << 20 // bytes of a payload; a longer one is a bad frame
	frameBig  = 1 << 16 // a record beyond this has strings that nobody bounded

	kindHeader  = 'h'
	kindRequest = 'r'
	kindAttempt = 'a'
	kindMark    = 'm'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var encoder, decoder = modes()

// modes returns the dialect of CBOR. Map keys are sorted, so that equal records
// are equal bytes. Text is decoded even where it is not UTF-8: it is what a
// service sent, and no reason to lose the rest of a run.
func modes() (cbor.UserBufferEncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical, TagsMd: cbor.TagsForbidden, IndefLength: cbor.IndefLengthForbidden}.UserBufferEncMode()
	if err != nil {
		panic(err) // options are constant
	}
	dec, err := cbor.DecOptions{
		UTF8: cbor.UTF8DecodeInvalid, TagsMd: cbor.TagsForbidden, IndefLength: cbor.IndefLengthForbidden, MaxNestedLevels: 8,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

// buffers keeps what records are encoded in: at thousands a second the
// collector would else have to take them all away.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var noHead [frameHead]byte

// attemptUsual is more bytes than most attempts have.
const attemptUsual = 1 << 10

func free(buf *bytes.Buffer) {
	if buf.Cap() <= frameBig {
		buffers.Put(buf)
	}
}

// encode returns v as a frame, in a buffer that the caller frees.
func encode(kind byte, v any) (*bytes.Buffer, error) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	buf.Write(noHead[:]) // filled in below
	buf.WriteByte(kind)
	if a, ok := v.(*Attempt); ok {
		buf.Grow(attemptUsual)
		buf.Write(attemptShape.append(buf.AvailableBuffer(), unsafe.Pointer(a)))
	} else if err := encoder.MarshalToBuffer(v, buf); err != nil {
		free(buf)
		return nil, fmt.Errorf("journal: encode: %w", err)
	}
	frame := buf.Bytes()
	payload := frame[frameHead:]
	if len(payload) > frameMax {
		free(buf)
		return nil, fmt.Errorf("journal: a record of %d bytes is too large", len(payload))
	}
	binary.LittleEndian.PutUint32(frame[0:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(frame[4:], crc32.Checksum(payload, castagnoli))
	return buf, nil
}

// Bounds of what no constant in records.go bounds, for records that are too
// large otherwise.
const (
	stringMax = 1 << 10
	listMax   = 1 << 6
)

// shrink returns a copy of *v with every string and list cut to its bound.
func shrink[T any](v *T) *T {
	out := new(T)
	*out = *v
	cut(reflect.ValueOf(out).Elem())
	return out
}

func cut(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(Clip(v.String(), stringMax))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				cut(v.Field(i))
			}
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), min(v.Len(), listMax), min(v.Len(), listMax))
		reflect.Copy(list, v)
		for i := range list.Len() {
			cut(list.Index(i))
		}
		v.Set(list)
	case reflect.Map:
		small := map[string]string{}
		whole := v.Interface().(map[string]string)
		for _, key := range slices.Sorted(maps.Keys(whole)) {
			if len(key) <= stringMax && len(small) < listMax {
				small[key] = Clip(whole[key], stringMax)
			}
		}
		v.Set(reflect.ValueOf(small))
	}
}

// Clip cuts s to at most n bytes, between two characters.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// requestFrame encodes a request within the bounds of records.go.
func requestFrame(r *Request) (*bytes.Buffer, error) {
	if len(r.Marks) > MarksMax || len(r.MarkFindings) > MarksMax || len(r.Excerpt) > ExcerptMax || len(r.Err) > ErrMax {
		c := *r
		c.Marks, c.MarkFindings = c.Marks[:min(len(c.Marks), MarksMax)], c.MarkFindings[:min(len(c.MarkFindings), MarksMax)]
		c.Excerpt, c.Err = Clip(c.Excerpt, ExcerptMax), Clip(c.Err, ErrMax)
		r = &c
	}
	return bounded(kindRequest, r)
}

// attemptFrame encodes an attempt within the bounds of records.go.
func attemptFrame(a *Attempt) (*bytes.Buffer, error) {
	if len(a.Rules) > RulesMax || len(a.Emitted) > EmittedMax {
		c := *a
		c.Rules, c.Emitted = c.Rules[:min(len(c.Rules), RulesMax)], c.Emitted[:min(len(c.Emitted), EmittedMax)]
		a = &c
	}
	return bounded(kindAttempt, a)
}

// bounded encodes v, and what is left of it where it is far too large.
func bounded[T any](kind byte, v *T) (*bytes.Buffer, error) {
	buf, err := encode(kind, v)
	if err == nil && buf.Len() <= frameBig {
		return buf, nil
	}
	if err == nil {
		free(buf)
	}
	return encode(kind, shrink(v))
}
