package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// scan prints all frames of a stream, and how it ended.
func scan(r io.Reader, max int) string {
	s := NewScanner(r, max)
	var out []string
	for {
		f, err := s.Next()
		switch {
		case err != nil:
			end := "end"
			if err != io.EOF {
				end = err.Error()
			}
			return strings.Join(append(out, end), " ")
		case f.Comment:
			out = append(out, fmt.Sprintf(":%q", f.Data))
		default:
			out = append(out, fmt.Sprintf("%s%q", f.Event, f.Data))
			if f.ID != "" {
				out[len(out)-1] += "#" + f.ID
			}
		}
	}
}

// The rules of the WHATWG HTML standard, section 9.2.6, and the examples that
// it gives. Each stream is read whole, byte by byte, and cut in two at every
// place: how bytes arrive does not matter.
func TestEventStreams(t *testing.T) {
	rows := []struct{ words, stream, want string }{
		{"an event", "data: a\n\n", `"a" end`},
		{"the standard's first example", "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\ndata: This is the third message.\n\n",
			`"This is the first message." "This is the second message, it\nhas two lines." "This is the third message." end`},
		{"named events", "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", `add"73857293" remove"2153" end`},
		{"a comment, ids, and the reset of an id", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", `:"test stream" "first event"#1 "second event" end`},
		{"empty data is data", "data\n\ndata\ndata\n\ndata:", `"" "\n" end`},
		{"one space is taken away, no more", "data:test\n\ndata: test\n\ndata:  test\n\n", `"test" "test" " test" end`},
		{"lines that end in CRLF", "event: x\r\ndata: a\r\ndata: b\r\n\r\n", `x"a\nb" end`},
		{"lines that end in CR", "event: x\rdata: a\rdata: b\r\r", `x"a\nb" end`},
		{"all kinds of line ends in one stream", "data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\n\n", `"a" "b" "c" "d" end`},
		{"one byte order mark", "\ufeffdata: a\n\n", `"a" end`},
		{"a second byte order mark is part of a name", "\ufeff\ufeffdata: a\n\n", `end`},
		{"a byte order mark later is part of a name", "data: a\n\n\ufeffdata: b\n\n", `"a" end`},
		{"an event without data is none, and forgets its name", "event: ghost\n\ndata: a\n\n", `"a" end`},
		{"an id outlives its event", "id: 7\n\ndata: a\n\ndata: b\n\n", `"a"#7 "b"#7 end`},
		{"an id with a NUL is ignored", "id: 7\nid: a\x00b\ndata: a\n\n", `"a"#7 end`},
		{"retry and names that nobody knows are skipped", "retry: 10\nfoo: bar\nDATA: x\n data: y\ndata: a\n\n", `"a" end`},
		{"a colon in the data", "data: a: b: c\n\n", `"a: b: c" end`},
		{"comments between the lines of an event", "data: a\n:\n: ping\ndata: b\n\n", `:"" :"ping" "a\nb" end`},
		{"an event whose blank line never came", "data: a\n\ndata: b\n", `"a" end`},
		{"a line whose end never came", "data: a\n\ndata: b", `"a" end`},
		{"only a name, then the end", "event: x\n", `end`},
		{"nothing", "", `end`},
		{"blank lines", "\n\r\n\r", `end`},
		{"bytes that are no UTF-8 are left as they are", "data: \xff\xfe\n\n", `"\xff\xfe" end`},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			check := func(how string, r io.Reader) {
				if got := scan(r, 1<<10); got != row.want {
					t.Errorf("%s: %s\nwant %s", how, got, row.want)
				}
			}
			check("whole", strings.NewReader(row.stream))
			check("byte by byte", iotest.OneByteReader(strings.NewReader(row.stream)))
			check("with its end in the last read", iotest.DataErrReader(strings.NewReader(row.stream)))
			for n := range row.stream {
				check(fmt.Sprintf("cut at %d", n), io.MultiReader(strings.NewReader(row.stream[:n]), strings.NewReader(row.stream[n:])))
			}
		})
	}
}

// An event is there as soon as its last byte is, even where that is the CR of
// a CRLF whose LF comes with the next event.
func TestEventsAreNotHeldBack(t *testing.T) {
	for _, text := range []string{"data: a\n\n", "data: a\r\r", "data: a\r\n\r", ": a\n", ": a\r"} {
		r, w := io.Pipe()
		s := NewScanner(r, 100)
		go func() { _, _ = io.WriteString(w, text) }() // and no more
		if f, err := s.Next(); f.Data != "a" || err != nil {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
		w.Close()
	}
}

func TestEventsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 200)
	rows := []struct{ words, stream, want string }{
		{"an event that is just not too long", "data: " + long[:90] + "\n\ndata: b\n\n", fmt.Sprintf("%q", long[:90]) + ` "b" end`},
		{"a line that is too long", "data: a\n\ndata: " + long + "\n\ndata: b\n\n", `"a" wire: event is too large`},
		{"a line without end", "data: " + strings.Repeat(long, 1000), `wire: event is too large`},
		{"many lines", strings.Repeat("data: "+long[:40]+"\n", 3) + "\ndata: b\n\n", `wire: event is too large`},
		{"lines of nothing", strings.Repeat("data\n", 200) + "\n", `wire: event is too large`},
		{"a name that is too long", "event: " + long + "\ndata: b\n\n", `wire: event is too large`},
	}
	for _, row := range rows {
		if got := scan(strings.NewReader(row.stream), 100); got != row.want {
			t.Errorf("%s: %s\nwant %s", row.words, got, row.want)
		}
		if got := scan(iotest.OneByteReader(strings.NewReader(row.stream)), 100); got != row.want {
			t.Errorf("%s, byte by byte: %s\nwant %s", row.words, got, row.want)
		}
	}
}

func TestBrokenStreams(t *testing.T) {
	broken := errors.New("reset")
	if got := scan(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)), 100); got != `"a" reset` {
		t.Error(got)
	}
	if got := scan(lazy{}, 100); got != io.ErrNoProgress.Error() {
		t.Error(got)
	}
}

// lazy is a reader that never has anything and never ends.
type lazy struct{}

func (lazy) Read([]byte) (int, error) { return 0, nil }

// What AppendFrame writes, Scanner reads.
func TestFramesAreReadBack(t *testing.T) {
	for _, data := range []string{"", "a", " a", "a\nb", "a\n", "\n", "a\n\nb", ": no comment", "\ufeff"} {
		stream := AppendFrame(AppendFrame(nil, "", []byte(data)), "x", []byte(data))
		if got, want := scan(bytes.NewReader(stream), 100), fmt.Sprintf("%q x%q end", data, data); got != want {
			t.Errorf("%q: %s, want %s", stream, got, want)
		}
	}
	for _, data := range []string{"a\r\nb", "a\rb"} {
		if got := scan(bytes.NewReader(AppendFrame(nil, "", []byte(data))), 100); got != `"a\nb" end` {
			t.Errorf("%q: %s", data, got)
		}
	}
}

func BenchmarkScanner(b *testing.B) {
	stream := []byte(strings.Repeat(`data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}`+"\n\n", 100))
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(bytes.NewReader(stream), 1<<20)
		for {
			if _, err := s.Next(); err != nil {
				break
			}
		}
	}
}
