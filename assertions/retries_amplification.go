package assertions

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

var amplificationEntry = Entry{
	ID: "retries.amplification", Number: "R11",
	Claim: "Retries add at most a bounded share to the calls that a failing provider gets.",
	Doc: "First tries and retries, divided by first tries, of each kind of call at each model that a fault hit, in the phases in which it did and " +
		"while it was on. The worst kind is judged. Hedges and fallbacks are counted beside it.",
	Source: SourceVendor, SourceNote: "Finagle, Envoy and linkerd allow 20 %",
	SoundSide:   "fail: every attempt was counted where it arrived",
	Confounders: []string{"C3 calls repeated after a clean answer are new calls", "C5 a retry at another key still counts"},
	Calls:       true, Exposed: "calls of the kinds and models that a fault hit",
	FedBy:   fed(refusing, silent, torn, empty, cut, garbled, slow),
	Provoke: "- {http_500: {}, during: %s, probability: 0.4}", Need: amplificationCalls,
	New: func() Check { return &Amplification{Max: 1.2} },
}

// Amplification are the arguments of retries.amplification.
type Amplification struct {
	Max float64 `yaml:"max" default:"1.2" doc:"most attempts per call while faults hit, fallbacks and hedges left out"`
}

// Validate says what is wrong with the arguments.
func (c *Amplification) Validate() []Problem {
	if !(c.Max >= 1) {
		return []Problem{{"max", "must be at least 1: the first try counts"}}
	}
	return nil
}

// amplificationCalls is the least number of calls to judge a ratio of calls on.
const amplificationCalls = 100

// callGroup is the calls of one kind to one model in one phase.
type callGroup struct {
	phase       int
	kind, model string
}

// tally counts the attempts of a group of calls by their relation.
type tally struct{ firsts, retries, fallbacks, hedges int64 }

func (t *tally) add(a *attempt) {
	switch {
	case a.relation.isRetry():
		t.retries++
	case a.relation == hedge && a.prev != nil:
		t.hedges++
	default:
		// The first call to a model is a first try whatever it is to other
		// models: its retries must not be divided among fewer calls.
		t.firsts++
		switch a.relation {
		case fallback:
			t.fallbacks++
		case hedge:
			t.hedges++
		}
	}
}

// span is when faults could hit a group of calls: the plateau that it is judged on.
type span struct{ fromNs, toNs int64 }

// plateaus finds for each group of calls that went wrong when its faults were on:
// calls before and after would only dilute what the retries added. What no rule
// of the plan did, such as a natural 429, could happen at any time.
func (v *view) plateaus() map[callGroup]span {
	out := map[callGroup]span{}
	v.attempts(func(r *request, a *attempt) {
		if a.rule == "" && !a.wrong() {
			return
		}
		k := callGroup{r.phase, a.Kind, a.ModelAsked}
		on := span{math.MinInt64, math.MaxInt64}
		for _, rule := range v.h.setup.Rules {
			if rule.Name == a.rule && rule.FromNs >= 0 {
				on = span{rule.FromNs, rule.ToNs}
			}
		}
		if s, ok := out[k]; ok {
			on = span{min(s.fromNs, on.fromNs), max(s.toNs, on.toNs)}
		}
		out[k] = on
	})
	return out
}

// callKind is a kind of step at a model: what one retry policy stands before.
type callKind struct{ kind, model string }

func (k callKind) String() string { return strings.TrimSpace(k.kind + " " + k.model) }

// tallies count the attempts of the calls made while faults hit calls like them.
func (v *view) tallies() (map[callKind]*tally, map[callKind][]clue) {
	hit := v.plateaus()
	tallies, retries := map[callKind]*tally{}, map[callKind][]clue{}
	v.chains(func(r *request, c *chain) {
		k := callKind{c.step.kind, c.model}
		s, ok := hit[callGroup{r.phase, k.kind, k.model}]
		if !ok || c.attempts[0].ArrivedNs > s.toNs || c.attempts[len(c.attempts)-1].ArrivedNs < s.fromNs {
			return
		}
		if tallies[k] == nil {
			tallies[k] = &tally{}
		}
		for _, a := range c.attempts {
			tallies[k].add(a)
			if a.relation.isRetry() {
				retries[k] = append(retries[k], clue{req: r, guilty: a, weight: int64(a.try), what: fmt.Sprintf("try %d of the call", a.try)})
			}
		}
	})
	return tallies, retries
}

func (t *tally) ratio() float64 { return float64(t.firsts+t.retries) / float64(max(1, t.firsts)) }

func (c *Amplification) examine(v *view) exam {
	e := exam{label: "attempts per call while faults hit", threshold: quantity(c.Max, "times", "<="), need: amplificationCalls, joined: true, retries: true, rests: fitness{due: true, pace: true}}
	tallies, retries := v.tallies()
	order := slices.SortedFunc(maps.Keys(tallies), func(a, b callKind) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.model, b.model))
	})
	// The worst of those that are enough to judge; without any, the largest.
	var worst callKind
	for i, k := range order {
		t, w := tallies[k], tallies[worst]
		enough := t.firsts >= amplificationCalls
		if i == 0 || enough && (w.firsts < amplificationCalls || t.ratio() > w.ratio()) || !enough && w.firsts < t.firsts {
			worst = k
		}
		line := fmt.Sprintf("%s: %s for %s, %.2f each; %s, %s beside them", k, plural(t.firsts+t.retries, "attempt", "attempts"),
			plural(t.firsts, "call", "calls"), t.ratio(), plural(t.fallbacks, "fallback", "fallbacks"), plural(t.hedges, "hedge", "hedges"))
		if !enough {
			line += "; too few to judge"
		}
		e.details = append(e.details, line)
	}
	if len(order) == 0 {
		return e
	}
	t := tallies[worst]
	e.exposure, e.samples, e.shown = t.firsts, t.firsts+t.retries, retries[worst]
	e.measured = quantity(t.ratio(), "times", "")
	e.verdict = Pass
	if t.ratio() > c.Max {
		e.verdict = Fail
	}
	// Not sampled but counted, so there is no interval.
	e.reason = fmt.Sprintf("%s for %s of %s that faults could hit: %.2f each, counted in this run", plural(e.samples, "attempt", "attempts"), plural(t.firsts, "call", "calls"), worst, t.ratio())
	return e
}
