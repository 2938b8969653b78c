package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// A link is a connection of a proxy between the target and something else than
// the model. It belongs to no request and is no call; all that a check may take
// from it is that a fault hit while requests were due.

// linksHit counts the connections that a fault hit within the phases in scope. A
// record does not say when: some time of the connection's life in which the rule
// applied.
func (v *view) linksHit() (n int64) {
	for _, a := range v.h.links {
		if slices.ContainsFunc(a.Rules, func(h journal.RuleHit) bool { return h.State == journal.RuleInjected && v.mayHit(a, h.Name) }) {
			n++
		}
	}
	return n
}

// mayHit reports whether a connection was open in a phase in scope while a rule
// applied there.
func (v *view) mayHit(a *attempt, rule string) bool {
	i := slices.IndexFunc(v.h.setup.Rules, func(r RuleInfo) bool { return r.Name == rule })
	if i < 0 {
		return false
	}
	from, to := max(a.ArrivedNs, v.h.setup.Rules[i].FromNs), a.EndNs
	if end := v.h.setup.Rules[i].ToNs; end >= 0 {
		to = min(to, end)
	}
	return slices.ContainsFunc(v.h.phases, func(p Window) bool {
		return (v.spec.During == "" || p.Name == v.spec.During) && from < p.ToNs && to >= p.FromNs
	})
}

// unmatched says that rules met nothing of what they strike.
func unmatched(idle []RuleInfo) string {
	what, names := "connection", ""
	for i, r := range idle {
		if !r.Links {
			what = "call"
		}
		if i > 0 {
			names += ", "
		}
		names += r.Name
	}
	return fmt.Sprintf("no %s matched fault%s %s", what, strings.Repeat("s", min(1, len(idle)-1)), names)
}
