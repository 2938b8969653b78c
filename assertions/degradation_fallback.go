package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

var fallbackEntry = Entry{
	ID: "degradation.fallback", Number: "D2",
	Claim: "When a call fails for good, the user still gets an answer, and it degrades only in declared ways.",
	Doc: "Requests in which a step had no clean answer from its first model, however often it was tried: the share that ended full or degraded. " +
		"A degraded answer of a kind that is not among `kinds` fails the check, and so does one of the service's own words, without a watermark.",
	Source: SourceHeuristic, SourceNote: "nineteen of twenty",
	SoundSide:   "both, where all attempts are joined",
	Confounders: []string{"kinds must be declared in target.response.degraded to be seen", "requests that the user gave up are not answered"},
	Exposed:     "requests whose first model failed for good",
	FedBy:       fed(refusing, silent, torn, empty, cut, garbled),
	Provoke:     "- {http_500: {}, during: %s, probability: 0.2, per: step}", Need: 59,
	Users: "what users got",
	New:   func() Check { return &Fallback{Min: 0.95} },
}

// Fallback are the arguments of degradation.fallback.
type Fallback struct {
	Min   Share    `yaml:"min" default:"95%" doc:"least share of requests with a failed step that are answered all the same"`
	Kinds []string `yaml:"kinds" doc:"kinds of degraded answers that are allowed; left out: those that target.response.degraded declares"`
}

// Validate says what is wrong with the arguments.
func (c *Fallback) Validate() []Problem {
	if !(c.Min > 0) || c.Min >= 1 {
		return []Problem{{"min", "must be between 0% and 100%: no number of requests proves that all fall back"}}
	}
	return nil
}

// failedForGood reports whether some step of the request had no clean answer
// from its first model, and the provider's side of it had gone wrong.
func (r *request) failedForGood() bool {
	for _, s := range r.steps {
		answered, went := false, false
		for _, a := range s.chains[0].attempts {
			answered = answered || a.clean
			went = went || a.wrong()
		}
		if went && !answered {
			return true
		}
	}
	return false
}

func (c *Fallback) examine(v *view) exam {
	e := exam{label: "answered although a step failed", threshold: quantity(float64(c.Min), "share", ">="), joined: true, rests: fitness{pace: true}}
	allowed := c.Kinds
	if len(allowed) == 0 {
		allowed = v.h.setup.DegradedKinds
	}
	p := proportion{theta: 1 - float64(c.Min)}
	kinds := map[string]int64{}
	for _, r := range v.reqs {
		if !r.completed() || !r.failedForGood() {
			continue
		}
		p.n++
		kinds[r.outcomeName()]++
		if !r.good() {
			p.bad++
			e.shown = append(e.shown, clue{req: r, what: endNote(r)})
		}
		if r.Outcome == journal.OutcomeDegraded && len(allowed) > 0 && !slices.Contains(allowed, r.DegradedKind) {
			e.broken = append(e.broken, clue{req: r, what: fmt.Sprintf("degraded as %q, which is not declared", r.DegradedKind)})
		}
		if len(allowed) > 0 && v.h.unwritten(r) {
			e.broken = append(e.broken, clue{req: r, what: "answered with words that no model wrote, and of no kind that is declared"})
		}
	}
	e.exposure = p.n
	e.failure = fmt.Sprintf("%s degraded in a way that is not declared (declared: %s)", plural(int64(len(e.broken)), "answer", "answers"), strings.Join(allowed, ", "))
	p.decide(v, &e, "requests with a failed step", "answered all the same")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		e.details = append(e.details, kind+" "+number(kinds[kind]))
	}
	if v.h.setup.Unmarked && e.verdict == Pass {
		e.verdict, e.interval = Inconclusive, nil
		e.reason, e.fix = "whether the answers degraded in declared ways only cannot be told: "+unmarked, marksOn
		return e
	}
	if len(allowed) == 0 && e.verdict == Pass {
		e.verdict, e.interval = Inconclusive, nil
		e.reason = "the plan declares no kinds of degraded answers, so a fallback cannot be told from an answer like any other"
		e.fix = "response: {degraded: [{kind: smaller_model, model: NAME}]}   # under target"
	}
	return e
}
