package assertions

import (
	"fmt"
	"slices"
	"time"
)

var recoversEntry = Entry{
	ID: "collapse.recovers", Number: "K3",
	Claim: "When the trouble is over the service comes back by itself, and stays.",
	Doc: "Windows of 5 s, or longer until they hold 100 requests due, slide by 1 s from the end of the phase `after`. Recovered at the first " +
		"instant from which every window through `hold` has a goodput of at least `to` times that of the first phase. One run judges an instance.",
	Source: SourceHeuristic, SourceNote: "metastable failures: HotOS'21, OSDI'22; the times are ours",
	SoundSide:   "both, where the harness was fit and the load went on",
	Confounders: []string{"C11 autoscaling, cold caches", "C9 the load must not be lowered for the service"},
	Exposed:     "requests due after the trouble", Need: 100,
	Provoke: "- {http_503: {}, during: %s, probability: 0.5}",
	Users:   "what users got, phase by phase",
	New: func() Check {
		return &Recovers{To: 0.95, Within: 30 * time.Second, Hold: 10 * time.Second}
	},
}

// Recovers are the arguments of collapse.recovers.
type Recovers struct {
	To     Share         `yaml:"to" default:"95%" doc:"goodput that counts as recovered, relative to the first phase"`
	Within time.Duration `yaml:"within" default:"30s" doc:"longest time from the end of the trouble to recovery"`
	After  string        `yaml:"after" doc:"phase whose end is the end of the trouble; left out: the last phase in which a fault applies, else the one with the highest rate"`
	Hold   time.Duration `yaml:"hold" default:"10s" doc:"how long it must stay recovered"`
}

// Validate says what is wrong with the arguments.
func (c *Recovers) Validate() []Problem {
	var ps []Problem
	if !(c.To > 0) {
		ps = append(ps, Problem{"to", "must be above 0%"})
	}
	if c.Within <= 0 {
		ps = append(ps, Problem{"within", "must be longer than 0s"})
	}
	if c.Hold < 0 {
		ps = append(ps, Problem{"hold", "must not be negative"})
	}
	return ps
}

// Windows of recovery: DESIGN section 7.
const (
	recoverWindowNs = int64(5 * time.Second)
	recoverStepNs   = int64(time.Second)
	recoverDue      = 100
)

// track is the requests due after the trouble, in order.
type track struct {
	due    []int64 // instants
	good   []int64 // good[i] is the number of good ones among the first i
	fromNs int64   // end of the trouble
	endNs  int64   // end of the load
}

// state of a window or of an instant.
type state int

const (
	unknown state = iota // the load ended before it could be told
	bad
	fine
)

// window is the goodput of the window that starts at ns, and its end: 5 s, or
// as long as it takes for 100 requests to be due.
func (t *track) window(ns int64) (goodput float64, endNs int64, whole bool) {
	i, _ := slices.BinarySearch(t.due, ns)
	endNs = ns + recoverWindowNs
	if last := i + recoverDue - 1; last < len(t.due) {
		endNs = max(endNs, t.due[last]+1)
	} else if j, _ := slices.BinarySearch(t.due, endNs); j-i < recoverDue {
		return 0, endNs, false
	}
	j, _ := slices.BinarySearch(t.due, endNs)
	return float64(t.good[j]-t.good[i]) / float64(j-i), endNs, endNs <= t.endNs
}

// heldFrom says whether the goodput is at least `least` in every window from ns
// through hold.
func (t *track) heldFrom(ns, hold int64, least float64) state {
	out := fine
	for s := ns; s == ns || s < ns+hold; s += recoverStepNs {
		goodput, end, whole := t.window(s)
		if s > ns && end > ns+hold {
			break
		}
		switch {
		case !whole:
			out = unknown
		case goodput < least:
			return bad
		}
	}
	if ns+hold > t.endNs {
		return unknown
	}
	return out
}

// recovery is the first instant after the trouble, in whole seconds, from which
// goodput held. bad: it never did, for longer than `within`. unknown: the load
// ended before that could be told.
func (t *track) recovery(c *Recovers, least float64) (at int64, s state) {
	s = bad
	for ns := t.fromNs; ns < t.endNs || ns == t.fromNs; ns += recoverStepNs {
		switch t.heldFrom(ns, int64(c.Hold), least) {
		case fine:
			return ns - t.fromNs, fine
		case unknown:
			if ns-t.fromNs <= int64(c.Within) {
				return 0, unknown
			}
			return 0, s
		}
	}
	if t.endNs-t.fromNs <= int64(c.Within) {
		return 0, unknown
	}
	return 0, s
}

// troubleEnd is the index of the phase whose end is the end of the trouble.
func (c *Recovers) troubleEnd(phases []Window, ruled []bool) int {
	if c.After != "" {
		return slices.IndexFunc(phases, func(w Window) bool { return w.Name == c.After })
	}
	for i := len(ruled) - 1; i >= 0; i-- {
		if ruled[i] {
			return i
		}
	}
	return busiest(phases, func(int) bool { return true })
}

func (c *Recovers) examine(v *view) exam {
	q := v.quiet()
	e := exam{
		label: fmt.Sprintf("back at %s, held %s", percent(float64(c.To)), planDuration(c.Hold)), threshold: quantity(c.Within.Seconds(), "s", "<="),
		need: recoverDue, rests: fitness{due: true, pace: true}, baseline: q.why, baselineFix: q.fix,
	}
	after := c.troubleEnd(v.h.phases, v.h.ruled)
	if after < 0 {
		return e
	}
	e.label = fmt.Sprintf("back at %s after %s, held %s", percent(float64(c.To)), v.h.phases[after].Name, planDuration(c.Hold))
	t := v.trackAfter(v.h.phases[after].ToNs)
	e.samples = int64(len(t.due))
	e.exposure = e.samples
	if v.narrowed(after).faultsHit() == 0 && !v.h.surge(after) {
		e.exposure, e.exposed = 0, "requests due after trouble: no fault hit, and the load did not rise"
		e.more = fmt.Sprintf(v.entry.Provoke, v.h.phases[after].Name)
	}
	if after+1 < len(v.h.phases) && e.exposure > 0 {
		e.more = v.longerPhase(len(v.h.phases)-1, e.exposure, recoverDue)
	}
	if q.goodput == 0 {
		return e
	}
	c.decide(v, &e, t, after, q.goodput)
	return e
}

func (c *Recovers) decide(v *view, e *exam, t *track, after int, base float64) {
	at, s := t.recovery(c, float64(c.To)*base)
	name := v.h.phases[after].Name
	watched := time.Duration(max(0, t.endNs-t.fromNs))
	switch s {
	case fine:
		e.measured = quantity(sOf(at), "s", "")
	case bad: // it took at least as long as it was watched without being back
		e.measured = quantity(watched.Seconds(), "s", ">=")
	}
	e.details = append(e.details, fmt.Sprintf("watched for %s after %s; one run judges an instance", planDuration(watched.Round(100*time.Millisecond)), name))
	switch {
	case s == unknown:
		e.verdict = Inconclusive
		e.reason = fmt.Sprintf("the load ended %s after %s; %s are needed to see recovery within %s and hold for %s",
			planDuration(watched.Round(100*time.Millisecond)), name, planDuration(c.Within+c.Hold), planDuration(c.Within), planDuration(c.Hold))
		if after+1 < len(v.h.phases) {
			last := v.h.phases[len(v.h.phases)-1]
			want := time.Duration(last.ToNs-last.FromNs) + c.Within + c.Hold - watched
			e.fix = fmt.Sprintf("for: %s   # phase %s", planDuration(ceilTo(want, time.Second)), last.Name)
		} else {
			e.fix = fmt.Sprintf("- {name: recovery, rate: 20, for: %s}   # a phase after %s", planDuration(c.Within+c.Hold), name)
		}
	case s == fine && at <= int64(c.Within):
		e.verdict = Pass
		e.reason = fmt.Sprintf("goodput was back %s after %s and stayed", secs(at), name)
	case s == fine:
		e.verdict = Fail
		e.reason = fmt.Sprintf("goodput came back only %s after %s, %s allowed", secs(at), name, planDuration(c.Within))
	default:
		e.verdict = Fail
		e.reason = fmt.Sprintf("goodput did not come back for %s after %s, %s allowed", planDuration(watched.Round(100*time.Millisecond)), name, planDuration(c.Within))
	}
	if e.verdict == Fail {
		for _, x := range v.unserved() {
			if x.req.DueNs >= t.fromNs {
				e.shown = append(e.shown, x)
			}
		}
	}
}

// trackAfter is the requests in scope due from ns on whose fate is known.
func (v *view) trackAfter(ns int64) *track {
	t := &track{fromNs: ns, endNs: v.h.endNs, good: []int64{0}}
	for _, r := range v.reqs {
		if r.DueNs < ns || r.censored() {
			continue
		}
		good := t.good[len(t.good)-1]
		if r.good() {
			good++
		}
		t.due, t.good = append(t.due, r.DueNs), append(t.good, good)
	}
	return t
}

// surgeFrom is the rate, relative to that of the first phase, from which on the
// load itself is trouble.
const surgeFrom = 1.5

// surge reports whether the load of a phase is trouble by itself.
func (h *history) surge(phase int) bool {
	b := h.baseline()
	if b < 0 || b == phase {
		return false
	}
	rate := func(w Window) float64 {
		if w.ToNs <= w.FromNs {
			return 0
		}
		return float64(w.Planned) / float64(w.ToNs-w.FromNs)
	}
	return rate(h.phases[phase]) >= surgeFrom*rate(h.phases[b]) && rate(h.phases[b]) > 0
}
