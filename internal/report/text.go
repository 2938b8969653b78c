package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// Text writes the summary for a person at a terminal, and below it the story of
// what did not pass, failures first. The error is that of w.
func Text(w io.Writer, r *plans.Result, s Style) error {
	r = Clean(r)
	t := &text{printer: printer{w: w, s: s}, r: r}
	t.head()
	t.phases()
	t.injected()
	t.proved()
	t.couldItTell()
	open := unpassed(r)
	for _, f := range open {
		t.finding(f)
	}
	t.line("")
	if len(open) > 0 {
		// The first screen has scrolled away: the last one says it again.
		t.verdictLine()
	}
	t.where()
	return t.err
}

// Findings writes the story of what did not pass, for a test that failed.
func Findings(w io.Writer, r *plans.Result, s Style) error {
	r = Clean(r)
	t := &text{printer: printer{w: w, s: s}, r: r}
	for _, f := range unpassed(r) {
		t.finding(f)
	}
	return t.err
}

// unpassed are the findings that need a story: failures first, each kind in the
// order of the plan.
func unpassed(r *plans.Result) []*assertions.Finding {
	var out []*assertions.Finding
	for _, v := range []assertions.Verdict{assertions.Fail, assertions.Error, assertions.Inconclusive, assertions.Vacuous} {
		for i := range r.Assertions {
			if r.Assertions[i].Verdict == v {
				out = append(out, &r.Assertions[i])
			}
		}
	}
	return out
}

// text is a report being written. r is nil where one request is shown alone.
type text struct {
	printer
	r *plans.Result
}

func (t *text) head() {
	r := t.r
	t.verdictLine()
	if r.Plan.Description != "" {
		t.wrap(r.Plan.Description, "      ")
	}
	if r.TargetExit != "" {
		t.wrap("The target ended by itself: "+r.TargetExit+". Its log is target.log.", "      ")
	}
	if r.Stopped != "" {
		t.wrap(whatEnded(r)+" ended before its time: "+strings.TrimSuffix(r.Stopped, ".")+".", "      ")
	}
	if r.Error != "" {
		for line := range strings.SplitSeq("The harness failed: "+r.Error, "\n") {
			t.wrap(line, "      ")
		}
	}
}

// whatEnded is what ended before its time.
func whatEnded(r *plans.Result) string {
	if r.Alone {
		return "It"
	}
	return "The load"
}

// verdictLine is the result in one line.
func (t *text) verdictLine() {
	facts := []string{tally(t.r), millis(1000 * t.r.Duration), "seed " + t.r.Seed, fmt.Sprintf("exit %d", t.r.ExitCode)}
	left := t.s.Bold(t.s.verdict(t.r.Verdict, strings.ToUpper(t.r.Verdict))) + "  " + oneLine(t.r.Plan.Name)
	t.line(Ends(left, strings.Join(facts, t.s.Dot()), t.s.width()))
}

// tally counts the checks that passed among those that were judged.
func tally(r *plans.Result) string {
	passed, judged, tolerated := 0, 0, 0
	for i := range r.Assertions {
		f := &r.Assertions[i]
		if f.Verdict != assertions.NotApplicable {
			judged++
		}
		if f.Verdict == assertions.Pass {
			passed++
		}
		if isTolerated(f) {
			tolerated++
		}
	}
	text := fmt.Sprintf("%d of %d checks", passed, judged)
	if tolerated > 0 {
		text += fmt.Sprintf(", %d tolerated", tolerated)
	}
	return text
}

// isTolerated reports whether the plan allows for this failure.
func isTolerated(f *assertions.Finding) bool {
	return f.Verdict == assertions.Fail && f.AllowFail != nil && f.AllowFail.Active
}

// phases is the table of what users got.
func (t *text) phases() {
	if len(t.r.Phases) == 0 {
		return
	}
	t.line("")
	var g grid
	g.row("phase", "requests", "full %", "degraded %", "rejected %", "errors", "p50", "p99", "tries")
	for _, p := range t.r.Phases {
		part := func(kind string) string {
			if p.Requests == 0 {
				return "-"
			}
			return share(float64(countOf(p.Outcomes, kind))/float64(p.Requests), 1, false)
		}
		errors := countOf(p.Outcomes, "error", "timeout", "truncated", "empty", "wrong")
		g.row(oneLine(p.Name), Count(p.Requests), part("full"), part("degraded"), part("rejected"), Count(errors),
			optional(p.LatencyMs.P50, millis), optional(p.LatencyMs.P99, millis), optional(p.AttemptsPerStep, tries))
	}
	for _, line := range g.lines(t.s.width(), t.s) {
		t.line(line)
	}
}

func tries(v float64) string { return fmt.Sprintf("%.2f", v) }

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

// couldItTell says whether the harness was fit to judge at all.
func (t *text) couldItTell() {
	const head = "  Could it tell?  "
	t.line("")
	body := fitness(t.r) + " " + sentence(strings.Join(harnessFacts(t.r), ", ")) + " Simulated cost " + usd(t.r.Cost.USD) + ": no money was spent."
	if len(t.r.Provider.UnknownModels) > 0 {
		body += " Models not in the plan, served with defaults: " + strings.Join(t.r.Provider.UnknownModels, ", ") + "."
	}
	if n := t.r.Provider.RefusedConnections; n > 0 {
		body += " Connections refused before their calls were read: " + Count(n) + "."
	}
	t.line(Wrap(body, t.s.width(), head, strings.Repeat(" ", len(head))))
}

// fitness answers the question in words.
func fitness(r *plans.Result) string {
	if r.Load.Broken != "" {
		return "No: the counts do not add up: " + r.Load.Broken + "."
	}
	counts := map[assertions.Verdict]int{}
	for i := range r.Assertions {
		counts[r.Assertions[i].Verdict]++
	}
	var parts []string
	for _, v := range []assertions.Verdict{assertions.Error, assertions.Inconclusive, assertions.Vacuous} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	switch {
	case r.Alone && len(r.Assertions) > 0 && len(r.Assertions) == counts[assertions.NotApplicable]:
		return "No: no call met a fault that a check of the bundle is about."
	case len(r.Assertions) == counts[assertions.NotApplicable]:
		return "Nothing was asked."
	case len(parts) > 0:
		return "Not everything: " + strings.Join(parts, ", ") + "."
	}
	return "Yes."
}

// harnessFacts say how well the harness did its part.
func harnessFacts(r *plans.Result) []string {
	l := r.Load
	var facts []string
	if r.Alone {
		if r.Join.Attempts == 0 {
			return []string{"the provider was on its own, and was never called"}
		}
		return []string{"the provider was on its own: " + Count(r.Join.Attempts) + " calls, " + Count(r.Join.Attributed) + " of them with a name of their request"}
	}
	switch {
	case l.Planned == 0:
		facts = append(facts, "no requests planned")
	case l.Sent == l.Planned:
		facts = append(facts, "all "+Count(l.Planned)+" requests sent")
	default:
		fact := Count(l.Sent) + " of " + Count(l.Planned) + " requests sent"
		if l.NotDue > 0 {
			fact += ", " + Count(l.NotDue) + " never came due"
		}
		if dropped := l.Due - l.Sent; dropped > 0 {
			fact += ", " + Count(dropped) + " dropped"
		}
		facts = append(facts, fact)
	}
	if l.Open > 0 {
		facts = append(facts, Count(l.Open)+" still open at the end")
	}
	if l.Sent > 0 {
		facts = append(facts, "lag p99 "+optional(r.Generator.LagMs.P99, millis))
	}
	if r.Join.Attempts == 0 {
		return append(facts, "the provider was never called")
	}
	return append(facts, fmt.Sprintf("%s of %s attempts joined", optional(r.Join.Coverage, percent), Count(r.Join.Attempts)))
}

// where says where the report is kept and what to do next.
func (t *text) where() {
	if t.r.Dir != "" {
		t.line("  report   " + filepath.Join(t.r.Dir, plans.FileSummary))
	}
	if t.r.Alone && t.r.Dir == "" {
		return
	}
	next := func(head, command, what string) {
		line := "  " + Pad(head, 9) + command
		if with := Pad(line, 38) + "  " + what; Columns(with) <= t.s.width() {
			line = with
		}
		t.line(line)
	}
	switch {
	case t.r.Plan.Name == "spike" && t.r.Verdict == string(assertions.Pass):
		next("next", "chaos run spike-naive", "the same spike, a service that breaks")
		next("", "chaos init", "try it on your own service")
	case t.r.Verdict == string(assertions.Pass):
		next("next", "chaos explain ID", "what a check claims, how it is judged")
	case t.r.Dir != "":
		next("next", "chaos show "+runName(t.r.Dir)+" REQUEST", "the whole story of one request")
	}
}

// runName is how commands call a run folder: `latest` or its name where it
// stands in the usual place, else its path.
func runName(dir string) string {
	switch {
	case dir == "":
		return "RUN"
	case filepath.Dir(dir) == "chaos-results":
		return shellWord(filepath.Base(dir))
	}
	return shellWord(dir)
}

// shellWord quotes a word that a shell would take apart.
func shellWord(s string) string {
	s = oneLine(s)
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r) || r > 0x7f)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
