package assertions

import (
	"fmt"

	"github.com/chaoskit/chaos/internal/journal"
)

var noLeakEntry = Entry{
	ID: "cache.no_leak", Number: "C-1",
	Claim:  "No user gets an answer that was made for another tenant.",
	Doc:    "The tenant in the watermarks of an answer is the tenant that asked.",
	Source: SourceHeuristic, SourceNote: "one leak is one too many",
	SoundSide:   "fail: the watermark carries the tenant that the words were made for",
	Confounders: []string{"C13 a prompt marker makes every prompt different, so exact caches are never hit"},
	Exposed:     "answers with a watermark, of at least two tenants", Need: needInvariant,
	Provoke: "tenants: 2   # under load",
	New:     func() Check { return &NoLeak{} },
}

// NoLeak is cache.no_leak; it has no arguments.
type NoLeak struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoLeak) Validate() []Problem { return nil }

func (c *NoLeak) examine(v *view) exam {
	e := exam{label: "answers made for another tenant", threshold: quantity(0, "count", "<="), need: needInvariant}
	tenants := map[string]bool{}
	askedBy := map[uint64]map[string]bool{} // prompt -> tenants
	var cached, shared, marked int64
	for _, r := range v.reqs {
		if !r.completed() || len(r.Marks) == 0 {
			continue
		}
		tenants[r.Tenant] = true
		e.samples++
		if askedBy[r.PromptHash] == nil {
			askedBy[r.PromptHash] = map[string]bool{}
		}
		askedBy[r.PromptHash][r.Tenant] = true
		if r.PromptHash != 0 && len(askedBy[r.PromptHash]) > 1 {
			shared++
		}
		if r.CarriersSent&journal.CarrierMarker != 0 {
			marked++
		}
		other := false
		for _, m := range r.Marks {
			other = other || m.Key != r.Key && m.Key.Phase != journal.PhaseAnon
			// The mark is checksummed: where it names a tenant, it is right.
			// One of another run, or of a call without an id, names none.
			if m.Tenant != "" && !m.Key.None() && m.Key.Phase != journal.PhaseAnon && m.Tenant != r.Tenant {
				e.broken = append(e.broken, clue{req: r, what: fmt.Sprintf("tenant %s got words made for tenant %s in request %s", r.Tenant, m.Tenant, m.Key)})
				break
			}
		}
		if other {
			cached++
		}
	}
	if len(tenants) > 1 {
		e.exposure = e.samples
	}
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s of %s were made for another tenant", number(int64(len(e.broken))), plural(e.samples, "answer", "answers"))
	e.details = append(e.details, fmt.Sprintf("%s came from a cache: their watermark names an earlier request", plural(cached, "answer", "answers")))
	e.verdict = Pass
	e.reason = fmt.Sprintf("all %s were made for the tenant that got them", plural(e.samples, "answer", "answers"))
	// What a pass does not say: a cache that was never asked twice cannot mix up
	// whom it answers.
	switch {
	case marked == e.samples:
		e.details = append(e.details, "a cache was not put to the test: the marker made every prompt different; correlate: {marker: off} would not")
	case shared == 0:
		e.details = append(e.details, "a cache was not put to the test: no two tenants asked the same")
	default:
		e.details = append(e.details, plural(shared, "answer", "answers")+" to what another tenant had asked before")
	}
	return e
}
