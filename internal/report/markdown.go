package report

import (
	"io"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// Markdown writes a page for a pull request or a job summary: the verdict, the
// checks, the phases, what was injected, and the evidence folded below.
func Markdown(w io.Writer, r *plans.Result, _ Style) error {
	r = Clean(r)
	p := &printer{w: w, s: Style{Unicode: true}}
	p.f("## %s %s: %s\n\n", emblem(r.Verdict), inline(r.Plan.Name), r.Verdict)
	if r.Plan.Description != "" {
		p.f("%s\n\n", inline(r.Plan.Description))
	}
	p.f("%s passed. Target %s, seed %s, %s, exit code %d, started %s.\n\n", tally(r), code(r.Plan.Target), r.Seed, millis(1000*r.Duration), r.ExitCode, r.Started)
	if r.TargetExit != "" {
		p.f("**The target ended by itself:** %s.\n\n", inline(r.TargetExit))
	}
	if r.Stopped != "" {
		p.f("**%s ended before its time:** %s.\n\n", whatEnded(r), inline(strings.TrimSuffix(r.Stopped, ".")))
	}
	if r.Error != "" {
		p.f("**The harness failed:** %s\n\n", inline(r.Error))
	}
	markdownChecks(p, r)
	markdownPhases(p, r)
	markdownFaults(p, r)
	p.f("\n**Could it tell?** %s %s Simulated cost %s: no money was spent.\n", inline(fitness(r)), sentence(strings.Join(harnessFacts(r), ", ")), usd(r.Cost.USD))
	for _, f := range unpassed(r) {
		p.f("\n<details><summary>%s <code>%s</code> %s</summary>\n\n%s\n\n</details>\n", emblem(string(f.Verdict)), html(fullTitle(f)), html(firstLine(f.Reason)), fenced(evidence(f, r)))
	}
	return p.err
}

func markdownChecks(p *printer, r *plans.Result) {
	if len(r.Assertions) == 0 {
		p.f("No assertion was judged.\n")
		return
	}
	p.f("| | check | measured | limit | samples | exposure |\n|---|---|---:|---:|---:|---:|\n")
	for i := range r.Assertions {
		f := &r.Assertions[i]
		label := inline(proofLabel(f))
		for _, note := range proofNotes(f) {
			label += "<br>" + inline(note)
		}
		p.f("| %s | %s %s | %s | %s | %s | %s |\n", emblem(string(f.Verdict)), code(fullTitle(f)), label, inline(measured(f)), inline(threshold(f.Threshold)), Count(f.Samples), Count(f.Exposure))
	}
}

func markdownPhases(p *printer, r *plans.Result) {
	if len(r.Phases) == 0 {
		return
	}
	p.f("\n| phase | requests | good | p50 | p99 | tries a step | cost |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, ph := range r.Phases {
		p.f("| %s | %s | %s | %s | %s | %s | %s |\n", inline(ph.Name), Count(ph.Requests), optional(ph.Goodput, percent), optional(ph.LatencyMs.P50, millis), optional(ph.LatencyMs.P99, millis),
			optional(ph.AttemptsPerStep, tries), usd(ph.CostUSD))
	}
}

func markdownFaults(p *printer, r *plans.Result) {
	p.f("\n**What was injected**\n\n")
	for i := range r.Faults {
		p.f("- %s: %s\n", code(r.Faults[i].Rule), injectedLine(&r.Faults[i]))
	}
	if len(r.Faults) == 0 {
		p.f("- nothing: the plan has no faults\n")
	}
}

// emblem is a verdict as GitHub shows it.
func emblem(v string) string {
	switch assertions.Verdict(v) {
	case assertions.Pass:
		return "✅"
	case assertions.Fail:
		return "❌"
	case assertions.Error:
		return "💥"
	case assertions.NotApplicable:
		return "➖"
	}
	return "⚠️"
}

// inline keeps text on one line, inside a cell of a table, and from being read
// as markup: CommonMark 6.1 and 2.4 let every ASCII punctuation character be
// escaped.
func inline(s string) string {
	return strings.NewReplacer("\n", " ", `\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "#", `\#`, "!", `\!`).Replace(s)
}

// code puts text between backticks, more of them than it contains in a row. A
// pipe ends a cell of a table even there, and can be escaped there.
func code(s string) string {
	s = strings.NewReplacer("\n", " ", "|", `\|`).Replace(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if fence == "`" {
		return fence + s + fence
	}
	return fence + " " + s + " " + fence
}

func html(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// fenced puts text into a code block whose fence the text does not contain.
func fenced(s string) string {
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + "text\n" + strings.TrimRight(s, "\n") + "\n" + fence
}
