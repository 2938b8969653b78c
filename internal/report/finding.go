package report

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// finding tells why an assertion did not pass, with its evidence.
func (t *text) finding(f *assertions.Finding) {
	width := t.s.width()
	verdict := string(f.Verdict)
	place := ""
	if f.Line > 0 && t.r.Plan.File != "" {
		place = fmt.Sprintf("%s:%d", oneLine(filepath.Base(t.r.Plan.File)), f.Line)
	}
	t.line("")
	t.line(Ends(t.s.Bold(t.s.verdict(verdict, t.s.mark(verdict)+" "+strings.ToUpper(verdict)))+"  "+fullTitle(f), place, width))
	t.wrap(f.Claim, "  ")
	for line := range strings.SplitSeq(sentence(f.Reason), "\n") {
		t.wrap(line, "  ")
	}
	if f.Verdict != assertions.Vacuous { // nothing was held against the limit
		t.wrap(allowedText(f), "  ")
	}
	for _, d := range f.Details {
		t.line(Wrap(d, width, "  ", "    "))
	}
	if f.AllowFail != nil {
		t.wrap(toleranceText(f.AllowFail), "  ")
	}
	t.evidence(f)
	t.advice(f)
}

// sentence begins text with a capital and ends it with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if c := text[0]; c >= 'a' && c <= 'z' {
		text = string(c-'a'+'A') + text[1:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// allowedText says what was measured, what was allowed, and who says so.
func allowedText(f *assertions.Finding) string {
	limit := threshold(f.Threshold)
	if limit == "" {
		return ""
	}
	src := string(f.ThresholdSource)
	if f.SourceNote != "" {
		src += ": " + f.SourceNote
	}
	if m := measured(f); m != "-" {
		return fmt.Sprintf("Measured %s, allowed %s (%s).", m, limit, src)
	}
	return fmt.Sprintf("Allowed %s (%s).", limit, src)
}

func toleranceText(a *assertions.Allowed) string {
	if a.Active {
		return fmt.Sprintf("Tolerated until %s: %s", a.Until, sentence(a.Reason))
	}
	return fmt.Sprintf("Was tolerated until %s, which is over: %s", a.Until, sentence(a.Reason))
}

// evidence draws the first witness and names the others: one drawing convinces.
func (t *text) evidence(f *assertions.Finding) {
	if len(f.Witnesses) == 0 {
		return
	}
	t.line("")
	t.witness(&f.Witnesses[0], fmt.Sprintf("Witness 1 of %d: ", len(f.Witnesses)))
	var names []string
	for i := 1; i < len(f.Witnesses); i++ {
		names = append(names, f.Witnesses[i].Request)
		if i+1 < len(f.Witnesses) && f.Witnesses[i+1].What == f.Witnesses[i].What {
			continue
		}
		t.line(Wrap("also "+strings.Join(names, " and ")+": "+f.Witnesses[i].What, t.s.width(), "  ", "    "))
		names = nil
	}
}

// adviceWidth is the column at which the answers of advice begin.
const adviceWidth = 20

// advice says how sure this is, and what to do next.
func (t *text) advice(f *assertions.Finding) {
	label := func(name, body string) {
		if body != "" {
			t.line(Wrap(body, t.s.width(), "  "+Pad(name, adviceWidth-2), strings.Repeat(" ", adviceWidth)))
		}
	}
	label("Why this is sure", sureText(f.Sure))
	if f.ToConclude != "" {
		head := "  To conclude, in the plan"
		if t.r.Alone {
			head = "  To conclude"
		}
		t.line(head)
		for line := range strings.SplitSeq(strings.TrimRight(f.ToConclude, "\n"), "\n") {
			t.line("    " + line)
		}
	}
	look := "Look closer"
	if len(f.Witnesses) > 0 && (t.r.Dir != "" || !t.r.Alone) {
		t.command(look, "chaos", "show", runName(t.r.Dir), shellWord(f.Witnesses[0].Request))
		look = ""
	}
	t.command(look, "chaos", "explain", f.ID)
	if f.Verdict == assertions.Fail && !t.r.Alone { // only the callers can call again
		t.command("Repeat", repeat(t.r)...)
	}
}

// command writes a command that can be copied: where it does not fit on a line,
// its lines end as a shell wants them to.
func (t *text) command(name string, words ...string) {
	const goesOn = ` \`
	line := "  " + Pad(name, adviceWidth-2) + words[0]
	for i, word := range words[1:] {
		room := t.s.width()
		if i < len(words)-2 {
			room -= len(goesOn)
		}
		if Columns(line)+1+Columns(word) > room {
			t.line(line + goesOn)
			line = strings.Repeat(" ", adviceWidth+1)
		}
		line += " " + word
	}
	t.line(line)
}

// sureText is the part of a check's sound side that speaks of a failure: it
// may go on to say what a pass needs.
func sureText(sound string) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(sound, "fail: "), ". A pass ")
	text, _, _ = strings.Cut(text, "; a pass ")
	if rest, ok := strings.CutPrefix(text, "both"); ok {
		text = "it holds both ways" + rest
	}
	return text
}

// repeat is the command that does the same again.
func repeat(r *plans.Result) []string {
	words := []string{"chaos", "run", shellWord(cmp.Or(r.Plan.File, r.Plan.Name)), "--seed " + r.Seed}
	for _, s := range r.Plan.Set {
		words = append(words, "--set "+shellWord(s))
	}
	return words
}
