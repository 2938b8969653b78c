package assertions

import (
	"fmt"
	"maps"
	"slices"
)

// Some services make the same call more than once for one request: an ensemble
// asks a model three times in parallel, an agent asks again in a loop. Where a
// call before such a twin failed, the twin looks like a retry that came at once.
// That a service does so is seen where nothing fails, and then no retry of that
// kind of call convicts: confounder C3 of the catalogue of properties.

// twinNs is how soon after a call its parallel twin arrives; hedges come later,
// as they wait for the first call to be slow.
const twinNs = 10e6

// twinShare is the share of healthy requests that must show twins, and twinNeed
// how many there must be: what a service is built to do it does every time.
const (
	twinShare = 0.5
	twinNeed  = 10
)

// learnTwins finds the kinds of calls that come in twins, and those that come at
// the same time.
func (h *history) learnTwins() {
	seen, twins, parallel := map[string]int{}, map[string]int{}, map[string]int{}
	for _, list := range [][]*request{h.trial, h.reqs} {
		for _, r := range list {
			if r.anyAttempt(func(a *attempt) bool { return !a.clean || a.rule != "" }) {
				continue
			}
			for kind, is := range r.twins() {
				seen[kind]++
				if is != alone {
					twins[kind]++
				}
				if is == beside {
					parallel[kind]++
				}
			}
		}
	}
	h.twins, h.beside = map[string]bool{}, map[string]bool{}
	for kind, n := range seen {
		built := func(has int) bool { return n >= twinNeed && float64(has) >= twinShare*float64(n) }
		h.twins[kind], h.beside[kind] = built(twins[kind]), built(parallel[kind])
	}
}

// twin says how a kind of call comes in one request.
type twin int

const (
	alone  twin = iota
	again       // after a clean answer to the same call
	beside      // while the same call is open
)

// twins says for each kind of call of a request whether one came twice.
func (r *request) twins() map[string]twin {
	out := map[string]twin{}
	for _, a := range r.attempts {
		is := alone
		switch {
		case a.relation == repeat:
			is = again
		case a.relation == hedge && a.prev != nil && a.ArrivedNs-a.prev.ArrivedNs < twinNs:
			is = beside
		}
		out[a.Kind] = max(out[a.Kind], is)
	}
	return out
}

// sure leaves out the clues that rest on a retry which may be a twin.
func (v *view) sure(e *exam, clues []clue) []clue {
	if !e.retries {
		return clues
	}
	var out []clue
	for _, c := range clues {
		if c.guilty == nil || !v.h.twins[c.guilty.Kind] {
			out = append(out, c)
		}
	}
	return out
}

// twinned judges what only retries that may be twins speak against.
func (v *view) twinned(f *Finding, n int) {
	v.untold(f, fmt.Sprintf("the service makes the same call more than once for healthy requests too, so %s cannot be told from new calls", plural(int64(n), "retry", "retries")))
}

// besides is a kind of call in scope that comes in parallel twins, "" none. A
// retry of one twin arrives beside or after the other and looks like a hedge or
// a new call, so that no retry was found there proves nothing.
func (v *view) besides() string {
	in := map[string]bool{}
	v.attempts(func(_ *request, a *attempt) { in[a.Kind] = v.h.beside[a.Kind] })
	for _, kind := range slices.Sorted(maps.Keys(in)) {
		if in[kind] {
			return kind
		}
	}
	return ""
}

// hidden judges what only the want of retries speaks for, where retries may hide
// among twins.
func (v *view) hidden(f *Finding, kind string) {
	v.untold(f, fmt.Sprintf("the service makes the same %s call several times at once for healthy requests too, so its retries cannot be told from the other calls", kind))
}

func (v *view) untold(f *Finding, why string) {
	f.Verdict, f.Reason = Inconclusive, why
	f.ToConclude = "for: {step: chat}   # or another kind of call that the service makes once for a request"
	for _, kind := range stepKinds {
		if twins, made := v.h.twins[kind]; made && !twins {
			f.ToConclude = fmt.Sprintf("for: {step: %s}   # a kind of call that the service makes once for a request", kind)
			break
		}
	}
}
