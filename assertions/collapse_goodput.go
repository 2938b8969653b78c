package assertions

import (
	"fmt"
)

var goodputEntry = Entry{
	ID: "collapse.goodput", Number: "K1",
	Claim: "Under overload the share of good answers stays near that of quiet times.",
	Doc: "Good answers (full or degraded, within the client timeout) divided by requests due in the phase, relative to the first phase. Without " +
		"`during`: the phase in which the load surges, else the busiest one in which a fault applies. One run judges an instance.",
	Source: SourceLiterature, SourceNote: "SRE book, Breakwater: overload must not reduce the rate of good work much",
	SoundSide:   "both, where the harness was fit: the user's side alone is judged",
	Confounders: []string{"C9 a generator that lags", "C10 a mock model that lags", "C11 cold caches and autoscaling"},
	Exposed:     "requests due in the phase, which a fault reached if the plan has one there", Need: 30,
	Provoke: "- {http_503: {}, during: %s, probability: 0.2}",
	Users:   "what users got, phase by phase",
	New:     func() Check { return &Goodput{Min: 0.9} },
}

// Goodput are the arguments of collapse.goodput.
type Goodput struct {
	Min Share `yaml:"min" default:"90%" doc:"least goodput, relative to the first phase"`
}

// Validate says what is wrong with the arguments.
func (c *Goodput) Validate() []Problem {
	if !(c.Min > 0) {
		return []Problem{{"min", "must be above 0%"}}
	}
	return nil
}

// baselineGood is the goodput below which the first phase is no quiet time that
// others can be compared with.
const baselineGood = 0.95

// baselineNeed is the least number of requests of the first phase to compare with.
const baselineNeed = 30

// quietTime is the goodput of the first phase with its one-sided 95 % bounds,
// and why it cannot be compared with.
type quietTime struct {
	goodput, lo, hi float64
	why, fix        string
}

func (v *view) quiet() quietTime {
	b := v.h.baseline()
	if b < 0 {
		return quietTime{why: "there is no first phase to compare with"}
	}
	name := v.h.phases[b].Name
	in := v.untroubled(b)
	due, good := in.due()
	if due < baselineNeed {
		q := quietTime{why: fmt.Sprintf("the first phase %s has %s due, %d are needed to compare with", name, plural(due, "request", "requests"), baselineNeed)}
		if due > 0 {
			q.fix = v.longerPhase(b, due, baselineNeed)
		}
		return q
	}
	q := quietTime{goodput: float64(good) / float64(due), lo: 1 - shareUpper(due-good, due), hi: 1 - shareLower(due-good, due)}
	switch {
	case (proportion{due - good, due, 1 - baselineGood}).surelyBad():
		q.why = fmt.Sprintf("the first phase %s is not healthy itself: %s good; mend the service or the plan first", name, percent(q.goodput))
		q.fix = v.slowerPhase(b, "quiet enough to be healthy")
	case v.h.ruled[b] && in.faultsHit() > 0:
		q.why = fmt.Sprintf("a fault hits in the first phase %s, so there is no quiet time to compare with", name)
	}
	return q
}

func (c *Goodput) examine(v *view) exam {
	e := exam{label: "goodput, relative to the first phase", threshold: quantity(float64(c.Min), "share", ">="), need: baselineNeed, rests: fitness{due: true, pace: true}, users: true}
	phase := v.stage()
	if phase < 0 || phase == v.h.baseline() {
		e.exposed = "requests due in another phase than the first, which is the one to compare with"
		e.more = "- {name: spike, rate: 200, for: 10s}   # a phase after the first"
		if s := v.h.stressed(); s >= 0 && s != v.h.baseline() {
			e.more = fmt.Sprintf("- collapse.goodput: {min: %s, during: %s}", c.Min, v.h.phases[s].Name)
		}
		return e
	}
	in := v.narrowed(phase)
	due, good := in.due()
	q := v.quiet()
	e.samples, e.baseline, e.baselineFix, e.shown = due, q.why, q.fix, in.unserved()
	during := v.h.phases[phase].Name
	if v.spec.During == "" {
		e.label = "goodput of " + during + ", relative to the first phase"
	}
	e.exposure, e.exposed = in.underFault(due)
	if due > 0 && q.goodput > 0 {
		c.decide(in, &e, q, due, good)
	}
	return e
}

// decide compares two shares. Both were seen in a sample, so the bound of the
// one is held against the bound of the other.
func (c *Goodput) decide(in *view, e *exam, q quietTime, due, good int64) {
	least := float64(c.Min) * q.goodput
	seen := float64(good) / float64(due)
	lo, hi := 1-shareUpper(due-good, due), 1-shareLower(due-good, due)
	e.measured = quantity(seen/q.goodput, "share", "")
	during := in.spec.During
	e.details = append(e.details, fmt.Sprintf("good: %s of %s due in %s; %s in the first phase; one run judges an instance", percent(seen), number(due), during, percent(q.goodput)))
	what := fmt.Sprintf("goodput in %s was %s of that in the first phase", during, percent(seen/q.goodput))
	switch {
	case lo >= float64(c.Min)*q.hi:
		e.verdict, e.reason = Pass, what
		e.interval = &Interval{Lo: ptr(lo / q.hi), Level: level, Sided: "one"}
	case hi < float64(c.Min)*q.lo:
		e.verdict, e.reason = Fail, fmt.Sprintf("%s, %s asked", what, percent(float64(c.Min)))
		e.interval = &Interval{Hi: ptr(hi / q.lo), Level: level, Sided: "one"}
	default:
		e.verdict = Inconclusive
		e.interval = &Interval{Lo: ptr(lo / q.hi), Hi: ptr(hi / q.lo), Level: 2*level - 1, Sided: "two"}
		e.reason = fmt.Sprintf("%s: too few requests to tell whether it is %s", what, percent(float64(c.Min)))
		if need := needShare(due-good, due, 1-least); need > due {
			e.reason += fmt.Sprintf("; about %s would tell", number(need))
			e.fix = in.longer(due, need)
		} else {
			e.fix = in.longerPhase(in.h.baseline(), 1, 2)
		}
	}
}
