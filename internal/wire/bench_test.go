package wire

import (
	"strings"
	"testing"
)

// BenchmarkMarks reads the watermarks of an answer of 500 tokens: in pieces of
// one token, as a stream brings them, and as one body; and a text without any.
func BenchmarkMarks(b *testing.B) {
	var text strings.Builder
	words := Text(1, 500, "bench")
	for seq := 0; words != ""; seq++ {
		n := min(len(words), MarkEvery*TokenBytes)
		text.WriteString(fuzzCodec.Mark(exampleMark(seq, false)) + " " + words[:n])
		words = words[n:]
	}
	data, plain := []byte(text.String()), []byte(Text(1, 500, "bench"))
	for _, size := range []struct {
		name string
		data []byte
		n    int
	}{{"token", data, TokenBytes + 1}, {"body", data, len(data)}, {"unmarked token", plain, TokenBytes + 1}, {"unmarked body", plain, len(plain)}} {
		b.Run(size.name, func(b *testing.B) {
			var m Marks
			b.SetBytes(int64(len(size.data)))
			b.ReportAllocs()
			for b.Loop() {
				m.Reset(fuzzCodec)
				for rest := size.data; len(rest) > 0; {
					n := min(size.n, len(rest))
					_, _ = m.Write(rest[:n])
					rest = rest[n:]
				}
			}
		})
	}
}

// BenchmarkMark writes one.
func BenchmarkMark(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fuzzCodec.Mark(exampleMark(3, false))
	}
}
