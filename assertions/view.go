package assertions

import (
	"math"
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
)

// view is the part of a history that one assertion judges.
type view struct {
	h     *history
	spec  *Spec
	entry *Entry
	reqs  []*request // of the load, in scope, by due instant

	// fromNs to toNs is when the requests in scope went on: attempts that no
	// request claims and that arrived then may belong to them.
	fromNs, toNs int64
}

func newView(h *history, spec *Spec, entry *Entry) *view {
	v := &view{h: h, spec: spec, entry: entry, fromNs: math.MaxInt64, toNs: math.MinInt64}
	for _, r := range h.reqs {
		if !v.holds(r) {
			continue
		}
		v.reqs = append(v.reqs, r)
		v.fromNs = min(v.fromNs, r.DueNs)
		v.toNs = max(v.toNs, r.DueNs, r.EndNs)
		if n := len(r.attempts); n > 0 {
			v.toNs = max(v.toNs, r.attempts[n-1].ArrivedNs)
		}
	}
	return v
}

// narrowed is the view of the same assertion on one phase.
func (v *view) narrowed(phase int) *view {
	spec := *v.spec
	spec.During = v.h.phases[phase].Name
	return newView(v.h, &spec, v.entry)
}

// holds reports whether a request is in scope.
func (v *view) holds(r *request) bool {
	s := v.spec
	if s.During != "" && (r.phase < 0 || v.h.phases[r.phase].Name != s.During) {
		return false
	}
	if len(s.For.Tenants) > 0 && !slices.Contains(s.For.Tenants, r.Tenant) {
		return false
	}
	if s.For.Mix != "" && s.For.Mix != r.Mix {
		return false
	}
	return v.entry.Calls || s.For.Model == "" || s.For.Model == r.ModelAsked
}

// sees reports whether a call is of the model, endpoint and kind asked for.
func (v *view) sees(a *attempt) bool {
	f := &v.spec.For
	if !v.entry.Calls {
		return true
	}
	return (f.Model == "" || f.Model == a.ModelAsked) && (f.Endpoint == "" || f.Endpoint == a.Endpoint) && (f.Step == "" || f.Step == a.Kind)
}

// chains calls f for every chain in scope, in the order of requests and of
// arrivals.
func (v *view) chains(f func(*request, *chain)) {
	for _, r := range v.reqs {
		for _, s := range r.steps {
			for _, c := range s.chains {
				if v.sees(c.attempts[0]) {
					f(r, c)
				}
			}
		}
	}
}

// attempts calls f for every attempt of a request in scope.
func (v *view) attempts(f func(*request, *attempt)) {
	for _, r := range v.reqs {
		for _, a := range r.attempts {
			if v.sees(a) {
				f(r, a)
			}
		}
	}
}

// inferenceKinds are the kinds of attempts that count for the coverage of the
// join; a tool call may be anything.
var inferenceKinds = []string{"chat", "embed", "rerank", "search", "moderation"}

// coverage counts the attempts in scope that are joined, and all that may be.
// What nobody claims counts against every scope that it may belong to.
func (v *view) coverage() (joined, all int64) {
	for _, a := range v.h.calls {
		if !slices.Contains(inferenceKinds, a.Kind) || !v.sees(a) {
			continue
		}
		switch {
		case a.req != nil:
			if v.holds(a.req) {
				joined++
				all++
			}
		case attributed(a.Attempt):
			// Its request left no record: it is known not to be one of ours.
		case a.ArrivedNs >= v.fromNs && a.ArrivedNs <= v.toNs:
			all++
		}
	}
	return joined, all
}

// inPhases reports whether ns falls in a phase that the scope may hold.
func (v *view) inPhases(ns int64) bool {
	i := v.h.phaseAt(ns)
	return i >= 0 && (v.spec.During == "" || v.h.phases[i].Name == v.spec.During)
}

// faultsDue reports whether a rule of the plan applies in the phases in scope.
// One that a stop of the load came before may have been meant for them.
func (v *view) faultsDue() bool {
	if v.h.stopped() && slices.ContainsFunc(v.h.setup.Rules, func(r RuleInfo) bool { return r.FromNs < 0 }) {
		return true
	}
	for i, p := range v.h.phases {
		if v.h.ruled[i] && (v.spec.During == "" || p.Name == v.spec.During) {
			return true
		}
	}
	return false
}

// faultsHit counts the attempts in scope that a fault hit, or a limit of the
// provider: a natural 429 is as good a challenge as a made one. A connection of a
// proxy that a fault hit is one too.
func (v *view) faultsHit() (n int64) {
	for _, a := range v.h.calls {
		if a.rule == "" && a.Cause != journal.CauseLimit {
			continue
		}
		if a.req != nil && v.holds(a.req) || a.req == nil && v.inPhases(a.ArrivedNs) {
			n++
		}
	}
	return n + v.linksHit()
}

// underFault is the exposure of a check about users: the requests that are due
// in scope, and none where the plan has a fault for them and it hit nothing.
func (v *view) underFault(due int64) (exposure int64, exposed string) {
	if !v.faultsDue() {
		return due, "requests due"
	}
	hit := v.faultsHit()
	if hit == 0 {
		return 0, "requests due that a fault reached"
	}
	what := plural(hit, "call", "calls")
	if links := v.linksHit(); links == hit {
		what = plural(hit, "connection", "connections")
	} else if links > 0 {
		what = plural(hit-links, "call", "calls") + " and " + plural(links, "connection", "connections")
	}
	return due, "requests due, while faults or limits hit " + what
}

// due counts the requests in scope whose fate is known.
func (v *view) due() (due, good int64) {
	for _, r := range v.reqs {
		if r.censored() {
			continue
		}
		due++
		if r.good() {
			good++
		}
	}
	return due, good
}

// lag is the 99th percentile of dispatch minus due in scope, -1: none.
func (v *view) lag() int64 {
	lags := make([]int64, 0, len(v.reqs))
	for _, r := range v.reqs {
		if r.DispatchNs >= 0 {
			lags = append(lags, max(0, r.DispatchNs-r.DueNs))
		}
	}
	slices.Sort(lags)
	return quantile(lags, 0.99)
}

// dropped counts the requests in scope that the harness could not send; those
// that a stop of the run kept back are not its weakness.
func (v *view) dropped() (n int64) {
	for _, r := range v.reqs {
		if !r.sent() && r.Dropped != string(journal.EndStopped) {
			n++
		}
	}
	return n
}
