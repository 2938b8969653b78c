package wire

import (
	"bytes"
	"html"
	"io"
	"strings"
	"testing"
)

var fuzzCodec = &Codec{Run: "abcdefgh", Phases: []string{"warm", "spike"}, Tenants: []string{"1", "2"}, Models: []string{"gpt-4o"}}

func exampleID() ID {
	return ID{Run: "abcdefgh", Phase: "spike", Index: 1432, Tenant: "2", OutputTokens: 120}
}

func exampleMark(seq int, end bool) Mark {
	return Mark{Attempt: 77, ID: exampleID(), Model: "gpt-4o", MintedNs: 5_000_000_000, Seq: seq, End: end}
}

func TestIDsSurviveEachCarrier(t *testing.T) {
	id := exampleID()
	if got, err := ParseID(id.String()); err != nil || got != id {
		t.Errorf("text: %+v, %v", got, err)
	}
	if got, ok, stale := fuzzCodec.FromTraceparent(fuzzCodec.Traceparent(id)); got != id || !ok || stale {
		t.Errorf("traceparent: %+v, ok %v, stale %v", got, ok, stale)
	}
	if got := lastMarker("hello " + Marker(id) + " there"); got != id.String() {
		t.Errorf("marker: %q", got)
	}
}

// A mark that is cut, or changed in one place, is never taken for a good one.
func TestDamagedMarksAreNotGood(t *testing.T) {
	m := fuzzCodec.Mark(exampleMark(0, false))
	for n := range m {
		for _, f := range fuzzCodec.FindMarks([]byte(m[:n] + " and so on")) {
			if !f.Bad {
				t.Fatalf("cut after %d characters it reads as %+v", n, f)
			}
		}
		damaged := []byte(m)
		damaged[n] = 'a' + (damaged[n]-'a'+1)%26
		for _, f := range fuzzCodec.FindMarks(damaged) {
			if !f.Bad {
				t.Fatalf("changed at %d it reads as %+v", n, f)
			}
		}
	}
}

// An answer is whole however it is cut into deltas, and escaped.
func TestMarksAcrossDeltas(t *testing.T) {
	text := fuzzCodec.Mark(exampleMark(0, false)) + " the answer is " + fuzzCodec.Mark(exampleMark(1, true)) + " "
	text = html.EscapeString(text)
	for n := range text {
		var marks Marks
		marks.Reset(fuzzCodec)
		marks.Write([]byte(text[:n]))
		marks.Write([]byte(text[n:]))
		got := marks.Summary()
		if len(got) != 1 || !got[0].Whole || got[0].Bad || got[0].Attempt != 77 || got[0].Tenant != "2" || got[0].Model != "gpt-4o" {
			t.Fatalf("split at %d: %+v", n, got)
		}
	}
}

func TestTextHasTheAskedTokens(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 64, 1000} {
		if got := Tokens(Text(1, n, "test")); got != n {
			t.Errorf("Text of %d tokens has %d", n, got)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(exampleID().String())
	f.Add("a.b.c.d.e.f")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err == nil && id.String() != s {
			t.Fatalf("%q reads as %q", s, id.String())
		}
		fuzzCodec.FromTraceparent(s)
		lastMarker(s)
		StripMarkers(s)
	})
}

func FuzzFindMarks(f *testing.F) {
	f.Add([]byte(fuzzCodec.Mark(exampleMark(0, false)) + " x " + fuzzCodec.Mark(exampleMark(1, true))))
	f.Add([]byte(strings.Repeat("q", 200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var marks Marks
		marks.Reset(fuzzCodec)
		half := len(b) / 2
		marks.Write(b[:half])
		marks.Write(b[half:])
		marks.Summary()
		for _, m := range fuzzCodec.FindMarks(b) {
			if m.Off < 0 || m.Off > len(b) {
				t.Fatalf("a mark at %d of %d bytes", m.Off, len(b))
			}
		}
	})
}

func FuzzSSE(f *testing.F) {
	f.Add([]byte("event: x\ndata: {}\n\n: ping\r\ndata: a\rdata: b\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := NewScanner(bytes.NewReader(b), 1<<16)
		for range len(b) + 2 {
			if _, err := s.Next(); err != nil {
				if err != io.EOF && err != ErrFrameSize {
					t.Fatal(err)
				}
				return
			}
		}
		t.Fatal("more frames than bytes")
	})
}
