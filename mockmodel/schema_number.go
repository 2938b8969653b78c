package mockmodel

import (
	"math/big"
	"strconv"
	"strings"
)

// grid is the numbers that are drawn of: base, base+step, ... count of them.
// All is exact and decimal, so the digits are the same on every machine.
type grid struct {
	base, step *big.Rat
	count      int
	decimals   int   // digits behind the point
	b, s       int64 // base and step without the point, where they are small
	small      bool
}

// Where a range is open to one side it has this many steps; further numbers of
// a long range are not drawn.
const (
	gridOpen  = 100
	gridCount = 1_000_000
)

var wholeStep = big.NewRat(1, 1)

// newGrid returns the numbers within the rules: multiples of multipleOf, else
// the integers, else those from the minimum in steps of a hundredth, or finer
// where the range is narrow. The word is what leaves none.
func newGrid(r *rules, integer bool) (*grid, string) {
	g := &grid{step: r.multiple}
	width := big.NewRat(gridOpen, 1) // of the range, where it is open
	switch {
	case integer && g.step == nil:
		g.step = wholeStep
	case integer:
		g.step = commonMultiple(g.step, wholeStep)
	case g.step == nil:
		return g.fine(r, width)
	}
	lo, hi := openRange(r, width.Mul(width, g.step))
	first, last := quotient(lo.at, g.step, true), quotient(hi.at, g.step, false)
	if lo.open && isMultiple(lo.at, g.step, first) {
		first.Add(first, big.NewInt(1))
	}
	if hi.open && isMultiple(hi.at, g.step, last) {
		last.Sub(last, big.NewInt(1))
	}
	if first.Cmp(last) > 0 {
		return nil, "between minimum and maximum there is no " + gridWord(r.multiple)
	}
	g.base = new(big.Rat).Mul(new(big.Rat).SetInt(first), g.step)
	return g.counted(last.Sub(last, first))
}

func gridWord(multiple *big.Rat) string {
	if multiple == nil {
		return "integer"
	}
	return "multiple of " + clipRunes(multiple.RatString(), 40)
}

// fine makes the grid of numbers of any fraction.
func (g *grid) fine(r *rules, width *big.Rat) (*grid, string) {
	lo, hi := openRange(r, width)
	span := new(big.Rat).Sub(hi.at, lo.at)
	g.base, g.step = lo.at, big.NewRat(1, 100)
	ten := big.NewRat(1, 10)
	for span.Sign() > 0 && new(big.Rat).Quo(span, g.step).Cmp(big.NewRat(10, 1)) < 0 {
		g.step = new(big.Rat).Mul(g.step, ten)
	}
	last := quotient(span, g.step, false)
	if hi.open && isMultiple(span, g.step, last) {
		last.Sub(last, big.NewInt(1))
	}
	if lo.open {
		g.base = new(big.Rat).Add(g.base, g.step)
		last.Sub(last, big.NewInt(1))
	}
	if last.Sign() < 0 {
		return nil, "between minimum and maximum there is no number"
	}
	return g.counted(last)
}

// openRange returns the range, closed on the sides where it is open.
func openRange(r *rules, width *big.Rat) (lo, hi bound) {
	lo, hi = r.lo, r.hi
	switch {
	case lo.at == nil && hi.at == nil:
		lo.at, hi.at = new(big.Rat), width
	case hi.at == nil:
		hi.at = new(big.Rat).Add(lo.at, width)
	case lo.at == nil:
		// From 0 where that is near: most numbers are not negative.
		if lo.at = new(big.Rat).Sub(hi.at, width); hi.at.Sign() > 0 && lo.at.Sign() < 0 {
			lo.at = new(big.Rat)
		}
	}
	return lo, hi
}

// quotient returns x/step, rounded up or down.
func quotient(x, step *big.Rat, up bool) *big.Int {
	q := new(big.Rat).Quo(x, step)
	n := new(big.Int).Div(q.Num(), q.Denom()) // Euclid's: down, as the denominator is positive
	if up && !q.IsInt() {
		n.Add(n, big.NewInt(1))
	}
	return n
}

func isMultiple(x, step *big.Rat, n *big.Int) bool {
	return new(big.Rat).Mul(step, new(big.Rat).SetInt(n)).Cmp(x) == 0
}

// counted finishes a grid whose last step is known.
func (g *grid) counted(last *big.Int) (*grid, string) {
	g.count = gridCount
	if last.IsInt64() && last.Int64() < gridCount {
		g.count = int(last.Int64()) + 1
	}
	a, _ := g.base.FloatPrec()
	b, _ := g.step.FloatPrec()
	g.decimals = max(a, b)
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(g.decimals)), nil)
	base := new(big.Rat).Mul(g.base, new(big.Rat).SetInt(ten)).Num()
	step := new(big.Rat).Mul(g.step, new(big.Rat).SetInt(ten)).Num()
	const room = 1 << 40 // so that base + count*step does not overflow
	if g.small = base.IsInt64() && step.IsInt64() && absolute(base.Int64()) < room && step.Int64() < room; g.small {
		g.b, g.s = base.Int64(), step.Int64()
	}
	return g, ""
}

func absolute(x int64) int64 { return max(x, -x) }

// append appends one of the numbers.
func (g *grid) append(dst []byte, st die, rot int) []byte {
	k := (st.n(11, g.count) + rot) % g.count
	if !g.small {
		x := new(big.Rat).Mul(g.step, new(big.Rat).SetInt64(int64(k)))
		s := x.Add(x, g.base).FloatString(g.decimals)
		if g.decimals > 0 {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return append(dst, s...)
	}
	x := g.b + int64(k)*g.s
	if g.decimals == 0 {
		return strconv.AppendInt(dst, x, 10)
	}
	if x < 0 {
		dst, x = append(dst, '-'), -x
	}
	digits := strconv.FormatInt(x, 10)
	for len(digits) <= g.decimals {
		digits = "0" + digits
	}
	point := len(digits) - g.decimals
	if fraction := strings.TrimRight(digits[point:], "0"); fraction != "" {
		return append(append(append(dst, digits[:point]...), '.'), fraction...)
	}
	return append(dst, digits[:point]...)
}
