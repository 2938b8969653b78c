package faults

import "testing"

// A fault that always does the same gives each attempt slots of its own: a rule
// signs them.
func TestFixedGivesEachItsOwn(t *testing.T) {
	all := Effect{&Connection{Kind: ConnectionHang}, &Status{Code: 503}, &Delay{Extra: 1}, &Pace{Interval: 1}, &Mutation{Kind: MutationEmpty}, &Ending{Kind: EndingEOF}}
	f := fixed("x", all)()
	first, second := f.Effect(Dice{}), f.Effect(Dice{})
	if first.Slots() != all.Slots() || first.Connection.Kind != ConnectionHang || first.Status.Code != 503 || first.Ending.Kind != EndingEOF {
		t.Errorf("%+v", first)
	}
	first.Connection.Rule, first.Status.Rule, first.Delay.Rule, first.Pace.Rule, first.Mutation.Rule, first.Ending.Rule = 7, 7, 7, 7, 7, 7
	if s := second.slotsOf(7) | f.Effect(Dice{}).slotsOf(7); s != 0 {
		t.Errorf("%s are shared", s)
	}
	if e := fixed("x", Effect{})().Effect(Dice{}); e.Slots() != 0 {
		t.Errorf("slots of nothing: %s", e.Slots())
	}
}
