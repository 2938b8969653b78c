package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// view is all that the live display knows of a run. Its lines are a function of
// it, so that what a terminal shows can be tested without one. A view is never
// changed after it was shown: observe returns the next one.
type view struct {
	name     string // of the plan
	target   string
	seed     uint64
	stage    plans.Stage
	ready    *plans.ReadyEvent
	tick     *plans.Snapshot // nil before the load
	messages []string
	closed   bool
}

// newView is the view before anything happened.
func newView(p *plans.Plan) view {
	return view{name: report.Plain(p.Name), target: report.Plain(p.Target.String()), seed: p.SeedValue()}
}

// observe returns the view after an event. What a target said is in some of
// them, so everything is cleaned on its way in.
func (v view) observe(e plans.Event) view {
	e = report.Clean(e)
	switch {
	case e.Ready != nil:
		v.ready = e.Ready
	case e.Message != "":
		v.messages = append(slices.Clip(v.messages), e.Message)
	case e.Tick != nil:
		v.tick = e.Tick
	case e.Stage != plans.StageNone:
		v.stage = e.Stage
	}
	return v
}

// viewWidthMax keeps figures near their names on a wide terminal.
const viewWidthMax = 120

// lines draws the view. No line is wider than width columns.
func (v *view) lines(width int, s report.Style) []string {
	d := drawing{width: min(width, viewWidthMax), s: s}
	d.add(report.Ends(s.Bold("chaos run "+v.name), strings.Join(v.facts(), s.Dot()), d.width))
	if v.ready != nil {
		d.wrap(strings.Join(readyFacts(v.ready), s.Dot()))
	}
	if v.tick != nil {
		d.load(v)
	} else {
		d.add(stageText(v))
	}
	for _, m := range v.messages {
		d.wrap("chaos: " + m)
	}
	if v.closed {
		d.add("") // the report follows on the same terminal
	}
	return d.out
}

// facts name the run, as far as it is known.
func (v *view) facts() []string {
	facts := []string{fmt.Sprintf("seed %d", v.seed), v.target}
	if v.ready != nil {
		facts = append(facts, report.Duration(v.ready.Lasts), report.Count(v.ready.Planned)+" requests")
	}
	return facts
}

// readyFacts say what the trial found.
func readyFacts(r *plans.ReadyEvent) []string {
	facts := []string{"ready in " + report.Duration(r.Took)}
	if r.Trial > 0 {
		facts = append(facts, fmt.Sprintf("joined %d of %d trial requests", r.Joined, r.Trial))
	}
	if len(r.Steps) > 0 {
		facts = append(facts, "a request = "+strings.Join(r.Steps, " "))
	}
	if r.Marker {
		facts = append(facts, "prompt marker on")
	}
	return facts
}

// stageText says what goes on before the first figures.
func stageText(v *view) string {
	switch {
	case v.closed:
		return ""
	case v.stage == plans.StageStart:
		return " starting " + v.target
	case v.stage == plans.StageTrial:
		return " trying a few requests"
	}
	return ""
}

// drawing collects the lines of a view.
type drawing struct {
	width int
	s     report.Style
	out   []string
}

// add adds a line, or the lines that Ends makes of it where it is too long.
func (d *drawing) add(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		d.out = append(d.out, report.Fit(strings.TrimRight(d.s.ASCII(line), " "), d.width, d.s))
	}
}

func (d *drawing) wrap(text string) { d.add(report.Wrap(text, d.width, "", "  ")) }

// row adds a named line of facts; those that do not fit are counted.
func (d *drawing) row(name string, facts []string, gap string) {
	head := " " + report.Pad(name, 10)
	d.add(head + fitFacts(facts, gap, d.width-report.Columns(head)))
}

// fitFacts joins as many facts as fit, and says how many do not.
func fitFacts(facts []string, gap string, width int) string {
	all := strings.Join(facts, gap)
	for n := len(facts) - 1; report.Columns(all) > width && n > 0; n-- {
		all = fmt.Sprintf("%s%s+%d more", strings.Join(facts[:n], gap), gap, len(facts)-n)
	}
	return all
}

// load draws what goes on while requests are sent.
func (d *drawing) load(v *view) {
	t := v.tick
	d.add("")
	d.phases(v)
	d.add("")
	d.row("users", []string{perSecond("offered", t.Offered), perSecond("sent", t.Sent), perSecond("good", t.Good), "in flight " + report.Count(t.InFlight)}, "   ")
	d.outcomes(t.Outcomes)
	d.row("provider", modelFacts(t.Models), "   ")
	d.faults(t.Rules)
	dropped := "dropped " + report.Count(t.Dropped)
	if t.Dropped > 0 {
		dropped = d.s.Bad(dropped)
	}
	d.row("harness", []string{"lag p99 " + report.Duration(t.LagP99), dropped, "joined " + report.Share(t.Joined)}, d.s.Dot())
	at := min(t.Elapsed, t.Lasts)
	if v.atEnd(t.Lasts) {
		at = t.Lasts
	}
	left := fmt.Sprintf(" %s of %s", clock(at), clock(t.Lasts))
	d.add(report.Ends(left, d.s.Dim(hint(v)), d.width))
}

// hint says what the run waits for, or what the reader can do.
func hint(v *view) string {
	switch {
	case v.closed:
		return ""
	case v.stage == plans.StageJudge:
		return "reading the journal, judging"
	case v.stage == plans.StageDrain:
		return "load sent; waiting for open requests"
	}
	return "Ctrl-C: stop load, then write the report"
}

func perSecond(name string, rate float64) string { return fmt.Sprintf("%s %.0f/s", name, rate) }

// outcomes shows what users got, with the kinds of degraded answers where there
// is room. No outcome is ever left out: the rarest is the one to see.
func (d *drawing) outcomes(counts []plans.CountLive) {
	facts := outcomeFacts(counts, d.s, true)
	if report.Columns(strings.Join(facts, "   "))+11 > d.width {
		facts = outcomeFacts(counts, d.s, false)
	}
	for len(facts) > 0 {
		n := len(facts)
		for n > 1 && report.Columns(strings.Join(facts[:n], "   "))+11 > d.width {
			n--
		}
		d.row("", facts[:n], "   ")
		facts = facts[n:]
	}
}

// outcomeFacts are the shares of the outcomes, the kinds of degraded answers
// in brackets where they are wanted.
func outcomeFacts(counts []plans.CountLive, s report.Style, withKinds bool) []string {
	var total int64
	sums, kinds := map[journal.Outcome]int64{}, map[journal.Outcome][]string{}
	for _, c := range counts {
		outcome, kind, _ := strings.Cut(c.Name, ":")
		name := journal.Outcome(outcome)
		total += c.Count
		sums[name] += c.Count
		if kind != "" {
			kinds[name] = append(kinds[name], kind)
		}
	}
	var facts []string
	for i, name := range journal.Outcomes {
		n := sums[name]
		if n == 0 {
			continue
		}
		fact := string(name) + " " + report.Share(float64(n)/float64(total))
		if withKinds && len(kinds[name]) > 0 {
			fact += " (" + strings.Join(kinds[name], ", ") + ")"
		}
		if i >= slices.Index(journal.Outcomes, journal.OutcomeError) {
			fact = s.Bad(fact)
		}
		facts = append(facts, fact)
	}
	return facts
}

// modelFacts say what the provider sees. A model that is only ever a fallback
// has no first tries, so no tries a step.
func modelFacts(models []plans.ModelLive) []string {
	busiest := slices.Clone(models)
	slices.SortStableFunc(busiest, func(a, b plans.ModelLive) int { return -cmp.Compare(a.AttemptsPerStep, b.AttemptsPerStep) })
	var facts []string
	for _, m := range busiest {
		fact := perSecond(m.Name, m.PerSecond)
		if m.AttemptsPerStep > 0 {
			fact += fmt.Sprintf(", %.2f a step", m.AttemptsPerStep)
		}
		if m.RefusedPerS > 0 {
			fact += fmt.Sprintf(", %.0f/s refused", m.RefusedPerS)
		}
		facts = append(facts, fact)
	}
	return facts
}

// faults shows the rules that are on or were: in full where that fits, else
// only how often each hit.
func (d *drawing) faults(rules []plans.RuleLive) {
	var long, short []string
	for _, r := range rules {
		if !r.On && r.Injected == 0 {
			continue
		}
		lamp := d.s.Glyph("○ ", "- ")
		if r.On {
			lamp = d.s.Glyph("● ", "* ")
		}
		long = append(long, fmt.Sprintf("%s%s hit %s of %s", lamp, r.Name, report.Count(r.Injected), report.Count(r.Eligible)))
		short = append(short, fmt.Sprintf("%s%s %s", lamp, r.Name, report.Count(r.Injected)))
	}
	if len(long) == 0 {
		long = []string{"none yet"}
	}
	if report.Columns(strings.Join(long, "   "))+11 > d.width {
		long = short
	}
	d.row("faults", long, "  ")
}

// Widths of a phase's bar: as long as the line allows.
const (
	barLeast = 6
	barMost  = 40
)

// phases draws a bar for each phase, with its figures.
func (d *drawing) phases(v *view) {
	name, rate := 0, 0
	for _, p := range v.tick.Phases {
		name = max(name, report.Columns(p.Name))
		rate = max(rate, report.Columns(rateText(p, d.s)))
	}
	name = min(name, 16)
	const figures = len("  good 100.0 %  p99 99.9 min  ok")
	bar := min(barMost, max(barLeast, d.width-1-name-1-1-6-2-rate-figures))
	for _, p := range v.tick.Phases {
		gone := min(max(0, v.tick.Elapsed-p.From), p.To-p.From)
		if v.atEnd(p.To) {
			gone, p.End = p.To-p.From, true
		}
		lasts := report.Duration(p.To - p.From)
		if p.Begun && !p.End {
			lasts = fmt.Sprintf("%.1f s", gone.Seconds())
		}
		d.add(" " + report.Pad(report.Fit(p.Name, name, d.s), name) + " " + gauge(gone, p.To-p.From, bar, d.s) + " " +
			report.Pad(lasts, -6) + "  " + report.Pad(rateText(p, d.s), rate) + phaseFigures(p, d.s))
	}
}

// closeEnough is above the distance of two ticks.
const closeEnough = 500 * time.Millisecond

// atEnd reports whether an instant of the load is over in the last picture: its
// figures come up to a tick before the end of the load.
func (v *view) atEnd(at time.Duration) bool { return v.closed && at-v.tick.Elapsed < closeEnough }

func rateText(p plans.PhaseLive, s report.Style) string {
	return strings.ReplaceAll(p.Rate, " -> ", s.Glyph("→", "->"))
}

// phaseFigures is how users fare who came in the phase.
func phaseFigures(p plans.PhaseLive, s report.Style) string {
	if p.Done == 0 {
		return ""
	}
	text := "  good " + report.Pad(report.Share(p.GoodShare), -7) + "  p99 " + report.Pad(report.Duration(p.P99), -7)
	if p.End {
		text += "  " + s.Good(s.Glyph("✓", "ok"))
	}
	return text
}

// gauge draws how much of a phase is over, to an eighth of a column.
func gauge(part, whole time.Duration, width int, s report.Style) string {
	eighths := int(int64(part) * int64(8*width) / int64(max(1, whole)))
	eighths = min(max(0, eighths), 8*width)
	if !s.Unicode {
		return strings.Repeat("#", eighths/8) + strings.Repeat(".", width-eighths/8)
	}
	bar := strings.Repeat("█", eighths/8)
	rest := width - eighths/8
	if part := eighths % 8; part > 0 {
		bar += string([]rune(" ▏▎▍▌▋▊▉")[part])
		rest--
	}
	return bar + strings.Repeat("░", rest)
}

// clock writes a duration as m:ss. It never shows an end that is not reached.
func clock(d time.Duration) string {
	s := int(max(0, d) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
