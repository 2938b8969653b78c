package mockmodel

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// types is a set of the types of JSON. A number that may have a fraction
// includes the integers.
type types uint8

const (
	tNull types = 1 << iota
	tBool
	tObject
	tArray
	tString
	tInteger
	tFraction // a number that is no integer

	tNumber = tInteger | tFraction
	tAll    = tNull | tBool | tObject | tArray | tString | tNumber
)

// typeNames are those of JSON Schema; Gemini writes them in upper case.
var typeNames = map[string]types{
	"null": tNull, "boolean": tBool, "object": tObject, "array": tArray,
	"string": tString, "integer": tInteger, "number": tNumber,
}

// rules are the keywords that bound a value itself. Where several schemas hold
// for one value, their rules meet.
type rules struct {
	types    types
	enum     []constant // nil: any
	lo, hi   bound
	multiple *big.Rat

	minLength, maxLength int
	patterns             []*pattern
	formats              []string

	minItems, maxItems int
	unique             bool
	minProps, maxProps int
}

// bound is one side of a range.
type bound struct {
	at   *big.Rat // nil: none
	open bool     // the bound itself is out
}

// noMax is the largest count of a schema that sets none.
const noMax = math.MaxInt

func noRules() rules {
	return rules{types: tAll, maxLength: noMax, maxItems: noMax, maxProps: noMax}
}

// meet narrows r to what o allows as well. The word is what cannot be met, ""
// if all can.
func (r *rules) meet(o *rules) string {
	r.types &= o.types
	r.lo = tighterBound(r.lo, o.lo, 1)
	r.hi = tighterBound(r.hi, o.hi, -1)
	if r.multiple == nil {
		r.multiple = o.multiple
	} else if o.multiple != nil {
		if r.multiple = commonMultiple(r.multiple, o.multiple); r.multiple.Num().BitLen() > 8*digitsMax {
			return "the multiples of all its multipleOf are too large"
		}
	}
	r.minLength, r.maxLength = max(r.minLength, o.minLength), min(r.maxLength, o.maxLength)
	r.minItems, r.maxItems = max(r.minItems, o.minItems), min(r.maxItems, o.maxItems)
	r.minProps, r.maxProps = max(r.minProps, o.minProps), min(r.maxProps, o.maxProps)
	r.unique = r.unique || o.unique
	// Slices are clipped: shapes share what stands in them.
	r.patterns = append(slices.Clip(r.patterns), o.patterns...)
	for _, f := range o.formats {
		if !slices.Contains(r.formats, f) {
			r.formats = append(slices.Clip(r.formats), f)
		}
	}
	if r.enum == nil {
		r.enum = o.enum
	} else if o.enum != nil {
		r.enum = common(r.enum, o.enum)
	}
	return r.conflict()
}

// conflict drops the types that the bounds leave nothing of, and names what
// left none.
func (r *rules) conflict() string {
	word := ""
	drop := func(t types, w string) {
		if r.types&t != 0 {
			r.types &^= t
			word = w
		}
	}
	if r.types == 0 {
		return "no type is left"
	}
	if r.enum != nil && len(r.enum) == 0 {
		return "enum allows nothing"
	}
	if r.lo.at != nil && r.hi.at != nil {
		if c := r.lo.at.Cmp(r.hi.at); c > 0 || c == 0 && (r.lo.open || r.hi.open) {
			drop(tNumber, "minimum "+r.lo.at.RatString()+" is above maximum "+r.hi.at.RatString())
		}
	}
	if r.minLength > r.maxLength {
		drop(tString, "minLength "+strconv.Itoa(r.minLength)+" is above maxLength "+strconv.Itoa(r.maxLength))
	}
	if r.minItems > r.maxItems {
		drop(tArray, "minItems "+strconv.Itoa(r.minItems)+" is above maxItems "+strconv.Itoa(r.maxItems))
	}
	if r.minProps > r.maxProps {
		drop(tObject, "minProperties "+strconv.Itoa(r.minProps)+" is above maxProperties "+strconv.Itoa(r.maxProps))
	}
	if r.types != 0 {
		return ""
	}
	return word
}

// tighterBound returns the bound that leaves less, on the side of sign.
func tighterBound(a, b bound, sign int) bound {
	switch {
	case a.at == nil:
		return b
	case b.at == nil:
		return a
	}
	switch c := a.at.Cmp(b.at) * sign; {
	case c > 0:
		return a
	case c < 0:
		return b
	}
	return bound{a.at, a.open || b.open}
}

// commonMultiple returns the least number that is a multiple of both: of the
// numerators the least common multiple, of the denominators the greatest divisor.
func commonMultiple(a, b *big.Rat) *big.Rat {
	gcd := new(big.Int).GCD(nil, nil, a.Num(), b.Num())
	lcm := new(big.Int).Mul(a.Num(), new(big.Int).Quo(b.Num(), gcd))
	return new(big.Rat).SetFrac(lcm, new(big.Int).GCD(nil, nil, a.Denom(), b.Denom()))
}

// constant is a value that a schema names.
type constant struct {
	text  string // as it is said: compact
	canon string // the same for all spellings of the value
}

// common returns the values that are in both lists.
func common(a, b []constant) []constant {
	both := make([]constant, 0, min(len(a), len(b)))
	in := make(map[string]bool, len(b))
	for _, v := range b {
		in[v.canon] = true
	}
	for _, v := range a {
		if in[v.canon] {
			both = append(both, v)
		}
	}
	return both
}

// digitsMax bounds numbers, as exact arithmetic costs what they are long: a
// float64 has no more digits before or behind the point.
const digitsMax = 350

// rational returns the exact value of a number; false if it is none, or one
// that is too long.
func rational(d doc) (*big.Rat, bool) {
	if k := d.kind(); k != '-' && !isDigit(k) || len(d) > digitsMax {
		return nil, false
	}
	if i := strings.IndexAny(string(d), "eE"); i >= 0 {
		if e, err := strconv.Atoi(string(d[i+1:])); err != nil || e > digitsMax || e < -digitsMax {
			return nil, false
		}
	}
	return new(big.Rat).SetString(string(d))
}
