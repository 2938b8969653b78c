package assertions

import (
	"fmt"
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
)

var noEmptyEntry = Entry{
	ID: "degradation.no_empty", Number: "D5",
	Claim:  "No answer that claims success is empty.",
	Doc:    "Answers with status 200 and no content, tool call or refusal, among requests for which a call to the provider went wrong.",
	Source: SourceHeuristic, SourceNote: "an empty success hides a failure",
	SoundSide:   "fail: the body is what the user got",
	Confounders: []string{"an answer that the plan's target.response does not find looks empty; the trial checks that"},
	Exposed:     "answered requests for which a call went wrong",
	FedBy:       fed(empty, refusing, silent, torn, cut, garbled),
	Provoke:     "- {empty_200: {}, during: %s, probability: 0.1}", Need: needInvariant,
	Users: "what users got",
	New:   func() Check { return &NoEmpty{} },
}

// NoEmpty is degradation.no_empty; it has no arguments.
type NoEmpty struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoEmpty) Validate() []Problem { return nil }

func (c *NoEmpty) examine(v *view) exam {
	e := exam{label: "empty answers that claim success", threshold: quantity(0, "count", "<="), need: needInvariant, joined: true}
	for _, r := range v.reqs {
		if !r.completed() || r.Status < 200 || r.Status > 299 {
			continue
		}
		e.samples++
		if r.anyAttempt((*attempt).wrong) {
			e.exposure++
		}
		// A reasoning model that used up its tokens says so: that is no lie.
		if r.Outcome == journal.OutcomeEmpty && !r.cutForLength() {
			e.broken = append(e.broken, clue{req: r, what: fmt.Sprintf("status %d with nothing in it", r.Status)})
		}
	}
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s of %s with status 200 had nothing in them", number(int64(len(e.broken))), plural(e.samples, "answer", "answers"))
	e.verdict = Pass
	e.reason = fmt.Sprintf("%s with status 200 had content, %s of them although a call had gone wrong", plural(e.samples, "answer", "answers"), number(e.exposure))
	return e
}

// cutForLength reports whether the answer says that it ended for want of tokens:
// finish_reason of OpenAI, stop_reason of Anthropic.
func (r *request) cutForLength() bool { return r.Finish == "length" || r.Finish == "max_tokens" }

// anyAttempt reports whether f holds for an attempt of the request.
func (r *request) anyAttempt(f func(*attempt) bool) bool { return slices.ContainsFunc(r.attempts, f) }
