package faults

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Share is a part of a whole, 0 to 1. Written 0.4 or 40%.
type Share float64

// UnmarshalText reads "0.4" or "40%". The range is checked by Validate, which
// knows what the share is for.
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	if !shareNumber.MatchString(number) {
		return fmt.Errorf("%q is no share: write a number from 0 to 1 such as 0.4, or a percentage such as 40%%", text)
	}
	if percent {
		// Shifting the exponent in the text rounds once, so 33.3% is exactly 0.333.
		number = shiftExponent(number, -2)
	}
	v, err := strconv.ParseFloat(number, 64)
	// The bounds are far outside of what is sensible; inside them every share
	// can be printed without an exponent and read again.
	if size := math.Abs(v); err != nil || size > 1e6 || size > 0 && size < 1e-15 {
		return fmt.Errorf("%q is no share: write a number from 0 to 1 such as 0.4, or a percentage such as 40%%", text)
	}
	*s = Share(v)
	return nil
}

var shareNumber = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?(e[-+]?[0-9]{1,3})?$`)

// shiftExponent multiplies the decimal number in text by 10^by.
func shiftExponent(text string, by int) string {
	mantissa, exponent, found := strings.Cut(text, "e")
	if found {
		e, _ := strconv.Atoi(exponent) // at most three digits, checked by shareNumber
		by += e
	}
	return mantissa + "e" + strconv.Itoa(by)
}

// String prints the share as the shortest number that reads back as the same.
func (s Share) String() string { return strconv.FormatFloat(float64(s), 'f', -1, 64) }

// SchemaPattern is the syntax of a share as a regular expression.
func (Share) SchemaPattern() string {
	return `^(?:(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%|0(?:\.[0-9]+)?|1(?:\.0+)?)$`
}

// SchemaNumber is what a share may be as a number.
func (Share) SchemaNumber() map[string]any {
	return map[string]any{"type": "number", "minimum": 0, "maximum": 1}
}

// Count is a number of things, at least 1. In a struct, 0 means "not given".
type Count int

// UnmarshalText reads a whole number of at least 1. 0 is refused: it would be
// taken for "no limit", which is the opposite of what it says.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || strconv.Itoa(n) != string(text) {
		return fmt.Errorf("%q is no count: write a whole number of at least 1, or leave the key out for no limit", text)
	}
	*c = Count(n)
	return nil
}

// String prints the number.
func (c Count) String() string { return strconv.Itoa(int(c)) }

// SchemaPattern is the syntax of a count as a regular expression.
func (Count) SchemaPattern() string { return `^[1-9][0-9]*$` }

// SchemaNumber is what a count may be as a number.
func (Count) SchemaNumber() map[string]any { return map[string]any{"type": "integer", "minimum": 1} }

// At is an instant of the run: an offset from the start of a phase, or from
// the start of the load where Phase is empty.
type At struct {
	Phase  string
	Offset time.Duration
}

// UnmarshalText reads "spike", "spike + 2s", "spike - 500ms" or "12s". A minus
// needs a space before it, because phase names may contain one.
func (a *At) UnmarshalText(text []byte) error {
	s := string(text)
	if durationText.MatchString(s) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is no time: too large", text)
		}
		*a = At{Offset: d}
		return nil
	}
	m := atText.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("%q is no instant: write a phase, a phase and an offset such as spike + 2s, or a time since the start of the load such as 12s", text)
	}
	at := At{Phase: m[1]}
	if m[4] != "" {
		d, err := time.ParseDuration(m[4])
		if err != nil {
			return fmt.Errorf("%q: the offset %s is too large", text, m[4])
		}
		at.Offset = d
		if m[3] == "-" {
			at.Offset = -d
		}
	}
	*a = at
	return nil
}

// Syntax shared by the parsers and the JSON schema, so that both accept the same.
const (
	durationSyntax = `(?:[0-9]{1,18}(?:\.[0-9]{1,18})?(?:ns|us|µs|ms|s|m|h))+`
	phaseSyntax    = `[a-z0-9_-]{1,32}`
)

var (
	durationText = regexp.MustCompile(`^` + durationSyntax + `$`)
	atText       = regexp.MustCompile(`^(` + phaseSyntax + `)(?:(?: *(\+)| +(-)) *(` + durationSyntax + `))?$`)
)

// String prints the instant as UnmarshalText reads it.
func (a At) String() string {
	switch {
	case a.Phase == "":
		return formatDuration(a.Offset)
	case a.Offset == 0:
		return a.Phase
	case a.Offset < 0:
		return a.Phase + " - " + formatDuration(-a.Offset)
	}
	return a.Phase + " + " + formatDuration(a.Offset)
}

// SchemaPattern is the syntax of an instant as a regular expression.
func (At) SchemaPattern() string {
	return `^(?:` + durationSyntax + `|` + phaseSyntax + `(?: *\+ *` + durationSyntax + `| +- *` + durationSyntax + `)?)$`
}

// formatDuration prints d as a person writes it: 1m30s, 2m, never 2m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
