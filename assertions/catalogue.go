package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/spell"
)

// Source says where a threshold comes from.
type Source string

// Sources of thresholds.
const (
	SourcePlan       Source = "plan"
	SourceStandard   Source = "standard"
	SourceVendor     Source = "vendor"
	SourceLiterature Source = "literature"
	SourceHeuristic  Source = "heuristic"
)

// Entry describes one check: what `chaos explain` prints, what the bundle and
// the preview need to know.
type Entry struct {
	ID          string
	Number      string // in the catalogue of properties: R1, B4 ...
	Claim       string // one sentence that a pass makes true
	Doc         string // how it is measured and judged
	Source      Source // of the default threshold
	SourceNote  string // where exactly
	SoundSide   string // which verdicts hold whatever the confounders, and why
	Confounders []string

	// Calls: the check judges calls to the provider, so `for` may name
	// an endpoint or a kind of step.
	Calls bool
	// Exposed names what a run must contain for the check to mean anything.
	Exposed string
	// FedBy are the faults (a trailing * is a prefix) that give exposure. Nil:
	// load alone does.
	FedBy []string
	// Hints narrows FedBy to rules with such hints; nil: any.
	Hints []Hint
	// Provoke is a rule to paste into a plan that gives exposure; %s is the phase.
	Provoke string
	// Need is the least exposure that can conclude with default arguments, for
	// the preview; 0: any.
	Need int64

	// Marks: what the check judges shows in watermarks alone, so where the plan
	// switches them off it has seen nothing.
	Marks bool

	// Users says what of users the check judges: without a load it is vacuous.
	// "": calls to the provider are enough.
	Users string

	// New returns the arguments with their defaults, for a plan to decode over.
	New func() Check
}

// Hint says whether refusals tell the caller how long to wait.
type Hint string

// Hints.
const (
	Unhinted Hint = ""         // no Retry-After
	Hinted   Hint = "hinted"   // one that names a time ahead
	Unusable Hint = "unusable" // one that does not: nonsense, or a time that is over
)

// needInvariant is the exposure below which an invariant proves nothing: with
// none seen in 30, at most 10 % violate at 95 % confidence.
const needInvariant = 30

// Catalogue lists the checks that are built, in the order of reports.
func Catalogue() []Entry {
	return []Entry{
		retryAttemptsEntry, retryBackoffEntry, retryFirstDelayEntry, retryJitterEntry, retryAfterEntry, onlyRetryableEntry, amplificationEntry,
		latencyEntry, tokensEntry, costEntry, orphansEntry,
		availableEntry, fallbackEntry, disclosedEntry, noEmptyEntry, noTruncatedEntry,
		noLeakEntry,
		goodputEntry, recoversEntry,
	}
}

// Lookup returns the entry of a check that is built.
func Lookup(id string) (Entry, bool) {
	for _, e := range Catalogue() {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// IDs returns the ids of the checks that are built.
func IDs() []string {
	var ids []string
	for _, e := range Catalogue() {
		ids = append(ids, e.ID)
	}
	return ids
}

// unbuilt are the checks of the catalogue of properties that have a name and
// no code. A plan that asks for one is refused by name.
var unbuilt = []string{
	"retries.backoff_cap", "retries.long_retry_after", "retries.pushback", "retries.no_replay", "retries.budget",
	"retries.stop_under_overload", "retries.no_storm_after_recovery", "retries.layers", "retries.hedging", "retries.claimed",
	"budgets.stall", "budgets.deadline_fit", "budgets.cancellation", "budgets.waste", "budgets.cost_multiplier", "budgets.spend_rate",
	"budgets.overshoot", "budgets.concurrent_bypass", "budgets.tenant_isolation", "budgets.steps", "budgets.rate_limit_obedience",
	"degradation.fallback_latency", "degradation.no_splice", "degradation.no_wrong", "degradation.no_hidden_error",
	"shedding.fast", "shedding.cheap", "shedding.actionable",
	"breaker.opens", "breaker.probes", "breaker.closes", "breaker.no_flapping",
	"collapse.knee", "collapse.hysteresis", "collapse.vulnerability", "collapse.queue", "collapse.drains", "collapse.resources", "collapse.orderly_errors",
	"cache.fresh", "cache.no_poison", "cache.no_stampede",
	"fairness.noisy_neighbour", "fairness.jain", "fairness.priority",
	"audit.kill_switch", "audit.kill_switch_clean", "audit.auth", "audit.traceable", "audit.provenance", "audit.attributable", "audit.data_boundary", "audit.rollback",
}

// Unbuilt returns the ids of checks that are known and not built yet.
func Unbuilt() []string { return slices.Clone(unbuilt) }

// unknownID is the message for an id that is not in the catalogue.
func unknownID(id string) string {
	if slices.Contains(unbuilt, id) {
		return fmt.Sprintf("assertion %s is known but not built yet: see `chaos list assertions` for those that are", id)
	}
	if near := Similar(id); near != "" {
		return fmt.Sprintf("unknown assertion %q: did you mean %s?", id, near)
	}
	return fmt.Sprintf("unknown assertion %q: see `chaos list assertions`", id)
}

// Similar returns the built check whose id is nearest to a mistyped one, or ""
// where none is near.
func Similar(id string) string {
	best, bestDistance := "", 4
	for _, known := range IDs() {
		d := spell.Distance(strings.ToLower(id), known)
		if _, short, ok := strings.Cut(known, "."); ok {
			d = min(d, spell.Distance(strings.ToLower(id), short))
		}
		if d < bestDistance {
			best, bestDistance = known, d
		}
	}
	return best
}

// Standard returns the bundle that a plan without an `assertions` key is judged
// by: every check with its defaults. Those without a subject in the plan come
// out as not applicable.
func Standard() []Spec {
	var specs []Spec
	for _, e := range Catalogue() {
		specs = append(specs, Spec{ID: e.ID, Args: e.New(), Bundled: true})
	}
	return specs
}
