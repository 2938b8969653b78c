package assertions

import (
	"fmt"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

var noLeakEntry = Entry{
	ID: "cache.no_leak", Number: "C-1",
	Claim:  "No user gets an answer that was made for another tenant.",
	Doc:    "The tenant in the watermarks of an answer is the tenant that asked. A request whose model was made to give another tenant's words (cross_answer) is exposed as well.",
	Source: SourceHeuristic, SourceNote: "one leak is one too many",
	SoundSide:   "fail: the watermark carries the tenant that the words were made for",
	Confounders: []string{"C13 a prompt marker makes every prompt different, so exact caches are never hit"},
	Exposed:     "answers to what another tenant had been answered before", Need: needInvariant,
	Provoke: "repeat: 0.3   # of an entry of load.mix; with tenants: 2 or more, and correlate: {marker: off}",
	Users:   "what users got",
	Marks:   true,
	New:     func() Check { return &NoLeak{} },
}

// NoLeak is cache.no_leak; it has no arguments.
type NoLeak struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoLeak) Validate() []Problem { return nil }

func (c *NoLeak) examine(v *view) exam {
	e := exam{label: "answers made for another tenant", threshold: quantity(0, "count", "<="), need: needInvariant}
	known := map[uint64]map[string]int64{} // prompt -> tenant -> when its first answer was whole
	makers := makersOf(v.h)
	var cached, marked int64
	for _, r := range v.reqs {
		if !r.completed() || len(r.Marks) == 0 {
			continue
		}
		e.samples++
		crossed := makers.crossed(r)
		if crossed {
			e.exposure++
		}
		if r.CarriersSent&journal.CarrierMarker != 0 {
			marked++ // no cache has seen this prompt before
		} else if r.PromptHash != 0 {
			if known[r.PromptHash] == nil {
				known[r.PromptHash] = map[string]int64{}
			}
			if !crossed && answeredAnother(known[r.PromptHash], r) {
				e.exposure++
			}
			if at, ok := known[r.PromptHash][r.Tenant]; !ok || r.EndNs < at {
				known[r.PromptHash][r.Tenant] = r.EndNs
			}
		}
		what, other := makers.leak(r)
		if what != "" {
			e.broken = append(e.broken, clue{req: r, what: what})
		}
		if other {
			cached++
		}
	}
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s of %s were made for another tenant", number(int64(len(e.broken))), plural(e.samples, "answer", "answers"))
	if !v.blind() {
		e.details = append(e.details, fmt.Sprintf("%s came from a cache: their watermark names an earlier request", plural(cached, "answer", "answers")))
	}
	e.verdict = Pass
	e.reason = fmt.Sprintf("all %s were made for the tenant that got them, %s of them to what another tenant had been answered before",
		plural(e.samples, "answer", "answers"), number(e.exposure))
	if marked > 0 && marked == e.samples {
		e.details = append(e.details, "the marker made every prompt different, so that no cache could mix them up: correlate: {marker: off} would not")
	}
	return e
}

// makers are the attempts that are known to be for a tenant, by their number.
type makers map[uint64]*attempt

func makersOf(h *history) makers {
	m := makers{}
	for _, a := range h.calls {
		if a.Tenant != "" && !a.Key.None() && a.Key.Phase != journal.PhaseAnon {
			m[a.ID] = a
		}
	}
	return m
}

// crossed reports whether a call of r was answered with the words of an attempt
// for another tenant, as its watermarks say.
func (m makers) crossed(r *request) bool {
	for _, a := range r.attempts {
		if of := m[a.MarkID]; of != nil && of.Tenant != r.Tenant {
			return true
		}
	}
	return false
}

// leak says what of an answer was made for another tenant, "" if nothing was,
// and whether any of its words are an earlier request's.
func (m makers) leak(r *request) (what string, other bool) {
	for i, seen := range r.Marks {
		found := wire.Finding(r.Finding(i))
		if found&wire.FoundShort != 0 {
			// Numbers count for nobody: an embedding is the same whoever asks,
			// so that tenants may share it.
			if a := m[seen.Attempt]; a != nil && found&(wire.FoundOtherRun|wire.FoundNumbers) == 0 && a.Tenant != r.Tenant && what == "" {
				what = fmt.Sprintf("tenant %s got a tool call or a value made for tenant %s in request %s", r.Tenant, a.Tenant, a.Key)
			}
			continue
		}
		other = other || seen.Key != r.Key && seen.Key.Phase != journal.PhaseAnon
		// The mark is checksummed: where it names a tenant, it is right.
		// One of another run, or of a call without an id, names none.
		if seen.Tenant != "" && !seen.Key.None() && seen.Key.Phase != journal.PhaseAnon && seen.Tenant != r.Tenant && what == "" {
			what = fmt.Sprintf("tenant %s got words made for tenant %s in request %s", r.Tenant, seen.Tenant, seen.Key)
		}
	}
	return what, other
}

// answeredAnother reports whether another tenant had the answer to a prompt when
// r asked for it: a cache cannot mix up what is not in it yet.
func answeredAnother(known map[string]int64, r *request) bool {
	for tenant, at := range known {
		if tenant != r.Tenant && at <= r.SentNs {
			return true
		}
	}
	return false
}
