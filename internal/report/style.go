// Package report renders results, one file per format. It decides nothing:
// every figure comes from plans.Result.
package report

import "strings"

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

// ASCII returns text as the terminal can show it: where it has no characters
// beyond ASCII, they become question marks.
func (s Style) ASCII(text string) string {
	if s.Unicode {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '?'
		}
		return r
	}, text)
}

// Dot separates facts on one line.
func (s Style) Dot() string { return s.Glyph(" · ", ", ") }

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
	return "\x1b[" + sgr + "m" + text + sgrReset
}

const sgrReset = "\x1b[0m"

// Bold paints what a line is about.
func (s Style) Bold(text string) string { return s.paint(sgrBold, text) }

// Dim paints what may be overlooked.
func (s Style) Dim(text string) string { return s.paint(sgrDim, text) }

// Good paints what went well.
func (s Style) Good(text string) string { return s.paint(sgrGreen, text) }

// Bad paints what went wrong.
func (s Style) Bad(text string) string { return s.paint(sgrRed, text) }

// verdict paints text in the colour of a verdict.
func (s Style) verdict(v, text string) string {
	switch v {
	case "pass":
		return s.Good(text)
	case "fail", "error":
		return s.Bad(text)
	case "not applicable":
		return s.Dim(text)
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
	case "not applicable":
		return "-"
	}
	return "?"
}
