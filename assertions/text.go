package assertions

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/spell"
)

// number prints n with thousands apart.
func number(n int64) string { return spell.Count(n) }

// millis prints nanoseconds as milliseconds.
func millis(ns int64) string {
	v := float64(ns) / 1e6
	if math.Abs(v) < 10 && ns%1e6 != 0 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " ms"
	}
	return number(int64(math.Round(v))) + " ms"
}

// millisDown is millis, rounded down: who waited 0.1 ms of 2,000 came 1,999 ms
// too early, and not 2,000.
func millisDown(ns int64) string {
	if ns >= 10e6 {
		ns -= ns % 1e6
	}
	return millis(ns)
}

// secs prints nanoseconds as seconds.
func secs(ns int64) string {
	return strconv.FormatFloat(math.Round(float64(ns)/1e8)/10, 'f', -1, 64) + " s"
}

// percent prints a share.
func percent(x float64) string { return percentTo(x, math.Round) }

// atLeast and atMost print the bound of a share, rounded to the side that
// promises less.
func atLeast(x float64) string { return percentTo(x, math.Floor) }
func atMost(x float64) string  { return percentTo(x, math.Ceil) }

func percentTo(x float64, round func(float64) float64) string {
	digits := 1
	if x > 0.99 && x < 1 || x > 0 && x < 0.01 {
		digits = 2
	}
	// A millionth is the noise of the arithmetic: 0.987 is no 98.7000001 %.
	scale := math.Pow10(digits)
	p := math.Round(x*100*scale*1e6) / 1e6
	return strconv.FormatFloat(round(p)/scale, 'f', digits, 64) + " %"
}

// plural prints a count with its noun.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// rounded rounds to what a report can mean: six digits after the point. It keeps
// the bytes of a result free of the last bits of a sum.
func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

func ptr(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = rounded(x)
	return &x
}

// msOf and sOf turn nanoseconds into the units of result.json.
func msOf(ns int64) float64 { return rounded(float64(ns) / 1e6) }
func sOf(ns int64) float64  { return rounded(float64(ns) / 1e9) }

// share returns a/b, nil for no b.
func share(a, b int64) *float64 {
	if b <= 0 {
		return nil
	}
	return ptr(float64(a) / float64(b))
}

// unmeasuredQuantity is a quantity of which nothing was seen: null, as a 0 would
// be a finding.
func unmeasuredQuantity(q *Quantity) *Quantity {
	if q == nil {
		return nil
	}
	return &Quantity{Unit: q.Unit, Op: q.Op}
}

func quantity(v float64, unit, op string) *Quantity {
	return &Quantity{Value: ptr(v), Unit: unit, Op: op}
}

// planDuration prints a duration as a plan writes it, in whole seconds where
// it is longer than ten.
func planDuration(d time.Duration) string {
	if d > 10*time.Second {
		d = ceilTo(d, time.Second)
	}
	return fmt.Sprint(d)
}

func ceilTo(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }
