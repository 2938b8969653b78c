package report

import (
	"fmt"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// injected is the table of the rules and of what became of them.
func (t *text) injected() {
	t.line("")
	if len(t.r.Faults) == 0 {
		t.line("  What was injected: nothing, the plan has no faults")
		return
	}
	extras := extraCounts(t.r.Faults)
	var g grid
	of, mixed := metBy(t.r.Faults)
	head := []string{"What was injected", "hits", strings.TrimSpace("of " + of), "share", "asked"}
	for _, e := range extras {
		head = append(head, e.name)
	}
	g.row(head...)
	for i := range t.r.Faults {
		f := &t.r.Faults[i]
		eligible := Count(f.Eligible)
		if mixed {
			eligible += " " + meets(f)
		}
		row := []string{"  " + oneLine(f.Rule), Count(f.Injected), eligible, hitShare(f), optional(f.Asked, percent)}
		for _, e := range extras {
			row = append(row, Count(e.of(f)))
		}
		g.row(row...)
	}
	for _, line := range g.lines(t.s.width(), t.s) {
		t.line(line)
	}
	if len(extras) > 0 {
		var notes []string
		for _, e := range extras {
			notes = append(notes, e.name+": "+e.what)
		}
		t.wrap(strings.Join(notes, "; "), "    ")
	}
	for i := range t.r.Faults {
		if f := &t.r.Faults[i]; f.Barrier != nil {
			t.wrap("barrier of "+oneLine(f.Rule)+": "+barrierLine(f.Barrier), "    ")
		}
	}
}

// barrierLine says what became of a barrier.
func barrierLine(b *assertions.BarrierCounts) string {
	line := "opened " + b.String()
	if b.Most > 0 {
		line += fmt.Sprintf("; at most %s at one instant", Count(b.Most))
	}
	return line
}

// What rules strike.
const (
	attempts    = "attempts"
	connections = "connections" // of a proxy
)

// meets is what a rule strikes.
func meets(f *assertions.FaultCounts) string {
	if faults.IsTCP(f.Fault) {
		return connections
	}
	return attempts
}

// metBy is what all rules strike; mixed: one this, another one that.
func metBy(all []assertions.FaultCounts) (of string, mixed bool) {
	for i := range all {
		if m := meets(&all[i]); of == "" {
			of = m
		} else if of != m {
			return "", true
		}
	}
	return of, false
}

// hitShare is the injected share of the eligible attempts.
func hitShare(f *assertions.FaultCounts) string {
	if f.Eligible == 0 {
		return "-"
	}
	return Share(float64(f.Injected) / float64(f.Eligible))
}

// extra is a count of a rule that is worth a column only where it is not zero.
type extra struct {
	name, what string
	of         func(*assertions.FaultCounts) int64
}

// extraCounts are the extras that some rule has.
func extraCounts(rules []assertions.FaultCounts) []extra {
	missed := "drawn, but the caller was gone or the answer too short"
	switch of, mixed := metBy(rules); {
	case mixed:
		missed += "; or the connection ended before"
	case of == connections:
		missed = "drawn, but the connection ended before"
	}
	var out []extra
	for _, e := range []extra{
		{"masked", "drawn, but another rule acted", func(f *assertions.FaultCounts) int64 { return f.Masked }},
		{"missed", missed, func(f *assertions.FaultCounts) int64 { return f.Missed }},
		{"held", "limited again: a hint given earlier had not run out", func(f *assertions.FaultCounts) int64 { return f.Held }},
		{"unknown", "without a request id", func(f *assertions.FaultCounts) int64 { return f.Unknown }},
	} {
		for i := range rules {
			if e.of(&rules[i]) > 0 {
				out = append(out, e)
				break
			}
		}
	}
	return out
}

// injectedLine says what became of a rule, in one line.
func injectedLine(f *assertions.FaultCounts) string {
	if f.Eligible == 0 && f.Unknown == 0 && f.Held == 0 {
		return "0: no " + strings.TrimSuffix(meets(f), "s") + " was eligible"
	}
	s := fmt.Sprintf("%s of %s %s", Count(f.Injected), Count(f.Eligible), meets(f))
	if f.Eligible > 0 {
		s += ": " + hitShare(f)
	}
	if f.Asked != nil {
		s += fmt.Sprintf(" (asked %s)", percent(*f.Asked))
	}
	for _, e := range extraCounts([]assertions.FaultCounts{*f}) {
		s += fmt.Sprintf(", %s %s", Count(e.of(f)), e.name)
	}
	if f.Barrier != nil {
		s += "; its barrier " + barrierLine(f.Barrier)
	}
	return s
}

// Widths of the table of checks.
const (
	titleMost  = 30 // a longer title pushes its label to the next line
	labelLeast = 18
)

// proved is the table of checks: every label in full, on as many lines as it
// takes.
func (t *text) proved() {
	if len(t.r.Assertions) == 0 {
		t.line("")
		t.line("  What it proved: nothing, no assertion was judged")
		return
	}
	id, label, value, limit := 0, 0, len("measured"), len("limit")
	for i := range t.r.Assertions {
		f := &t.r.Assertions[i]
		id = max(id, Columns(title(f)))
		label = max(label, Columns(proofLabel(f)))
		value = max(value, Columns(measured(f)))
		limit = max(limit, Columns(threshold(f.Threshold)))
	}
	id = min(id, titleMost)
	room := t.s.width() - 4 - id - 2 - 2 - value - 2 - limit
	label = max(labelLeast, min(label, room))
	t.line("")
	t.line("  " + Pad("What it proved", 2+id+2+label) + "  " + Pad("measured", -value) + "  " + Pad("limit", -limit))
	for i := range t.r.Assertions {
		f := &t.r.Assertions[i]
		figures := "  " + Pad(measured(f), -value) + "  " + Pad(threshold(f.Threshold), -limit)
		words := strings.Split(Wrap(proofLabel(f), label, "", ""), "\n")
		name := Pad(title(f), id)
		if Columns(name) > id {
			// The title stands alone; the label begins below it.
			t.line("  " + t.s.verdict(string(f.Verdict), t.s.mark(string(f.Verdict))) + " " + name)
			name = Pad("", id)
			t.line("    " + name + "  " + Pad(words[0], label) + figures)
		} else {
			t.line("  " + t.s.verdict(string(f.Verdict), t.s.mark(string(f.Verdict))) + " " + name + "  " + Pad(words[0], label) + figures)
		}
		under := strings.Repeat(" ", 4+id+2)
		for _, w := range words[1:] {
			t.line(under + w)
		}
		for _, note := range proofNotes(f) {
			t.wrap(note, under)
		}
	}
}

// proofNotes stand below a check: how sure its share is, and that it is
// tolerated.
func proofNotes(f *assertions.Finding) []string {
	var out []string
	if c := confidence(f); c != "" && f.Verdict != assertions.Vacuous {
		out = append(out, c)
	}
	if isTolerated(f) {
		out = append(out, "tolerated until "+f.AllowFail.Until)
	}
	return out
}

// proofLabel is what was measured, or, for what did not conclude, that.
func proofLabel(f *assertions.Finding) string {
	switch f.Verdict {
	case assertions.Pass, assertions.Fail:
		if f.During != "" && !strings.Contains(f.Label, f.During) {
			return f.Label + ", " + f.During
		}
		return f.Label
	}
	return string(f.Verdict)
}

// title is the assertion's id, or its own name where the plan gave one.
func title(f *assertions.Finding) string {
	if f.Name != "" {
		return oneLine(f.Name)
	}
	return oneLine(f.ID)
}

// fullTitle is the name and the id.
func fullTitle(f *assertions.Finding) string {
	if f.Name != "" && f.Name != f.ID {
		return oneLine(f.Name + " (" + f.ID + ")")
	}
	return oneLine(f.ID)
}
