package assertions

import "testing"

func TestBoundsAreRoundedToTheSideThatPromisesLess(t *testing.T) {
	for _, row := range []struct {
		share                  float64
		least, plain, greatest string
	}{
		{0, "0.0 %", "0.0 %", "0.0 %"},
		{0.00123, "0.12 %", "0.12 %", "0.13 %"},
		{0.9853, "98.5 %", "98.5 %", "98.6 %"},
		{0.987, "98.7 %", "98.7 %", "98.7 %"},
		{0.99847, "99.84 %", "99.85 %", "99.85 %"},
		{1, "100.0 %", "100.0 %", "100.0 %"},
	} {
		if l, p, g := atLeast(row.share), percent(row.share), atMost(row.share); l != row.least || p != row.plain || g != row.greatest {
			t.Errorf("%v: at least %s, %s, at most %s; want %s, %s, %s", row.share, l, p, g, row.least, row.plain, row.greatest)
		}
	}
}

func TestWhatIsLeftOfAWaitIsNeverRoundedUpToAllOfIt(t *testing.T) {
	for ns, want := range map[int64]string{1_999_900_000: "1,999 ms", 2_000_000_000: "2,000 ms", 12_600_000: "12 ms", 9_960_000: "10.0 ms", 300_000: "0.3 ms"} {
		if got := millisDown(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}
