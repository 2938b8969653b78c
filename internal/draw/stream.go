package draw

import (
	"math"
	"strconv"
)

// Stream is a sequence of draws that belongs to one key. Draw k is a function
// of the seed, the fields and k alone.
type Stream struct {
	seed   uint64
	fields []string
	next   uint64
}

// NewStream returns the stream of a key, at its first draw.
func NewStream(seed uint64, fields ...string) *Stream {
	return &Stream{seed: seed, fields: append(append([]string(nil), fields...), "")}
}

// Uint64 returns the next draw.
func (s *Stream) Uint64() uint64 {
	s.fields[len(s.fields)-1] = strconv.FormatUint(s.next, 10)
	s.next++
	return Bits(s.seed, s.fields...)
}

// Unit maps bits to the open interval (0,1), with 52 bits: both ends are out,
// so a logarithm is always finite.
func Unit(bits uint64) float64 {
	return float64((float64(bits>>12) + 0.5) * (1.0 / (1 << 52)))
}

// Float64 returns the next draw in (0,1).
func (s *Stream) Float64() float64 { return Unit(s.Uint64()) }

// IntN returns the next draw in [0,n). The bias of the modulus is below 2^-40
// for any n that fits into memory.
func (s *Stream) IntN(n int) int { return int(s.Uint64() % uint64(n)) }

// Exp returns a draw of the exponential distribution with mean 1.
func (s *Stream) Exp() float64 { return -ln(s.Float64()) }

// Gamma returns a draw of the gamma distribution with the given shape and
// scale 1: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma
// variables", ACM TOMS 26 (2000). A shape under 1 is boosted by U^(1/shape).
func (s *Stream) Gamma(shape float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = exp(float64(ln(s.Float64()) / shape))
		shape++
	}
	d := shape - 1.0/3.0
	c := 1 / math.Sqrt(float64(9*d))
	for {
		x := s.normal()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = float64(float64(v*v) * v)
		u := s.Float64()
		if ln(u) < float64(0.5*float64(x*x))+float64(d*(float64(1-v)+ln(v))) {
			return float64(float64(d*v) * boost)
		}
	}
}

// normal returns a draw of the standard normal distribution, by Marsaglia's
// polar method.
func (s *Stream) normal() float64 {
	for {
		a, b := float64(2*s.Float64())-1, float64(2*s.Float64())-1
		q := float64(a*a) + float64(b*b)
		if q > 0 && q < 1 {
			return float64(a * math.Sqrt(float64(float64(-2*ln(q))/q)))
		}
	}
}

// ln is the natural logarithm, to about 1 ulp. The library's may differ in the
// last bit between architectures; here every product is rounded on its own,
// which the conversions say (Go spec, "Floating-point operators"), so none is
// fused into a sum.
//
//	x = m * 2^e, m in [sqrt(1/2), sqrt(2)); ln x = e ln 2 + 2 atanh((m-1)/(m+1))
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = float64(2*m), e-1
	}
	z := float64((m - 1) / (m + 1))
	z2 := float64(z * z)
	sum := 0.0
	for k := 23; k >= 1; k -= 2 {
		sum = float64(sum*z2) + 1/float64(k)
	}
	return float64(float64(e)*math.Ln2) + float64(2*float64(z*sum))
}

// exp is the exponential function, made as ln is.
func exp(x float64) float64 {
	k := math.Round(float64(x / math.Ln2))
	r := x - float64(k*math.Ln2)
	sum := 1.0
	for i := 18; i >= 1; i-- {
		sum = 1 + float64(float64(r*sum)/float64(i))
	}
	return math.Ldexp(sum, int(k))
}
