package plans

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/spell"
)

// Problem is one thing wrong with a plan. Path is written as in YAML, such as
// load.phases[1].rate; Msg says what is wrong and what to do.
type Problem = struct{ Path, Msg string }

// Located is a problem with its place.
type Located struct {
	Path, Msg string
	Where     string // name of the file, or the --set that brought the value
	Line      int    // from 1; 0: the value is in no file
	Column    int    // from 1, in characters
	Width     int    // characters to underline
	Text      string // the line, as it stands in the file
}

// ProblemsError is everything that is wrong with a plan, in the order of the
// file. No value of a secret is in it.
type ProblemsError struct {
	Source   string
	Problems []Located
}

// problemsMax bounds what is collected: nobody reads more, and a hostile plan
// must not fill the memory.
const problemsMax = 200

// Error lists the problems, each with its line and a caret below it.
func (e *ProblemsError) Error() string {
	var b strings.Builder
	switch n := len(e.Problems); {
	case n == 1:
		fmt.Fprintf(&b, "%s has a problem; nothing was sent\n", e.Source)
	case n >= problemsMax:
		fmt.Fprintf(&b, "%s has %d problems or more; nothing was sent\n", e.Source, n)
	default:
		fmt.Fprintf(&b, "%s has %d problems; nothing was sent\n", e.Source, n)
	}
	for _, p := range e.Problems {
		b.WriteByte('\n')
		b.WriteString(p.String())
	}
	return strings.TrimRight(b.String(), "\n")
}

// String is the problem as printed: its place, the message, the line, a caret.
func (p Located) String() string {
	var b strings.Builder
	b.WriteString(p.Where)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Msg + "\n")
	if p.Line > 0 {
		text, before, width := excerpt(p.Text, p.Column-1, p.Width)
		number := fmt.Sprintf("%5d", p.Line)
		fmt.Fprintf(&b, "%s | %s\n%s | %s%s\n", number, text, strings.Repeat(" ", len(number)), strings.Repeat(" ", before), strings.Repeat("^", width))
	}
	return b.String()
}

// Widths of a printed line.
const (
	excerptWidth = 100
	excerptLead  = 40 // kept before the caret where the line is cut
)

// excerpt cuts a long line around the columns [at, at+width) and makes every
// character one column wide.
func excerpt(line string, at, width int) (text string, before, carets int) {
	runes := []rune(line)
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
			if r != '\t' {
				runes[i] = '?'
			}
		}
	}
	at = min(max(at, 0), len(runes))
	width = max(1, min(width, len(runes)-at))
	from := 0
	if len(runes) > excerptWidth && at > excerptLead {
		from = at - excerptLead
	}
	to := min(len(runes), from+excerptWidth)
	text = strings.TrimRight(string(runes[from:to]), " ")
	before = at - from
	if from > 0 {
		text, before = "..."+text, before+3
	}
	if to < len(runes) {
		text += "..."
	}
	return text, before, min(width, excerptWidth)
}

// sortProblems puts problems in the order of the file, those of --set last, and
// drops what is said twice.
func sortProblems(ps []Located) []Located {
	slices.SortStableFunc(ps, func(a, b Located) int {
		return cmp.Or(cmp.Compare(b2i(a.Line == 0), b2i(b.Line == 0)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(ps, func(a, b Located) bool { return a == b })
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// quoted is %q for what a user wrote, cut where it is long.
func quoted(s string) string { return fmt.Sprintf("%q", clip(s)) }

func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// didYouMean is the end of a message about a name that is not among the known
// ones: a suggestion, or where they are few all of them.
func didYouMean(name string, known []string) string {
	if near := spell.Nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		return "; known are " + strings.Join(known, ", ")
	}
	return ""
}
