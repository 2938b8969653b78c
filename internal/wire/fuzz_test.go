package wire

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"html"
	"io"
	"math"
	"slices"
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
		if len(got) != 1 || !got[0].Whole() || got[0].Attempt != 77 || got[0].Tenant != "2" || got[0].Model != "gpt-4o" {
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
	f.Add([]byte(answerText('a', 150) + fuzzCodec.ShortMark(exampleMark(0, false)) + answerText('b', 70)))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, halves, bytewise := fuzzCodec.NewMarks(), fuzzCodec.NewMarks(), fuzzCodec.NewMarks()
		half := len(b) / 2
		whole.Write(b)
		halves.Write(b[:half])
		halves.Write(b[half:])
		for i := range b {
			bytewise.Write(b[i : i+1])
		}
		if want := found(whole); found(halves) != want || found(bytewise) != want {
			t.Fatalf("%s in one piece, %s in halves, %s byte by byte", want, found(halves), found(bytewise))
		}
		if n := len(whole.Summary()); n > AnswersMax+1 {
			t.Fatalf("%d answers", n)
		}
		for _, m := range fuzzCodec.FindMarks(b) {
			size := markLen
			if m.Short {
				size = ShortLen
			}
			if m.Off < 0 || m.Off+size > len(b) {
				t.Fatalf("a mark at %d of %d bytes", m.Off, len(b))
			}
			if text := string(b[m.Off : m.Off+size]); strings.TrimSpace(StripMarkers(text)) != "" {
				t.Fatalf("%q is a mark and is not stripped", text)
			}
			if text := string(b[m.Off : m.Off+size]); m.Short && !m.Bad && !m.OtherRun && fuzzCodec.ShortMark(m.Mark) != text {
				t.Fatalf("%q reads as %+v", text, m)
			}
		}
	})
}

// FuzzNumbers reads numbers from anywhere: nothing panics, marking changes
// little and keeps the order, and what was written is read.
func FuzzNumbers(f *testing.F) {
	f.Add(uint64(77), []byte(strings.Repeat("chaos", 40)))
	f.Add(uint64(1<<30-1), bytes.Repeat([]byte{0xff, 0x7f, 0, 0x80}, 20))
	f.Fuzz(func(t *testing.T, attempt uint64, b []byte) {
		attempt %= 1 << markAttemptBits
		m := Mark{Attempt: attempt, ID: exampleID()}
		v := make([]float32, len(b)/4)
		normal := map[int]bool{}
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			if isNormal(math.Float32bits(v[i])) {
				normal[i%VectorMin] = true
			}
		}
		before := slices.Clone(v)
		fuzzCodec.FindVectorMark(v)
		fuzzCodec.MarkVector(v, m)
		for i, x := range v {
			old := float64(before[i])
			if isNormal(math.Float32bits(x)) && !(math.Abs(float64(x)-old) <= math.Abs(old)/16384) || MaskVector(x) != MaskVector(before[i]) && x == x {
				t.Fatalf("%v became %v", before[i], x)
			}
		}
		if got, ok := fuzzCodec.FindVectorMark(v); len(normal) == VectorMin && (!ok || got.Attempt != attempt) {
			t.Fatalf("attempt %d reads as %+v, %v", attempt, got, ok)
		}
		scores := make([]float64, len(b)/8)
		for i := range scores {
			scores[i] = float64(binary.LittleEndian.Uint64(b[8*i:])>>11) / (1 << 53)
		}
		fuzzCodec.FindScoreMark(scores)
		slices.SortFunc(scores, func(x, y float64) int { return cmp.Compare(y, x) })
		if !fuzzCodec.MarkScores(scores, m) {
			return
		}
		if got, ok := fuzzCodec.FindScoreMark(scores); !ok || got.Attempt != attempt {
			t.Fatalf("attempt %d reads as %+v, %v from %v", attempt, got, ok, scores)
		}
		for i := 1; i < len(scores); i++ {
			if scores[i] >= scores[i-1] {
				t.Fatalf("score %d does not fall: %v", i, scores)
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
