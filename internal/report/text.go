package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// Text writes the summary for a person at a terminal, and below it the story of
// what did not pass. The error is that of w.
func Text(w io.Writer, r *plans.Result, s Style) error {
	t := &text{printer: printer{w: w}, s: s, r: r}
	t.head()
	t.phases()
	t.injected()
	t.proved()
	t.couldItTell()
	t.where()
	for i := range r.Assertions {
		if f := &r.Assertions[i]; f.Verdict != assertions.Pass && f.Verdict != assertions.NotApplicable {
			t.finding(f)
		}
	}
	return t.err
}

type text struct {
	printer
	s Style
	r *plans.Result
}

// dot separates facts on one line.
func (t *text) dot() string { return t.s.Glyph(" · ", ", ") }

func (t *text) head() {
	r := t.r
	passed, judged := 0, 0
	for _, f := range r.Assertions {
		if f.Verdict != assertions.NotApplicable {
			judged++
		}
		if f.Verdict == assertions.Pass {
			passed++
		}
	}
	facts := []string{fmt.Sprintf("%d of %d checks", passed, judged), Duration(time.Duration(r.Duration * float64(time.Second))), "seed " + r.Seed, fmt.Sprintf("exit %d", r.ExitCode)}
	verdict := strings.ToUpper(r.Verdict)
	left := verdict + "  " + r.Plan.Name
	line := ends(left, strings.Join(facts, t.dot()), t.s.width())
	t.line(strings.Replace(line, verdict, t.s.bold(t.s.verdict(r.Verdict, verdict)), 1))
	t.line(wrap(r.Plan.Description, t.s.width(), "      ", "      "))
	if r.Stopped != "" {
		t.line(wrap("The load ended before its time: "+r.Stopped+".", t.s.width(), "      ", "      "))
	}
	if r.Error != "" {
		t.line(wrap("The harness failed: "+r.Error, t.s.width(), "      ", "      "))
	}
}

// phases is the table of what users got.
func (t *text) phases() {
	if len(t.r.Phases) == 0 {
		return
	}
	t.line("")
	name := 9
	for _, p := range t.r.Phases {
		name = max(name, len(p.Name))
	}
	t.line(fmt.Sprintf("  %s %8s %8s %10s %10s %6s %7s %7s %6s", pad("phase", name), "requests", "full %", "degraded %", "rejected %", "errors", "p50", "p99", "tries"))
	for _, p := range t.r.Phases {
		share := func(kinds ...string) string {
			if p.Requests == 0 {
				return "-"
			}
			return fmt.Sprintf("%.1f", 100*float64(countOf(p.Outcomes, kinds...))/float64(p.Requests))
		}
		errors := countOf(p.Outcomes, "error", "timeout", "truncated", "empty", "wrong")
		t.line(fmt.Sprintf("  %s %8s %8s %10s %10s %6s %7s %7s %6s", pad(p.Name, name), Count(p.Requests), share("full"), share("degraded"), share("rejected"), Count(errors),
			optional(p.LatencyMs.P50, millis), optional(p.LatencyMs.P99, millis), optional(p.AttemptsPerStep, func(v float64) string { return fmt.Sprintf("%.2f", v) })))
	}
}

// countOf sums the outcomes of some kinds, `degraded` with all of its kinds.
func countOf(outcomes map[string]int64, kinds ...string) int64 {
	var n int64
	for _, k := range kinds {
		for name, c := range outcomes {
			if name == k || strings.HasPrefix(name, k+":") {
				n += c
			}
		}
	}
	return n
}

func (t *text) injected() {
	t.line("")
	t.line("  What was injected")
	if len(t.r.Faults) == 0 {
		t.line("    nothing: the plan has no faults")
	}
	name := 0
	for _, f := range t.r.Faults {
		name = max(name, len(f.Rule))
	}
	for _, f := range t.r.Faults {
		t.line(wrap(injectedLine(f), t.s.width(), "    "+pad(f.Rule, name)+"  ", strings.Repeat(" ", name+6)))
	}
}

// injectedLine says what became of a rule.
func injectedLine(f assertions.FaultCounts) string {
	if f.Eligible == 0 && f.Unknown == 0 {
		return "0: no attempt was eligible"
	}
	s := fmt.Sprintf("%s of %s attempts", Count(f.Injected), Count(f.Eligible))
	if f.Eligible > 0 {
		s += fmt.Sprintf(": %.1f %%", 100*float64(f.Injected)/float64(f.Eligible))
	}
	if f.Asked != nil {
		s += fmt.Sprintf(" (asked %s)", percent(*f.Asked))
	}
	for _, extra := range []struct {
		n    int64
		what string
	}{{f.Masked, "masked by another rule"}, {f.Missed, "missed: the caller was gone, or the answer too short"}, {f.Unknown, "without a request id"}} {
		if extra.n > 0 {
			s += fmt.Sprintf(", %s %s", Count(extra.n), extra.what)
		}
	}
	return s
}

// Columns of the table of checks.
const (
	colMeasured = 12
	colLimit    = 10
)

func (t *text) proved() {
	t.line("")
	id := 0
	for _, f := range t.r.Assertions {
		id = max(id, len(title(&f)))
	}
	label := max(10, t.s.width()-4-id-2-colMeasured-colLimit-1)
	t.line("  " + pad("What it proved", id+label+4-2) + pad("measured", -colMeasured) + pad("limit", -colLimit-1))
	for i := range t.r.Assertions {
		f := &t.r.Assertions[i]
		mark := t.s.verdict(string(f.Verdict), t.s.mark(string(f.Verdict)))
		if f.Verdict == assertions.NotApplicable {
			mark = t.s.dim("-")
		}
		row := pad(title(f), id) + "  " + pad(fitWords(t.proofLabel(f), label), label) + pad(quantity(f.Measured), -colMeasured) + pad(threshold(f.Threshold), -colLimit-1)
		t.line("  " + mark + " " + row)
	}
}

// proofLabel is what was measured, or, for what did not conclude, that.
func (t *text) proofLabel(f *assertions.Finding) string {
	switch f.Verdict {
	case assertions.Pass, assertions.Fail:
		if f.During != "" {
			return f.Label + ", " + f.During
		}
		return f.Label
	}
	return string(f.Verdict)
}

// title is the assertion's id, with its own name where the plan gave one.
func title(f *assertions.Finding) string {
	if f.Name != "" && f.Name != f.ID {
		return f.Name
	}
	return f.ID
}

// couldItTell says whether the harness was fit to judge at all.
func (t *text) couldItTell() {
	l, j := t.r.Load, t.r.Join
	var facts []string
	if l.Due == l.Planned && l.Sent == l.Due {
		facts = append(facts, fmt.Sprintf("all %s requests sent", Count(l.Planned)))
	} else {
		facts = append(facts, fmt.Sprintf("%s of %s requests sent (%s not due, %s dropped)", Count(l.Sent), Count(l.Planned), Count(l.NotDue), Count(l.Due-l.Sent)))
	}
	facts = append(facts, "lag p99 "+optional(t.r.Generator.LagMs.P99, millis))
	facts = append(facts, fmt.Sprintf("%s of %s attempts joined", optional(j.Coverage, percent), Count(j.Attempts)))
	facts = append(facts, fmt.Sprintf("simulated money %s: nothing spent", usd(t.r.Cost.USD)))
	if len(t.r.Provider.UnknownModels) > 0 {
		facts = append(facts, "models not in the plan, served with defaults: "+strings.Join(t.r.Provider.UnknownModels, ", "))
	}
	answer := "Yes: "
	for _, f := range t.r.Assertions {
		switch f.Verdict {
		case assertions.Error, assertions.Inconclusive, assertions.Vacuous:
			answer = "Not everything: "
		}
	}
	if l.Broken != "" {
		answer = "No: the counts do not add up: " + l.Broken + "; "
	}
	t.line(wrap(answer+strings.Join(facts, ", ")+".", t.s.width(), "  Could it tell?  ", strings.Repeat(" ", 18)))
}

func (t *text) where() {
	t.line("")
	if t.r.Dir != "" {
		t.line("  report   " + t.r.Dir + "/" + plans.FileSummary)
	}
	switch {
	case t.r.Plan.Name == "spike" && t.r.Verdict == string(assertions.Pass):
		t.line("  next     chaos run spike-naive      the same spike, a service that breaks")
		t.line("           chaos init                 try it on your own service")
	case t.r.Verdict == string(assertions.Pass):
		t.line("  next     chaos explain ID           what a check claims, and how it is judged")
	default:
		t.line("  next     chaos show RUN REQUEST     the whole story of one request")
		t.line("           chaos explain ID           what a check claims, and how it is judged")
	}
}
