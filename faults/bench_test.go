package faults

import (
	"fmt"
	"testing"
)

// fifty returns 50 rules that never match the call, each for another reason.
func fifty(t testing.TB) *Schedule {
	var rules []Rule
	for i := range 50 {
		r := Rule{Name: fmt.Sprint("r", i), Fault: newFault("http_500"), Probability: ptr(Share(0.5))}
		switch i % 4 {
		case 0:
			r.During = "warm"
		case 1:
			r.Match.Model = "another"
		case 2:
			r.Match.Tenant = "another"
		case 3:
			r.Match.Attempt = 7
		}
		rules = append(rules, r)
	}
	return schedule(t, 1, rules...)
}

// A call that no rule is about costs no allocation.
func TestDecideAllocatesNothingWithoutAHit(t *testing.T) {
	s, c := fifty(t), call(1)
	if n := testing.AllocsPerRun(100, func() { s.Decide(c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// 50 rules that never match.
func BenchmarkDecideNoMatch(b *testing.B) {
	s, c := fifty(b), call(1)
	b.ReportAllocs()
	for b.Loop() {
		s.Decide(c)
	}
}

// 3 rules that all throw, as in a usual plan.
func BenchmarkDecideThreeRules(b *testing.B) {
	s := schedule(b, 1,
		Rule{Fault: newFault("rate_limit"), Probability: ptr(Share(0.4))},
		Rule{Fault: newFault("empty_200"), Probability: ptr(Share(0.05)), Per: PerRequest},
		Rule{Fault: newFault("hang_before_headers"), Probability: ptr(Share(0.01))})
	c := call(1)
	b.ReportAllocs()
	for b.Loop() {
		c.Index++
		s.Decide(c)
	}
}
