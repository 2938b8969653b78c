package faults

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/golden"
)

// What one throw of the dice covers.
func TestPer(t *testing.T) {
	// Two tenants, two requests each, two steps each, two attempts each.
	var calls []Call
	for tenant := range 2 {
		for request := range 2 {
			for step := range 2 {
				for attempt := range 2 {
					c := call(int64(10*tenant + request))
					c.Tenant, c.StepHash, c.Ordinal = fmt.Sprint(tenant), uint64(step), attempt+1
					calls = append(calls, c)
				}
			}
		}
	}
	for per, throws := range map[Per]int{"": 16, PerAttempt: 16, PerStep: 8, PerRequest: 4, PerTenant: 2} {
		s := schedule(t, 1, Rule{Fault: newFault("http_500"), Per: per})
		seen := map[uint64]bool{}
		for i := range calls {
			seen[s.throw(&s.rules[0], &calls[i])] = true
		}
		if len(seen) != throws {
			t.Errorf("per %q: %d throws for 16 attempts, want %d", per, len(seen), throws)
		}
	}
}

// What is in the dice, field by field. The values are from another program:
// SHA-256 over the seed and the length-prefixed fields, the first 8 bytes.
func TestThrowVectors(t *testing.T) {
	anon := call(3)
	anon.HasKey = false
	for _, c := range []struct {
		seed uint64
		per  Per
		call Call
		want uint64
	}{
		{1, PerAttempt, call(3), 0x571edb80d62cacf6}, // fault.choose storm spike 3 abc 1
		{2, PerStep, call(3), 0x9b1b0b5d7d913110},    // fault.choose storm spike 3 abc
		{3, PerRequest, call(3), 0x86bb9a0adf703a52}, // fault.choose storm spike 3
		{1, PerTenant, call(3), 0x183d20a17d15e512},  // fault.choose storm 3
		{1, PerAttempt, anon, 0x2ca2758bd09ec4bb},    // fault.choose storm anon abc abc 1
		{1, PerRequest, anon, 0x14a764b7e289431f},    // fault.choose storm anon abc
	} {
		s := schedule(t, c.seed, Rule{Name: "storm", Fault: newFault("http_500"), Per: c.per})
		if got := s.throw(&s.rules[0], &c.call); got != c.want {
			t.Errorf("seed %d per %s: %#x, want %#x", c.seed, c.per, got, c.want)
		}
	}
}

// The decisions of seeds 1 to 3 are written down: a change of the keys, of the
// hash or of the fields shows here, and breaks every recorded run.
func TestDecisionsGolden(t *testing.T) {
	p := func(v Share) *Share { return &v }
	rules := []Rule{
		{Name: "attempt", Fault: newFault("http_500"), Probability: p(0.4)},
		{Name: "step", Fault: newFault("http_502"), Probability: p(0.4), Per: PerStep},
		{Name: "request", Fault: newFault("http_503"), Probability: p(0.4), Per: PerRequest},
		{Name: "tenant", Fault: newFault("empty_200"), Probability: p(0.4), Per: PerTenant},
		{Name: "jitter", Fault: &SlowTTFT{By: time.Second, Jitter: 0.5}, Probability: p(0.9)},
	}
	var b strings.Builder
	for seed := uint64(1); seed <= 3; seed++ {
		s := schedule(t, seed, rules...)
		for i := range int64(24) {
			c := call(i / 2)
			c.Ordinal = int(i%2) + 1
			if i >= 20 {
				c.HasKey, c.StepHash = false, uint64(i)
			}
			writeDecision(&b, seed, c, s.Decide(c))
		}
	}
	golden.Check(t, "decisions.txt", b.String())
}

func writeDecision(b *strings.Builder, seed uint64, c Call, d Decision) {
	key := fmt.Sprintf("%s/%d", c.Phase, c.Index)
	if !c.HasKey {
		key = "anon"
	}
	fmt.Fprintf(b, "seed %d %-8s step %03x try %d:", seed, key, c.StepHash, c.Ordinal)
	for _, h := range d.Hits {
		mark := map[State]string{Chosen: "+", Passed: "-", Unknown: "?"}[h.State]
		if h.Masked {
			mark = "m"
		}
		fmt.Fprintf(b, " %s%s", mark, h.Name)
	}
	if d.Effect.Delay != nil {
		fmt.Fprintf(b, " delay %s", d.Effect.Delay.Extra)
	}
	b.WriteString("\n")
}

// chosenKeys returns which of n keys the named rule chooses.
func chosenKeys(s *Schedule, name string, n int) []bool {
	out := make([]bool, n)
	for i := range out {
		for _, h := range s.Decide(call(int64(i))).Hits {
			if h.Name == name {
				out[i] = h.State == Chosen
			}
		}
	}
	return out
}

func count(chosen []bool) (n int) {
	for _, c := range chosen {
		if c {
			n++
		}
	}
	return n
}

const manyKeys = 10_000

// Raising a probability only adds attempts: nobody who was hit is spared.
func TestRaisingProbabilityOnlyAdds(t *testing.T) {
	var before []bool
	for _, p := range []Share{0, 0.001, 0.05, 0.05, 0.4, 0.41, 0.999, 1} {
		s := schedule(t, 1, Rule{Name: "storm", Fault: newFault("rate_limit"), Probability: &p})
		now := chosenKeys(s, "storm", manyKeys)
		for i := range before {
			if before[i] && !now[i] {
				t.Fatalf("probability %s spares key %d, which a lower one chose", p, i)
			}
		}
		before = now
	}
	if count(before) != manyKeys {
		t.Errorf("probability 1 chooses %d of %d", count(before), manyKeys)
	}
}

// The injected rate is the configured one, within 4 standard deviations.
func TestInjectedRate(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		for _, p := range []Share{0.001, 0.05, 0.4, 0.5, 0.95} {
			s := schedule(t, seed, Rule{Name: "storm", Fault: newFault("rate_limit"), Probability: &p})
			got := float64(count(chosenKeys(s, "storm", manyKeys)))
			want, deviation := manyKeys*float64(p), math.Sqrt(manyKeys*float64(p)*(1-float64(p)))
			if math.Abs(got-want) > 4*deviation {
				t.Errorf("seed %d, probability %s: %v of %d chosen, want %v +- %.0f", seed, p, got, manyKeys, want, 4*deviation)
			}
		}
	}
}

// Two rules throw dice of their own: both choose p*q of the attempts.
func TestRulesAreIndependent(t *testing.T) {
	s := schedule(t, 1, Rule{Name: "a", Fault: newFault("http_500"), Probability: ptr(Share(0.4))}, Rule{Name: "b", Fault: newFault("http_503"), Probability: ptr(Share(0.5))})
	a, b := chosenKeys(s, "a", manyKeys), chosenKeys(s, "b", manyKeys)
	both := 0.0
	for i := range a {
		if a[i] && b[i] {
			both++
		}
	}
	if deviation := math.Sqrt(manyKeys * 0.2 * 0.8); math.Abs(both-manyKeys*0.2) > 4*deviation {
		t.Errorf("%v chosen by both, want %v +- %.0f", both, manyKeys*0.2, 4*deviation)
	}
}

// Editing one rule leaves the others alone: neither their neighbours, nor their
// place in the list, nor their own window or parameters are in the dice.
func TestEditingOtherRulesChangesNothing(t *testing.T) {
	rule := func(name string, f Fault) Rule { return Rule{Name: name, Fault: f, Probability: ptr(Share(0.3))} }
	a, b, c := rule("a", newFault("rate_limit")), rule("b", newFault("empty_200")), rule("c", &SlowTTFT{By: time.Second})
	want := chosenKeys(schedule(t, 1, a, b, c), "b", manyKeys)
	edited, narrowed := b, b
	edited.Fault = newFault("http_404")
	narrowed.During = "spike"
	for say, rules := range map[string][]Rule{
		"alone": {b}, "first": {b, c, a}, "last": {c, a, b}, "another fault under the name": {a, edited, c}, "a narrower window": {a, narrowed},
	} {
		if !slices.Equal(chosenKeys(schedule(t, 1, rules...), "b", manyKeys), want) {
			t.Errorf("%s: b chooses other attempts", say)
		}
	}
	renamed := b
	renamed.Name = "b2"
	if slices.Equal(chosenKeys(schedule(t, 1, renamed), "b2", manyKeys), want) {
		t.Error("the name is not in the dice: two rules of one fault would hit the same attempts")
	}
	if slices.Equal(chosenKeys(schedule(t, 2, b), "b", manyKeys), want) {
		t.Error("the seed is not in the dice")
	}
}

// orderMatters decides the same attempts in two orders of arrival and reports
// whether any decision differs.
func orderMatters(fresh func() *Schedule) bool {
	var calls []Call
	for i := range int64(500) {
		for ordinal := 1; ordinal <= 3; ordinal++ {
			c := call(i)
			c.Ordinal = ordinal
			calls = append(calls, c)
		}
	}
	decide := func(calls []Call) string {
		s := fresh()
		var log []string
		for _, c := range calls {
			d := s.Decide(c)
			log = append(log, fmt.Sprintf("%s/%d %d: %s %v", c.Phase, c.Index, c.Ordinal, states(d), d.Effect.Delay))
		}
		slices.Sort(log)
		return strings.Join(log, "\n")
	}
	inOrder := decide(calls)
	shuffled := slices.Clone(calls)
	slices.SortFunc(shuffled, func(a, b Call) int { // any fixed order that is another one
		return cmp.Or(cmp.Compare(a.Index*7919%500, b.Index*7919%500), cmp.Compare(b.Ordinal, a.Ordinal))
	})
	return inOrder != decide(shuffled)
}

// The same decision whatever the order of arrival. A mutant that draws from
// one generator shared by all requests, as most tools do, must fail this test.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	rules := []Rule{
		{Fault: newFault("rate_limit"), Probability: ptr(Share(0.4))},
		{Fault: newFault("empty_200"), Probability: ptr(Share(0.1)), Per: PerRequest},
		{Fault: &SlowTTFT{By: time.Second, Jitter: 0.3}, Probability: ptr(Share(0.5))},
	}
	if orderMatters(func() *Schedule { return schedule(t, 1, rules...) }) {
		t.Error("decisions depend on the order of arrival")
	}
	mutant := func() *Schedule {
		state := uint64(1)
		return schedule(t, 1, rules...).WithBits(func(uint64, ...string) uint64 {
			state = state*6364136223846793005 + 1442695040888963407
			return state
		})
	}
	if !orderMatters(mutant) {
		t.Error("the mutant with a shared generator passes: the test proves nothing")
	}
}

// A wait that varies stays within its jitter, and is drawn apart from the
// choice: raising the probability does not change it.
func TestJitter(t *testing.T) {
	at := func(p Share, i int64) *Delay {
		return schedule(t, 1, Rule{Fault: &SlowTTFT{By: time.Second, Jitter: 0.2}, Probability: &p}).Decide(call(i)).Effect.Delay
	}
	seen := map[time.Duration]bool{}
	for i := range int64(200) {
		d := at(1, i)
		if d.Extra < 800*time.Millisecond || d.Extra > 1200*time.Millisecond {
			t.Errorf("delay %s is outside of 1 s +- 20 %%", d.Extra)
		}
		seen[d.Extra] = true
		if rarer := at(0.3, i); rarer != nil && rarer.Extra != d.Extra {
			t.Errorf("key %d: delay %s at 30 %%, %s at 100 %%", i, rarer.Extra, d.Extra)
		}
	}
	if len(seen) < 190 {
		t.Errorf("only %d different delays in 200", len(seen))
	}
}
