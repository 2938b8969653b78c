package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// whole returns the bytes of a small journal.
func whole(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "j")
	w, err := NewWriter(path, Header{Schema: Schema, Run: "abcdefgh"}, WriterOptions{Epoch: NewEpoch()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		r, a := NewRequest(), NewAttempt()
		r.Key, a.Key, a.ID = Key{Phase: "warm", Index: int64(i)}, Key{Phase: "warm", Index: int64(i)}, uint64(i)
		w.Request(&r)
		w.Attempt(&a)
		w.Mark(&Mark{TNs: int64(i), PlannedNs: Never, Kind: MarkSample, Attrs: map[string]string{"rss_bytes": "1"}})
	}
	if err := w.Close(Mark{TNs: 9, PlannedNs: Never}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// read counts the records of a journal and reports whether it was cut.
func read(b []byte) (records int, cut bool, err error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return 0, true, err
	}
	for {
		if _, err := r.Next(); err != nil {
			return records, r.Cut(), nil
		}
		records++
	}
}

// A journal that is cut anywhere reads as its longest whole prefix.
func TestCutAnywhere(t *testing.T) {
	b := whole(t)
	all, cut, err := read(b)
	if err != nil || cut || all != 11 {
		t.Fatalf("whole: %d records, cut %v, %v; want 11", all, cut, err)
	}
	last := 0
	for n := range b {
		records, cut, _ := read(b[:n])
		if !cut || records < last || records > all-1 {
			t.Fatalf("cut at byte %d: %d records after %d, cut %v", n, records, last, cut)
		}
		last = records
	}
}

// FuzzReader: whatever a file holds, reading it ends, and does not panic.
func FuzzReader(f *testing.F) {
	b := whole(f)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte("chaosj1\n\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _, _ = read(b) })
}
