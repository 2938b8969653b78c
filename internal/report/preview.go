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
	p := &printer{w: w, s: s}
	p.line(Ends(s.Bold(Plain(v.Plan.Name))+" is valid", fmt.Sprintf("%s requests in %s", Count(v.Planned), Duration(v.Lasts)), s.width()))
	p.schedule(v)
	p.forecasts(v)
	return p.err
}

// barWidth is the width of the drawn time line.
const barWidth = 24

// schedule draws when the phases and the rules are.
func (p *printer) schedule(v *plans.Preview) {
	p.line("")
	var g grid
	g.row("", "", "from", "to", "requests", "rate")
	for _, ph := range v.Phases {
		from, to := time.Duration(ph.FromNs), time.Duration(ph.ToNs)
		g.row(Plain(ph.Name), timeline(from, to, v.Lasts, barWidth, p.s), Duration(from), Duration(to), Count(ph.Planned), ph.Rate)
	}
	for _, r := range v.Rules {
		g.row(Plain(r.Name), timeline(r.From, r.To, v.Lasts, barWidth, p.s), Duration(r.From), Duration(r.To))
	}
	lines := g.lines(p.s.width(), p.s)
	for _, line := range lines[:1+len(v.Phases)] {
		p.line(line)
	}
	if len(v.Rules) > 0 {
		p.line("")
	}
	for i, r := range v.Rules {
		p.line(lines[1+len(v.Phases)+i])
		p.line(Wrap(Plain(r.Text), p.s.width(), "    ", "      "))
	}
}

// forecasts say which assertions can conclude: what is needed, and what the
// plan will give.
func (p *printer) forecasts(v *plans.Preview) {
	p.line("")
	if len(v.Forecasts) == 0 {
		p.line("  The plan has no assertions: it proves nothing")
		return
	}
	id, expected, needed := len("Which can conclude"), len("expected"), len("needed")
	for _, f := range v.Forecasts {
		id = max(id, 2+Columns(forecastTitle(f)))
	}
	p.line("  " + Pad("Which can conclude", id) + "  expected  needed")
	for _, f := range v.Forecasts {
		mark := p.s.verdict("pass", p.s.mark("pass"))
		if !f.CanConclude {
			mark = p.s.verdict("inconclusive", "?")
		}
		need := "-"
		if f.Needed > 0 {
			need = Count(f.Needed)
		}
		head := "  " + mark + " " + Pad(forecastTitle(f), id-2) + "  " + Pad(Count(f.Expected), -expected) + "  " + Pad(need, -needed) + "  "
		p.line(Wrap(forecast(f), p.s.width(), head, strings.Repeat(" ", Columns(head))))
	}
}

func forecastTitle(f assertions.Forecast) string {
	if f.Name != "" {
		return Plain(f.Name)
	}
	return f.ID
}

// forecast says what is counted, and what would help.
func forecast(f assertions.Forecast) string {
	text := Plain(f.Exposed)
	if f.Note != "" && !f.CanConclude {
		text += "; " + Plain(f.Note)
	}
	return strings.TrimPrefix(text, "; ")
}

// timeline draws a stretch of the load.
func timeline(from, to, lasts time.Duration, width int, s Style) string {
	at := func(d time.Duration) int { return int(float64(width)*float64(d)/float64(max(1, lasts)) + 0.5) }
	a, b := at(from), at(to)
	b = min(width, max(b, a+1))
	a = min(a, b-1)
	return strings.Repeat(s.Glyph("░", "."), a) + strings.Repeat(s.Glyph("█", "#"), b-a) + strings.Repeat(s.Glyph("░", "."), width-b)
}
