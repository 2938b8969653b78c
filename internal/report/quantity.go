package report

import (
	"math"
	"strconv"

	"github.com/chaoskit/chaos/assertions"
)

// quantity writes a measured figure for people; "-" where there is none.
func quantity(q *assertions.Quantity) string {
	if q == nil || q.Value == nil {
		return "-"
	}
	return value(*q.Value, q.Unit)
}

// threshold writes a limit with its sense.
func threshold(q *assertions.Quantity) string {
	if q == nil || q.Value == nil {
		return ""
	}
	if q.Op == "" || q.Op == "=" {
		return value(*q.Value, q.Unit)
	}
	return q.Op + " " + value(*q.Value, q.Unit)
}

func value(v float64, unit string) string {
	switch unit {
	case "ms":
		return millis(v)
	case "s":
		return millis(1000 * v)
	case "share":
		return percent(v)
	case "usd":
		return usd(v)
	case "times":
		return trim(v, 2) + "x"
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Count(int64(v))
	}
	return trim(v, 2)
}

// usd writes simulated money. Small sums keep three figures: an answer costs
// parts of a cent.
func usd(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "$0"
	case a >= 0.995:
		return "$" + strconv.FormatFloat(v, 'f', 2, 64)
	}
	return "$" + strconv.FormatFloat(v, 'g', 3, 64)
}

// optional writes a figure that may never have been measured.
func optional(v *float64, format func(float64) string) string {
	if v == nil {
		return "-"
	}
	return format(*v)
}
