package plans

import (
	"slices"
	"sync"

	"github.com/chaoskit/chaos/internal/journal"
)

// recent keeps the newest attempts of a provider on its own in memory, and the
// marks beside them. What had to go is counted: a verdict says so.
type recent struct {
	most int

	mu       sync.Mutex
	seq      uint64        // of the last record
	attempts []keptAttempt // a ring once it is full; next is where the oldest is
	next     int
	marks    []keptMark
	lost     int64
	waiting  chan struct{} // closed at the next record; nil: nobody waits
}

type keptAttempt struct {
	seq    uint64
	record journal.Attempt
}

type keptMark struct {
	seq    uint64
	record journal.Mark
}

// Bounds of what is kept in memory: an attempt is about 1 kB.
const (
	keptMost      = 20_000 // of the mock itself
	keptMostScope = 2_000
	marksMost     = 1_000
)

func newRecent(most int) *recent { return &recent{most: most} }

// Request implements journal.Sink; a provider sees none.
func (r *recent) Request(*journal.Request) {}

// Attempt implements journal.Sink.
func (r *recent) Attempt(a *journal.Attempt) {
	rules, emitted := slices.Clone(a.Rules), slices.Clone(a.Emitted)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	at := len(r.attempts)
	if at < r.most {
		r.attempts = append(r.attempts, keptAttempt{})
	} else {
		at, r.next = r.next, (r.next+1)%r.most
		r.lost++
	}
	k := &r.attempts[at] // a record is large: it is copied once
	k.seq, k.record = r.seq, *a
	k.record.Rules, k.record.Emitted = rules, emitted
	if r.waiting != nil {
		close(r.waiting)
		r.waiting = nil
	}
}

// Mark implements journal.Sink.
func (r *recent) Mark(m *journal.Mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	if len(r.marks) == marksMost {
		// Barriers open as often as calls come; what rules there were is told by
		// the others alone.
		oldest := max(0, slices.IndexFunc(r.marks, func(m keptMark) bool { return m.record.Kind == journal.MarkBarrierRelease }))
		r.marks = slices.Delete(r.marks, oldest, oldest+1)
	}
	r.marks = append(r.marks, keptMark{r.seq, *m})
}

// changed is closed when the next attempt is on record.
func (r *recent) changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = make(chan struct{})
	}
	return r.waiting
}

// has reports whether all attempts are on record, which those that are open are
// for a moment. The newest are looked at first.
func (r *recent) has(ids []uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	missing := len(ids)
	for i := len(r.attempts) - 1; i >= 0 && missing > 0; i-- {
		if slices.Contains(ids, r.attempts[(r.next+i)%len(r.attempts)].record.ID) {
			missing--
		}
	}
	return missing == 0
}

// since returns the attempts and marks after the record with the number, oldest
// first.
func (r *recent) since(seq uint64) ([]keptAttempt, []keptMark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var attempts []keptAttempt
	for i := range r.attempts {
		if k := &r.attempts[(r.next+i)%len(r.attempts)]; k.seq > seq {
			attempts = append(attempts, *k)
		}
	}
	var marks []keptMark
	for _, k := range r.marks {
		if k.seq > seq {
			marks = append(marks, k)
		}
	}
	return attempts, marks
}

// forget drops all records. Their numbers go on.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts, r.next, r.marks, r.lost = nil, 0, nil, 0
}

// journal returns what is kept as a journal to be judged.
func (r *recent) journal(h journal.Header) *journal.Journal {
	attempts, marks := r.since(0)
	var all journal.MemSink
	for i := range attempts {
		all.Attempt(&attempts[i].record)
	}
	for i := range marks {
		all.Mark(&marks[i].record)
	}
	j := all.Journal(h)
	j.Cut = false // it is read while it goes on: nothing was cut off
	r.mu.Lock()
	defer r.mu.Unlock()
	j.Lost = r.lost
	return j
}

// tee hands records to several sinks.
type tee []journal.Sink

// Request implements journal.Sink.
func (t tee) Request(r *journal.Request) {
	for _, s := range t {
		s.Request(r)
	}
}

// Attempt implements journal.Sink.
func (t tee) Attempt(a *journal.Attempt) {
	for _, s := range t {
		s.Attempt(a)
	}
}

// Mark implements journal.Sink.
func (t tee) Mark(m *journal.Mark) {
	for _, s := range t {
		s.Mark(m)
	}
}
