package journal

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
	"unsafe"

	"github.com/chaoskit/chaos/internal/draw"
)

// The bytes of a shape are those of the CBOR library, whatever a record holds:
// every field is given values at the edges of every length of a number, in turn
// and mixed.
func TestShapeAsTheLibrary(t *testing.T) {
	for seed := range uint64(2000) {
		a := NewAttempt()
		fill(reflect.ValueOf(&a).Elem(), seed, "")
		var want bytes.Buffer
		if err := encoder.MarshalToBuffer(&a, &want); err != nil {
			t.Fatal(err)
		}
		if got := attemptShape.append(nil, unsafe.Pointer(&a)); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("seed %d: %+v\ngot  %x\nwant %x", seed, a, got, want.Bytes())
		}
	}
}

// fill gives v a value that the seed and its name choose.
func fill(v reflect.Value, seed uint64, name string) {
	bits := draw.Bits(seed, name)
	edges := []int64{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, -1, -24, -25, -256, -257, math.MinInt64}
	n := edges[bits%uint64(len(edges))]
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(bits&1 == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(n) & (math.MaxUint64 >> (64 - 8*v.Type().Size())))
	case reflect.String:
		v.SetString([]string{"", "x", "gpt-4o", "ü\xff\x00", string(make([]byte, 300))}[bits%5])
	case reflect.Slice:
		if bits%4 == 0 {
			v.SetZero()
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), int(bits%30), 30))
		for i := range v.Len() {
			fill(v.Index(i), seed, fmt.Sprint(name, i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), seed, name+"."+v.Type().Field(i).Name)
			}
		}
	}
}

func BenchmarkAttempt(b *testing.B) {
	a := NewAttempt()
	a.Key, a.Tenant, a.SDK, a.Source = Key{Phase: "spike", Index: 1234}, "t1", "OpenAI/Python 1.99.0", "127.0.0.1:50000"
	a.StepHash, a.BodyHash, a.ArrivedNs, a.EndNs = math.MaxUint64/3, math.MaxUint64/5, 1e10, 2e10
	a.Emitted = []Point{{TNs: 1e10, Tokens: 120}}
	b.Run("shape", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			dst = attemptShape.append(dst[:0], unsafe.Pointer(&a))
		}
	})
	b.Run("library", func(b *testing.B) {
		var dst bytes.Buffer
		for b.Loop() {
			dst.Reset()
			if err := encoder.MarshalToBuffer(&a, &dst); err != nil {
				b.Fatal(err)
			}
		}
	})
}
