package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/spell"
)

// The rules of printed figures: two or three digits, for people; but nothing
// prints as zero or as all that is not, and nothing prints as its limit that is
// beyond it. A reader must be able to trust the last digit.

// moreMost bounds the digits that are added to keep those rules.
const moreMost = 6

// threshold writes a limit with its sense. At most none is written as none.
func threshold(q *assertions.Quantity) string {
	if q == nil || q.Value == nil {
		return ""
	}
	text := value(*q.Value, q.Unit, 0)
	if q.Op == "" || q.Op == "=" || q.Op == "<=" && *q.Value == 0 {
		return text
	}
	return q.Op + " " + text
}

// measured writes what an assertion measured: with as many digits as tell it
// from its limit, and counts with what they were counted among.
func measured(f *assertions.Finding) string {
	if f.Verdict == assertions.Vacuous || f.Verdict == assertions.NotApplicable || f.Measured == nil || f.Measured.Value == nil {
		return "-"
	}
	v, unit := *f.Measured.Value, f.Measured.Unit
	if unit == "count" && f.Samples > 0 {
		return value(v, unit, 0) + " of " + Count(f.Samples)
	}
	if unit == "s" && v == 0 {
		return "at once"
	}
	text := value(v, unit, 0)
	if l := f.Threshold; l != nil && l.Value != nil && l.Unit == unit && *l.Value != v {
		limit := value(*l.Value, unit, 0)
		for more := 1; text == limit && more <= moreMost; more++ {
			text = value(v, unit, more)
		}
	}
	return text
}

// confidence writes the interval of a measured share, "" where there is none.
// Its ends are rounded to the side that promises less.
func confidence(f *assertions.Finding) string {
	i := f.Interval
	if i == nil || f.Measured == nil || f.Measured.Unit != "share" {
		return ""
	}
	var text string
	atLeast := func() string { return bound(*i.Lo, false, f.Threshold) }
	atMost := func() string { return bound(*i.Hi, true, f.Threshold) }
	switch {
	case i.Lo != nil && i.Hi != nil:
		text = "between " + atLeast() + " and " + atMost()
	case i.Lo != nil:
		text = "at least " + atLeast()
	case i.Hi != nil:
		text = "at most " + atMost()
	default:
		return ""
	}
	return text + " at " + percent(i.Level) + " confidence, n = " + Count(f.Samples)
}

// value writes a figure in its unit, with more digits than people want where
// that is asked for.
func value(v float64, unit string, more int) string {
	switch unit {
	case "ms":
		return millisDigits(v, more)
	case "s":
		if v == 0 {
			return "0 s"
		}
		return millisDigits(1000*v, more)
	case "share":
		return share(v, 2+more, true) + " %"
	case "usd":
		return usdDigits(v, 3+more)
	case "times":
		return ratio(v, 2+more) + "x"
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Count(int64(v))
	}
	return ratio(v, 2+more)
}

// ratio writes a number with digits decimals at most, and as many as it takes
// not to be nothing.
func ratio(v float64, digits int) string {
	s := trim(v, digits)
	for ; v != 0 && (s == "0" || s == "-0") && digits < 2+2*moreMost; digits++ {
		s = trim(v, digits+1)
	}
	return s
}

// percent writes a share as a percentage.
func percent(v float64) string { return share(v, 2, true) + " %" }

// Share writes a share as a percentage with one decimal, for columns.
func Share(v float64) string { return share(v, 1, false) + " %" }

// share writes 100 v with at least so many decimals, and as many as it takes
// not to be 0 or 100 by rounding.
func share(v float64, digits int, short bool) string {
	p := 100 * v
	rounded := func(d int) float64 { return math.Round(p*math.Pow10(d)) / math.Pow10(d) }
	for digits < 2+moreMost && (rounded(digits) == 0 && p != 0 || rounded(digits) == 100 && p != 100) {
		digits++
	}
	if short {
		return trim(p, digits)
	}
	return strconv.FormatFloat(p, 'f', digits, 64)
}

// bound writes the end of an interval, rounded to the side that promises less:
// down for a lower end, up for an upper one. The nudge undoes what binary
// fractions add: 0.9934 is 99.34 % and not 99.33. A bound does not print as the
// limit that it misses.
func bound(v float64, up bool, limit *assertions.Quantity) string {
	for digits := 2; digits < 2+moreMost; digits++ {
		unit := math.Pow10(digits + 2)
		r := math.Floor(v*unit+1e-6) / unit
		if up {
			r = math.Ceil(v*unit-1e-6) / unit
		}
		trivial := r == 0 && v > 0 || r == 1 && v < 1
		meets := limit != nil && limit.Value != nil && limit.Unit == "share" && r == *limit.Value && v != r
		if !trivial && !meets {
			return share(r, digits, true) + " %"
		}
	}
	return percent(v)
}

// Duration writes a duration for people: three figures, no more.
func Duration(d time.Duration) string {
	if d == 0 {
		return "0 s"
	}
	return millis(float64(d) / float64(time.Millisecond))
}

// millis writes milliseconds for people.
func millis(ms float64) string { return millisDigits(ms, 0) }

func millisDigits(ms float64, more int) string {
	switch {
	case math.IsNaN(ms):
		return "-"
	case ms < 0:
		return "-" + millisDigits(-ms, more)
	case ms == 0:
		return "0 ms"
	case ms < 0.01:
		return "<0.01 ms"
	case ms < 0.095:
		return trim(ms, 2+more) + " ms"
	case ms < 9.95:
		return trim(ms, 1+more) + " ms"
	case ms < 999.5:
		return trim(ms, more) + " ms"
	case ms < 99_950:
		return trim(ms/1000, 1+more) + " s"
	case ms < 599_500:
		return trim(ms/1000, more) + " s"
	}
	return trim(ms/60_000, 1+more) + " min"
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
func Count(n int64) string { return spell.Count(n) }

// usd writes simulated money. Small sums keep three figures: an answer costs
// parts of a cent.
func usd(v float64) string { return usdDigits(v, 3) }

func usdDigits(v float64, figures int) string {
	if v < 0 {
		return "-" + usdDigits(-v, figures)
	}
	if v == 0 {
		return "$0"
	}
	if v >= 0.995 {
		whole, cents, _ := strings.Cut(strconv.FormatFloat(v, 'f', max(2, figures-1), 64), ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return "$" + whole
		}
		return "$" + Count(n) + "." + cents
	}
	decimals := figures - 1 - int(math.Floor(math.Log10(v)))
	return "$" + trim(v, max(2, decimals))
}

// optional writes a figure that may never have been measured.
func optional(v *float64, format func(float64) string) string {
	if v == nil {
		return "-"
	}
	return format(*v)
}
