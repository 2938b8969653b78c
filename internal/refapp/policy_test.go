package refapp

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// TestAgain is the retry policy as a table: who tries again, after which wait.
func TestAgain(t *testing.T) {
	p := resilient(8 * time.Second)
	p.BackoffBase, p.HintMargin = 250*time.Millisecond, 0
	const (
		lowest, middle, highest = uint64(0), uint64(1 << 63), uint64(math.MaxUint64)
		ms                      = time.Millisecond
	)
	retry := &failure{retryable: true}
	hint := func(d time.Duration) *failure { return &failure{retryable: true, hint: d, hinted: true} }
	for _, row := range []struct {
		words string
		n     int
		f     *failure
		left  time.Duration
		bits  uint64
		wait  time.Duration
		why   string
	}{
		{"the first wait is 250 ms in the middle", 1, retry, forever, middle, 250 * ms, ""},
		{"and 187.5 ms at least", 1, retry, forever, lowest, 187500 * time.Microsecond, ""},
		{"the second is twice that", 2, retry, forever, middle, 500 * ms, ""},
		{"three attempts are enough", 3, retry, forever, middle, 0, "attempts used up"},
		{"a hint is waited for in full", 1, hint(2 * time.Second), forever, lowest, 2 * time.Second, ""},
		{"and a little more, so that the herd spreads", 1, hint(2 * time.Second), forever, middle, 2125 * ms, ""},
		{"a hint of nothing leaves the backoff", 1, hint(0), forever, middle, 250 * ms, ""},
		{"the wait and the least time of an attempt must fit", 1, retry, 2250 * ms, middle, 250 * ms, ""},
		{"else there is no retry", 1, retry, 2249 * ms, middle, 0, "no time left"},
		{"nor a shortened wait", 1, hint(5 * time.Second), 6 * time.Second, lowest, 0, "the hint does not fit the deadline"},
		{"what is not retryable is not retried", 1, &failure{}, forever, middle, 0, "not retryable"},
		{"nor what is final", 1, &failure{retryable: true, final: true}, forever, middle, 0, "not retryable"},
	} {
		wait, why := p.again(row.n, p.Attempts, row.f, row.left, p.Floor, row.bits)
		if wait != row.wait || why != row.why {
			t.Errorf("%s: wait %v, %q; want %v, %q", row.words, wait, why, row.wait, row.why)
		}
	}
	if w := p.backoff(1, highest); w >= 312500*time.Microsecond || w < 312*ms {
		t.Errorf("the longest first wait is %v", w)
	}
	if w := p.backoff(40, middle); w != p.BackoffCap {
		t.Errorf("the wait after attempt 40 is %v, not the cap", w)
	}
}

// TestBudget: full at first, then a share of the first attempts plus a trickle.
func TestBudget(t *testing.T) {
	p := resilient(0)
	now := time.Unix(0, 0)
	b := newBudget(p, now)
	spend := func() (n int) {
		for b.spend(now) {
			n++
		}
		return n
	}
	if n := spend(); n != 10 {
		t.Errorf("the reserve allowed %d retries", n)
	}
	for range 20 { // 20 first attempts earn 3
		b.earn(now)
	}
	if n := spend(); n < 2 || n > 3 { // sums of 0.15 need not reach 3
		t.Errorf("20 first attempts earned %d retries", n)
	}
	now = now.Add(4 * time.Second)
	if n := spend(); n < 4 || n > 5 {
		t.Errorf("4 s trickled %d retries", n)
	}
	for range 1000 {
		b.earn(now)
	}
	if n := spend(); n != 10 {
		t.Errorf("more than the reserve was saved up: %d", n)
	}
	if none := newBudget(naive(0), now); !none.spend(now) {
		t.Error("naive has a budget")
	}
}

// TestBudgetBoundsAmplification: with every attempt failing, attempts stay
// under 1.2 per first attempt.
func TestBudgetBoundsAmplification(t *testing.T) {
	cfg := exact("resilient", func(p *Policy) { p.BreakerShare = 0 })
	inVirtualTime(t, cfg, map[string][]string{"gpt-4o": {"always", "503"}}, func(r *rig) {
		const n = 400
		answers := make(chan got)
		for range n {
			go func() { answers <- r.ask(false, time.Since(r.start).String()) }()
			time.Sleep(10 * time.Millisecond)
		}
		for range n {
			if g := <-answers; g.kind() != SmallerModel {
				t.Errorf("degraded %q", g.kind())
			}
		}
		attempts := 0
		for _, b := range r.provider.calls {
			if len(b) > 7 && b[len(b)-7:] == " gpt-4o" {
				attempts++
			}
		}
		if attempts <= n*11/10 || attempts > n*12/10 {
			t.Errorf("%d attempts for %d questions", attempts, n)
		}
	})
}

// TestBreakerEarnsNothing: a call that the breaker refuses is no first attempt,
// so it earns no retry for those that come when it is closed again.
func TestBreakerEarnsNothing(t *testing.T) {
	cfg := exact("resilient", func(p *Policy) { p.RetryPerSecond = 0 })
	inVirtualTime(t, cfg, nil, func(r *rig) {
		m := r.app.model("gpt-4o")
		m.budget.tokens = 0
		m.breaker.turn(open, time.Now())
		for i := range 20 {
			if g := r.ask(false, fmt.Sprint("question ", i)); g.kind() != SmallerModel {
				t.Errorf("degraded %q", g.kind())
			}
		}
		if m.budget.tokens != 0 {
			t.Errorf("20 refused calls earned %v retries", m.budget.tokens)
		}
	})
}

// TestBreaker walks through its states.
func TestBreaker(t *testing.T) {
	p := resilient(0)
	now := time.Unix(1000, 0)
	b := newBreaker(p, now)
	try := func(v verdict) bool {
		permit, ok := b.allow(now)
		if ok {
			permit.done(v, now)
		}
		return ok
	}
	times := func(n int, v verdict) (allowed int) {
		for range n {
			if try(v) {
				allowed++
			}
		}
		return allowed
	}
	expect := func(words string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d allowed, want %d", words, got, want)
		}
	}
	expect("19 failures are too few to judge", times(19, sick), 19)
	now = now.Add(11 * time.Second)
	expect("and are forgotten after the window", times(19, sick), 19)
	expect("the 20th opens it", times(2, sick), 1)
	now = now.Add(1999 * time.Millisecond)
	expect("it stays open through the cooldown", times(5, healthy), 0)
	now = now.Add(time.Millisecond)
	first, ok := b.allow(now)
	if !ok {
		t.Fatal("half-open lets no probe through")
	}
	expect("a failed probe opens it again", times(2, sick), 1)
	now = now.Add(2 * time.Second)
	expect("probes are few until they are back", func() (n int) {
		for range 10 {
			if _, ok := b.allow(now); ok {
				n++
			}
		}
		return n
	}(), 3)
	if first.done(sick, now); b.state != halfOpen {
		t.Error("a probe of an earlier half-open state was counted in this one")
	}
	for range 3 {
		pass{b: b, era: b.era, probe: true}.done(healthy, now)
	}
	expect("three good probes close it", times(100, healthy), 100)
	expect("59 % of the attempts begun are not enough to open it", times(149, sick), 149)
	expect("60 % are", times(2, sick), 1)
}

// TestBreakerSavesTheModel: in an outage the app stops asking, and users get
// the smaller model at once; afterwards the model comes back within seconds.
func TestBreakerSavesTheModel(t *testing.T) {
	script := map[string][]string{"gpt-4o": {"always", "503"}}
	inVirtualTime(t, exact("resilient"), script, func(r *rig) {
		for i := range 100 {
			r.ask(false, "during "+string(rune('a'+i%26))+time.Since(r.start).String())
		}
		before := r.provider.lines("gpt-4o")
		at := time.Now()
		g := r.ask(false, "open")
		if g.kind() != SmallerModel || time.Since(at) != 0 || r.provider.lines("gpt-4o") == before {
			t.Errorf("degraded %q after %v", g.kind(), time.Since(at))
		}
		r.provider.mu.Lock()
		delete(script, "gpt-4o")
		r.provider.mu.Unlock()
		time.Sleep(2 * time.Second)
		for i := range 3 {
			if g := r.ask(false, "after "+string(rune('a'+i))); g.kind() != "" {
				t.Errorf("probe %d: degraded %q (%s)", i, g.kind(), g.header.Get(HeaderReason))
			}
		}
		synctest.Wait()
		if b := r.app.model("gpt-4o").breaker; b.state != closed {
			t.Errorf("breaker in state %d", b.state)
		}
	})
}
