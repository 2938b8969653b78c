package refapp

import (
	"sync"
	"time"
)

// A budget is the token bucket of one model's retries. Its point is that the
// share of retries is bounded whatever share of attempts fails: a provider in
// trouble gets at most a little more load than it had, not a multiple.
type budget struct {
	mu                      sync.Mutex
	ratio, reserve, trickle float64
	tokens                  float64
	last                    time.Time
}

// newBudget starts full, so that the first failures of a run may be retried.
// nil is a budget without a limit.
func newBudget(p Policy, now time.Time) *budget {
	if p.RetryRatio <= 0 {
		return nil
	}
	return &budget{ratio: p.RetryRatio, reserve: p.RetryReserve, trickle: p.RetryPerSecond, tokens: p.RetryReserve, last: now}
}

// earn counts a first attempt.
func (b *budget) earn(now time.Time) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(now)
	b.tokens = min(b.tokens+b.ratio, b.reserve)
}

// spend reports whether one more retry is affordable, and pays for it.
func (b *budget) spend(now time.Time) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (b *budget) refill(now time.Time) {
	b.tokens = min(b.tokens+b.trickle*now.Sub(b.last).Seconds(), b.reserve)
	b.last = now
}
