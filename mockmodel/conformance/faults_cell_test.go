package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// A kind is what came of a call, the worst first.
type kind int

const (
	isPart kind = iota
	isNothing
	isOther
	isNearly
	isWaits
	isRaises
	isWhole
	isNone
)

var kinds = []string{"part", "nothing", "other", "nearly", "waits", "raises", "whole", "-"}

func (k kind) String() string { return kinds[k] }

// A cell is what came of a call, in words; without any: there is no such call.
type cell struct {
	text string
	is   kind
}

func (c cell) kind() kind {
	if c.text == "" {
		return isNone
	}
	return c.is
}

// A row is a fault before the calls of an SDK.
type row struct {
	fault string
	cells []cell
}

func (r row) worst() kind {
	out := isNone
	for _, c := range r.cells {
		out = min(out, c.kind())
	}
	return out
}

// glance are the kinds of a row, the worst first.
func (r row) glance() string {
	var is []kind
	for _, c := range r.cells {
		if c.kind() != isNone {
			is = append(is, c.kind())
		}
	}
	if len(is) == 0 {
		return isNone.String()
	}
	slices.Sort(is)
	var out []string
	for _, k := range slices.Compact(is) {
		out = append(out, k.String())
	}
	return strings.Join(out, ", ")
}

// texts are the cells: a word for one that is as the last before it.
func (r row) texts() []string {
	var out []string
	var before cell
	for _, c := range r.cells {
		switch {
		case c.text == "":
			out = append(out, "-")
			continue
		case c == before:
			out = append(out, "same")
		default:
			out = append(out, c.text)
		}
		before = c
	}
	return out
}

// verdict is what came of the last call, in a cell.
func verdict(s, healthy seen) cell {
	last := len(s.calls) - 1
	c, whole := s.calls[last], healthy.calls[last].said
	out := cell{text: "raises " + outcome(c), is: isRaises}
	switch {
	case c.Failed == nil:
		out = accepted(c, whole)
		if c.Waited {
			out.text = "waits, then " + out.text
		}
	case c.Waited && givenUp.MatchString(c.Failed.Class+" "+c.Failed.Message):
		out = cell{"waits", isWaits}
		if c.Tries != 1 {
			out.text = fmt.Sprintf("waits, in %d attempts", c.Tries)
		}
	case c.Waited:
		out.text = "waits, then " + out.text
	}
	if !slices.ContainsFunc(s.attempts, struck) {
		return cell{"missed", isNone}
	}
	out.text = strings.NewReplacer("|", "\\|", "\n", " ").Replace(out.text)
	return out
}

// givenUp are the errors of a call whose caller gave up.
var givenUp = regexp.MustCompile(`(?i)context deadline exceeded|abort`)

// accepted tells a success by what it has of the answer of a call that nothing
// struck.
func accepted(c called, whole said) cell {
	got, want := words(c.said), words(whole)
	out := cell{"no answer", isNothing}
	switch {
	case slices.Equal(got, want):
		out = cell{"the whole answer", isWhole}
		if c.Stop != whole.Stop || c.Tokens != whole.Tokens {
			out.is = isNearly
		}
	case strings.HasPrefix(c.Text, "vectors "):
		return cell{"accepts other " + strings.Replace(c.Text, "vectors", "vectors:", 1), isOther}
	case len(got) > 0 && strings.HasPrefix(strings.Join(want, " "), strings.Join(got, " ")):
		out = cell{fmt.Sprintf("the first %d of %d words", len(got), len(want)), isPart}
	case len(got) > 0:
		return cell{"accepts another answer: " + strings.TrimSuffix(outcome(c), `, stop "", 0 tokens`), isOther}
	}
	out.text = "accepts " + out.text
	if c.Stop != whole.Stop || len(got) == 0 {
		out.text += fmt.Sprintf(", stop %q", c.Stop)
	}
	if c.Tokens != whole.Tokens {
		out.text += fmt.Sprintf(", %d tokens", c.Tokens)
	}
	if c.Tries != 1 {
		out.text += fmt.Sprintf(" after %d attempts", c.Tries)
	}
	if len(c.Missing) > 0 {
		slices.Sort(c.Missing)
		out.text += "; lacks " + strings.Join(slices.Compact(c.Missing), ", ")
	}
	return out
}

// words are those of an answer and its calls, without the marks, which tell the time.
func words(s said) []string {
	return strings.Fields(marks.ReplaceAllString(s.Text+" "+strings.Join(s.Tools, " "), " "))
}

var marks = regexp.MustCompile(`qz[xj][0-9a-z]+`)

// struck reports whether a fault was carried out at the attempt.
func struck(a journal.Attempt) bool {
	return slices.ContainsFunc(a.Rules, func(h journal.RuleHit) bool { return h.State == journal.RuleInjected })
}
