package assertions

import (
	"cmp"
	"math"
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
)

// faultCounts counts what became of each rule, in plan order; rules that only
// the records know come last.
func (h *history) faultCounts() []FaultCounts {
	out := make([]FaultCounts, 0, len(h.setup.Rules))
	index := map[string]int{}
	for _, r := range h.setup.Rules {
		index[r.Name] = len(out)
		out = append(out, FaultCounts{Rule: r.Name, Fault: r.Fault, Asked: ptr(r.Probability), Text: r.Text, Barrier: h.barrierCounts(r)})
	}
	named := len(out)
	for _, a := range slices.Concat(h.calls, h.links) {
		for i, hit := range a.Rules {
			if slices.ContainsFunc(a.Rules[:i], func(o journal.RuleHit) bool { return o.Name == hit.Name }) {
				continue // a rule rolls once for an attempt, however many slots it fills
			}
			at, ok := index[hit.Name]
			if !ok {
				at = len(out)
				index[hit.Name] = at
				out = append(out, FaultCounts{Rule: hit.Name})
			}
			out[at].count(hit.State)
		}
	}
	slices.SortFunc(out[named:], func(a, b FaultCounts) int { return cmp.Compare(a.Rule, b.Rule) })
	return out
}

func (c *FaultCounts) count(s journal.RuleState) {
	switch s {
	case journal.RulePassed:
		c.Eligible++
	case journal.RuleInjected:
		c.Injected++
	case journal.RuleMasked:
		c.Masked++
	case journal.RuleMissed:
		c.Missed++
	case journal.RuleHeld:
		c.Held++
	case journal.RuleUnknown:
		c.Unknown++
	}
	switch s {
	case journal.RuleInjected, journal.RuleMasked, journal.RuleMissed:
		c.Eligible++
		c.Chosen++
	}
}

// joinFigures count how many attempts were joined, over inference endpoints
// between the first due instant and the end of the drain.
func (h *history) joinFigures() JoinFigures {
	f := JoinFigures{CoverageByStep: map[string]*float64{}, Carriers: map[string]int64{}}
	from := int64(math.MaxInt64)
	if len(h.reqs) > 0 {
		from = h.reqs[0].DueNs
	}
	type count struct{ joined, all int64 }
	byStep := map[string]*count{}
	for _, a := range h.calls {
		if !slices.Contains(inferenceKinds, a.Kind) || a.ArrivedNs < from || a.ArrivedNs > h.drain {
			continue
		}
		c := byStep[a.Kind]
		if c == nil {
			c = &count{}
			byStep[a.Kind] = c
		}
		c.all++
		f.Attempts++
		if attributed(a.Attempt) {
			c.joined++
			f.Attributed++
			for _, name := range journal.CarrierNames {
				if a.Carrier&name.Bit != 0 {
					f.Carriers[name.Name]++
				}
			}
		}
		if a.Conflict {
			f.Conflict++
		}
		if a.Stale {
			f.Stale++
		}
	}
	f.Coverage = share(f.Attributed, f.Attempts)
	for _, kind := range inferenceKinds {
		if c := byStep[kind]; c != nil {
			f.CoverageByStep[kind] = share(c.joined, c.all)
		}
	}
	return f
}

// costFigures sum money and tokens of the load, joined or not.
func (h *history) costFigures() CostFigures {
	var f CostFigures
	var nano, good int64
	for _, a := range h.calls {
		nano += a.CostNanoUSD
		f.TokensIn += int64(a.TokensIn)
		f.TokensOut += int64(a.TokensEmitted)
		f.WastedTokens += a.wasted()
	}
	for _, r := range h.reqs {
		if r.good() {
			good++
		}
	}
	f.USD = rounded9(float64(nano) / 1e9)
	if good > 0 {
		v := rounded9(float64(nano) / 1e9 / float64(good))
		f.USDPerGoodAnswer = &v
	}
	return f
}

// wasted counts the tokens that were emitted for nobody: all of an attempt whose
// caller hung up, and of others those after the end of their request. Samples of
// the progress bound the latter from below.
func (a *attempt) wasted() int64 {
	if a.PeerClosedNs >= 0 && (a.EndNs < 0 || a.PeerClosedNs <= a.EndNs) && a.End != journal.AttemptComplete {
		return int64(a.TokensEmitted)
	}
	if a.req == nil || a.req.EndNs < 0 || a.req.open() || a.LastNs <= a.req.EndNs {
		return 0
	}
	before := int64(a.TokensEmitted)
	for _, p := range a.Emitted {
		if p.TNs >= a.req.EndNs {
			before = int64(p.Tokens)
			break
		}
	}
	if a.ArrivedNs >= a.req.EndNs {
		before = 0
	}
	return int64(a.TokensEmitted) - before
}

// rounded9 rounds money to a nano-USD.
func rounded9(x float64) float64 { return math.Round(x*1e9) / 1e9 }
