package mockmodel

import (
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// Whoever waits exactly as long as the bucket says is let in, and not one
// nanosecond earlier.
func TestBucketIsTrueToTheNanosecond(t *testing.T) {
	for _, limit := range []int64{1, 7, 60, 30_000, 20_000_000, limitMax} {
		l := newLimiter(Limits{RequestsPerMinute: limit})
		now := int64(5)
		for range min(limit, 100_000) {
			if _, r := l.admit(0, now); r != nil && limit <= 100_000 {
				t.Fatalf("limit %d: refused within the first minute's worth", limit)
			}
		}
		if limit > 100_000 {
			l.requests.level = 0
		}
		for range 50 {
			_, r := l.admit(0, now)
			if r == nil {
				t.Fatalf("limit %d: let in without a wait", limit)
			}
			if _, early := l.admit(0, now+r.waitNs-1); early == nil {
				t.Fatalf("limit %d: let in 1 ns before the hint ran out", limit)
			}
			now += r.waitNs
			if _, late := l.admit(0, now); late != nil {
				t.Fatalf("limit %d: refused when the hint had run out", limit)
			}
		}
	}
}

func TestLimiterTakesAllOrNothing(t *testing.T) {
	l := newLimiter(Limits{RequestsPerMinute: 60, TokensPerMinute: 600})
	q, r := l.admit(500, 0)
	if r != nil || q.requests.remaining != 59 || q.tokens.remaining != 100 || q.tokens.fullNs != 50_000*ms || q.requests.fullNs != 1000*ms {
		t.Fatalf("first: %+v %+v", q, r)
	}
	q, r = l.admit(200, 0)
	if r == nil || !r.tokens || r.asked != 200 || r.waitNs != 10_000*ms {
		t.Fatalf("over the limit on tokens: %+v", r)
	}
	if q.requests.remaining != 59 {
		t.Errorf("a refused call took a request: %d left", q.requests.remaining)
	}
	if _, r = l.admit(601, 0); r == nil || r.waitNs != -1 {
		t.Errorf("more than the bucket holds can never succeed: %+v", r)
	}
	// Tokens on credit push the refill back, at most by one bucket.
	l.use(1_000_000, 0)
	if _, r = l.admit(1, 0); r == nil || r.waitNs <= 0 || r.waitNs > 2*60_000*ms {
		t.Errorf("on credit: %+v", r)
	}
	if q = l.look(10 * 60_000 * ms); q.tokens.remaining != 600 || q.requests.remaining != 60 {
		t.Errorf("a bucket is full after a long rest, and no fuller: %+v", q)
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

func TestNoLimitLetsAllIn(t *testing.T) {
	l := newLimiter(Limits{})
	l.use(5, 0)
	if q, r := l.admit(1<<40, 0); r != nil || q != (quotas{}) || l.limited() {
		t.Errorf("%+v %+v", q, r)
	}
}

// The buckets must not overflow at the largest limit that a plan may have.
func TestBucketAtItsBounds(t *testing.T) {
	l := newLimiter(Limits{RequestsPerMinute: limitMax, TokensPerMinute: limitMax})
	for now := int64(0); now < 10*60_000*ms; now += 17_000 * ms {
		l.use(1<<50, now)
		l.use(1<<50, now)
		q, r := l.admit(limitMax, now)
		if r == nil || r.waitNs <= 0 || r.waitNs > 120_000*ms || q.tokens.remaining != 0 {
			t.Fatalf("at %d ns: %+v %+v", now, q, r)
		}
	}
}
