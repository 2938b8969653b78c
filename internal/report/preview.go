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
		g.row(Plain(r.Name), ruleLine(r, v.Lasts, p.s), Duration(r.From), Duration(r.To))
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

// ruleLine draws when a rule is on.
func ruleLine(r plans.RulePreview, lasts time.Duration, s Style) string {
	if len(r.On) == 0 {
		return timeline(r.From, r.To, lasts, barWidth, s)
	}
	return timelines(r.On, lasts, barWidth, s)
}

// timeline draws a stretch of the load.
func timeline(from, to, lasts time.Duration, width int, s Style) string {
	return timelines([]plans.Span{{From: from, To: to}}, lasts, width, s)
}

// timelines draws several stretches of the load; what is short is still one
// column wide.
func timelines(spans []plans.Span, lasts time.Duration, width int, s Style) string {
	at := func(d time.Duration) int { return int(float64(width)*float64(d)/float64(max(1, lasts)) + 0.5) }
	on := make([]bool, width)
	for _, x := range spans {
		a, b := at(x.From), at(x.To)
		b = min(width, max(b, a+1))
		for i := max(0, min(a, b-1)); i < b; i++ {
			on[i] = true
		}
	}
	var line strings.Builder
	for _, x := range on {
		if x {
			line.WriteString(s.Glyph("█", "#"))
		} else {
			line.WriteString(s.Glyph("░", "."))
		}
	}
	return line.String()
}
