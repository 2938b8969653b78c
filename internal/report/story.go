package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaoskit/chaos/assertions"
)

// Story writes the whole story of one request, from both ends.
func Story(w io.Writer, story *assertions.Witness, s Style) error {
	t := &text{printer: printer{w: w, s: s}}
	t.witness(Clean(story), "")
	return t.err
}

// Columns of a timeline: the time, then the user's lane, then the provider's.
// What a user sees may run on over the provider's lane, as nothing stands there
// on its line.
const (
	timeWidth = 8
	laneStart = 2 + timeWidth + 2
	laneWidth = 18
)

// witness draws a request: time, the user's lane, the provider's lane.
func (t *text) witness(w *assertions.Witness, prefix string) {
	head := []string{prefix + "request " + w.Request}
	if w.Tenant != "" {
		head = append(head, "tenant "+w.Tenant)
	}
	if w.Phase != "" && w.PhaseS != nil {
		head = append(head, fmt.Sprintf("%s + %s s", w.Phase, trim(*w.PhaseS, 3)))
	}
	t.wrap(strings.Join(head, t.s.Dot()), "  ")
	if w.What != "" {
		t.wrap(sentence(w.What), "  ")
	}
	lanes := Pad("user", laneWidth) + "provider"
	if struck(w.Timeline) {
		lanes += t.s.Glyph("   (● a fault struck)", "   (* a fault struck)")
	}
	t.line("  " + Pad("ms", -timeWidth) + "  " + lanes)
	for i := 0; i < len(w.Timeline); {
		t.event(&w.Timeline[i])
		same := t.sameAs(w.Timeline[i:])
		if same >= foldLeast {
			t.folded(w.Timeline[i : i+1+same])
			i += same
		}
		i++
	}
}

func struck(events []assertions.Event) bool {
	for i := range events {
		if events[i].Rule != "" {
			return true
		}
	}
	return false
}

// foldLeast is how many lines that repeat the one before are said in one.
const foldLeast = 2

// sameAs counts the attempts after the first event that had the same fate.
func (t *text) sameAs(events []assertions.Event) int {
	first := &events[0]
	n := 0
	for n+1 < len(events) {
		e := &events[n+1]
		if e.Lane != assertions.LaneProvider || e.Event != "attempt" || e.Guilty != first.Guilty || fateText(e, t.s) != fateText(first, t.s) {
			break
		}
		n++
	}
	return n
}

// folded says that attempts repeat the first one, and how fast.
func (t *text) folded(events []assertions.Event) {
	first, last := &events[0], &events[len(events)-1]
	apart := (last.TMs - first.TMs) / float64(len(events)-1)
	text := fmt.Sprintf("... %d to %d the same, about %s apart", events[1].Attempt, last.Attempt, millis(apart))
	if last.Guilty && last.Note != "" && last.Note != first.Note {
		text += "; at last: " + last.Note
	}
	t.line(t.guilty(last, Wrap(text, t.s.width(), strings.Repeat(" ", laneStart), strings.Repeat(" ", laneStart+4))))
}

func (t *text) event(e *assertions.Event) {
	at := "  " + Pad(millisColumn(e.TMs), -timeWidth) + "  "
	if e.Lane == assertions.LaneClient {
		t.line(Wrap(t.clientText(e), t.s.width(), at, strings.Repeat(" ", laneStart+4)))
		return
	}
	if e.Event != "attempt" {
		t.line(Wrap("... "+e.Note, t.s.width(), strings.Repeat(" ", laneStart), strings.Repeat(" ", laneStart+4)))
		return
	}
	arrow := t.s.Glyph("──▶ ", "--> ")
	rest := strings.Repeat(" ", laneStart+laneWidth+6)
	body := fmt.Sprintf("%d %s", e.Attempt, fateText(e, t.s))
	if e.Note != "" && !e.Guilty {
		body += ", " + e.Note
	}
	t.line(t.guilty(e, Wrap(body, t.s.width(), at+strings.Repeat(" ", laneWidth-4)+arrow, rest)))
	if e.Note != "" && e.Guilty {
		t.line(t.guilty(e, Wrap(e.Note, t.s.width(), strings.Repeat(" ", laneStart)+t.s.Glyph("▲ ", "^ "), strings.Repeat(" ", laneStart+2))))
	}
}

// guilty paints the lines that break the claim.
func (t *text) guilty(e *assertions.Event, lines string) string {
	if !e.Guilty {
		return lines
	}
	var out []string
	for line := range strings.SplitSeq(lines, "\n") {
		out = append(out, t.s.Bad(line))
	}
	return strings.Join(out, "\n")
}

func (t *text) clientText(e *assertions.Event) string {
	note := e.Note
	switch e.Event {
	case "sent":
		if note != "" {
			note = "asks " + note
		}
		return strings.TrimSpace(note + t.s.Glyph(" ──▶", " -->"))
	case "due":
		return note
	case "end":
		// The outcome's reason may only say the status again.
		note = strings.TrimSuffix(note, fmt.Sprintf(", status %d", e.Status))
	}
	if e.Status != 0 {
		note = fmt.Sprintf("%d %s", e.Status, note)
	}
	return t.s.Glyph("◀── ", "<-- ") + note
}

// fateText tells what became of an attempt, without its number and when it
// came.
func fateText(e *assertions.Event, s Style) string {
	text := e.Kind
	if e.Model != "" && e.Model != e.Kind {
		text += " " + e.Model
	}
	if e.Relation != "" && e.Relation != "first" && e.Relation != "retry" {
		text += " (" + e.Relation + ")"
	}
	if e.Status != 0 {
		text += fmt.Sprintf("  %d", e.Status)
	} else {
		text += "  no answer"
	}
	if e.RetryAfterMs != nil {
		text += " retry-after " + millis(*e.RetryAfterMs)
	}
	if isSlow(e) {
		text += " in " + millis(*e.EndMs-e.TMs)
	}
	if e.Rule != "" {
		text += s.Glyph(" ● ", " * ") + e.Rule
	}
	return text
}

// slowMs is how long an attempt takes whose duration is worth a word.
const slowMs = 50

func isSlow(e *assertions.Event) bool { return e.EndMs != nil && *e.EndMs-e.TMs >= slowMs }

// millisColumn writes a time of a timeline: whole milliseconds, with a decimal
// where there would be nothing else.
func millisColumn(ms float64) string {
	if ms > -9.95 && ms < 9.95 {
		return trim(ms, 1)
	}
	return value(float64(int64(ms+0.5)), "", 0)
}
