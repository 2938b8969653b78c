package wire

import (
	"fmt"
	"testing"
)

// A mark holds what it can say, and leaves out what it cannot.
func TestWhatAMarkHolds(t *testing.T) {
	rows := []struct {
		words  string
		change func(*Mark)
		want   string
	}{
		{"all", func(*Mark) {}, "77 spike/1432 2 gpt-4o 5s #3"},
		{"minted, to the millisecond", func(m *Mark) { m.MintedNs = 1_999_999 }, "77 spike/1432 2 gpt-4o 1ms #3"},
		{"a phase that is in no list: no request", func(m *Mark) { m.ID.Phase = "cold" }, "77 /0 2 gpt-4o 5s #3"},
		{"an index without room: no request", func(m *Mark) { m.ID.Index = 1 << 28 }, "77 /0 2 gpt-4o 5s #3"},
		{"an anonymous request", func(m *Mark) { m.ID.Phase, m.ID.Index, m.ID.Tenant = "anon", 1<<62, "" }, "77 anon/0  gpt-4o 5s #3"},
		{"a tenant that is in no list", func(m *Mark) { m.ID.Tenant = "9" }, "77 spike/1432  gpt-4o 5s #3"},
		{"a model that is in no list", func(m *Mark) { m.Model = "x" }, "77 spike/1432 2  5s #3"},
		{"an attempt without room", func(m *Mark) { m.Attempt = 1 << 30 }, "0 spike/1432 2 gpt-4o 5s #3"},
		{"a number that wraps around", func(m *Mark) { m.Seq = seqModulo + 3 }, "77 spike/1432 2 gpt-4o 5s #3"},
	}
	for _, row := range rows {
		m := exampleMark(3, false)
		row.change(&m)
		text := fuzzCodec.Mark(m)
		found := fuzzCodec.FindMarks([]byte("x " + text + " y"))
		if len(text) != markLen || len(found) != 1 || found[0].Bad || found[0].OtherRun || found[0].Off != 2 {
			t.Errorf("%s: %q reads as %+v", row.words, text, found)
			continue
		}
		f := found[0]
		got := fmt.Sprintf("%d %s/%d %s %s %s #%d", f.Attempt, f.ID.Phase, f.ID.Index, f.ID.Tenant, f.Model, nanos(f.MintedNs), f.Seq)
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.words, got, row.want)
		}
	}
}

func nanos(ns int64) string {
	if ns%1_000_000_000 == 0 {
		return fmt.Sprint(ns/1_000_000_000, "s")
	}
	return fmt.Sprint(ns/1_000_000, "ms")
}

// Test vectors: what one release writes the next one reads.
func TestWireVectors(t *testing.T) {
	id := exampleID()
	for _, row := range []struct{ words, got, want string }{
		{"id", id.String(), "abcdefgh.spike.1432.2.120.7dd7"},
		{"marker", Marker(id), "[chaos:abcdefgh.spike.1432.2.120.7dd7]"},
		{"traceparent", fuzzCodec.Traceparent(id), "00-886a8b1d81074dfd6a574d153991ff83-b510f0f1ee42c515-01"},
		{"watermark", fuzzCodec.Mark(exampleMark(1, true)), "qzxa8sf00002d2g002rg00g8009pg03000e3dy"},
		{"short watermark", fuzzCodec.ShortMark(exampleMark(1, true)), "qzjsf00002dboso"},
		{"text", Text(42, 12, "prompt", "spike", "7"), "bag railway service century evening cup include "},
		{"fold", fmt.Sprintf("%x", Fold64([]byte("ab"), []byte("c"))), "fd5d9883ef1bdb98"},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, want %q", row.words, row.got, row.want)
		}
	}
	// The check values of FNV-1a, 64 bits.
	if Fold64(nil) != 0xcbf29ce484222325 || Fold64([]byte("foobar")) != 0x85944171f73967e8 {
		t.Errorf("FNV-1a: %x, %x", Fold64(nil), Fold64([]byte("foobar")))
	}
	if Fold64([]byte("ab"), []byte("c")) == Fold64([]byte("a"), []byte("bc")) {
		t.Error("where a part ends makes no difference")
	}
}
