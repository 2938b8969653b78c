package assertions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// A rule with a barrier is an experiment of its own: so many calls fail at one
// instant. Where that never happened, no verdict on what came of it means what it
// seems to, so the run says so, whether a plan asks for it or not.

// BarrierID is the id of the finding on a barrier that gathered too few. It is in
// no bundle and no catalogue: it is about the plan, not about the service.
const BarrierID = "faults.barrier"

// BarrierInfo is what a judge must know of a rule's barrier.
type BarrierInfo struct {
	Wait       int   // how many calls open it, 0: a number does not
	At         bool  // an instant opens it
	PatienceNs int64 // only for Preview: how long a call is held at most
}

// least is how many calls have to fail together for the barrier to have done what
// it is for: an instant comes however few there are, and one call is no crowd.
func (b *BarrierInfo) least() int64 {
	if b.At || b.Wait == 0 {
		return 2
	}
	return int64(b.Wait)
}

// BarrierCounts say what became of a rule's barrier.
type BarrierCounts struct {
	Wait   int       `json:"wait"`   // how many calls open it, 0: a number does not
	Most   int64     `json:"most"`   // calls that went on at one instant, at most
	Opened []Opening `json:"opened"` // by reason; empty: it never opened
}

// Opening is how often a barrier opened for a reason, and for how many calls.
type Opening struct {
	Why   string `json:"why"` // full, at, patience, window, off: faults.Opened
	Times int64  `json:"times"`
	Calls int64  `json:"calls"`
}

// openingWords say why a barrier opened, in the order of reports.
var openingWords = []struct{ why, words string }{
	{"full", "as enough calls waited"},
	{"at", "at its instant"},
	{"patience", "as the patience of the first of them ended"},
	{"window", "as the window of the rule ended"},
	{"off", "as the rules were taken off"},
}

// String says how often it opened and why: "3 times as enough calls waited (60
// calls), once at its instant (7 calls)".
func (c *BarrierCounts) String() string {
	var parts []string
	for _, o := range c.Opened {
		words := o.Why // of a later version
		for _, w := range openingWords {
			if w.why == o.Why {
				words = w.words
			}
		}
		times := "once"
		if o.Times > 1 {
			times = number(o.Times) + " times"
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", times, words, plural(o.Calls, "call", "calls")))
	}
	if len(parts) == 0 {
		return "never"
	}
	return strings.Join(parts, ", ")
}

// barrierCounts folds the marks of a rule's barrier; nil where it has none.
func (h *history) barrierCounts(r RuleInfo) *BarrierCounts {
	if r.Barrier == nil {
		return nil
	}
	c := &BarrierCounts{Wait: r.Barrier.Wait, Opened: []Opening{}}
	for _, m := range h.j.marks {
		if m.Kind != journal.MarkBarrierRelease || m.Name != r.Name {
			continue
		}
		why := m.Attrs[journal.AttrOpened]
		i := slices.IndexFunc(c.Opened, func(o Opening) bool { return o.Why == why })
		if i < 0 {
			i = len(c.Opened)
			c.Opened = append(c.Opened, Opening{Why: why})
		}
		c.Opened[i].Times++
		c.Opened[i].Calls += m.Value
		c.Most = max(c.Most, m.Value)
	}
	slices.SortStableFunc(c.Opened, func(a, b Opening) int { return openingOrder(a.Why) - openingOrder(b.Why) })
	return c
}

func openingOrder(why string) int {
	for i, w := range openingWords {
		if w.why == why {
			return i
		}
	}
	return len(openingWords)
}

// withBarriers adds the findings on barriers that gathered too few, in plan order,
// behind those of the assertions. One that did what it is for is no finding: it
// proves nothing of the service.
func (h *history) withBarriers(j *Judgement) *Judgement {
	for i, r := range h.setup.Rules {
		if r.Barrier != nil && j.Faults[i].Barrier.Most < r.Barrier.least() {
			j.Assertions = append(j.Assertions, h.barrierFinding(r, &j.Faults[i]))
		}
	}
	return j
}

func (h *history) barrierFinding(r RuleInfo, c *FaultCounts) Finding {
	least := r.Barrier.least()
	f := Finding{
		ID: BarrierID, Name: "barrier of " + r.Name, Args: map[string]any{"rule": r.Name}, Verdict: Inconclusive,
		Claim: fmt.Sprintf("At least %s that fault %s chose fail at one instant.", plural(least, "call", "calls"), r.Name),
		Label: "calls that failed at one instant, at most", ThresholdSource: SourcePlan,
		Measured: quantity(float64(c.Barrier.Most), "attempts", ""), Threshold: quantity(float64(least), "attempts", ">="),
		Exposure: c.Chosen, Exposed: "calls that the rule chose", Witnesses: []Witness{},
	}
	for _, o := range c.Barrier.Opened {
		f.Samples += o.Times
	}
	missing, again := (&view{h: h}).missing()
	switch {
	case missing != "":
		f.Reason, f.ToConclude = missing, again
		return f
	case c.Eligible+c.Held == 0:
		f.Verdict, f.Measured = Vacuous, unmeasuredQuantity(f.Measured)
		f.Reason = "no call came to the barrier: none matched fault " + r.Name + " in its window"
	case c.Chosen == 0:
		f.Verdict, f.Measured = Vacuous, unmeasuredQuantity(f.Measured)
		f.Reason = fmt.Sprintf("no call came to the barrier: the dice of fault %s chose none of %s", r.Name, plural(c.Eligible, "call", "calls"))
	case f.Samples == 0 && c.Missed > 0:
		f.Reason = fmt.Sprintf("the barrier never opened: the callers of %s that were held left before", plural(c.Missed, "call", "calls"))
		f.ToConclude = "patience: ...   # of its barrier: shorter than its callers wait"
		return f
	case f.Samples == 0:
		f.Reason = fmt.Sprintf("no call was held: of %s that fault %s chose none came before the barrier opened for good, or another rule hid it", plural(c.Chosen, "call", "calls"), r.Name)
	default:
		f.Reason = fmt.Sprintf("%s at most failed at one instant, and the barrier is for %s; it opened %s", plural(c.Barrier.Most, "call", "calls"), number(least), c.Barrier)
		if c.Missed > 0 {
			f.Reason += fmt.Sprintf("; the callers of %s left before", plural(c.Missed, "call", "calls"))
		}
	}
	f.ToConclude = fillBarrier(r, c)
	return f
}

// fillBarrier is the change of the plan that fills a barrier.
func fillBarrier(r RuleInfo, c *FaultCounts) string {
	switch {
	case c.Barrier.Most >= 2: // so it is for more
		return fmt.Sprintf("wait: %d   # of its barrier; or more load, or a longer patience", c.Barrier.Most)
	case r.Probability < 1:
		return "probability: 1   # of the rule; or more load, or a longer patience"
	}
	return "rate: ...   # higher, where the rule applies; or a longer patience"
}

// barrierForecasts say how many calls will wait at once for those barriers that a
// number opens: an instant comes however few there are. As many are expected as
// the rule chooses within its patience, where the load is highest.
func barrierForecasts(s Setup) (out []Forecast) {
	for _, r := range s.Rules {
		if r.Barrier == nil || r.Barrier.At || r.FromNs < 0 {
			continue
		}
		most := 0.0
		for _, p := range s.Phases {
			lasts := float64(max(1, p.ToNs-p.FromNs))
			waits := min(r.Barrier.PatienceNs, min(r.ToNs, p.ToNs)-max(r.FromNs, p.FromNs))
			most = max(most, float64(p.Planned)/lasts*float64(waits)*r.Probability/float64(max(1, r.Every)))
		}
		if r.Requests > 0 {
			most = min(most, float64(r.Requests))
		}
		f := Forecast{ID: BarrierID, Name: "barrier of " + r.Name, Expected: int64(most + 0.5), Exposed: "calls at a time that the rule chose", Needed: int64(r.Barrier.Wait)}
		f.CanConclude = f.Expected >= f.Needed
		if !f.CanConclude {
			f.Note = fmt.Sprintf("about %s are chosen within its patience of %s, if a request makes one call that the rule matches; %s are needed",
				number(f.Expected), planDuration(time.Duration(r.Barrier.PatienceNs)), number(f.Needed))
		}
		out = append(out, f)
	}
	return out
}
