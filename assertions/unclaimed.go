package assertions

import (
	"fmt"

	"github.com/chaoskit/chaos/internal/journal"
)

// A service may pass the request id on with the first try only. Its retries then
// name nobody, and where they are few the coverage of all calls hardly shows it.
// But they have the body of the try that failed.

// call is what a retry has in common with the try before, whoever is named.
type call struct {
	kind, model string
	hash        uint64
}

func callOf(a *attempt) call { return call{a.Kind, a.ModelAsked, a.StepHash} }

// unclaimed says that retries may hide among calls that name no request, "" if
// not: such a call repeats the body of one in scope that had failed before.
func (v *view) unclaimed() string {
	since := map[call]int64{} // when the target first knew that the call failed
	var failed, same int64
	v.attempts(func(_ *request, a *attempt) {
		if !a.wrong() || a.knownNs == journal.Never {
			return
		}
		failed++
		if at, ok := since[callOf(a)]; !ok || a.knownNs < at {
			since[callOf(a)] = a.knownNs
		}
	})
	for _, a := range v.h.calls {
		if a.req != nil || attributed(a.Attempt) {
			continue
		}
		if at, ok := since[callOf(a)]; ok && a.ArrivedNs >= at {
			same++
		}
	}
	if float64(same) <= alteredMost*float64(failed) {
		return ""
	}
	return fmt.Sprintf("%s no request and repeated the body of a call that had failed: retries, it seems, of nobody known; %s failed",
		plural(same, "call named", "calls named"), plural(failed, "call", "calls"))
}
