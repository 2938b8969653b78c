package mockmodel

import (
	"context"
	"slices"
	"sync"
)

// station is one model at work: slots for the calls that it serves, and a
// bounded queue before them, first come first served.
type station struct {
	Model
	limited bool

	batch    *batch    // nil: calls do not slow each other down
	prefill  *prefill  // nil: a prompt takes no time of its own
	prefixes *prefixes // nil: none is remembered

	mu      sync.Mutex
	busy    int
	waiting []*waiter // in order of arrival
	never   bool      // no call has come yet
	idleNs  int64     // when the last call left
	warmAt  int64     // when a model that was started is ready
	// limits of the model, for each provider that it is asked at, as the same
	// name at two providers is two quotas, and for each key where the plan says.
	limits map[quotaOf]*limiter
}

// waiter is a call in the queue. admitted is closed when it gets a slot.
type waiter struct {
	admitted chan struct{}
	served   bool // under the station's lock
}

func newStation(m Model) *station {
	s := &station{Model: m, limited: m.Limits.limited(), never: true}
	if m.Throughput > 0 {
		s.batch = newBatch(*m.TokensPerSecond, m.Throughput, m.Slots)
	}
	if m.PrefillTokensPerSecond > 0 {
		s.prefill = &prefill{rate: m.PrefillTokensPerSecond}
	}
	if m.PrefixCache > 0 {
		s.prefixes = newPrefixes(m.PrefixCache)
	}
	return s
}

// admission says how a call got on at the door.
type admission int

const (
	admitted admission = iota
	queued
	queueFull
)

// enter takes a slot, or a place in the queue: then waiter is where it comes.
// Who has either must give it back, with leave and quit.
func (s *station) enter(now int64) (how admission, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy < s.Slots {
		s.take(now)
		return admitted, nil
	}
	if len(s.waiting) >= *s.Queue && s.WhenFull != whenFullLate {
		return queueFull, nil
	}
	w = &waiter{admitted: make(chan struct{})}
	s.waiting = append(s.waiting, w)
	return queued, w
}

// take counts a call in, with the lock held. A model that was idle for long has
// to be started first.
func (s *station) take(now int64) {
	if s.ColdStart.For > 0 && s.busy == 0 && now >= s.warmAt && (s.never || s.ColdStart.After > 0 && now-s.idleNs >= int64(s.ColdStart.After)) {
		s.warmAt = now + int64(s.ColdStart.For)
	}
	s.busy++
	s.never = false
}

// warmNs returns when the model can begin to work on a call admitted at now.
func (s *station) warmNs(now int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(now, s.warmAt)
}

// awaitSlot waits in the queue. false: ctx ended.
func (w *work) awaitSlot(ctx context.Context, kind waitKind) bool {
	if !w.waits.on(ctx, kind, w.waiter.admitted) {
		return false
	}
	w.waiter, w.inside = nil, true
	return true
}

// quit leaves the queue. true: the slot came at the same instant, and is to be
// given back.
func (s *station) quit(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.served {
		return true
	}
	if i := slices.Index(s.waiting, w); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	return false
}

// leave gives the slot back: to the first in the queue, if there is one.
func (s *station) leave(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		if s.busy--; s.busy == 0 {
			s.idleNs = now
		}
		return
	}
	w := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	w.served = true
	close(w.admitted)
}

// inFlight returns how many calls are being served.
func (s *station) inFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}
