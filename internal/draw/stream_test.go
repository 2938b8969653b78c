package draw

import (
	"fmt"
	"math"
	"testing"
)

// Test vectors of streams, computed outside of this program with 60 decimal
// digits: draw k of a stream is Bits of its fields and k in decimal.
func TestStreamVectors(t *testing.T) {
	s := NewStream(7, "u")
	for k, want := range []uint64{0x998ca45fb2f9f7c1, 0x6c23a6535ec74024, 0xe1db63e7f6597b6e} {
		if got := s.Uint64(); got != want || got != Bits(7, "u", fmt.Sprint(k)) {
			t.Errorf("draw %d is %#x, want %#x", k, got, want)
		}
	}
	rows := []struct {
		words string
		draw  func(*Stream) float64
		key   string
		want  []float64
	}{
		{"exponential", (*Stream).Exp, "exp", []float64{0.5697956068953871, 0.4120341906968547, 1.530152793032068, 1.749287747694148, 0.6169817942801554}},
		{"gamma of shape 0.5", func(s *Stream) float64 { return s.Gamma(0.5) }, "gamma", []float64{0.89432759622984, 0.5405840540197977, 0.00455483819484978, 0.37627557522319194, 0.0011976360828201318}},
		{"gamma of shape 4", func(s *Stream) float64 { return s.Gamma(4) }, "gamma", []float64{5.387671048765685, 2.9054031066374906, 4.4372037239953555, 0.580708670763046, 2.337656444261176}},
	}
	for _, row := range rows {
		s := NewStream(7, row.key)
		for k, want := range row.want {
			if got := row.draw(s); math.Abs(got-want) > 1e-14*want {
				t.Errorf("%s, draw %d: %v, want %v", row.words, k, got, want)
			}
		}
	}
}

// The same draws, bit by bit: these must not change from one architecture to
// another. A fused multiply-add, or a library's logarithm, changes the last
// bits of some.
func TestStreamBits(t *testing.T) {
	fold := func(draw func(*Stream) float64) uint64 {
		s := NewStream(42, "bits")
		h := uint64(14695981039346656037) // FNV-1a
		for range 2000 {
			for v, i := math.Float64bits(draw(s)), 0; i < 8; i++ {
				h = (h ^ v>>(8*i)&0xff) * 1099511628211
			}
		}
		return h
	}
	rows := []struct {
		words string
		draw  func(*Stream) float64
		want  uint64
	}{
		{"uniform", (*Stream).Float64, 0xfca0167b1d659d78},
		{"exponential", (*Stream).Exp, 0x4131f1c5a39a947f},
		{"normal", (*Stream).normal, 0xee6eedff10b21265},
		{"gamma of shape 0.5", func(s *Stream) float64 { return s.Gamma(0.5) }, 0x82d62279cad7208c},
		{"gamma of shape 2.5", func(s *Stream) float64 { return s.Gamma(2.5) }, 0x9a244bad8664e269},
	}
	for _, row := range rows {
		if got := fold(row.draw); got != row.want {
			t.Errorf("%s: the bits of 2000 draws fold to %#x, want %#x", row.words, got, row.want)
		}
	}
}

func TestUnitIsOpen(t *testing.T) {
	if lo, hi := Unit(0), Unit(math.MaxUint64); lo != 0x1p-53 || hi != 1-0x1p-53 {
		t.Errorf("Unit reaches from %v to %v", lo, hi)
	}
}

// ln and exp against the library's, which are good to 1 ulp.
func TestLogarithmAndExponential(t *testing.T) {
	ulps := func(got, want float64) float64 {
		return math.Abs(got-want) / (math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want))
	}
	s := NewStream(1, "ln")
	for range 20_000 {
		u := s.Float64()
		for _, x := range []float64{u, 1 - u/1024, 1 + u/1024, u * 0x1p-40, u * 0x1p60} {
			// Near 1 the logarithm is small beside what it is made from.
			if got, want := ln(x), math.Log(x); ulps(got, want) > 4 && math.Abs(got-want) > 0x1p-53 {
				t.Fatalf("ln(%v) = %v, want %v", x, got, want)
			}
		}
		x := -40 * u
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-14*want {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
	if ln(1) != 0 || exp(0) != 1 || exp(-4000) != 0 {
		t.Errorf("ln(1) = %v, exp(0) = %v, exp(-4000) = %v", ln(1), exp(0), exp(-4000))
	}
}

// Mean and variance of each distribution, to five standard errors.
func TestMoments(t *testing.T) {
	const n = 20_000
	rows := []struct {
		words          string
		draw           func(*Stream) float64
		mean, variance float64
		kurtosis       float64 // how uncertain the variance is
	}{
		{"uniform", (*Stream).Float64, 0.5, 1.0 / 12, 1.8},
		{"exponential", (*Stream).Exp, 1, 1, 9},
		{"normal", (*Stream).normal, 0, 1, 3},
		{"gamma of shape 0.1", func(s *Stream) float64 { return s.Gamma(0.1) }, 0.1, 0.1, 63},
		{"gamma of shape 0.5", func(s *Stream) float64 { return s.Gamma(0.5) }, 0.5, 0.5, 15},
		{"gamma of shape 1", func(s *Stream) float64 { return s.Gamma(1) }, 1, 1, 9},
		{"gamma of shape 40", func(s *Stream) float64 { return s.Gamma(40) }, 40, 40, 3.15},
	}
	for _, row := range rows {
		s := NewStream(42, "moments", row.words)
		var sum, squares float64
		for range n {
			x := row.draw(s) - row.mean
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s: drew %v", row.words, x+row.mean)
			}
			sum += x
			squares += x * x
		}
		if off := math.Abs(sum / n); off > 5*math.Sqrt(row.variance/n) {
			t.Errorf("%s: the mean is off by %v", row.words, off)
		}
		if off := math.Abs(squares/n - row.variance); off > 5*row.variance*math.Sqrt((row.kurtosis-1)/n) {
			t.Errorf("%s: the variance is off by %v", row.words, off)
		}
	}
}

func TestIntNIsEven(t *testing.T) {
	var seen [7]int
	s := NewStream(42, "intn")
	for range 7000 {
		seen[s.IntN(7)]++
	}
	for i, n := range seen {
		if n < 850 || n > 1150 { // five standard deviations
			t.Errorf("%d came %d times of 7000", i, n)
		}
	}
}

// Streams of other keys, and a stream that someone else reads, change nothing.
func TestStreamsAreApart(t *testing.T) {
	fields := []string{"a", "b"}
	s, other := NewStream(1, fields...), NewStream(1, "a", "b", "c")
	want := []uint64{Bits(1, "a", "b", "0"), Bits(1, "a", "b", "1")}
	fields[0] = "changed later"
	for k := range want {
		other.Uint64()
		if got := s.Uint64(); got != want[k] {
			t.Errorf("draw %d is %#x, want %#x", k, got, want[k])
		}
	}
}

func BenchmarkExp(b *testing.B) {
	s := NewStream(42, "arrivals", "spike")
	b.ReportAllocs()
	for b.Loop() {
		s.Exp()
	}
}
