package faults

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/golden"
)

func bursty(t testing.TB, seed uint64, on, off time.Duration, change ...func(*Rule)) *Schedule {
	r := Rule{Name: "storm", Fault: newFault("rate_limit"), Burst: &Burst{On: on, Off: off}}
	for _, f := range change {
		f(&r)
	}
	return schedule(t, seed, r)
}

// The stretches of three seeds are written down: every process and every
// release finds these.
func TestBurstVectors(t *testing.T) {
	var b strings.Builder
	for seed := uint64(1); seed <= 3; seed++ {
		fmt.Fprintf(&b, "seed %d:", seed)
		for _, x := range bursty(t, seed, 2*time.Second, 4*time.Second).Stretches(0, sec(40.5)) {
			fmt.Fprintf(&b, " %s-%s", time.Duration(x.FromNs), time.Duration(x.ToNs))
		}
		b.WriteString("\n")
	}
	golden.Check(t, "bursts.txt", b.String())
}

// A rule is on for on/(on+off) of the time, for on at a time in the mean.
func TestBurstMeans(t *testing.T) {
	const hours = 10
	for _, c := range []struct{ on, off time.Duration }{{5 * time.Second, 20 * time.Second}, {20 * time.Second, 5 * time.Second}, {3 * time.Second, 3 * time.Second}, {time.Second, time.Minute}} {
		for seed := uint64(1); seed <= 3; seed++ {
			s := schedule(t, seed, Rule{Name: "storm", Fault: newFault("http_500"), Burst: &Burst{On: c.on, Off: c.off}})
			b := s.rules[0].burst
			var sum int64
			all := b.stretches(0, hours*sec(3600), 1<<20)
			for _, x := range all {
				sum += x.ToNs - x.FromNs
			}
			share, want := float64(sum)/float64(hours*sec(3600)), float64(c.on)/float64(c.on+c.off)
			// Times are exponential: the mean of n strays by 1 in sqrt(n).
			stray := 4 / math.Sqrt(float64(len(all)))
			if math.Abs(share-want) > stray*want {
				t.Errorf("seed %d, on %s, off %s: on for %.4f of the time, want %.4f", seed, c.on, c.off, share, want)
			}
			if mean := time.Duration(sum / int64(len(all))); math.Abs(float64(mean-c.on)) > stray*float64(c.on) {
				t.Errorf("seed %d, on %s, off %s: on for %s at a time", seed, c.on, c.off, mean)
			}
		}
	}
}

// Whether a rule is on at an instant does not depend on what was asked before,
// nor on who asks at the same time; the rest of the rule is not in it either.
func TestBurstsAreKeyed(t *testing.T) {
	at := func(s *Schedule, i int64) bool {
		c := call(i)
		c.ArrivedNs = sec(0.5) + i*sec(0.01)
		return len(s.Decide(c).Hits) > 0
	}
	const n = 4000
	var want []bool
	s := bursty(t, 1, time.Second, 2*time.Second)
	for i := range int64(n) {
		want = append(want, at(s, i))
	}
	if on := count(want); on < n/10 || on > n*6/10 {
		t.Fatalf("on for %d of %d: the test proves nothing", on, n)
	}
	for _, x := range []struct {
		say  string
		s    *Schedule
		same bool
	}{
		{"backwards", s, true},
		{"another probability", bursty(t, 1, time.Second, 2*time.Second, func(r *Rule) { r.Probability = ptr(Share(0.1)) }), true},
		{"another fault", bursty(t, 1, time.Second, 2*time.Second, func(r *Rule) { r.Fault = newFault("http_500") }), true},
		{"another name", bursty(t, 1, time.Second, 2*time.Second, func(r *Rule) { r.Name = "rain" }), false},
		{"another seed", bursty(t, 2, time.Second, 2*time.Second), false},
	} {
		got := make([]bool, n)
		for i := int64(n) - 1; i >= 0; i-- {
			got[i] = at(x.s, i)
		}
		if slices.Equal(got, want) != x.same {
			t.Errorf("%s: the same stretches %v, want %v", x.say, !x.same, x.same)
		}
	}
	var wg sync.WaitGroup
	for from := range int64(4) {
		wg.Go(func() {
			for i := from; i < n; i += 4 {
				if at(s, i) != want[i] {
					t.Errorf("at %d: another answer when four ask", i)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Stretches and decisions tell one story, to the nanosecond.
func TestStretchesAreWhenTheRuleApplies(t *testing.T) {
	s := bursty(t, 1, time.Second, time.Second, func(r *Rule) { r.During = "spike" })
	at := func(ns int64) bool {
		c := call(1)
		c.ArrivedNs = ns
		return len(s.Decide(c).Hits) > 0
	}
	all := s.Stretches(0, sec(40.5))
	if len(all) < 2 {
		t.Fatalf("%d stretches in 10 s", len(all))
	}
	for _, x := range all {
		if x.FromNs < sec(12.5) || x.ToNs > sec(22.5) {
			t.Errorf("%v is outside of the window", x)
		}
		if at(x.FromNs-1) || !at(x.FromNs) || !at(x.ToNs-1) || at(x.ToNs) {
			t.Errorf("%v: the decisions say something else at its edges", x)
		}
	}
	whole := schedule(t, 1, Rule{Fault: newFault("http_500"), During: "spike"})
	if got := whole.Stretches(0, sec(20)); !slices.Equal(got, []Stretch{{sec(12.5), sec(20)}}) {
		t.Errorf("without bursts: %v", got)
	}
	if got := whole.Stretches(0, sec(12)); got != nil {
		t.Errorf("over before it begins: %v", got)
	}
}

func TestValidateBursts(t *testing.T) {
	burst := func(on, off time.Duration) func(*Rule) {
		return func(r *Rule) { r.Burst = &Burst{on, off} }
	}
	checkRefusals(t, []refusal{
		{hang(burst(5*time.Second, 20*time.Second)), ""},
		{hang(burst(0, time.Second)), "[0].burst.on: is missing: give the mean of the time, such as burst: {on: 5s, off: 20s}"},
		{hang(burst(time.Second, time.Millisecond)), "[0].burst.off: is 1ms: give a mean from 100ms to 24h"},
		{hang(burst(25*time.Hour, time.Second)), "[0].burst.on: is 25h: give a mean from 100ms to 24h"},
		{hang(func(r *Rule) { burst(time.Second, time.Second)(r); r.Requests = 3 }),
			"[0].burst: contradicts requests, which are chosen by when they are due: a burst may be off when they arrive; keep one"},
	})
}
