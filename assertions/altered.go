package assertions

import "fmt"

// A step is the calls of one request with equal bodies, so a service that changes
// the body of a retry, by a new seed, a higher temperature or "try again" in the
// prompt, seems to make a new call each time. What betrays it is that requests
// with failures make more different calls than any healthy one does.

// alteredNeed is the least number of healthy requests that must show how many
// different calls the service makes.
const alteredNeed = 10

// alteredMost is how many calls of this kind there may be for each failed one:
// as many as attempts that nobody can join.
const alteredMost = 1 - coverageNeed

// learnSteps finds how many different calls of each kind a healthy request makes
// at most. A service that skips a step, or goes on after one, makes no more.
func (h *history) learnSteps() {
	n, most := 0, map[string]int{}
	for _, list := range [][]*request{h.trial, h.reqs} {
		for _, r := range list {
			if !r.good() || len(r.attempts) == 0 || r.anyAttempt(func(a *attempt) bool { return !a.clean || a.rule != "" }) {
				continue
			}
			n++
			for kind, k := range r.stepsByKind() {
				most[kind] = max(most[kind], k)
			}
		}
	}
	if n >= alteredNeed {
		h.stepsMost = most
	}
}

func (r *request) stepsByKind() map[string]int {
	out := map[string]int{}
	for _, s := range r.steps {
		out[s.kind]++
	}
	return out
}

// afterFailure reports whether the first call of a step came when another step of
// its kind had just failed for good, as a retry of that one would.
func (r *request) afterFailure(a *attempt) bool {
	failed := false
	for _, s := range r.steps {
		if s == a.step || s.kind != a.Kind || s.attempts[0].ArrivedNs > a.ArrivedNs {
			continue
		}
		went, mended := false, false
		for _, o := range s.attempts {
			went = went || o.wrong() && !o.openAt(a.ArrivedNs)
			mended = mended || o.clean
		}
		failed = failed || went && !mended
	}
	return failed
}

// altered says that retries may hide among calls with other bodies, "" if not.
func (v *view) altered() string {
	if v.h.stepsMost == nil {
		return ""
	}
	var altered, failed int64
	example := ""
	for _, r := range v.reqs {
		made := r.stepsByKind()
		for _, a := range r.attempts {
			if !v.sees(a) {
				continue
			}
			if a.wrong() {
				failed++
			}
			if a == a.step.attempts[0] && made[a.Kind] > v.h.stepsMost[a.Kind] && r.afterFailure(a) {
				altered++
				if example == "" {
					example = fmt.Sprintf("request %s made %d different %s calls, healthy ones at most %d", r.Key, made[a.Kind], a.Kind, v.h.stepsMost[a.Kind])
				}
			}
		}
	}
	if float64(altered) <= alteredMost*float64(failed) {
		return ""
	}
	return fmt.Sprintf("%s with another body after a failed one of their kind, which healthy requests do not make: retries that change the body cannot be told from new calls; %s",
		plural(altered, "call came", "calls came"), example)
}

// everyCall is a check for a service whose retries cannot be recognised.
const everyCall = "- budgets.tokens: {max: 5000}   # counts every call, whatever its body"
