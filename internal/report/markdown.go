package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// Markdown writes a page for a pull request or a job summary: the verdict, the
// checks, the phases, what was injected, and the evidence folded below.
func Markdown(w io.Writer, r *plans.Result, _ Style) error {
	p := &printer{w: w}
	p.f("## %s %s: %s\n\n", emblem(r.Verdict), cell(r.Plan.Name), r.Verdict)
	p.f("%s\n\n", cell(r.Plan.Description))
	p.f("Target `%s`, seed %s, %.1f s, exit code %d, started %s.\n\n", strings.ReplaceAll(r.Plan.Target, "`", "'"), r.Seed, r.Duration, r.ExitCode, r.Started)
	if r.Stopped != "" {
		p.f("**The load ended before its time:** %s.\n\n", cell(r.Stopped))
	}
	if r.Error != "" {
		p.f("**The harness failed:** %s\n\n", cell(r.Error))
	}
	p.f("| | check | measured | limit | samples | exposure |\n|---|---|---:|---:|---:|---:|\n")
	for i := range r.Assertions {
		f := &r.Assertions[i]
		p.f("| %s | `%s` %s | %s | %s | %s | %s |\n", emblem(string(f.Verdict)), title(f), cell(f.Label), cell(quantity(f.Measured)), cell(threshold(f.Threshold)), Count(f.Samples), Count(f.Exposure))
	}
	markdownPhases(p, r)
	p.f("\n**What was injected**\n\n")
	for _, f := range r.Faults {
		p.f("- `%s`: %s\n", f.Rule, injectedLine(f))
	}
	if len(r.Faults) == 0 {
		p.f("- nothing\n")
	}
	p.f("\n**Could it tell?** %s of %s requests sent, generator lag p99 %s, %s of %s attempts joined. Simulated cost %s.\n",
		Count(r.Load.Sent), Count(r.Load.Planned), optional(r.Generator.LagMs.P99, millis), optional(r.Join.Coverage, percent), Count(r.Join.Attempts), usd(r.Cost.USD))
	for i := range r.Assertions {
		f := &r.Assertions[i]
		if f.Verdict == assertions.Pass || f.Verdict == assertions.NotApplicable {
			continue
		}
		p.f("\n<details><summary>%s <code>%s</code> %s</summary>\n\n%s\n\n</details>\n", emblem(string(f.Verdict)), title(f), html(firstLine(f.Reason)), fenced(evidence(f, r)))
	}
	return p.err
}

func markdownPhases(p *printer, r *plans.Result) {
	if len(r.Phases) == 0 {
		return
	}
	p.f("\n| phase | requests | good | p50 | p99 | tries a step | cost |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, ph := range r.Phases {
		p.f("| %s | %s | %s | %s | %s | %s | %s |\n", cell(ph.Name), Count(ph.Requests), optional(ph.Goodput, percent), optional(ph.LatencyMs.P50, millis), optional(ph.LatencyMs.P99, millis),
			optional(ph.AttemptsPerStep, func(v float64) string { return fmt.Sprintf("%.2f", v) }), usd(ph.CostUSD))
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

// cell keeps text on one line of a table and from being read as markup.
func cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", "\\|", "<", "&lt;").Replace(s)
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
