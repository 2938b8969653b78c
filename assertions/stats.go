package assertions

import (
	"math"
	"slices"
)

// level is the confidence of every bound: one-sided 95 %.
const level = 0.95

// The bounds on a proportion are those of Clopper and Pearson: they keep their
// level for every true value, which the normal approximation and Wilson's do
// not near 0 and 1, where resilience is judged.

// shareLower is the one-sided lower bound on a proportion of which k were seen in n.
func shareLower(k, n int64) float64 {
	if k <= 0 || n <= 0 {
		return 0
	}
	return betaQuantile(1-level, float64(k), float64(n-k)+1)
}

// shareUpper is the one-sided upper bound on a proportion of which k were seen in n.
func shareUpper(k, n int64) float64 {
	if n <= 0 || k >= n {
		return 1
	}
	return betaQuantile(level, float64(k)+1, float64(n-k))
}

// needZero is the least n in which no violation shows a rate below theta.
func needZero(theta float64) int64 {
	if !(theta > 0) {
		return math.MaxInt32
	}
	if theta >= 1 {
		return 1
	}
	return int64(math.Ceil(math.Log(1-level) / math.Log1p(-theta)))
}

// needMost bounds the answer of needShare: nobody runs more than that.
const needMost = 10_000_000

// needShare is the least n at which a bad rate as seen (k in n) would be shown
// to lie on its side of theta; 0 where no n up to needMost would do.
func needShare(k, n int64, theta float64) int64 {
	if n <= 0 || k == 0 {
		return needZero(theta)
	}
	rate := float64(k) / float64(n)
	concludes := func(m int64) bool {
		bad := int64(math.Round(rate * float64(m)))
		return shareUpper(bad, m) <= theta || shareLower(bad, m) > theta
	}
	hi := max(n, 1)
	for !concludes(hi) {
		if hi *= 2; hi > needMost {
			return 0
		}
	}
	lo := hi / 2
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; concludes(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// betaQuantile is the x at which the regularised incomplete beta function is p.
// Bisection: it always ends, and 60 halvings are all that a float64 can tell.
func betaQuantile(p, a, b float64) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		mid := (lo + hi) / 2
		if betaInc(a, b, mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// betaInc is the regularised incomplete beta function I_x(a,b): DLMF 8.17.
func betaInc(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	// The continued fraction converges fast only on this side of the mean.
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(a, b, x) / a
	}
	return 1 - front*betaFraction(b, a, 1-x)/b
}

// betaFraction is the continued fraction of DLMF 8.17.22, by Lentz's method.
func betaFraction(a, b, x float64) float64 {
	const tiny, steps = 1e-300, 10_000
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c := 1.0
	d := 1 / away(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m <= steps; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / away(1+even*d)
		c = away(1 + even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / away(1+odd*d)
		c = away(1 + odd/c)
		delta := d * c
		f *= delta
		if math.Abs(delta-1) < 1e-15 {
			break
		}
	}
	return f
}

// binomialBelow is P(X < k) for X binomial with n throws of probability p.
func binomialBelow(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 0
	case k > n:
		return 1
	}
	return betaInc(float64(n-k)+1, float64(k), 1-p)
}

// quantile is the q-quantile of sorted values by nearest rank: a value that
// was seen. Never for no values.
func quantile(sorted []int64, q float64) int64 {
	n := len(sorted)
	if n == 0 {
		return -1
	}
	rank := int(math.Ceil(q * float64(n)))
	return sorted[min(max(rank, 1), n)-1]
}

// quantileRanks are the ranks (from 1) of the order statistics that bound the
// q-quantile from below and from above, each at confidence c. 0: n is too small
// for that bound. The bound holds for any distribution.
func quantileRanks(n int64, q, c float64) (lo, hi int64) {
	// P(x_(r) >= quantile) = P(fewer than r values below it) >= c.
	hi = firstTrue(1, n, func(r int64) bool { return binomialBelow(r, n, q) >= c })
	// P(x_(r) <= quantile) = 1 - P(fewer than r values below it) >= c.
	above := firstTrue(1, n, func(r int64) bool { return 1-binomialBelow(r, n, q) < c })
	if above == 0 {
		above = n + 1
	}
	return above - 1, hi
}

// firstTrue is the least i in [lo, hi] for which f holds, f being false and then
// true; 0 where it never holds.
func firstTrue(lo, hi int64, f func(int64) bool) int64 {
	if hi < lo || !f(hi) {
		return 0
	}
	for lo < hi {
		if mid := lo + (hi-lo)/2; f(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// median describes sorted values by their median and its two-sided 95 %
// interval, from order statistics. With fewer than six values there is none.
type median struct {
	n           int64
	mid, lo, hi int64
	bounded     bool
}

func medianOf(sorted []int64) median {
	m := median{n: int64(len(sorted)), mid: quantile(sorted, 0.5)}
	lo, hi := quantileRanks(m.n, 0.5, 1-(1-level)/2)
	if lo > 0 && hi > 0 {
		m.lo, m.hi, m.bounded = sorted[lo-1], sorted[hi-1], true
	}
	return m
}

// moments returns mean and variance (n-1) of values.
func moments(values []int64) (mean, variance float64) {
	if len(values) == 0 {
		return 0, 0
	}
	for _, v := range values {
		mean += float64(v)
	}
	mean /= float64(len(values))
	if len(values) < 2 {
		return mean, 0
	}
	for _, v := range values {
		d := float64(v) - mean
		variance += d * d
	}
	return mean, variance / float64(len(values)-1)
}

// sorted returns a sorted copy.
func sorted(values []int64) []int64 {
	s := slices.Clone(values)
	slices.Sort(s)
	return s
}
