package spell

import (
	"math"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12_345: "12,345", 1_234_567: "1,234,567", -1: "-1", -999: "-999", -1000: "-1,000",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Count(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	rows := []struct {
		words, a, b string
		want        int
	}{
		{"equal", "spike", "spike", 0},
		{"a letter too few", "spke", "spike", 1},
		{"a letter too many", "spikee", "spike", 1},
		{"another letter", "spikr", "spike", 1},
		{"two letters swapped", "spiek", "spike", 1},
		{"all of it", "", "spike", 5},
		{"nothing in common", "abc", "xyz", 3},
		{"the textbook's example", "kitten", "sitting", 3},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			if there, back := Distance(row.a, row.b), Distance(row.b, row.a); there != row.want || back != row.want {
				t.Errorf("%d there, %d back, want %d", there, back, row.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	known := []string{"rate_limit", "http_500", "http_503", "Tenants"}
	rows := []struct{ words, name, want string }{
		{"a slip", "rate_limt", "rate_limit"},
		{"hyphens and capitals", "Rate-Limit", "rate_limit"},
		{"as it is written there", "tenant", "Tenants"},
		{"the first of equals", "http_501", "http_500"},
		{"more than a third away", "rate", ""},
		{"nothing", "", ""},
		{"a text that is no name", strings.Repeat("rate_limit", 10), ""},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			if got := Nearest(row.name, known); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("of no names the nearest is %q", got)
	}
}
