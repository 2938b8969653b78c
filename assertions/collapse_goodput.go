package assertions

import (
	"fmt"
)

var goodputEntry = Entry{
	ID: "collapse.goodput", Number: "K1",
	Claim: "Under overload the share of good answers stays near that of quiet times.",
	Doc: "Good answers (full or degraded, within the client timeout) divided by requests due in the phase, relative to the first phase. Without " +
		"`during`: the phase with the highest rate. One run judges an instance.",
	Source: SourceLiterature, SourceNote: "SRE book, Breakwater: overload must not reduce the rate of good work much",
	SoundSide:   "both, where the harness was fit: the user's side alone is judged",
	Confounders: []string{"C9 a generator that lags", "C10 a mock model that lags", "C11 cold caches and autoscaling"},
	Exposed:     "requests due in the phase, which a fault reached if the plan has one there", Need: 30,
	New: func() Check { return &Goodput{Min: 0.9} },
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

// quiet is the goodput of the first phase, and why it cannot be compared with.
func (v *view) quiet() (goodput float64, why string) {
	b := v.h.baseline()
	if b < 0 {
		return 0, "there is no first phase to compare with"
	}
	name := v.h.phases[b].Name
	q := v.narrowed(b)
	due, good := q.due()
	if due < baselineNeed {
		return 0, fmt.Sprintf("the first phase %s has %s due, %d are needed to compare with", name, plural(due, "request", "requests"), baselineNeed)
	}
	goodput = float64(good) / float64(due)
	if (proportion{due - good, due, 1 - baselineGood}).surelyBad() {
		return goodput, fmt.Sprintf("the first phase %s is not healthy itself: %s good; mend the service or the plan first", name, percent(goodput))
	}
	if v.h.ruled[b] && q.faultsHit() > 0 {
		return goodput, fmt.Sprintf("a fault hits in the first phase %s, so there is no quiet time to compare with", name)
	}
	return goodput, ""
}

func (c *Goodput) examine(v *view) exam {
	during := v.spec.During
	if during == "" {
		during = v.h.mainPhase()
	}
	spec := *v.spec
	spec.During = during
	in := newView(v.h, &spec, v.entry)
	due, good := in.due()
	base, why := v.quiet()
	e := exam{
		label: "goodput, relative to the first phase", threshold: quantity(float64(c.Min), "share", ">="), samples: due, need: baselineNeed,
		rests: fitness{due: true, pace: true}, baseline: why, shown: in.unserved(),
	}
	if v.spec.During == "" {
		e.label = "goodput of " + during + ", relative to the first phase"
	}
	e.exposure, e.exposed = in.underFault(due)
	if due == 0 || base == 0 {
		return e
	}
	least := float64(c.Min) * base
	seen := float64(good) / float64(due)
	lo, hi := 1-shareUpper(due-good, due), 1-shareLower(due-good, due)
	e.measured = quantity(seen/base, "share", "")
	e.details = append(e.details, fmt.Sprintf("good: %s of %s due in %s; %s in the first phase; one run judges an instance", percent(seen), number(due), during, percent(base)))
	what := fmt.Sprintf("goodput in %s was %s of that in the first phase", during, percent(seen/base))
	switch {
	case lo >= least:
		e.verdict, e.reason = Pass, what
		e.interval = &Interval{Lo: ptr(lo / base), Level: level, Sided: "one"}
	case hi < least:
		e.verdict, e.reason = Fail, fmt.Sprintf("%s, %s asked", what, percent(float64(c.Min)))
		e.interval = &Interval{Hi: ptr(hi / base), Level: level, Sided: "one"}
	default:
		e.verdict = Inconclusive
		e.interval = &Interval{Lo: ptr(lo / base), Hi: ptr(hi / base), Level: 2*level - 1, Sided: "two"}
		e.reason = fmt.Sprintf("%s: too few requests to tell whether it is %s", what, percent(float64(c.Min)))
		if need := needShare(due-good, due, 1-least); need > due {
			e.reason += fmt.Sprintf("; about %s would tell", number(need))
			e.fix = in.longer(due, need)
		}
	}
	return e
}
