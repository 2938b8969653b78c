package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/chaoskit/chaos/assertions"
)

// finding tells why an assertion did not pass, with its evidence.
func (t *text) finding(f *assertions.Finding) {
	width := t.s.width()
	verdict := strings.ToUpper(string(f.Verdict))
	left := t.s.mark(string(f.Verdict)) + " " + verdict + "  " + title(f)
	place := ""
	if f.Line > 0 && t.r.Plan.File != "" {
		place = fmt.Sprintf("%s:%d", filepath.Base(t.r.Plan.File), f.Line)
	}
	t.line("")
	t.line(strings.Replace(ends(left, place, width), verdict, t.s.bold(t.s.verdict(string(f.Verdict), verdict)), 1))
	t.line(wrap(f.Claim, width, "  ", "  "))
	t.line(wrap(f.Reason, width, "  ", "  "))
	if src := sourceText(f); src != "" {
		t.line(wrap(src, width, "  ", "  "))
	}
	for _, d := range f.Details {
		t.line(wrap(d, width, "  ", "    "))
	}
	if a := f.AllowFail; a != nil {
		t.line(wrap(allowText(a), width, "  ", "  "))
	}
	for i := range f.Witnesses {
		t.line("")
		t.witness(&f.Witnesses[i], fmt.Sprintf("Witness %d of %s: ", i+1, Count(max(f.Violations, int64(len(f.Witnesses))))))
		if i == 0 && len(f.Witnesses) > 1 {
			// One drawing convinces; the others are named.
			for j := 1; j < len(f.Witnesses); j++ {
				w := &f.Witnesses[j]
				t.line(wrap("also "+w.Request+": "+w.What, width, "  ", "    "))
			}
			break
		}
	}
	t.advice(f)
}

// sourceText says what was allowed and who says so.
func sourceText(f *assertions.Finding) string {
	limit := threshold(f.Threshold)
	if limit == "" {
		return ""
	}
	src := string(f.ThresholdSource)
	if f.SourceNote != "" {
		src += ": " + f.SourceNote
	}
	return fmt.Sprintf("Measured %s, allowed %s (%s).", quantity(f.Measured), limit, src)
}

func allowText(a *assertions.Allowed) string {
	if a.Active {
		return fmt.Sprintf("Tolerated until %s: %s", a.Until, a.Reason)
	}
	return fmt.Sprintf("Was tolerated until %s, which is over: %s", a.Until, a.Reason)
}

// advice says how sure this is, and what to do next.
func (t *text) advice(f *assertions.Finding) {
	width := t.s.width()
	label := func(name, body string) {
		if body != "" {
			t.line(wrap(body, width, "  "+pad(name, 15), strings.Repeat(" ", 17)))
		}
	}
	label("Why sure", f.Sure)
	if f.ToConclude != "" {
		t.line("  To conclude")
		for line := range strings.SplitSeq(strings.TrimRight(f.ToConclude, "\n"), "\n") {
			t.line("    " + line)
		}
	}
	look := "chaos explain " + f.ID
	if len(f.Witnesses) > 0 {
		look = "chaos show latest " + f.Witnesses[0].Request + t.dot() + look
	}
	label("Look closer", look)
	if f.Verdict == assertions.Fail {
		label("Repeat", fmt.Sprintf("chaos run %s --seed %s", orName(t.r.Plan.File, t.r.Plan.Name), t.r.Seed))
	}
}

func orName(file, name string) string {
	if file == "" {
		return name
	}
	return file
}
