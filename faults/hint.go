package faults

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// HintKind says in which form a Retry-After hint is sent.
type HintKind string

// Forms of a hint.
const (
	HintNone    HintKind = ""        // no header
	HintSeconds HintKind = "seconds" // delay-seconds, RFC 9110 section 10.2.3
	HintDate    HintKind = "date"    // HTTP-date, RFC 9110 section 5.6.7
	HintText    HintKind = "soon"    // the word "soon", which no parser understands
)

// dateAhead is how far a bare "date" lies ahead: HTTP dates have whole seconds,
// so less than 2 s could round to almost nothing.
const dateAhead = 2 * time.Second

// Hint is what an answer says about when to try again. Written "2s", "none",
// "date" (an HTTP date 2 s ahead), "date + 30s", "date - 1h" (in the past),
// "soon" (a word that means nothing) or "-1s". The zero Hint sends nothing.
type Hint struct {
	Kind HintKind
	For  time.Duration // seconds: the wait; date: how far ahead of the answer
}

// UnmarshalText reads a hint.
func (h *Hint) UnmarshalText(text []byte) error {
	switch string(text) {
	case "none":
		*h = Hint{}
		return nil
	case "soon":
		*h = Hint{Kind: HintText}
		return nil
	case "date":
		*h = Hint{Kind: HintDate, For: dateAhead}
		return nil
	}
	m := hintText.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%q is no hint: write a wait such as 2s or -1s, none, date, date + 30s, date - 1h, or soon", text)
	}
	sign, wait := m[1]+m[2], m[3]
	d, err := time.ParseDuration(wait)
	if err != nil {
		return fmt.Errorf("%q is no hint: too long", text)
	}
	if sign == "-" {
		d = -d
	}
	*h = Hint{Kind: HintSeconds, For: d}
	if m[1] != "" {
		h.Kind = HintDate
	}
	return nil
}

// A date wants a sign: "date 30s" could be read as a wait.
var hintText = regexp.MustCompile(`^(?:date *([+-]) *|(-))?(` + durationSyntax + `)$`)

// String prints the hint as UnmarshalText reads it.
func (h Hint) String() string {
	switch h.Kind {
	case HintSeconds:
		return formatDuration(h.For)
	case HintText:
		return "soon"
	case HintDate:
		switch {
		case h.For == dateAhead:
			return "date"
		case h.For < 0:
			return "date - " + formatDuration(-h.For)
		}
		return "date + " + formatDuration(h.For)
	}
	return "none"
}

// SchemaPattern is the syntax of a hint as a regular expression.
func (Hint) SchemaPattern() string {
	return `^(?:none|soon|date|(?:date *[+-] *|-)?` + durationSyntax + `)$`
}

// Header returns the value of the Retry-After header in an answer sent at wall
// time wall; "" for no header. A wait that is not whole seconds is sent as a
// decimal fraction: RFC 9110 allows only integers, providers send fractions
// all the same, and SDKs parse them.
func (h Hint) Header(wall time.Time) string {
	switch h.Kind {
	case HintSeconds:
		return strconv.FormatFloat(h.For.Seconds(), 'f', -1, 64)
	case HintDate:
		return h.date(wall).Format(http.TimeFormat)
	case HintText:
		return "soon"
	}
	return ""
}

// Wait returns how long a caller that understands the hint has to wait from
// wall on; ok is false where the hint names no time ahead: none, soon, a
// negative wait, a past date.
func (h Hint) Wait(wall time.Time) (wait time.Duration, ok bool) {
	switch h.Kind {
	case HintSeconds:
		wait = h.For
	case HintDate:
		wait = h.date(wall).Sub(wall)
	}
	return wait, wait > 0
}

// date rounds up to the whole second of an HTTP date: rounding down would tell
// the caller to come back before the limit ends.
func (h Hint) date(wall time.Time) time.Time {
	t := wall.Add(h.For).UTC()
	if whole := t.Truncate(time.Second); !whole.Equal(t) {
		return whole.Add(time.Second)
	}
	return t
}
