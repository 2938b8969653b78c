package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var amplificationEntry = Entry{
	ID: "retries.amplification", Number: "R11",
	Claim: "Retries add at most a bounded share to the calls that a failing provider gets.",
	Doc: "First tries and retries, divided by first tries, over calls of the kinds and models that a fault hit, in the phases in which it did. " +
		"Hedges and fallbacks are counted beside it.",
	Source: SourceVendor, SourceNote: "Finagle, Envoy and linkerd allow 20 %",
	SoundSide:   "fail: every attempt was counted where it arrived",
	Confounders: []string{"C3 calls repeated after a clean answer are new calls", "C5 a retry at another key still counts"},
	Calls:       true, Exposed: "calls of the kinds and models that a fault hit",
	FedBy:   []string{"rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "conn_reset_*", "empty_200", "eof_no_done", "in_stream_error", "slow_ttft", "brownout", "trickle"},
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
	case a.relation == hedge:
		t.hedges++
	case a.relation.isRetry():
		t.retries++
	default:
		t.firsts++
		if a.relation == fallback {
			t.fallbacks++
		}
	}
}

func (c *Amplification) examine(v *view) exam {
	e := exam{label: "attempts per call while faults hit", threshold: quantity(c.Max, "times", "<="), need: amplificationCalls, joined: true, rests: fitness{due: true, pace: true}}
	hit := map[callGroup]bool{}
	groupOf := func(r *request, a *attempt) callGroup { return callGroup{r.phase, a.Kind, a.ModelAsked} }
	v.attempts(func(r *request, a *attempt) {
		if a.rule != "" || a.wrong() {
			hit[groupOf(r, a)] = true
		}
	})
	var sum tally
	byModel := map[string]*tally{}
	v.attempts(func(r *request, a *attempt) {
		if !hit[groupOf(r, a)] {
			return
		}
		sum.add(a)
		name := strings.TrimSpace(a.Kind + " " + a.ModelAsked)
		if byModel[name] == nil {
			byModel[name] = &tally{}
		}
		byModel[name].add(a)
		if a.relation.isRetry() {
			e.shown = append(e.shown, clue{req: r, guilty: a, weight: int64(a.try), what: fmt.Sprintf("try %d of the call", a.try)})
		}
	})
	e.exposure, e.samples = sum.firsts, sum.firsts+sum.retries
	for _, name := range slices.Sorted(maps.Keys(byModel)) {
		t := byModel[name]
		e.details = append(e.details, fmt.Sprintf("%s: %s for %s, %.2f each; %s, %s beside them", name, plural(t.firsts+t.retries, "attempt", "attempts"),
			plural(t.firsts, "call", "calls"), float64(t.firsts+t.retries)/float64(max(1, t.firsts)), plural(t.fallbacks, "fallback", "fallbacks"), plural(t.hedges, "hedge", "hedges")))
	}
	if sum.firsts == 0 {
		return e
	}
	ratio := float64(sum.firsts+sum.retries) / float64(sum.firsts)
	e.measured = quantity(ratio, "times", "")
	e.verdict = Pass
	if ratio > c.Max {
		e.verdict = Fail
	}
	// Not sampled but counted, so there is no interval.
	e.reason = fmt.Sprintf("%s for %s that faults could hit: %.2f each, counted in this run", plural(e.samples, "attempt", "attempts"), plural(sum.firsts, "call", "calls"), ratio)
	return e
}
