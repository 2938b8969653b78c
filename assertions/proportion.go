package assertions

import (
	"fmt"
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
)

// proportion is a share of bad cases that may be at most theta.
type proportion struct {
	bad, n int64
	theta  float64
}

// surelyBad reports whether the share is above theta at 95 % confidence.
func (p proportion) surelyBad() bool { return shareLower(p.bad, p.n) > p.theta }

// decide judges the share of good cases by its one-sided 95 % bound and says
// what is needed where the bound straddles the threshold. noun names the cases,
// asWhat what the good ones are.
func (p proportion) decide(v *view, e *exam, noun, asWhat string) {
	if p.n == 0 {
		return
	}
	good := p.n - p.bad
	e.samples = p.n
	e.measured = quantity(float64(good)/float64(p.n), "share", "")
	upper, lower := shareUpper(p.bad, p.n), shareLower(p.bad, p.n)
	seen := fmt.Sprintf("%s of %s %s were %s", number(good), number(p.n), noun, asWhat)
	switch {
	case upper <= p.theta:
		e.verdict = Pass
		e.interval = &Interval{Lo: ptr(1 - upper), Level: level, Sided: "one"}
		e.reason = fmt.Sprintf("%s: at least %s at 95 %% confidence", seen, atLeast(1-upper))
	case lower > p.theta:
		e.verdict = Fail
		e.interval = &Interval{Hi: ptr(1 - lower), Level: level, Sided: "one"}
		e.reason = fmt.Sprintf("%s: at most %s at 95 %% confidence, %s asked", seen, atMost(1-lower), percent(1-p.theta))
	default:
		e.verdict = Inconclusive
		e.interval = &Interval{Lo: ptr(1 - upper), Hi: ptr(1 - lower), Level: 2*level - 1, Sided: "two"}
		need := needShare(p.bad, p.n, p.theta)
		e.reason = fmt.Sprintf("%s: between %s and %s, too few to tell whether it is %s", seen, atLeast(1-upper), atMost(1-lower), percent(1-p.theta))
		if need > p.n {
			e.reason += fmt.Sprintf("; about %s would tell", number(need))
			e.fix = v.longer(p.n, need)
		}
	}
}

// quietPhase is the first phase, if it may serve for comparison with the scope:
// no fault applies in it, and it is not the scope itself. -1: none.
func (v *view) quietPhase() int {
	b := v.h.baseline()
	if b < 0 || len(v.h.phases) < 2 || v.h.ruled[b] || v.spec.During == v.h.phases[b].Name {
		return -1
	}
	return b
}

// quietFails notes that the first phase fails the same proportion by itself, so
// that a failure could not be put down to load or faults. count gives the
// bad cases and all of a view.
func (v *view) quietFails(e *exam, theta float64, count func(*view) (bad, n int64)) {
	b := v.quietPhase()
	if b < 0 {
		return
	}
	bad, n := count(v.untroubled(b))
	if p := (proportion{bad, n, theta}); n > 0 && p.surelyBad() {
		e.baseline = fmt.Sprintf("the quiet phase %s fails by itself: %s of %s, %s asked; mend the service or the plan first", v.h.phases[b].Name, number(n-bad), number(n), percent(1-theta))
		e.baselineFix = v.slowerPhase(b, "quiet enough to be healthy")
	}
}

// untroubled is the view of the same assertion on a quiet phase, without the
// requests that failed in the phase after it: of a request that was still open
// when the trouble began nobody knows what it would have got without.
func (v *view) untroubled(phase int) *view {
	in := v.narrowed(phase)
	end := v.h.phases[phase].ToNs
	in.reqs = slices.DeleteFunc(in.reqs, func(r *request) bool { return r.sent() && !r.good() && r.EndNs > end })
	return in
}

// unserved are clues for the requests in scope that got no good answer, the
// first of each outcome being the most telling.
func (v *view) unserved() []clue {
	var out []clue
	seen := map[string]int64{}
	for _, r := range v.reqs {
		if r.censored() || r.good() {
			continue
		}
		what := "not sent: " + r.Dropped
		if r.sent() {
			what = endNote(r)
		}
		seen[what]++
		out = append(out, clue{req: r, what: what, weight: -seen[what]})
	}
	return out
}

// outcomesLine counts the outcomes in scope, best first.
func (v *view) outcomesLine() string {
	counts := map[journal.Outcome]int64{}
	for _, r := range v.reqs {
		if r.completed() {
			counts[r.Outcome]++
		}
	}
	line := ""
	for _, o := range journal.Outcomes {
		if n := counts[o]; n > 0 {
			if line != "" {
				line += ", "
			}
			line += string(o) + " " + number(n)
		}
	}
	return line
}
