package journal

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	synctest.Test(t, func(t *testing.T) {
		w, err := NewWriter(path, Header{Schema: Schema, Run: "abcdefgh"}, WriterOptions{Epoch: NewEpoch(), Inflight: func() ([]Key, []uint64) { return []Key{{Phase: "warm", Index: 3}}, []uint64{9} }})
		if err != nil {
			t.Fatal(err)
		}
		r := NewRequest()
		r.Key = Key{Phase: "warm", Index: 1}
		r.Marks = []MarkSeen{{Attempt: 4, Key: Key{Phase: "warm", Index: 1}}}
		r.MarkFindings, r.MarksMore = []uint16{3}, 2
		w.Request(&r)
		a := NewAttempt()
		a.ID = 7
		a.Rules = []RuleHit{{Name: "x", State: RulePassed, At: -1}}
		w.Attempt(&a)
		<-time.After(1100 * time.Millisecond)
		if err := w.Close(Mark{TNs: 5, PlannedNs: Never}); err != nil {
			t.Fatal(err)
		}
	})
	j, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Requests) != 1 || len(j.Attempts) != 1 || j.Cut || j.Requests[0].Marks[0].Attempt != 4 || j.Requests[0].Finding(0) != 3 || j.Requests[0].MarksMore != 2 || j.Requests[0].ConnNs != Never || j.Attempts[0].Rules[0].At != -1 || !j.CensoredRequests[Key{Phase: "warm", Index: 3}] {
		t.Fatalf("%+v", j)
	}
}

func BenchmarkWriter(b *testing.B) {
	path := filepath.Join(b.TempDir(), "j")
	w, _ := NewWriter(path, Header{Schema: Schema, Run: "abcdefgh"}, WriterOptions{Epoch: NewEpoch()})
	r := NewRequest()
	r.Key = Key{Phase: "warm", Index: 1}
	b.ReportAllocs()
	for b.Loop() {
		w.Request(&r)
	}
	w.Close(Mark{})
}

// A journal of before findings were kept reads as it did: within a version,
// fields are only added.
func TestAnOlderJournalIsRead(t *testing.T) {
	j, err := Load("testdata/before_findings.chaos")
	if err != nil || j.Cut || len(j.Requests) != 1 {
		t.Fatalf("%+v, %v", j, err)
	}
	r := &j.Requests[0]
	if len(r.Marks) != 2 || r.Marks[0].Attempt != 4 || !r.Marks[0].Whole || r.Marks[0].Tenant != "t1" || !r.Marks[1].Bad || r.Finding(0) != 0 || r.Finding(1) != 0 || r.MarksMore != 0 {
		t.Errorf("%+v", r)
	}
}
