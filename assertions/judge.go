package assertions

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// exam is what a check saw. The verdict is not in it: judge.go decides, in one
// order for all checks.
type exam struct {
	label     string
	measured  *Quantity
	threshold *Quantity
	interval  *Interval
	samples   int64

	exposure int64  // how often what the check is about happened
	exposed  string // what the exposure counts; "": as the entry says
	need     int64  // least exposure to decide on

	rests   fitness
	joined  bool // the check rests on the join
	retries bool // its failure rests on attempts being retries
	users   bool // its failure is what users got, whether a fault was there or not

	broken      []clue // sound witnesses
	failure     string // the reason, when there are witnesses
	baseline    string // why the quiet phase cannot be compared with; "": it can
	baselineFix string // text for the plan that mends it; "": a quiet phase
	more        string // text for the plan that gives exposure; "": the entry's rule, or a longer phase

	// What is left to decide when all gates are passed.
	verdict Verdict
	reason  string
	fix     string // of an inconclusive verdict: text for the plan
	shown   []clue // evidence of a failure that rests on a figure

	source Source // of a threshold that is neither the plan's nor the default; "": of those
	note   string // where exactly
	sure   string // why a failure is sure, where it is not as the entry says

	details []string
}

// fitness says what of the harness a check rests on.
type fitness struct {
	due     bool  // requests were sent when they were due
	pace    bool  // the mock kept its times
	boundNs int64 // latency bound that the check asserts; 0: none
}

// Limits of the harness, as shares of the smallest time that a check rests on:
// DESIGN section 7.
const (
	lagMost      = 0.05
	latenessMost = 0.01
	droppedMost  = 0.001
	coverageNeed = 0.95
)

// Judge folds the journal into figures and judges the assertions on it. nil specs
// mean the standard bundle. Pure: the same records, in whatever order, give the
// same bytes. It keeps no part of j.
func Judge(j *journal.Journal, s Setup, specs []Spec) *Judgement {
	if specs == nil {
		specs = Standard()
	}
	h := newHistory(j, s)
	out := &Judgement{
		Alone: h.alone(), Generator: h.generatorFigures(), Provider: h.providerFigures(), Load: h.loadCounts(), Phases: h.phaseFigures(),
		Faults: h.faultCounts(), Join: h.joinFigures(), Cost: h.costFigures(), Assertions: []Finding{},
	}
	for i := range specs {
		if h.alone() && specs[i].Bundled && specs[i].aboutUsers() {
			continue // the bundle of a provider on its own is what calls can answer
		}
		out.Assertions = append(out.Assertions, h.judge(&specs[i], out))
	}
	return h.withBarriers(out)
}

// judge gives one finding.
func (h *history) judge(spec *Spec, figures *Judgement) Finding {
	f := Finding{ID: spec.ID, Name: spec.Name, During: spec.During, Line: spec.Line, Args: map[string]any{}, Witnesses: []Witness{}}
	if f.Name == "" {
		f.Name = spec.ID
	}
	entry, ok := Lookup(spec.ID)
	if !ok {
		f.Verdict, f.Reason = Error, unknownID(spec.ID)
		return f
	}
	if spec.Args == nil {
		given := *spec
		given.Args = entry.New()
		spec = &given
	}
	f.Claim, f.Args = entry.Claim, argsOf(spec.Args)
	if !reflect.ValueOf(spec.For).IsZero() {
		narrow := spec.For
		narrow.Tenants = slices.Clone(narrow.Tenants)
		f.For = &narrow
	}
	f.ThresholdSource, f.SourceNote = sourceOf(spec, &entry)
	f.AllowFail = allowed(spec.AllowFail, h.j.Header.Started)
	if why := entry.needsUsers(spec); h.alone() && why != "" {
		f.withoutUsers(why, spec.Bundled)
		return f
	}
	if spec.Bundled {
		if why := entry.absent(h.subject()); why != "" {
			f.Verdict, f.Reason = NotApplicable, why
			return f
		}
	}
	if ps := spec.Validate(); len(ps) > 0 {
		f.Verdict, f.Reason = Error, strings.TrimPrefix(ps[0].Path+": "+ps[0].Msg, ": ")
		return f
	}
	v := newView(h, spec, &entry)
	e := spec.Args.examine(v)
	if !v.settle(&f, &e) {
		v.decide(&f, &e, figures)
	}
	return f
}

// decide is the order of judgement: DESIGN section 7.
func (v *view) decide(f *Finding, e *exam, figures *Judgement) {
	f.Label, f.Measured, f.Threshold, f.Interval = e.label, e.measured, e.threshold, e.interval
	f.Samples, f.Exposure, f.Exposed, f.Details = e.samples, e.exposure, e.exposed, e.details
	f.Violations = int64(len(e.broken))
	if f.Exposed == "" {
		f.Exposed = v.entry.Exposed
	}
	if e.source != "" {
		f.ThresholdSource, f.SourceNote = e.source, e.note
	}
	unfit := v.unfit(e, figures)
	missing, again := v.missing()
	sure := v.sure(e, e.broken)
	// A service that falls over under the load alone, or dies, is no less down
	// for want of a fault. That it held out proves nothing without one.
	unaided := e.users && e.verdict == Fail
	doubt, tells := v.doubt(e)
	switch {
	case unfit != "": // 1
		f.Verdict, f.Reason = Error, unfit
	case len(sure) > 0: // 2
		f.Verdict, f.Reason, f.Sure = Fail, e.failure, v.entry.SoundSide
		f.Witnesses = v.worst(sure)
	case missing != "":
		f.Verdict, f.Reason, f.ToConclude = Inconclusive, missing, again
	case len(e.broken) > 0:
		v.twinned(f, len(e.broken))
	case doubt != "":
		f.Verdict, f.Reason, f.ToConclude = Inconclusive, doubt, tells
	case e.exposure == 0 && !unaided || v.blind(): // 3
		f.Verdict = Vacuous
		f.Reason, f.ToConclude = v.absent(f, e, figures)
		f.Measured, f.Interval = unmeasuredQuantity(e.measured), nil
	case e.joined && v.uncovered() != "": // 4
		f.Verdict, f.Reason, f.ToConclude = Inconclusive, v.uncovered(), v.carriers()
	case e.baseline != "": // 5
		f.Verdict, f.Reason, f.ToConclude = Inconclusive, e.baseline, cmp.Or(e.baselineFix, quietFirst)
	case e.exposure < e.need && !unaided: // 6
		f.Verdict = Inconclusive
		f.Reason = fmt.Sprintf("%s %s; at least %s are needed", number(e.exposure), f.Exposed, number(e.need))
		f.ToConclude = cmp.Or(e.more, v.longer(e.exposure, e.need))
	case e.verdict == Fail && len(e.shown) > 0 && len(v.sure(e, e.shown)) == 0:
		v.twinned(f, len(e.shown))
	case e.verdict == Pass && e.retries && v.besides() != "":
		v.hidden(f, v.besides())
	case severityOf(e.verdict) < 0:
		f.Verdict, f.Reason = Error, "the check "+v.spec.ID+" came to no verdict: this is a bug in chaos"
	default: // 7
		f.Verdict, f.Reason, f.ToConclude = e.verdict, e.reason, e.fix
		if e.verdict == Fail {
			f.Sure, f.Witnesses = cmp.Or(e.sure, v.entry.SoundSide), v.worst(e.shown)
		}
		if e.verdict != Inconclusive {
			f.ToConclude = ""
		}
		if t := e.threshold; e.verdict == Pass && t != nil && t.Unit == "count" && *t.Value == 0 {
			f.Details = append(f.Details, fmt.Sprintf("none in %s: at most %s of them, at 95 %% confidence", number(e.exposure), atMost(shareUpper(0, e.exposure))))
		}
	}
}

// missing says which part of the journal is not there, and how to have it all;
// "" if none is missing.
func (v *view) missing() (why, again string) {
	switch j := v.h.j; {
	case j.Cut:
		return "run cut at " + secs(j.LastNs), "run it again, to the end"
	case j.Lost > 0:
		return fmt.Sprintf("the records of the oldest %s are gone: only the newest are kept in memory", plural(j.Lost, "call", "calls")), "reset the journal more often, or open a scope for each test"
	}
	return "", ""
}

// absent says why there was nothing to judge, and what would give something.
func (v *view) absent(f *Finding, e *exam, figures *Judgement) (why, fix string) {
	if v.blind() {
		return unmarked, marksOn
	}
	if why := v.uncovered(); e.joined && why != "" {
		// More faults would not show it either.
		return "none was seen, but " + why, v.carriers()
	}
	return v.nothing(f.Exposed, figures), cmp.Or(e.more, v.provoke())
}

// doubt says why calls that look new may be retries, and what would tell; "" if
// there is no reason to think so.
func (v *view) doubt(e *exam) (why, tells string) {
	if !e.retries || e.verdict == Fail || v.uncovered() != "" {
		return "", ""
	}
	if why := v.unclaimed(); why != "" {
		return why, v.carriers()
	}
	return v.altered(), everyCall
}

// quietFirst is the text for a plan without a phase to compare with.
const quietFirst = "- {name: warm, rate: 20, for: 10s}   # before the other phases of the load, without faults"

// carriers is the change of the plan that lets more attempts be joined.
func (v *view) carriers() string {
	for _, r := range v.reqs {
		if r.CarriersSent&journal.CarrierMarker != 0 {
			return "correlate: {headers: true}   # and let the service pass the header x-chaos-request on to the provider: the marker in the prompt does not come through"
		}
	}
	return "correlate: {marker: on}"
}

// unfit says why the harness was too weak for this check, "" if it was not.
func (v *view) unfit(e *exam, figures *Judgement) string {
	if b := figures.Load.Broken; b != "" {
		return "the counts do not add up, so the harness lost something: " + b
	}
	smallest := int64(math.MaxInt64)
	for _, bound := range []int64{v.h.setup.ClientTimeoutNs, e.rests.boundNs} {
		if bound > 0 {
			smallest = min(smallest, bound)
		}
	}
	if e.rests.due {
		if lag := v.lag(); smallest != math.MaxInt64 && float64(lag) > lagMost*float64(smallest) {
			return fmt.Sprintf("the generator lagged: p99 %s behind due, allowed %s (5 %% of %s)", millis(lag), millis(int64(lagMost*float64(smallest))), millis(smallest))
		}
		if n := v.dropped(); float64(n) > droppedMost*float64(len(v.reqs)) {
			return fmt.Sprintf("the harness dropped %s of %s requests due, allowed 0.1 %%: raise load.max_in_flight", number(n), number(int64(len(v.reqs))))
		}
	}
	if e.rests.pace && smallest != math.MaxInt64 {
		if late := v.h.lateness(); float64(late) > latenessMost*float64(smallest) {
			return fmt.Sprintf("the mock model was late: p99 %s, allowed %s (1 %% of %s)", millis(late), millis(int64(latenessMost*float64(smallest))), millis(smallest))
		}
	}
	return ""
}

// uncovered says that too few attempts were joined, "" if enough were.
func (v *view) uncovered() string {
	joined, all := v.coverage()
	if all == 0 || float64(joined) >= coverageNeed*float64(all) {
		return ""
	}
	return fmt.Sprintf("only %s of %s attempts in scope could be told to belong to a request: %s, 95 %% are needed", number(joined), number(all), percent(float64(joined)/float64(all)))
}

// nothing says what never happened, and what the rules that lead to it did in
// its scope.
func (v *view) nothing(exposed string, figures *Judgement) string {
	parts := []string{"there were no " + exposed}
	var idle []RuleInfo
	for i, r := range v.h.setup.Rules {
		if i >= len(figures.Faults) || !v.ruleInScope(r) || !v.entry.restsOn(r) {
			continue
		}
		switch c := figures.Faults[i]; {
		case c.Eligible+c.Held == 0:
			idle = append(idle, r)
		default:
			parts = append(parts, fmt.Sprintf("fault %s hit %s of %s %s", r.Name, number(c.Injected), number(c.Eligible), r.meets()))
		}
	}
	if len(idle) > 0 {
		parts = append(parts, unmatched(idle))
	}
	return strings.Join(parts, "; ")
}

func (v *view) ruleInScope(r RuleInfo) bool {
	if v.h.alone() {
		return true
	}
	for _, p := range v.h.phases {
		if (v.spec.During == "" || p.Name == v.spec.During) && r.FromNs < p.ToNs && r.ToNs > p.FromNs {
			return true
		}
	}
	return r.FromNs == journal.Never
}

// provoke is a rule to paste that gives the check something to look at.
func (v *view) provoke() string {
	if v.entry.Provoke == "" {
		return ""
	}
	if v.h.alone() {
		return flagOf(v.entry.Provoke)
	}
	if !strings.Contains(v.entry.Provoke, "%s") {
		return v.entry.Provoke
	}
	i := v.stage()
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(v.entry.Provoke, v.h.phases[i].Name)
}

// stage is the index of the phase to change for more or better evidence: the one
// in scope, else the one under stress. -1: none.
func (v *view) stage() int {
	if v.spec.During == "" {
		if v.entry.FedBy != nil {
			if i := busiest(v.h.phases, func(i int) bool { return v.h.ruled[i] }); i >= 0 {
				return i
			}
		}
		return v.h.stressed()
	}
	return slices.IndexFunc(v.h.phases, func(w Window) bool { return w.Name == v.spec.During })
}

// stressed is the index of the phase in which the run tries the service hardest:
// of those after the baseline the one whose load surges most, else the busiest in
// which a fault applies, else the busiest. -1: none.
func (h *history) stressed() int {
	b := h.baseline()
	for _, in := range []func(int) bool{h.surge, func(i int) bool { return i != b && h.ruled[i] }, func(i int) bool { return i != b }, func(int) bool { return true }} {
		if i := busiest(h.phases, in); i >= 0 {
			return i
		}
	}
	return -1
}

// busiest is the index of the phase with the highest rate of planned requests,
// of those that in holds for. -1: none.
func busiest(phases []Window, in func(int) bool) int {
	best, rate := -1, -1.0
	for i, p := range phases {
		if p.ToNs <= p.FromNs || !in(i) {
			continue
		}
		if r := float64(p.Planned) / float64(p.ToNs-p.FromNs); r > rate {
			best, rate = i, r
		}
	}
	return best
}

// longer is the change of the plan that gives need exposures instead of have:
// the phase in scope, made longer.
func (v *view) longer(have, need int64) string {
	if v.h.alone() {
		return "make more such calls before this is judged"
	}
	if have <= 0 || need <= have {
		return v.provoke()
	}
	return v.longerPhase(v.stage(), have, need)
}

// longerPhase is the text that makes a phase long enough for need instead of have.
func (v *view) longerPhase(i int, have, need int64) string {
	if i < 0 {
		return ""
	}
	p := v.h.phases[i]
	if v.h.setup.TraceSpeed > 0 {
		return fmt.Sprintf("window: ...   # under load.trace: phase %s %.2g times as long", p.Name, 1.1*float64(need)/float64(have))
	}
	now := time.Duration(p.ToNs - p.FromNs)
	// A tenth more, because the next run draws other dice.
	want := time.Duration(math.Ceil(1.1 * float64(now) * float64(need) / float64(have)))
	return fmt.Sprintf("for: %s   # phase %s, was %s", planDuration(ceilTo(want, time.Second)), p.Name, planDuration(now.Round(time.Millisecond)))
}
