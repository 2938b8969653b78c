package mockmodel

import (
	"context"
	"sync"
)

// station is one model at work: slots for the calls that it serves, and a
// bounded queue before them, first come first served.
type station struct {
	Model
	limited bool

	mu      sync.Mutex
	busy    int
	waiting []*waiter // in order of arrival
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
	return &station{Model: m, limited: m.Limits.limited()}
}

// admission says how a call got on at the door.
type admission int

const (
	admitted admission = iota
	queueFull
	gaveUp // the caller left the queue
)

// enter takes a slot, waiting for one if the queue has room. Who is admitted
// must leave.
func (s *station) enter(ctx context.Context) admission {
	s.mu.Lock()
	if s.busy < s.Slots {
		s.busy++
		s.mu.Unlock()
		return admitted
	}
	if len(s.waiting) >= *s.Queue {
		s.mu.Unlock()
		return queueFull
	}
	w := &waiter{admitted: make(chan struct{})}
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()

	select {
	case <-w.admitted:
		return admitted
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.served { // the slot came at the same instant: hand it on
		s.release()
		return gaveUp
	}
	for i, o := range s.waiting {
		if o == w {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			break
		}
	}
	return gaveUp
}

// leave gives the slot back.
func (s *station) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release()
}

// release hands the slot to the first in the queue, or frees it.
func (s *station) release() {
	if len(s.waiting) == 0 {
		s.busy--
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
