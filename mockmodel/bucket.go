package mockmodel

import (
	"math"
	"time"
)

// A counter is what one limit counts with. Its state is that of the instant of
// the last at. Not safe for concurrent use.
type counter interface {
	// at brings the state up to now, in ns since the start of the run. A now
	// that lies before the last one changes nothing.
	at(now int64)
	// wait returns how many ns from then on n units are there, if nobody else
	// comes; -1: never, n is more than the limit.
	wait(n int64) int64
	// take takes n units, on credit where they are not there; below 0 it gives
	// them back.
	take(n int64)
	// told returns the state as a call is told it.
	told() quota
}

// quota is what a call is told about one limit; the zero quota is no limit.
type quota struct {
	limit, remaining int64
	fullNs           int64 // until all of it is there again
}

// bucket is a token bucket that holds one period's worth and is refilled
// without pause. Levels are integers of 1/perUnit of a unit, so that limit
// units a period are exactly limit such parts a tick: no rounding ever makes a
// hint untrue.
type bucket struct {
	limit   int64 // units a period
	tickNs  int64
	perUnit int64 // ticks of a period, parts of a unit
	level   int64 // parts; below 0 when units were used on credit
	atNs    int64 // the tick when level was right
	nowNs   int64
	filled  bool
}

// Periods of limits.
const (
	aMinute = int64(time.Minute)
	aDay    = int64(24 * time.Hour)
)

// newBucket returns a full bucket. A day is counted in ticks of 1 us, so that
// twice limitMax of its parts fit into an int64 as those of a minute do in ns.
func newBucket(limit, period int64) *bucket {
	b := &bucket{limit: limit, tickNs: 1}
	if period > aMinute {
		b.tickNs = int64(time.Microsecond)
	}
	b.perUnit = period / b.tickNs
	return b
}

func (b *bucket) capacity() int64 { return b.limit * b.perUnit }

func (b *bucket) at(now int64) {
	if !b.filled {
		b.filled, b.level, b.atNs, b.nowNs = true, b.capacity(), now, now
		return
	}
	if now <= b.nowNs {
		return
	}
	b.nowNs = now
	ticks := (now - b.atNs) / b.tickNs
	if missing := b.capacity() - b.level; ticks >= ceilDiv(missing, b.limit) {
		b.level = b.capacity()
	} else {
		b.level += ticks * b.limit
	}
	b.atNs += ticks * b.tickNs
}

func (b *bucket) wait(n int64) int64 {
	if n > b.limit {
		return -1
	}
	return b.until(n * b.perUnit)
}

// until returns how many ns from now on the level is reached.
func (b *bucket) until(level int64) int64 {
	if missing := level - b.level; missing > 0 {
		return ceilDiv(missing, b.limit)*b.tickNs - (b.nowNs - b.atNs)
	}
	return 0
}

func (b *bucket) take(n int64) {
	// On credit at most one bucket deep, so that the level cannot wrap around.
	switch lowest := -b.capacity(); {
	case n > (b.level-lowest)/b.perUnit:
		b.level = lowest
	case -n > (b.capacity()-b.level)/b.perUnit:
		b.level = b.capacity()
	default:
		b.level -= n * b.perUnit
	}
}

func (b *bucket) told() quota {
	return quota{b.limit, max(0, b.level/b.perUnit), b.until(b.capacity())}
}

// window counts in fixed stretches of time, the first of which begins with the
// run: what was taken in one is forgotten with it. It does not know the wall
// clock, so that a run repeats at any hour.
type window struct {
	lengthNs int64
	// limitOf returns the limit of window k.
	limitOf func(k int64) int64
	k       int64
	used    int64
	nowNs   int64
}

// newWindow returns windows of a period that all have the same limit.
func newWindow(limit, period int64) *window {
	return &window{lengthNs: period, limitOf: func(int64) int64 { return limit }}
}

func (w *window) at(now int64) {
	if now <= w.nowNs {
		return
	}
	w.nowNs = now
	if k := now / w.lengthNs; k != w.k {
		w.k, w.used = k, 0
	}
}

// left returns the ns until the next window.
func (w *window) left() int64 { return (w.k+1)*w.lengthNs - w.nowNs }

func (w *window) wait(n int64) int64 {
	switch {
	case w.used+n <= w.limitOf(w.k):
		return 0
	case n > w.limitOf(w.k+1):
		return -1
	}
	return w.left()
}

func (w *window) take(n int64) {
	w.used = min(max(w.used+n, 0), math.MaxInt64/2)
}

func (w *window) told() quota {
	q := quota{limit: w.limitOf(w.k)}
	q.remaining = max(0, q.limit-w.used)
	if w.used > 0 {
		q.fullNs = w.left()
	}
	return q
}

// purse is money that is spent and never comes back, in nano-USD.
type purse struct{ limit, spent int64 }

func (p *purse) at(int64) {}

func (p *purse) wait(n int64) int64 {
	if p.spent+n > p.limit {
		return -1
	}
	return 0
}

func (p *purse) take(n int64) { p.spent = min(max(p.spent+n, 0), math.MaxInt64/2) }

func (p *purse) told() quota { return quota{limit: p.limit, remaining: max(0, p.limit-p.spent)} }

func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}
