package refapp

import (
	"sync"
	"time"
)

// A breaker stops asking a model that keeps failing, and finds out with a few
// probes when it is back.
//
//	closed --(share of failures)--> open --(cooldown)--> half-open --(all probes good)--> closed
//	                                  ^--------------------(a probe fails)------'
//
// The share is that of failures in the attempts *begun*: refusals come back at
// once and answers take seconds, so that of the attempts ended in the first
// seconds of a mild trouble nearly all have failed. Counts are kept in slices of
// a tenth of the window, so that memory does not grow with the load.
type breaker struct {
	mu     sync.Mutex
	policy Policy
	state  breakerState
	since  time.Time // when the state began
	era    int       // counts the states; a pass is good for its own

	slices  [10]slice
	probing int // attempts let through and not yet back, half-open
	good    int // probes that came back well
}

type breakerState int

const (
	closed breakerState = iota
	open
	halfOpen
)

type slice struct {
	number     int64 // of the slice since the Unix epoch; another one is stale
	begun, bad int
}

// A pass is the permission for one attempt, given back with done.
type pass struct {
	b     *breaker
	era   int
	probe bool
}

// newBreaker returns nil, a breaker that never opens, where the policy has none.
func newBreaker(p Policy, now time.Time) *breaker {
	if p.BreakerShare <= 0 {
		return nil
	}
	return &breaker{policy: p, since: now}
}

// allow asks for the permission to make one attempt.
func (b *breaker) allow(now time.Time) (pass, bool) {
	if b == nil {
		return pass{}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == open && now.Sub(b.since) >= b.policy.BreakerCooldown {
		b.turn(halfOpen, now)
	}
	switch b.state {
	case open:
		return pass{}, false
	case halfOpen:
		if b.probing+b.good >= b.policy.BreakerProbes {
			return pass{}, false
		}
		b.probing++
		return pass{b: b, era: b.era, probe: true}, true
	default:
		b.slice(now).begun++
		return pass{b: b, era: b.era}, true
	}
}

// A verdict is what an attempt says about its model's health.
type verdict int

const (
	healthy verdict = iota
	sick
	unknown // the caller left, or the fault was the caller's
)

// done gives the permission back with what the attempt showed. What began in
// an earlier state says nothing about this one.
func (p pass) done(v verdict, now time.Time) {
	b := p.b
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.era != b.era {
		return
	}
	if p.probe {
		b.probed(v, now)
		return
	}
	if v != sick {
		return
	}
	b.slice(now).bad++
	begun, bad := b.count(now)
	if begun >= b.policy.BreakerMin && float64(bad) >= b.policy.BreakerShare*float64(begun) {
		b.turn(open, now)
	}
}

func (b *breaker) probed(v verdict, now time.Time) {
	b.probing--
	switch v {
	case healthy:
		if b.good++; b.good >= b.policy.BreakerProbes {
			b.turn(closed, now)
		}
	case sick:
		b.turn(open, now)
	}
}

// slice returns the counts of this moment, begun anew if they are of a former
// window.
func (b *breaker) slice(now time.Time) *slice {
	number := b.number(now)
	s := &b.slices[number%int64(len(b.slices))]
	if s.number != number {
		*s = slice{number: number}
	}
	return s
}

func (b *breaker) number(now time.Time) int64 {
	return now.UnixNano() / int64(b.policy.BreakerWindow/time.Duration(len(b.slices)))
}

// count sums the slices of the window that ends now.
func (b *breaker) count(now time.Time) (begun, bad int) {
	number := b.number(now)
	for _, s := range b.slices {
		if number-s.number < int64(len(b.slices)) {
			begun, bad = begun+s.begun, bad+s.bad
		}
	}
	return begun, bad
}

func (b *breaker) turn(to breakerState, now time.Time) {
	b.state, b.since = to, now
	b.era++
	b.slices = [10]slice{}
	b.probing, b.good = 0, 0
}
