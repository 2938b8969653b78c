package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// Preview writes what can be said of a plan before it is run: the timeline,
// the requests, the rules, and which assertions can conclude.
func Preview(w io.Writer, v *plans.Preview, s Style) error {
	p := &printer{w: w}
	width := s.width()
	p.line(ends(s.bold(v.Plan.Name)+" is valid", fmt.Sprintf("%s requests in %s", Count(v.Planned), Duration(v.Lasts)), width))
	p.line("")
	name := len("phase")
	for _, ph := range v.Phases {
		name = max(name, len(ph.Name))
	}
	for _, r := range v.Rules {
		name = max(name, len(r.Name))
	}
	const bar = 30
	for _, ph := range v.Phases {
		p.line(fmt.Sprintf("  %s %s %7s to %7s  %9s requests  %s", pad(ph.Name, name), timeline(time.Duration(ph.FromNs), time.Duration(ph.ToNs), v.Lasts, bar, s), Duration(time.Duration(ph.FromNs)), Duration(time.Duration(ph.ToNs)), Count(ph.Planned), ph.Rate))
	}
	for _, r := range v.Rules {
		p.line(fmt.Sprintf("  %s %s %7s to %7s", pad(r.Name, name), timeline(r.From, r.To, v.Lasts, bar, s), Duration(r.From), Duration(r.To)))
		p.line(wrap(r.Text, width, strings.Repeat(" ", name+3), strings.Repeat(" ", name+5)))
	}
	p.line("")
	p.line("  Which assertions can conclude")
	id := 0
	for _, f := range v.Forecasts {
		id = max(id, len(f.ID))
	}
	for _, f := range v.Forecasts {
		mark := s.verdict("pass", s.mark("pass"))
		if !f.CanConclude {
			mark = s.verdict("inconclusive", "?")
		}
		p.line(wrap(forecast(f), width, "  "+mark+" "+pad(f.ID, id)+"  ", strings.Repeat(" ", id+6)))
	}
	return p.err
}

// forecast says how much there will be to judge.
func forecast(f assertions.Forecast) string {
	text := Count(f.Expected)
	if f.Exposed != "" {
		text += " " + f.Exposed
	}
	if f.Needed > 0 {
		text += fmt.Sprintf(" expected, %s needed", Count(f.Needed))
	}
	if f.Note != "" && !f.CanConclude {
		text += "; " + f.Note
	}
	return text
}

// timeline draws a stretch of the load.
func timeline(from, to, lasts time.Duration, width int, s Style) string {
	at := func(d time.Duration) int { return int(float64(width)*float64(d)/float64(max(1, lasts)) + 0.5) }
	a, b := at(from), at(to)
	b = min(width, max(b, a+1))
	a = min(a, b-1)
	return strings.Repeat(s.Glyph("░", "."), a) + strings.Repeat(s.Glyph("█", "#"), b-a) + strings.Repeat(s.Glyph("░", "."), width-b)
}
