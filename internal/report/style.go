// Package report renders results, one file per format. It decides nothing:
// every figure comes from plans.Result.
package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Style says what the reader's terminal can show.
type Style struct {
	Width   int  // columns; 0 means 80
	Color   bool // ANSI colours
	Unicode bool // characters beyond ASCII
}

// widthMax keeps lines readable on a wide terminal: figures far from their
// names are read wrongly.
const widthMax = 120

// width returns the columns to use.
func (s Style) width() int {
	switch {
	case s.Width <= 0:
		return 80
	case s.Width < 40:
		return 40
	}
	return min(s.Width, widthMax)
}

// Glyph returns the character, or its ASCII stand-in.
func (s Style) Glyph(unicode, ascii string) string {
	if s.Unicode {
		return unicode
	}
	return ascii
}

// ANSI SGR parameters: ECMA-48 section 8.3.117.
const (
	sgrBold   = "1"
	sgrDim    = "2"
	sgrRed    = "31"
	sgrGreen  = "32"
	sgrYellow = "33"
)

func (s Style) paint(sgr, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

func (s Style) bold(text string) string { return s.paint(sgrBold, text) }
func (s Style) dim(text string) string  { return s.paint(sgrDim, text) }

// verdict paints text in the colour of a verdict.
func (s Style) verdict(v, text string) string {
	switch v {
	case "pass":
		return s.paint(sgrGreen, text)
	case "fail", "error":
		return s.paint(sgrRed, text)
	}
	return s.paint(sgrYellow, text)
}

// mark is the sign of a verdict.
func (s Style) mark(v string) string {
	switch v {
	case "pass":
		return s.Glyph("✓", "+")
	case "fail":
		return s.Glyph("✗", "x")
	case "error":
		return s.Glyph("‼", "!")
	}
	return "?"
}

// Fit cuts text to width columns.
func Fit(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	runes := []rune(text)
	return string(runes[:width])
}

// fitWords cuts text to width columns between two words.
func fitWords(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	cut := Fit(text, width+1)
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		return strings.TrimRight(cut[:i], " ,;")
	}
	return Fit(text, width)
}

// pad fills text up to width columns; negative width pads on the left.
func pad(text string, width int) string {
	n := utf8.RuneCountInString(text)
	switch {
	case width < 0 && n < -width:
		return strings.Repeat(" ", -width-n) + text
	case width > n:
		return text + strings.Repeat(" ", width-n)
	}
	return text
}

// ends puts left and right at the two ends of a line of width columns; where
// they do not fit, right goes to a line of its own.
func ends(left, right string, width int) string {
	gap := width - utf8.RuneCountInString(left) - utf8.RuneCountInString(right)
	if gap < 1 {
		return left + "\n" + pad(right, -width)
	}
	return left + strings.Repeat(" ", gap) + right
}

// wrap breaks text at spaces into lines of at most width columns, the first
// one indented by first and the others by rest.
func wrap(text string, width int, first, rest string) string {
	var b strings.Builder
	line := first
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
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

// Duration writes a duration for people: three figures, no more.
func Duration(d time.Duration) string { return millis(float64(d) / float64(time.Millisecond)) }

// millis writes milliseconds for people.
func millis(ms float64) string {
	switch {
	case math.IsNaN(ms):
		return "-"
	case ms < 0:
		return "-" + millis(-ms)
	case ms < 0.0005:
		return "0 ms"
	case ms < 9.95:
		return trim(ms, 1) + " ms"
	case ms < 999.5:
		return trim(ms, 0) + " ms"
	case ms < 99_950:
		return trim(ms/1000, 1) + " s"
	case ms < 600_000:
		return trim(ms/1000, 0) + " s"
	}
	return trim(ms/60_000, 1) + " min"
}

// trim writes a number with at most digits decimals and no trailing zeros.
func trim(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Count writes a whole number with separators for thousands.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// percent writes a share as a percentage.
func percent(share float64) string { return trim(100*share, 2) + " %" }

// printer writes lines and keeps the first error, so that rendering reads as
// what it prints. A failed write is never swallowed.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) line(s string) {
	// No line ends in blanks: they show in diffs of golden files and logs.
	p.f("%s\n", strings.TrimRight(s, " "))
}
