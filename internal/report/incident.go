package report

import (
	"io"

	"github.com/chaoskit/chaos/plans"
)

// explainIncident writes what happened, and the rules that do the same.
func explainIncident(w io.Writer, in plans.Incident, s Style) error {
	p := &printer{w: w, s: s}
	width := s.width()
	p.line(Ends(s.Bold(in.Name), "incident", width))
	p.line(Wrap(in.Title, width, "  ", "  "))
	section(p, "What happened", in.What)
	section(p, "Published", in.Source)
	p.line("")
	p.line("  Timeline")
	for _, m := range in.Timeline {
		p.line(Wrap(m.What, width, "    "+Pad(m.At.String(), 9)+" ", "              "))
	}
	p.line("")
	p.line("  Rules")
	for _, r := range in.Faults {
		p.line(Wrap(r.String(), width, "    ", "      "))
	}
	section(p, "In a plan", "faults: [{incident: "+in.Name+", at: spike, for: 30s, match: {model: gpt-4o}}]: its timeline is squeezed into `for`. The plan incident-"+in.Name+" shows it.")
	return p.err
}
