package report

import (
	"math"
	"testing"
	"time"

	"github.com/chaoskit/chaos/assertions"
)

func TestQuantitiesReadTrue(t *testing.T) {
	for _, c := range []struct {
		words string
		got   string
		want  string
	}{
		{"all", percent(1), "100 %"},
		{"none", percent(0), "0 %"},
		{"two digits, no more", percent(0.123456), "12.35 %"},
		{"nearly all is not all", percent(0.9995), "99.95 %"},
		{"so nearly that two digits would round it up", percent(0.99999), "99.999 %"},
		{"the finest share of result.json", percent(0.999999), "99.9999 %"},
		{"next to none is not none", percent(0.0004), "0.04 %"},
		{"finer than two digits", percent(0.000004), "0.0004 %"},
		{"more than all", percent(1.25), "125 %"},
		{"a hair more than all", percent(1.00001), "100.001 %"},
		{"in a column", Share(0.5), "50.0 %"},
		{"one of 2,000 in a column", Share(0.9995), "99.95 %"},
		{"one of 5,000 in a column", Share(0.0002), "0.02 %"},
		{"all in a column", Share(1), "100.0 %"},

		{"no time", millis(0), "0 ms"},
		{"less than can be measured", millis(0.0004), "<0.01 ms"},
		{"tens of microseconds", millis(0.04), "0.04 ms"},
		{"a tenth of a millisecond", millis(0.1), "0.1 ms"},
		{"milliseconds", millis(9.94), "9.9 ms"},
		{"whole milliseconds", millis(41.6), "42 ms"},
		{"one second", millis(999.6), "1 s"},
		{"seconds", millis(1950), "1.9 s"},
		{"whole seconds", millis(100_400), "100 s"},
		{"ten minutes", millis(600_000), "10 min"},
		{"never 600 s", millis(599_900), "10 min"},
		{"early", millis(-3), "-3 ms"},
		{"not a number", millis(math.NaN()), "-"},
		{"a duration", Duration(34 * time.Second), "34 s"},
		{"the start", Duration(0), "0 s"},

		{"no money", usd(0), "$0"},
		{"parts of a cent", usd(0.001633), "$0.00163"},
		{"a millionth of a dollar", usd(0.000001), "$0.000001"},
		{"one cent", usd(0.01), "$0.01"},
		{"nearly a dollar", usd(0.9951), "$1.00"},
		{"dollars", usd(12.5), "$12.50"},
		{"thousands", usd(1234567.891), "$1,234,567.89"},
		{"a debt", usd(-0.5), "-$0.5"},

		{"small count", Count(999), "999"},
		{"thousands", Count(1000), "1,000"},
		{"millions", Count(-1234567), "-1,234,567"},
		{"the least", Count(math.MinInt64), "-9,223,372,036,854,775,808"},

		{"a ratio", value(1.757414, "times", 0), "1.76x"},
		{"no ratio", value(0, "times", 0), "0x"},
		{"a tiny ratio", value(0.0004, "times", 0), "0.0004x"},
		{"tokens", value(3904, "tokens", 0), "3,904"},
		{"parts of a count", value(2.5, "attempts", 0), "2.5"},
		{"seconds from the unit s", value(2.4, "s", 0), "2.4 s"},
		{"unknown unit", value(7, "", 0), "7"},

		{"a lower end is rounded down", bound(0.99349, false, nil), "99.34 %"},
		{"a lower end that is exact stays", bound(0.9934, false, nil), "99.34 %"},
		{"an upper end is rounded up", bound(0.98521, true, nil), "98.53 %"},
		{"an upper end that is exact stays", bound(0.9853, true, nil), "98.53 %"},
		{"an upper end below all", bound(0.99999, true, nil), "99.999 %"},
		{"a lower end above none", bound(0.00001, false, nil), "0.001 %"},
		{"a lower end of none", bound(0, false, nil), "0 %"},
		{"an upper end of all", bound(1, true, nil), "100 %"},
		{"an upper end just below its limit", bound(0.989972, true, q(0.99, "share", ">=")), "98.998 %"},
		{"an upper end that is its limit", bound(0.99, true, q(0.99, "share", ">=")), "99 %"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.words, c.got, c.want)
		}
	}
}

// What failed never prints as its limit, and what was never measured is no
// figure.
func TestMeasuredStandsApartFromItsLimit(t *testing.T) {
	for _, c := range []struct {
		words string
		f     assertions.Finding
		want  string
	}{
		{"a share just short", assertions.Finding{Verdict: assertions.Fail, Measured: q(0.989996, "share", ""), Threshold: q(0.99, "share", ">=")}, "98.9996 %"},
		{"a share that meets it", assertions.Finding{Verdict: assertions.Pass, Measured: q(0.99, "share", ""), Threshold: q(0.99, "share", ">=")}, "99 %"},
		{"a time just over", assertions.Finding{Verdict: assertions.Fail, Measured: q(5.01, "s", ""), Threshold: q(5, "s", "<=")}, "5.01 s"},
		{"milliseconds just over", assertions.Finding{Verdict: assertions.Fail, Measured: q(100.2, "ms", ""), Threshold: q(100, "ms", "<=")}, "100.2 ms"},
		{"money just over", assertions.Finding{Verdict: assertions.Fail, Measured: q(0.010004, "usd", ""), Threshold: q(0.01, "usd", "<=")}, "$0.010004"},
		{"a ratio just over", assertions.Finding{Verdict: assertions.Fail, Measured: q(1.2504, "times", ""), Threshold: q(1.25, "times", "<=")}, "1.2504x"},
		{"a count and among how many", assertions.Finding{Verdict: assertions.Pass, Measured: q(0, "count", ""), Threshold: q(0, "count", "<="), Samples: 1420}, "0 of 1,420"},
		{"a count among nobody", assertions.Finding{Verdict: assertions.Pass, Measured: q(0, "count", ""), Threshold: q(0, "count", "<=")}, "0"},
		{"back without delay", assertions.Finding{Verdict: assertions.Pass, Measured: q(0, "s", ""), Threshold: q(5, "s", "<=")}, "at once"},
		{"vacuous", assertions.Finding{Verdict: assertions.Vacuous, Measured: q(0, "count", ""), Threshold: q(0, "count", "<=")}, "-"},
		{"never measured", assertions.Finding{Verdict: assertions.Fail, Measured: &assertions.Quantity{Unit: "share"}}, "-"},
		{"nothing", assertions.Finding{Verdict: assertions.Fail}, "-"},
	} {
		if got := measured(&c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		q    *assertions.Quantity
		want string
	}{
		{nil, ""},
		{&assertions.Quantity{Unit: "ms"}, ""},
		{q(0, "count", "<="), "0"},
		{q(3, "attempts", "<="), "<= 3"},
		{q(0.99, "share", ">="), ">= 99 %"},
		{q(0.999, "share", ">="), ">= 99.9 %"},
		{q(4, "count", "="), "4"},
	} {
		if got := threshold(c.q); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestConfidence(t *testing.T) {
	share := func(i *assertions.Interval) *assertions.Finding {
		return &assertions.Finding{Measured: q(0.99, "share", ""), Samples: 2000, Interval: i}
	}
	for _, c := range []struct {
		words string
		f     *assertions.Finding
		want  string
	}{
		{"a lower bound", share(&assertions.Interval{Lo: f64(0.993449), Level: 0.95}), "at least 99.34 % at 95 % confidence, n = 2,000"},
		{"an upper bound", share(&assertions.Interval{Hi: f64(0.985289), Level: 0.95}), "at most 98.53 % at 95 % confidence, n = 2,000"},
		{"both", share(&assertions.Interval{Lo: f64(0.9), Hi: f64(0.95), Level: 0.9}), "between 90 % and 95 % at 90 % confidence, n = 2,000"},
		{"neither", share(&assertions.Interval{Level: 0.9}), ""},
		{"none", share(nil), ""},
		{"of no share", &assertions.Finding{Measured: q(2, "times", ""), Interval: &assertions.Interval{Lo: f64(1)}}, ""},
	} {
		if got := confidence(c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
}
