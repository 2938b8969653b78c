package assertions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

var noTruncatedEntry = Entry{
	ID: "degradation.no_truncated", Number: "D6",
	Claim: "A cut answer never ends like a whole one.",
	Doc: "Answers that the service ended in good order although the text was cut: no error, no broken connection. Judged among requests for which " +
		"an answer of the provider was cut.",
	Source: SourceHeuristic, SourceNote: "LiteLLM #40260, pydantic-ai #6610",
	SoundSide:   "fail: the watermark of the answer has no end, or the declared end never came",
	Confounders: []string{"a service that shortens answers on purpose cuts their watermark"},
	Exposed:     "answered requests for which an answer of the provider was cut",
	FedBy:       cut,
	Provoke:     "- {eof_no_done: {after_tokens: 10}, during: %s, probability: 0.1}", Need: needInvariant,
	Users: "what users got",
	Marks: true,
	New:   func() Check { return &NoTruncated{} },
}

// NoTruncated is degradation.no_truncated; it has no arguments.
type NoTruncated struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoTruncated) Validate() []Problem { return nil }

// wasCut reports whether an answer of the provider had begun and did not come to
// its end.
func (a *attempt) wasCut() bool { return a.Status == 200 && a.brokeOff() && !a.saidAll() }

// saidAll reports whether a fault took nothing away but what follows the last word
// of an answer: its ending has no position in it. That is an end of the body without
// the terminal event, as a cut is, and nothing was cut.
func (a *attempt) saidAll() bool {
	return a.End == journal.AttemptEOF && slices.ContainsFunc(a.Rules, func(hit journal.RuleHit) bool {
		return hit.State == journal.RuleInjected && hit.At < 0 && slices.Contains(strings.Split(hit.Slot, "+"), "ending")
	})
}

func (c *NoTruncated) examine(v *view) exam {
	e := exam{label: "cut answers that look whole", threshold: quantity(0, "count", "<="), need: needInvariant, joined: true}
	for _, r := range v.reqs {
		if !r.completed() || r.Status < 200 || r.Status > 299 {
			continue
		}
		e.samples++
		if r.anyAttempt((*attempt).wasCut) {
			e.exposure++
		}
		// A broken connection or an error in the stream tells the user, and so
		// does an answer that says that it was cut for its length.
		if r.Outcome == journal.OutcomeTruncated && r.EndBy == journal.EndServer && !r.cutForLength() {
			what := "ended in good order, without the declared end"
			if r.TerminalNs >= 0 {
				what = "ended with " + cmp.Or(r.TerminalKind, "its declared end") + " although the text is cut"
			}
			e.broken = append(e.broken, clue{req: r, what: what})
		}
	}
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s of %s were cut and ended like whole ones", number(int64(len(e.broken))), plural(e.samples, "answer", "answers"))
	e.verdict = Pass
	e.reason = fmt.Sprintf("no cut answer looked whole, of %s for which the provider's answer was cut", plural(e.exposure, "request", "requests"))
	return e
}
