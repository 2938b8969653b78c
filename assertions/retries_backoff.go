package assertions

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

var retryBackoffEntry = Entry{
	ID: "retries.backoff", Number: "R2",
	Claim: "Each wait before a retry is longer than the one before by a bounded factor, up to a cap.",
	Doc: "The median wait before try k+1, divided by the median wait before try k, of retries without a Retry-After at one model. Judged until " +
		"the waits reach the cap; where none is given, waits that stop growing after they grew have reached it.",
	Source: SourceVendor, SourceNote: "gRPC, OpenAI SDKs and Bifrost double",
	SoundSide:   "fail, where there is no wait at all: queueing can only lengthen one; else both, with the 99th percentile of queueing, as measured, taken off the wait that it would flatter",
	Confounders: []string{"C1 queueing inside the target", "C4 layers of retries mix short and long waits"},
	Calls:       true, Exposed: "second retries of a call, neither retry after a hint",
	FedBy: fed(passing, silent, empty, []string{"eof_no_done", "in_stream_error"}), Hints: []Hint{Unhinted},
	Provoke: "- {http_500: {}, during: %s, probability: 0.1, per: step, times: 3}", Need: needInvariant,
	New: func() Check { return &RetryBackoff{Growth: []float64{1.5, 3}} },
}

// RetryBackoff are the arguments of retries.backoff.
type RetryBackoff struct {
	Growth []float64      `yaml:"growth" default:"[1.5, 3]" doc:"least and greatest ratio of one wait to the wait before"`
	Cap    *time.Duration `yaml:"cap" doc:"longest wait of the policy; waits of at least 80 % of it are not expected to grow; left out: found from the waits"`
}

// Validate says what is wrong with the arguments.
func (c *RetryBackoff) Validate() []Problem {
	var ps []Problem
	if len(c.Growth) != 2 || !(c.Growth[0] > 0) || !(c.Growth[1] > c.Growth[0]) {
		ps = append(ps, Problem{"growth", "must be two rising numbers, such as [1.5, 3]"})
	}
	if c.Cap != nil && *c.Cap <= 0 {
		ps = append(ps, Problem{"cap", "must be longer than 0s"})
	}
	return ps
}

// waitGroup is the waits that one policy should have chosen alike: before the
// same try, at the same kind of step and model.
type waitGroup struct {
	kind, model string
	at          int // 1: before the first retry
}

// groupedWaits collects the waits of retries that carried no hint.
func (v *view) groupedWaits() (map[waitGroup][]gap, []waitGroup) {
	groups := map[waitGroup][]gap{}
	v.chains(func(r *request, ch *chain) {
		v.gapsOf(r, ch, func(g gap) {
			if !told(g.from.Attempt) {
				k := waitGroup{ch.step.kind, ch.model, g.retriesAt}
				groups[k] = append(groups[k], g)
			}
		})
	})
	order := slices.SortedFunc(maps.Keys(groups), func(a, b waitGroup) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.model, b.model), cmp.Compare(a.at, b.at))
	})
	return groups, order
}

// waitStats describes the waits of a group.
type waitStats struct {
	median
	q50, q99 int64 // the worst queueing among them
	measured bool  // queueing was
	gaps     []gap
}

func statsOf(gaps []gap) waitStats {
	s := waitStats{gaps: gaps, measured: true}
	values := make([]int64, len(gaps))
	for i, g := range gaps {
		values[i] = g.ns
		if g.queueing == nil {
			s.measured = false
			continue
		}
		s.q50, s.q99 = max(s.q50, g.queueing.q50), max(s.q99, g.queueing.q99)
	}
	slices.Sort(values)
	s.median = medianOf(values)
	return s
}

// growth is the ratio of one wait to the one before, with what is sure of it.
type growth struct {
	at              int // of the longer wait: 2 is the wait before the second retry
	ratio           float64
	lo, hi          float64 // what a pass must hold, queueing subtracted
	surelyMost      float64 // the true ratio is at most this, however much of the waits was queueing
	short, measured bool
	longer          waitStats
}

// growthOf compares medians. Queueing lengthens both waits, so it can hide a
// growth and feign one: the longer wait loses the 99th percentile of it.
func growthOf(a, b waitStats, at int) growth {
	over := func(x, y int64) float64 {
		if y <= 0 {
			return math.Inf(1)
		}
		return float64(max(0, x)) / float64(y)
	}
	return growth{
		at: at, ratio: over(b.mid-b.q99, a.mid), lo: over(b.lo-b.q99, a.hi), hi: over(b.hi, a.lo-a.q50), surelyMost: over(b.hi, a.lo-a.q99),
		short: b.hi < noWait, measured: a.measured && b.measured, longer: b,
	}
}

func (c *RetryBackoff) examine(v *view) exam {
	e := exam{label: "growth of the wait, slowest", threshold: quantity(c.Growth[0], "times", ">="), need: needInvariant, joined: true, retries: true, rests: fitness{pace: true}}
	groups, order := v.groupedWaits()
	var worst *growth
	for _, key := range order {
		e.samples += int64(len(groups[key]))
		if key.at != 2 {
			continue
		}
		// A growth needs both waits: the one before may have followed a hint.
		n := min(int64(len(groups[key])), int64(len(groups[waitGroup{key.kind, key.model, 1}])))
		e.exposure = max(e.exposure, n)
		if n < needInvariant {
			e.details = append(e.details, fmt.Sprintf("%s %s: %s, too few to judge", key.kind, key.model, plural(n, "second retry", "second retries")))
			continue
		}
		for _, g := range c.judgeGroup(groups, key) {
			e.details = append(e.details, fmt.Sprintf("%s %s: wait %d is %.2f times wait %d (p50 %s)", key.kind, key.model, g.at, g.ratio, g.at-1, millis(g.longer.mid)))
			verdict, reason, fix := c.decide(v, g)
			if worst == nil || severity[verdict] > severity[e.verdict] || verdict == e.verdict && g.ratio < worst.ratio {
				worst, e.verdict, e.reason, e.fix = &g, verdict, reason, fix
			}
		}
	}
	if worst == nil {
		e.verdict, e.reason = Inconclusive, "the waits have reached the cap before the second retry, so there is no growth to see"
		e.fix = fmt.Sprintf("- retries.backoff: {growth: [%g, %g]}   # without cap", c.Growth[0], c.Growth[1])
		return e
	}
	c.show(&e, worst)
	return e
}

// show fills in the figures and the evidence of the growth that decides.
func (c *RetryBackoff) show(e *exam, g *growth) {
	switch {
	case e.verdict == Fail && g.short:
		e.label = fmt.Sprintf("half of the waits before retry %d, at most", g.at)
		e.measured, e.threshold = quantity(msOf(g.longer.hi), "ms", ""), quantity(msOf(noWait), "ms", ">=")
		e.source, e.note = SourceVendor, noWaitNote
		e.sure = noWaitSure
	case e.verdict == Fail && g.lo > c.Growth[1]:
		e.label = "growth of the wait"
		e.threshold = quantity(c.Growth[1], "times", "<=")
		fallthrough
	default:
		e.sure = "both: the 99th percentile of queueing, as measured, was taken off the wait that it would flatter"
		e.measured = quantity(g.ratio, "times", "")
		e.interval = &Interval{Lo: ptr(g.lo), Hi: ptr(g.hi), Level: 2*level - 1, Sided: "two"}
		if e.interval.Hi == nil { // the wait before was none: no ratio bounds it
			e.interval.Sided, e.interval.Level = "one", level
		}
	}
	for _, gap := range g.longer.gaps {
		weight := -gap.ns
		if e.verdict == Fail && !g.short && g.lo > c.Growth[1] {
			weight = gap.ns
		}
		e.shown = append(e.shown, clue{req: gap.req, guilty: gap.to, weight: weight, what: fmt.Sprintf("waited %s before retry %d", millis(gap.ns), gap.retriesAt)})
	}
}

// stillGrows is the ratio above which waits have not reached a cap yet: those
// at one stay as they are.
const stillGrows = 1.1

// judgeGroup compares the waits of one kind and model, ordinal by ordinal, until
// they are too few or have reached the cap.
func (c *RetryBackoff) judgeGroup(groups map[waitGroup][]gap, key waitGroup) []growth {
	all := c.growths(groups, key)
	if c.Cap != nil {
		return all
	}
	for i, g := range all {
		// Waits that grew and then stay as they are have reached a cap, maybe by
		// a shorter step. Those that surely fell have not, nor those that surely
		// go on growing.
		goesOn := i+1 < len(all) && all[i+1].measured && all[i+1].lo > stillGrows
		if i > 0 && g.ratio < c.Growth[0] && g.surelyMost >= 1 && !goesOn {
			return all[:i]
		}
	}
	return all
}

// growths are the ratios of one wait to the one before, up to the cap that the
// plan gives.
func (c *RetryBackoff) growths(groups map[waitGroup][]gap, key waitGroup) []growth {
	var out []growth
	for at := 2; ; at++ {
		a, b := groups[waitGroup{key.kind, key.model, at - 1}], groups[waitGroup{key.kind, key.model, at}]
		if len(a) < needInvariant || len(b) < needInvariant {
			return out
		}
		sa, sb := statsOf(a), statsOf(b)
		if c.Cap != nil && float64(sb.mid) >= 0.8*float64(*c.Cap) && float64(sa.mid)*c.Growth[0] >= 0.8*float64(*c.Cap) {
			return out
		}
		out = append(out, growthOf(sa, sb, at))
	}
}

// decide judges one growth. Waits that are surely none convict whatever the
// queueing, as it only adds; all else needs queueing that was measured, because
// it may hide in either wait.
func (c *RetryBackoff) decide(v *view, g growth) (Verdict, string, string) {
	least, most := c.Growth[0], c.Growth[1]
	what := fmt.Sprintf("the wait before retry %d is %.2f times the one before", g.at, g.ratio)
	switch {
	case g.measured && g.lo >= least && g.hi <= most:
		return Pass, what, ""
	case g.short:
		return Fail, fmt.Sprintf("retries do not back off: half of the waits before retry %d are at most %s", g.at, millis(g.longer.hi)), ""
	case !g.measured:
		return Inconclusive, v.unmeasured() + ", so growth cannot be told from it", v.calibration()
	case g.surelyMost < least:
		return Fail, fmt.Sprintf("%s: at most %.2f, %.2f to %.2f asked", what, g.surelyMost, least, most), ""
	case g.lo > most:
		return Fail, fmt.Sprintf("%s: at least %.2f, %.2f to %.2f asked", what, g.lo, least, most), ""
	case g.ratio >= least && g.ratio <= most && float64(g.longer.q99) < 0.1*float64(g.longer.mid):
		return Inconclusive, fmt.Sprintf("%s: between %.2f and %.2f, too wide to tell", what, g.lo, g.hi), v.longer(g.longer.n, 4*g.longer.n)
	}
	return Inconclusive, fmt.Sprintf("%s: between %.2f and %.2f with queueing of p99 %s", what, g.lo, g.hi, millis(g.longer.q99)), v.slower()
}
