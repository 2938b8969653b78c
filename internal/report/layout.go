package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Columns counts the columns that text takes: its characters, without colours.
func Columns(text string) int {
	n := utf8.RuneCountInString(text)
	for {
		_, after, ok := strings.Cut(text, "\x1b[")
		if !ok {
			return n
		}
		sgr, rest, _ := strings.Cut(after, "m")
		n -= len("\x1b[") + len(sgr) + len("m")
		text = rest
	}
}

// Fit cuts text to width columns, and shows that it did.
func Fit(text string, width int, s Style) string {
	if width <= 0 || Columns(text) <= width {
		return text
	}
	ellipsis := s.Glyph("…", "..")
	keep := max(0, width-utf8.RuneCountInString(ellipsis))
	var b strings.Builder
	painted := false
	for len(text) > 0 && keep > 0 {
		if strings.HasPrefix(text, "\x1b[") {
			sgr, rest, _ := strings.Cut(text, "m")
			b.WriteString(sgr + "m")
			text, painted = rest, true
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		b.WriteRune(r)
		text = text[n:]
		keep--
	}
	b.WriteString(ellipsis)
	if painted {
		b.WriteString(sgrReset)
	}
	return b.String()
}

// Pad fills text up to width columns; negative width pads on the left.
func Pad(text string, width int) string {
	n := Columns(text)
	switch {
	case width < 0 && n < -width:
		return strings.Repeat(" ", -width-n) + text
	case width > n:
		return text + strings.Repeat(" ", width-n)
	}
	return text
}

// Ends puts left and right at the two ends of a line of width columns; where
// they do not fit, right goes to a line of its own.
func Ends(left, right string, width int) string {
	if right == "" {
		return left
	}
	gap := width - Columns(left) - Columns(right)
	if gap < 2 {
		return left + "\n" + Pad(right, -width)
	}
	return left + strings.Repeat(" ", gap) + right
}

// Wrap breaks text at spaces into lines of at most width columns, the first
// one indented by first and the others by rest. A number stays with its unit:
// 50 and % on two lines are read wrongly.
func Wrap(text string, width int, first, rest string) string {
	var b strings.Builder
	line := first
	empty := true
	for _, word := range words(text) {
		if !empty && Columns(line)+1+Columns(word) > width {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line)
	return b.String()
}

// words splits text at spaces, but not between a figure and its unit, nor
// around an equals sign.
func words(text string) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		n := len(out)
		if n > 0 && (isUnit(w) && endsInDigit(out[n-1]) || w == "=" || strings.HasSuffix(out[n-1], " =")) {
			out[n-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

func isUnit(word string) bool {
	switch strings.TrimRight(word, ".,:;)") {
	case "%", "ms", "s", "min":
		return true
	}
	return false
}

func endsInDigit(word string) bool {
	c := word[len(word)-1]
	return c >= '0' && c <= '9'
}

// grid is a table whose first column stands left and whose others stand right.
// Each column is as wide as its widest cell, so that a long name costs only the
// blanks that it needs.
type grid struct{ rows [][]string }

func (g *grid) row(cells ...string) { g.rows = append(g.rows, cells) }

// lines returns the rows, indented by two, with two blanks between columns, or
// one where there is no room: the last columns have units and need them most. A
// first cell that still does not fit is cut.
func (g *grid) lines(width int, s Style) []string {
	var widths []int
	for _, row := range g.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Columns(cell))
		}
	}
	const indent = 2
	sum := indent
	for _, w := range widths {
		sum += w
	}
	slack := width - sum - (len(widths) - 1)
	if slack < 0 {
		widths[0] = max(8, widths[0]+slack)
	}
	var out []string
	for _, row := range g.rows {
		line := strings.Repeat(" ", indent) + Pad(Fit(row[0], widths[0], s), widths[0])
		for i, cell := range row[1:] {
			line += " "
			if len(widths)-1-i <= slack {
				line += " "
			}
			line += Pad(cell, -widths[i+1])
		}
		out = append(out, line)
	}
	return out
}

// printer writes lines and keeps the first error, so that rendering reads as
// what it prints. A failed write is never swallowed.
type printer struct {
	w   io.Writer
	s   Style
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// line writes text and ends its line. No line ends in blanks: they show in
// diffs of golden files and logs.
func (p *printer) line(text string) {
	for one := range strings.SplitSeq(text, "\n") {
		p.f("%s\n", p.s.ASCII(strings.TrimRight(one, " ")))
	}
}

// wrap writes text in lines that all begin with indent.
func (p *printer) wrap(text, indent string) { p.line(Wrap(text, p.s.width(), indent, indent)) }
