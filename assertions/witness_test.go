package assertions

import (
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// A reason speaks of attempts by their number in the run; a timeline counts
// those of its request.
func TestReasonsCountAttemptsAsTimelinesDo(t *testing.T) {
	r := &request{Request: &journal.Request{}}
	for i, id := range []uint64{11, 1506, 15} {
		r.attempts = append(r.attempts, &attempt{Attempt: &journal.Attempt{ID: id, MarkID: id}, number: i + 1})
	}
	for in, want := range map[string]string{
		"status 500": "status 500",
		"the text of attempt 1506 is cut, though the answer ended with [DONE]": "the text of attempt 2 is cut, though the answer ended with [DONE]",
		"spliced: the text of attempt 15 goes on with that of attempt 150":     "spliced: the text of attempt 3 goes on with that of attempt 150 of the run",
	} {
		if got := numbered(r, in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The client's timeout is said once.
func TestEndNote(t *testing.T) {
	for want, r := range map[string]journal.Request{
		"timeout, no answer before the client timeout": {Outcome: journal.OutcomeTimeout, OutcomeReason: "no answer before the client timeout", EndBy: journal.EndClientTimeout},
		"error, connection reset, ended by reset":      {Outcome: journal.OutcomeError, OutcomeReason: "connection reset", EndBy: journal.EndReset},
		"full": {Outcome: journal.OutcomeFull, EndBy: journal.EndServer},
	} {
		if got := endNote(&request{Request: &r}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
