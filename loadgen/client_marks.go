package loadgen

import (
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// reportMarks tells what the watermarks of the answer say: those of its text,
// by which the outcome is judged, and those that only name an attempt, in
// arguments of tool calls, members of structured outputs and numbers.
func (a *answer) reportMarks(f *facts) {
	for _, m := range a.marks.Summary() {
		if seen := markOf(m); m.Found&wire.FoundShort == 0 {
			f.marks = append(f.marks, seen)
		} else {
			f.labels = append(f.labels, seen)
		}
	}
	for _, m := range a.called.Summary() {
		f.label(markOf(m))
	}
	for _, l := range a.labels {
		f.label(markOf(wire.AnswerMark{Attempt: l.Attempt, Found: wire.FoundShort | wire.FoundNumbers}))
	}
	f.more = a.marks.More() + a.called.More()
	keepMarks(a.rec, f)
}

func markOf(m wire.AnswerMark) mark {
	return mark{found: m.Found, MarkSeen: journal.MarkSeen{
		Attempt: m.Attempt, Key: journal.Key{Phase: m.Phase, Index: m.Index}, Tenant: m.Tenant, Model: m.Model,
		MintedNs: m.MintedNs, Whole: m.Whole(), Bad: m.Found&wire.FoundChanged != 0,
	}}
}

// label adds an attempt that is named, if no mark names it yet.
func (f *facts) label(m mark) {
	same := func(o mark) bool { return o.Attempt == m.Attempt && o.otherRun() == m.otherRun() }
	if slices.ContainsFunc(f.marks, same) || slices.ContainsFunc(f.labels, same) {
		return
	}
	if len(f.labels) == wire.AnswersMax {
		f.more++
		return
	}
	f.labels = append(f.labels, m)
}

// keepMarks puts the marks into the record. Where they are too many, those with
// which something is wrong go before those that are as they should be.
func keepMarks(rec *journal.Request, f *facts) {
	all := slices.Concat(f.marks, f.labels)
	if len(all) > journal.MarksMax {
		slices.SortStableFunc(all, func(x, y mark) int { return rank(x, f) - rank(y, f) })
	}
	rec.MarksMore = f.more + max(0, len(all)-journal.MarksMax)
	for i, m := range all[:min(len(all), journal.MarksMax)] {
		rec.Marks = append(rec.Marks, m.MarkSeen)
		if m.found != 0 {
			for len(rec.MarkFindings) < i {
				rec.MarkFindings = append(rec.MarkFindings, 0)
			}
			rec.MarkFindings = append(rec.MarkFindings, uint16(m.found))
		}
	}
}

// rank orders marks by what they tell: another's text, a text that is not
// whole, a name without a text, and the own.
func rank(m mark, f *facts) int {
	switch {
	case m.named() && m.Tenant != f.tenant:
		return 0
	case m.found&^(wire.FoundShort|wire.FoundOtherRun) != 0:
		return 1
	case m.found != 0:
		return 2
	}
	return 3
}
