package mockmodel

import (
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// one is a call that takes a request and nothing else.
var one = use{}

// Whoever waits exactly as long as the bucket says is let in, and not one
// tick earlier: a nanosecond where the limit is one of a minute, a microsecond
// where it is one of a day.
func TestBucketIsTrueToTheTick(t *testing.T) {
	for _, limit := range []int64{1, 7, 60, 30_000, 20_000_000, limitMax} {
		for _, period := range []int64{aMinute, aDay} {
			b := newBucket(limit, period)
			now := int64(5)
			b.at(now)
			for range min(limit, 100_000) {
				if b.wait(1) != 0 {
					t.Fatalf("limit %d: refused within the first period's worth", limit)
				}
				b.take(1)
			}
			if limit > 100_000 {
				b.level = 0
			}
			for range 50 {
				wait := b.wait(1)
				if wait <= 0 {
					t.Fatalf("limit %d: let in without a wait", limit)
				}
				early := *b
				early.at(now + wait - b.tickNs)
				if early.wait(1) == 0 {
					t.Fatalf("limit %d: let in a tick before the hint ran out", limit)
				}
				now += wait
				b.at(now)
				if b.wait(1) != 0 {
					t.Fatalf("limit %d: refused when the hint had run out", limit)
				}
				b.take(1)
				now += 17 // so that ticks are cut in the middle
				b.at(now)
			}
		}
	}
}

func TestLimiterTakesAllOrNothing(t *testing.T) {
	l := newLimiter(&twinPlain, Limits{RequestsPerMinute: 60, TokensPerMinute: 600})
	q, r := l.admit(use{in: 500}, 0)
	if r != nil || q[requestsMinute] != (quota{60, 59, 1000 * ms}) || q[tokensMinute] != (quota{600, 100, 50_000 * ms}) {
		t.Fatalf("first: %+v %+v", q, r)
	}
	q, r = l.admit(use{in: 200}, 0)
	if r == nil || r.of != tokensMinute || r.asked != 200 || r.waitNs != 10_000*ms || r.over[requestsMinute] || !r.over[tokensMinute] {
		t.Fatalf("over the limit on tokens: %+v", r)
	}
	if q[requestsMinute].remaining != 59 {
		t.Errorf("a refused call took a request: %d left", q[requestsMinute].remaining)
	}
	if _, r = l.admit(use{in: 601}, 0); r == nil || r.waitNs != -1 {
		t.Errorf("more than the bucket holds can never succeed: %+v", r)
	}
	if q = l.look(10 * 60_000 * ms); q[tokensMinute].remaining != 600 || q[requestsMinute].remaining != 60 {
		t.Errorf("a bucket is full after a long rest, and no fuller: %+v", q)
	}
}

// Tokens on credit push the refill back, at most by one bucket.
func TestCreditIsBounded(t *testing.T) {
	l := newLimiter(&twinAnthropic, Limits{OutputTokensPerMinute: 600})
	l.settle(use{out: 1_000_000}, 0)
	if _, r := l.admit(one, 0); r == nil || r.waitNs <= 0 || r.waitNs > 2*60_000*ms {
		t.Errorf("on credit: %+v", r)
	}
}

// Resets are printed as OpenAI does, and never too early.
func TestGoDuration(t *testing.T) {
	for ns, want := range map[int64]string{0: "0s", 1: "1ms", 12 * ms: "12ms", 12*ms + 1: "13ms", 1500 * ms: "1.5s", 999*ms + 1: "1s", 360_000 * ms: "6m0s", 5_400_000 * ms: "1h30m0s"} {
		if got := goDuration(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}

func TestNoLimitIsNoLimiter(t *testing.T) {
	l := newLimiter(&twinPlain, Limits{})
	l.fail(0)
	if l != nil || l.look(0) != (quotas{}) {
		t.Errorf("%+v", l)
	}
}

// The buckets must not overflow at the largest limits that a plan may have.
func TestBucketAtItsBounds(t *testing.T) {
	for _, period := range []int64{aMinute, aDay} {
		b := newBucket(limitMax, period)
		for now := int64(0); now < 10*period; now += period * 17 / 60 {
			b.at(now)
			b.take(1 << 50)
			b.take(1 << 50)
			if wait := b.wait(limitMax); wait <= 0 || wait > 2*period || b.told().remaining != 0 {
				t.Fatalf("at %d ns: %d, %+v", now, wait, b.told())
			}
			b.take(-1 << 50)
			b.take(-1 << 50)
			b.take(-1 << 50)
			if b.told() != (quota{limitMax, limitMax, 0}) {
				t.Fatalf("what is given back fills the bucket, and no more: %+v", b.told())
			}
		}
	}
}
