package mockmodel

import (
	"sync"
	"time"
)

// bucket is a token bucket that holds a minute's worth and is refilled without
// pause. Levels are integers of 1/perUnit of a unit, so that limit units a
// minute are exactly limit such parts a nanosecond: no rounding ever makes a
// hint untrue. Not safe for concurrent use.
type bucket struct {
	limit  int64 // units per minute; 0: no limit
	level  int64 // parts; below 0 when tokens were used on credit
	atNs   int64 // when level was right
	filled bool
}

// perUnit is the nanoseconds of a minute. limitMax*perUnit fits into an int64.
const perUnit = int64(time.Minute)

func (b *bucket) capacity() int64 { return b.limit * perUnit }

// refill brings the level up to now. A bucket starts full.
func (b *bucket) refill(now int64) {
	if b.limit == 0 {
		return
	}
	if !b.filled {
		b.filled, b.level, b.atNs = true, b.capacity(), now
		return
	}
	if now <= b.atNs {
		return
	}
	if missing := b.capacity() - b.level; now-b.atNs >= ceilDiv(missing, b.limit) {
		b.level = b.capacity()
	} else {
		b.level += (now - b.atNs) * b.limit
	}
	b.atNs = now
}

// wait returns how many ns from now on n units are there; -1: never, n is more
// than the bucket holds.
func (b *bucket) wait(n int64) int64 {
	if b.limit == 0 {
		return 0
	}
	if n > b.limit {
		return -1
	}
	if missing := n*perUnit - b.level; missing > 0 {
		return ceilDiv(missing, b.limit)
	}
	return 0
}

func (b *bucket) take(n int64) {
	if b.limit > 0 {
		// On credit at most one bucket deep, so that the level cannot wrap around.
		b.level = max(b.level-min(n, b.limit)*perUnit, -b.capacity())
	}
}

// remaining returns the whole units that are left.
func (b *bucket) remaining() int64 { return max(0, b.level/perUnit) }

// full returns how many ns from now on the bucket is full.
func (b *bucket) full() int64 {
	if b.limit == 0 {
		return 0
	}
	return ceilDiv(b.capacity()-b.level, b.limit)
}

func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

// quota is what a call is told about one limit.
type quota struct {
	limit, remaining int64
	fullNs           int64 // until all of it is there again
}

// quotas is what a call is told about the limits of its model.
type quotas struct {
	requests, tokens quota
}

// refused says why the limiter refused a call.
type refused struct {
	tokens bool  // the limit on tokens; else the one on requests
	asked  int64 // units
	waitNs int64 // until the call would succeed if nobody else came; -1: never
}

// limiter holds the buckets of one model.
type limiter struct {
	mu               sync.Mutex
	requests, tokens bucket
}

func newLimiter(l Limits) *limiter {
	return &limiter{requests: bucket{limit: l.RequestsPerMinute}, tokens: bucket{limit: l.TokensPerMinute}}
}

func (l *limiter) limited() bool { return l.requests.limit > 0 || l.tokens.limit > 0 }

// admit takes one request and n tokens, all or nothing. A call that is refused
// takes nothing: else whoever keeps knocking would make the hints of the
// others untrue.
func (l *limiter) admit(n int64, now int64) (quotas, *refused) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.refill(now)
	l.tokens.refill(now)
	waitRequests, waitTokens := l.requests.wait(1), l.tokens.wait(n)
	if waitRequests == 0 && waitTokens == 0 {
		l.requests.take(1)
		l.tokens.take(n)
		return l.told(), nil
	}
	r := &refused{asked: 1, waitNs: waitRequests}
	if waitTokens < 0 || waitTokens > waitRequests {
		r = &refused{tokens: true, asked: n, waitNs: waitTokens}
	}
	return l.told(), r
}

// use takes n tokens that were not known before the answer, on credit.
func (l *limiter) use(n int64, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens.refill(now)
	l.tokens.take(n)
}

// look returns the state of the buckets without taking anything.
func (l *limiter) look(now int64) quotas {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.refill(now)
	l.tokens.refill(now)
	return l.told()
}

func (l *limiter) told() quotas {
	return quotas{
		requests: quota{l.requests.limit, l.requests.remaining(), l.requests.full()},
		tokens:   quota{l.tokens.limit, l.tokens.remaining(), l.tokens.full()},
	}
}
