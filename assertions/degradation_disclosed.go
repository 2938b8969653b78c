package assertions

import (
	"fmt"
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

var disclosedEntry = Entry{
	ID: "degradation.disclosed", Number: "D4",
	Claim: "A degraded answer says so.",
	Doc: "Degraded answers that match no rule of target.response.degraded and do not name the model that wrote them. What wrote an answer is read " +
		"from its watermark.",
	Source: SourceHeuristic, SourceNote: "an answer that hides what it is cannot be trusted",
	SoundSide:   "both: the watermark names the model and the request that the bytes were made for",
	Confounders: []string{"a service that says so in a way that the plan does not declare"},
	Exposed:     "degraded answers",
	FedBy:       fed(refusing, silent, torn, empty, cut, garbled, slow, untrue),
	Provoke:     "- {http_500: {}, during: %s, probability: 0.2, per: step}", Need: needInvariant,
	Users: "what users got",
	Marks: true,
	New:   func() Check { return &Disclosed{} },
}

// Disclosed is degradation.disclosed; it has no arguments.
type Disclosed struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *Disclosed) Validate() []Problem { return nil }

// disclosed reports whether a degraded answer says so: by a declared sign, or by
// naming the model that wrote it.
func (r *request) disclosed() bool {
	if r.Disclosed {
		return true
	}
	if r.ModelDeclared == "" || r.ModelDeclared == r.ModelAsked {
		return false
	}
	return slices.ContainsFunc(r.Marks, func(m journal.MarkSeen) bool { return m.Model == r.ModelDeclared && m.Key == r.Key })
}

func (c *Disclosed) examine(v *view) exam {
	e := exam{label: "degraded answers that hide it", threshold: quantity(0, "count", "<="), need: needInvariant}
	var own int64 // answers of the service's own making
	for _, r := range v.reqs {
		if v.h.unwritten(r) {
			e.exposure++
			own++
		}
		if !r.completed() || r.Outcome != journal.OutcomeDegraded {
			continue
		}
		e.exposure++
		if !r.disclosed() {
			e.broken = append(e.broken, clue{req: r, what: "degraded as " + r.DegradedKind + " and does not say so" + writtenBy(r)})
		}
	}
	e.samples = e.exposure
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s of %s did not say so", number(int64(len(e.broken))), plural(e.samples, "degraded answer", "degraded answers"))
	e.verdict = Pass
	e.reason = fmt.Sprintf("all %s said so", plural(e.samples, "degraded answer", "degraded answers"))
	if own > 0 {
		e.verdict = Inconclusive
		e.reason = fmt.Sprintf("%s no words of a model, as all calls for them had failed; whether they say so cannot be told, because the plan does not declare how they look",
			plural(own, "answer holds", "answers hold"))
		e.fix = `response: {degraded: [{kind: message, contains: "WORDS OF THE MESSAGE"}]}   # under target`
	}
	return e
}

// writtenBy names what the watermarks of an answer name.
func writtenBy(r *request) string {
	for i, m := range r.Marks {
		if wire.Finding(r.Finding(i))&wire.FoundShort != 0 {
			continue // an attempt is named, and nothing else
		}
		if m.Key != r.Key {
			return fmt.Sprintf(": written for %s", m.Key)
		}
		if m.Model != "" && m.Model != r.ModelAsked {
			return fmt.Sprintf(": written by %s, asked of %s", m.Model, r.ModelAsked)
		}
	}
	return ""
}
