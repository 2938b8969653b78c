package assertions

import (
	"math"
	"testing"
)

// Bounds against closed forms where there is one; the others are confirmed by the
// sums of TestBoundsAgainstBinomialSums.
func TestClopperPearson(t *testing.T) {
	tests := []struct {
		name   string
		k, n   int64
		lo, hi float64
	}{
		{"none of 10: 1 - 0.05^(1/10)", 0, 10, 0, 0.2588655509},
		{"none of 299: just under 1 %", 0, 299, 0, 0.0099691},
		{"all of 10: 0.05^(1/10)", 10, 10, 0.7411344491, 1},
		{"1 of 1", 1, 1, 0.05, 1},
		{"1 of 10", 1, 10, 0.0051161969, 0.3941633},
		{"5 of 10: the median is the middle", 5, 10, 0.2224411, 0.7775589},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if lo := shareLower(tt.k, tt.n); math.Abs(lo-tt.lo) > 1e-6 {
				t.Errorf("lower = %.9f, want %.9f", lo, tt.lo)
			}
			if hi := shareUpper(tt.k, tt.n); math.Abs(hi-tt.hi) > 1e-6 {
				t.Errorf("upper = %.9f, want %.9f", hi, tt.hi)
			}
		})
	}
}

// The bound is where the binomial tail is exactly 5 %: that is its definition,
// checked by summing the tail in another way.
func TestBoundsAgainstBinomialSums(t *testing.T) {
	for _, c := range []struct{ k, n int64 }{{0, 20}, {3, 50}, {17, 200}, {199, 200}, {12, 1000}, {40, 3000}} {
		hi := shareUpper(c.k, c.n)
		if got := binomialSum(0, c.k, c.n, hi); c.k < c.n && math.Abs(got-0.05) > 1e-6 {
			t.Errorf("P(X <= %d | %d, %.6f) = %.8f, want 0.05", c.k, c.n, hi, got)
		}
		lo := shareLower(c.k, c.n)
		if got := binomialSum(c.k, c.n, c.n, lo); c.k > 0 && math.Abs(got-0.05) > 1e-6 {
			t.Errorf("P(X >= %d | %d, %.6f) = %.8f, want 0.05", c.k, c.n, lo, got)
		}
		if got, want := binomialBelow(c.k, c.n, 0.3), binomialSum(0, c.k-1, c.n, 0.3); math.Abs(got-want) > 1e-9 {
			t.Errorf("P(X < %d | %d, 0.3) = %v, want %v", c.k, c.n, got, want)
		}
	}
}

// binomialSum is P(from <= X <= to), term by term.
func binomialSum(from, to, n int64, p float64) float64 {
	lgamma := func(x int64) float64 { v, _ := math.Lgamma(float64(x)); return v }
	sum := 0.0
	for k := from; k <= to; k++ {
		sum += math.Exp(lgamma(n+1) - lgamma(k+1) - lgamma(n-k+1) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return sum
}

// properties.md section 5: theta 1 % needs 299, 0.1 % 2,995.
func TestNeeded(t *testing.T) {
	for theta, want := range map[float64]int64{0.01: 299, 0.001: 2995, 0.05: 59, 0.1: 29} {
		if got := needZero(theta); got != want {
			t.Errorf("needZero(%v) = %d, want %d", theta, got, want)
		}
		if upper := shareUpper(0, want); upper > theta {
			t.Errorf("with %d the bound is %v, above %v", want, upper, theta)
		}
		if upper := shareUpper(0, want-1); upper <= theta {
			t.Errorf("one fewer than %d would do for %v", want, theta)
		}
	}
	n := needShare(1, 200, 0.01)
	if n <= 200 || shareUpper(int64(math.Round(0.005*float64(n))), n) > 0.01 {
		t.Errorf("needShare(1 of 200, 1 %%) = %d does not conclude", n)
	}
	if got := needShare(10, 1000, 0.01); got != 0 {
		t.Errorf("a rate on the threshold is never told apart, got %d", got)
	}
}

// properties.md section 5: 299 samples for an upper bound of p99 at 95 %, 459 at 99 %.
func TestQuantileRanks(t *testing.T) {
	tests := []struct {
		name   string
		n      int64
		q, c   float64
		lo, hi int64
	}{
		{"p99 from 298: the largest is no bound yet", 298, 0.99, 0.95, 292, 0},
		{"p99 from 299: the largest is", 299, 0.99, 0.95, 293, 299},
		{"p99 at 99 % from 458", 458, 0.99, 0.99, 449, 0},
		{"p99 at 99 % from 459", 459, 0.99, 0.99, 450, 459},
		{"the median from 5: no two-sided interval", 5, 0.5, 0.975, 0, 0},
		{"the median from 6: least and greatest", 6, 0.5, 0.975, 1, 6},
		{"the median from 10: the second and the ninth", 10, 0.5, 0.975, 2, 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lo, hi := quantileRanks(tt.n, tt.q, tt.c)
			if hi != tt.hi {
				t.Errorf("upper rank %d, want %d", hi, tt.hi)
			}
			if tt.lo == 0 && lo != 0 || tt.lo > 0 && (lo < tt.lo-1 || lo > tt.lo+1) {
				t.Errorf("lower rank %d, want about %d", lo, tt.lo)
			}
			if lo > 0 && 1-binomialBelow(lo, tt.n, tt.q) < tt.c {
				t.Errorf("lower rank %d has not the confidence", lo)
			}
		})
	}
}

func TestQuantileIsAValueThatWasSeen(t *testing.T) {
	values := []int64{1, 2, 3, 4}
	for q, want := range map[float64]int64{0.5: 2, 0.99: 4, 0.25: 1, 0: 1, 1: 4} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile(%v) = %d, want %d", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != -1 {
		t.Errorf("of nothing: %d", got)
	}
}

func TestMoments(t *testing.T) {
	mean, variance := moments([]int64{2, 4, 4, 4, 5, 5, 7, 9})
	if mean != 5 || math.Abs(variance-32.0/7) > 1e-12 {
		t.Errorf("mean %v variance %v", mean, variance)
	}
}
