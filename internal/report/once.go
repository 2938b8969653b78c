package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/plans"
)

// Once writes one healthy request as both ends saw it, and what that means for
// a run.
func Once(w io.Writer, o *plans.OnceResult, s Style) error {
	// The plan is not printed, and not copied.
	o = Clean(&plans.OnceResult{Target: o.Target, Request: o.Request, Attempts: o.Attempts, Story: o.Story, Joined: o.Joined, Called: o.Called, Unknown: o.Unknown})
	t := &text{printer: printer{w: w, s: s}}
	t.line("one request to " + o.Target)
	t.line("")
	if o.Story.Request != "" {
		t.witness(&o.Story, "")
		t.line("")
	}
	fact := func(name, body string) {
		t.line(Wrap(body, s.width(), "  "+Pad(name, 11), strings.Repeat(" ", 13)))
	}
	fact("outcome", outcomeText(&o.Request))
	if o.Request.Excerpt != "" {
		fact("response", chunked(o.Request.Excerpt, s.width()-13))
	}
	fact("answer", fmt.Sprintf("%s bytes of text in %d pieces, %d watermarked", Count(int64(o.Request.ContentBytes)), o.Request.Chunks, len(o.Request.Marks)))
	fact("calls", callsText(o))
	fact("carriers", carriersText(o))
	fact("models", modelsText(o))
	if !o.Called {
		t.line("")
		t.wrap("The mock was never called: "+uncalledText(&o.Request)+" A run would stop after its trial.", "  ")
	}
	return t.err
}

// uncalledText says what a request that never reached the mock can have met.
func uncalledText(r *journal.Request) string {
	switch {
	case r.Status >= 400 && r.Status < 500:
		return "the service refused the request itself; its response may say what it wants in target.request."
	case r.Status >= 500:
		return "the service failed before that, or called somebody else; its response may name whom."
	}
	return "the service still calls its real provider, or answered from a cache."
}

// chunked breaks words that no line can hold: JSON comes without blanks.
func chunked(text string, width int) string {
	var out []string
	for _, word := range strings.Fields(text) {
		runes := []rune(word)
		for len(runes) > width {
			out = append(out, string(runes[:width]))
			runes = runes[width:]
		}
		out = append(out, string(runes))
	}
	return strings.Join(out, " ")
}

func outcomeText(r *journal.Request) string {
	s := string(r.Outcome)
	if r.DegradedKind != "" {
		s += ":" + r.DegradedKind
	}
	if r.OutcomeReason != "" {
		s += " (" + r.OutcomeReason + ")"
	}
	if r.Err != "" {
		s += ": " + r.Err
	}
	return s
}

func callsText(o *plans.OnceResult) string {
	if len(o.Attempts) == 0 {
		return "none"
	}
	var kinds []string
	for _, a := range o.Attempts {
		kinds = append(kinds, a.Kind)
	}
	return fmt.Sprintf("%d: %s; %d joined to the request", len(kinds), strings.Join(kinds, " "), o.Joined)
}

// carriersText says which ways of the request id survived, per call.
func carriersText(o *plans.OnceResult) string {
	if len(o.Attempts) == 0 {
		return "-"
	}
	var parts []string
	for _, c := range journal.CarrierNames {
		n := 0
		for _, a := range o.Attempts {
			if a.CarriersSeen&c.Bit != 0 {
				n++
			}
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d", c.Name, n, len(o.Attempts)))
	}
	return strings.Join(parts, ", ")
}

func modelsText(o *plans.OnceResult) string {
	var names []string
	seen := map[string]bool{}
	for _, a := range o.Attempts {
		if a.ModelAsked != "" && !seen[a.ModelAsked] {
			seen[a.ModelAsked] = true
			names = append(names, a.ModelAsked)
		}
	}
	s := strings.Join(names, ", ")
	if len(o.Unknown) > 0 {
		s += "; not in the plan: " + strings.Join(o.Unknown, ", ")
	}
	if s == "" {
		return "-"
	}
	return s
}
