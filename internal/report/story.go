package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaoskit/chaos/assertions"
)

// Story writes the whole story of one request, from both ends.
func Story(w io.Writer, story *assertions.Witness, s Style) error {
	t := &text{printer: printer{w: w}, s: s}
	t.witness(story, "")
	return t.err
}

// witness draws a request: time, the user's lane, the provider's lane.
func (t *text) witness(w *assertions.Witness, prefix string) {
	head := prefix + "request " + w.Request
	if w.Tenant != "" {
		head += t.dot() + "tenant " + w.Tenant
	}
	if w.Phase != "" && w.PhaseS != nil {
		head += t.dot() + fmt.Sprintf("%s + %s s", w.Phase, trim(*w.PhaseS, 3))
	}
	t.line("  " + head)
	if w.What != "" {
		t.line(wrap(w.What, t.s.width(), "  ", "  "))
	}
	t.line(fmt.Sprintf("  %9s  %s", "ms", pad("user", laneWidth)+"provider"))
	for i := range w.Timeline {
		t.event(&w.Timeline[i])
	}
}

// laneWidth is the width of the user's lane.
const laneWidth = 22

func (t *text) event(e *assertions.Event) {
	at := fmt.Sprintf("  %9s  ", millisColumn(e.TMs))
	width := t.s.width()
	if e.Lane == assertions.LaneClient {
		text := t.clientText(e)
		t.line(t.guilty(e, at+Fit(text, width-len(at))))
		return
	}
	rest := strings.Repeat(" ", len(at)+laneWidth+2)
	body := providerText(e)
	arrow := t.s.Glyph("──▶ ", "--> ")
	if e.Event != "attempt" {
		arrow = t.s.Glyph("▲   ", "^   ")
	}
	lines := wrap(body, max(width, len(rest)+24), at+strings.Repeat(" ", laneWidth-4)+arrow, rest)
	t.line(t.guilty(e, lines))
}

// guilty marks the line that breaks the claim.
func (t *text) guilty(e *assertions.Event, line string) string {
	if !e.Guilty {
		return line
	}
	return t.s.verdict("fail", line+t.s.Glyph(" ●", " *"))
}

func (t *text) clientText(e *assertions.Event) string {
	var s string
	switch e.Event {
	case "due", "sent":
		s = e.Event + t.s.Glyph(" ──▶", " -->")
	case "first":
		return t.s.Glyph("◀── ", "<-- ") + e.Note
	default:
		s = t.s.Glyph("◀── ", "<-- ") + e.Event
	}
	if e.Status != 0 {
		s += fmt.Sprintf(" %d", e.Status)
	}
	if e.Note != "" {
		s += " " + e.Note
	}
	return s
}

// providerText tells an attempt's fate in one line.
func providerText(e *assertions.Event) string {
	if e.Event != "attempt" {
		return e.Note
	}
	parts := []string{fmt.Sprintf("%d %s", e.Attempt, e.Kind)}
	if e.Model != "" {
		parts = append(parts, e.Model)
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprint(e.Status))
	} else {
		parts = append(parts, "no answer")
	}
	if e.RetryAfterMs != nil {
		parts = append(parts, "retry-after "+millis(*e.RetryAfterMs))
	}
	if e.EndMs != nil {
		parts = append(parts, "until "+millisColumn(*e.EndMs))
	}
	if e.Relation != "" && e.Relation != "first" {
		parts = append(parts, "("+e.Relation+")")
	}
	if e.Rule != "" {
		parts = append(parts, "fault "+e.Rule)
	}
	if e.Note != "" {
		parts = append(parts, e.Note)
	}
	return strings.Join(parts, "  ")
}

// millisColumn writes a time of a timeline: whole milliseconds, with a decimal
// where there would be nothing else.
func millisColumn(ms float64) string {
	if ms > -10 && ms < 10 {
		return trim(ms, 1)
	}
	return Count(int64(ms + 0.5))
}
