package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/mockmodel"
)

// hintColumns are the hints that tell SDKs apart, and the heads of their columns.
var hintColumns = []struct{ hint, head string }{
	{"retry-after: 2", "2 s"}, {"retry-after: 30", "30 s"}, {"retry-after: 90", "90 s"}, {"retry-after: 150", "150 s"}, {"retry-after: soon", "\"soon\""},
}

// printSDKs writes the measured retry policies of the official SDKs.
func printSDKs(p *printer) {
	t := mockmodel.SDKs()
	p.wrap("How SDKs call a provider again with their stock settings, measured against this provider on "+t.Measured+
		". The columns are what a Retry-After in a 429 makes them do.", "")
	p.line("")
	row := func(name, version, tries string, does []string) {
		line := Pad(name, 18) + Pad(version, 8) + Pad(tries, 6)
		for _, d := range does {
			line += Pad(d, 9)
		}
		p.line(line)
	}
	var heads []string
	for _, c := range hintColumns {
		heads = append(heads, c.head)
	}
	row("", "", "tries", heads)
	for _, s := range t.SDKs {
		var does []string
		for _, c := range hintColumns {
			does = append(does, heeds(s, c.hint))
		}
		row(s.Name, s.Version, strconv.Itoa(s.Tries), does)
	}
	for _, s := range t.SDKs {
		printSDK(p, s)
	}
}

// heeds returns what an SDK does with a hint.
func heeds(s mockmodel.SDK, hint string) string {
	i := slices.IndexFunc(s.Hints, func(h mockmodel.Heeded) bool { return h.Hint == hint })
	if i < 0 || s.Tries <= 1 {
		return "-"
	}
	return s.Hints[i].Does
}

// printSDK writes what does not fit into the table.
func printSDK(p *printer, s mockmodel.SDK) {
	p.line("")
	p.line("  " + Ends(p.s.Bold(s.Name), s.Package, p.s.width()-2))
	say := func(head, text string) {
		if text != "" {
			p.line(Wrap(text, p.s.width(), "    "+Pad(head, 12), strings.Repeat(" ", 16)))
		}
	}
	say("waits", spansText(s.Waits))
	if limited := spansText(s.LimitWaits); limited != spansText(s.Waits) {
		say("after 429", limited)
	}
	retried := statusList(s.Retried)
	for _, also := range []struct {
		is   bool
		text string
	}{{s.ResetRetried, "a reset before the answer"}, {s.CutRetried, "a reset in the answer"}, {s.EmptyRetried, "an empty answer"}} {
		if also.is {
			retried = append(retried, also.text)
		}
	}
	say("retries", strings.Join(retried, ", "))
	say("does not", strings.Join(statusList(s.NotRetried), ", "))
	if s.Tries > 1 {
		say("hints", hintText(s))
	}
	var streams []string
	for _, e := range s.Streams {
		raises := "raises " + e.Raises
		if e.Raises == "" {
			raises = "raises nothing"
		}
		if e.Tries > 1 {
			raises += fmt.Sprintf(" after %d tries", e.Tries)
		}
		streams = append(streams, e.Fault+" "+raises)
	}
	say("streams", strings.Join(streams, "; "))
}

// hintText tells of the hints that have no column, those of one fate together.
func hintText(s mockmodel.SDK) string {
	var out []string
	for _, does := range []string{mockmodel.HintWaited, mockmodel.HintIgnored, mockmodel.HintSameWait, mockmodel.HintClamped, mockmodel.HintAtOnce, mockmodel.HintGivesUp} {
		var of []string
		for _, h := range s.Hints {
			inColumn := slices.ContainsFunc(hintColumns, func(c struct{ hint, head string }) bool { return c.hint == h.Hint })
			if h.Does == does && !inColumn {
				of = append(of, strings.TrimPrefix(h.Hint, "retry-after: "))
			}
		}
		if len(of) > 0 {
			out = append(out, does+": "+strings.Join(of, ", "))
		}
	}
	obeyed := "x-should-retry is ignored"
	switch {
	case s.ShouldRetry && s.ShouldNotRetry:
		obeyed = "x-should-retry is obeyed"
	case s.ShouldRetry:
		obeyed = "of x-should-retry only true is obeyed"
	case s.ShouldNotRetry:
		obeyed = "of x-should-retry only false is obeyed"
	}
	return strings.Join(append(out, obeyed), "; ")
}

func spansText(waits []mockmodel.Span) string {
	var out []string
	for _, w := range waits {
		out = append(out, spanText(w))
	}
	return strings.Join(out, ", ")
}

// spanText prints a wait, and its range where it is jittered.
func spanText(w mockmodel.Span) string {
	seconds := func(ms float64) string { return strconv.FormatFloat(math.Round(ms/10)/100, 'g', 2, 64) }
	if w.MaxMs-w.MinMs <= 1 {
		return seconds(w.MedianMs) + " s"
	}
	return seconds(w.MinMs) + " to " + seconds(w.MaxMs) + " s"
}

func statusList(codes []int) []string {
	var out []string
	for _, c := range codes {
		out = append(out, strconv.Itoa(c))
	}
	return out
}
