package assertions

import "fmt"

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

// learnTwins finds the kinds of calls that come in twins.
func (h *history) learnTwins() {
	seen, twins := map[string]int{}, map[string]int{}
	for _, list := range [][]*request{h.trial, h.reqs} {
		for _, r := range list {
			if r.anyAttempt(func(a *attempt) bool { return !a.clean || a.rule != "" }) {
				continue
			}
			for kind, has := range r.twins() {
				seen[kind]++
				if has {
					twins[kind]++
				}
			}
		}
	}
	h.twins = map[string]bool{}
	for kind, n := range seen {
		h.twins[kind] = n >= twinNeed && float64(twins[kind]) >= twinShare*float64(n)
	}
}

// twins says for each kind of call of a request whether one came twice.
func (r *request) twins() map[string]bool {
	out := map[string]bool{}
	for _, a := range r.attempts {
		twin := a.relation == repeat || a.relation == hedge && a.prev != nil && a.ArrivedNs-a.prev.ArrivedNs < twinNs
		out[a.Kind] = out[a.Kind] || twin
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
	f.Verdict = Inconclusive
	f.Reason = fmt.Sprintf("the service makes the same call more than once for healthy requests too, so %s cannot be told from new calls", plural(int64(n), "retry", "retries"))
	f.ToConclude = "for: {step: chat}   # or another kind of call that the service makes once for a request"
	for _, kind := range stepKinds {
		if twins, made := v.h.twins[kind]; made && !twins {
			f.ToConclude = fmt.Sprintf("for: {step: %s}   # a kind of call that the service makes once for a request", kind)
			break
		}
	}
}
