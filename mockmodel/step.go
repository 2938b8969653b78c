package mockmodel

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// A step hash names what a call asks for, so that a retry of it is recognised
// as one: the kind of endpoint and the body, without what differs between two
// tries of the same thing. Left out are the members model, stream and
// stream_options (a fallback to another model is the same step), markers and
// watermarks, UUIDs and timestamps wherever they stand in a string, and the
// digits in which a vector or a score carries a watermark.
//
// The hash does not depend on the order of members or on white space: a
// member's hash is added to its object's, an element's is chained to its
// array's. It is FNV-1a with a finaliser, the same on every machine.

// stepHash hashes a body that valid has accepted.
func stepHash(kind string, body doc) uint64 {
	h := wire.FoldMore(wire.FoldStart, kind)
	if body.kind() != '{' {
		sum, _ := hashValue(body, 0)
		return wire.Mix(h ^ sum)
	}
	var sum uint64
	for key, value := range body.fields {
		if key == "model" || key == "stream" || key == "stream_options" {
			continue
		}
		v, _ := hashValue(value, 0)
		sum += member(key, v)
	}
	return wire.Mix(h ^ wire.Mix(sum))
}

// rawHash is the step of a call whose body cannot be read as JSON.
func rawHash(kind string, body []byte) uint64 {
	return wire.Fold64([]byte("raw"), []byte(kind), body)
}

// chainPrime keeps the order of an array's elements in its hash. It is the prime
// of FNV.
const chainPrime = 1099511628211

func member(key string, value uint64) uint64 {
	return wire.Mix(wire.FoldMore(wire.FoldStart, key) ^ bits.RotateLeft64(value, 17))
}

// hashValue hashes the value that starts at i and returns the index behind it.
// One pass over the body, whatever its depth.
func hashValue(d doc, i int) (uint64, int) {
	switch d[i] {
	case '{':
		var sum uint64
		for i = space(d, i+1); d[i] != '}'; {
			end := skipString(d, i)
			key := d[i:end].text()
			var v uint64
			v, i = hashValue(d, space(d, space(d, end)+1))
			sum += member(key, v)
			if i = space(d, i); d[i] == ',' {
				i = space(d, i+1)
			}
		}
		return wire.Mix(sum + '{'), i + 1
	case '[':
		h := uint64('[')
		for i = space(d, i+1); d[i] != ']'; {
			var v uint64
			if c := d[i]; c == '-' || isDigit(c) {
				end := skip(d, i)
				v, i = wire.Mix(hashElement(string(d[i:end]))), end
			} else {
				v, i = hashValue(d, i)
			}
			h = wire.Mix(h*chainPrime ^ v)
			if i = space(d, i); d[i] == ',' {
				i = space(d, i+1)
			}
		}
		return wire.Mix(h), i + 1
	case '"':
		end := skipString(d, i)
		return wire.Mix(hashText(d[i:end].text()) + '"'), end
	}
	end := skip(d, i)
	return wire.Mix(hashScalar(string(d[i:end]))), end
}

// decimalsKept are the decimals of a score that are not its watermark's.
const decimalsKept = 6

// hashScalar makes 1, 1.0 and 1e0 equal, and scores that differ in their
// watermarks alone.
func hashScalar(s string) uint64 {
	if len(s) <= 6 && isNatural(s) { // a token of a prompt, say: it is written as it would be below
		return wire.FoldMore(wire.FoldStart, s)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f != math.Trunc(f) {
			s = strconv.FormatFloat(f, 'f', 15, 64)
			f, _ = strconv.ParseFloat(s[:len(s)-15+decimalsKept], 64) // digits and a point
		}
		s = strconv.FormatFloat(f, 'g', -1, 64)
	}
	return wire.FoldMore(wire.FoldStart, s)
}

func isNatural(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// hashElement hashes a number that is an element of an array: a vector's, which
// is to be equal to one that differs in its watermark alone.
func hashElement(s string) uint64 {
	if len(s) <= 6 && isNatural(s) {
		return hashScalar(s)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f != math.Trunc(f) {
		s = strconv.FormatFloat(float64(wire.MaskVector(float32(f))), 'g', -1, 32)
		return wire.FoldMore(wire.FoldStart, s)
	}
	return hashScalar(s)
}

// hashText hashes s without what differs between two tries.
func hashText(s string) uint64 {
	s = wire.StripMarkers(s)
	h, from := wire.FoldStart, 0
	for i := 0; i < len(s); i++ {
		// Both shapes have their first hyphen behind a fixed number of
		// characters, so a text without hyphens costs two comparisons a byte.
		start, end := i, 0
		switch {
		case s[i] == '.':
			start, end = decimals(s, i)
		case s[i] != '-':
		case i >= from+8 && isUUID(s[i-8:]):
			start, end = i-8, i-8+uuidLen
		case i >= from+4:
			if n := timestampLen(s[i-4:]); n > 0 {
				start, end = i-4, i-4+n
			}
		}
		if end > 0 {
			h = wire.FoldMore(h, s[from:start])
			from, i = end, end-1
		}
	}
	return wire.FoldMore(h, s[from:])
}

// decimals returns where the decimals stand in which a score in a text may carry
// a watermark: behind the sixth after the point at i. end 0: there are none.
func decimals(s string, i int) (start, end int) {
	if i == 0 || !isDigit(s[i-1]) {
		return 0, 0
	}
	for end = i + 1; end < len(s) && isDigit(s[end]); end++ {
	}
	if start = i + 1 + decimalsKept; end <= start {
		return 0, 0
	}
	return start, end
}

const uuidLen = len("00000000-0000-0000-0000-000000000000")

func isUUID(s string) bool {
	if len(s) < uuidLen {
		return false
	}
	for i := range uuidLen {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if c := s[i]; !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// timestampLen returns the length of the timestamp at the start of s, 0 if
// there is none: RFC 3339, and what programs print of the kind, which is
// without a zone (Python's isoformat), with a comma before the fraction (its
// logging) or without a colon in the zone.
func timestampLen(s string) int {
	const shape = "0000-00-00T00:00:00"
	if len(s) < len(shape) {
		return 0
	}
	for i := range len(shape) {
		switch shape[i] {
		case '0':
			if !isDigit(s[i]) {
				return 0
			}
		case 'T':
			if s[i] != 'T' && s[i] != 't' && s[i] != ' ' {
				return 0
			}
		default:
			if s[i] != shape[i] {
				return 0
			}
		}
	}
	n := len(shape)
	if n+1 < len(s) && (s[n] == '.' || s[n] == ',') && isDigit(s[n+1]) {
		for n++; n < len(s) && isDigit(s[n]); n++ {
		}
	}
	return n + zoneLen(s[n:])
}

// zoneLen returns the length of the zone at the start of s: Z, +02:00, +0200.
func zoneLen(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case 'Z', 'z':
		return 1
	case '+', '-':
		digits := strings.Replace(s[1:min(len(s), 6)], ":", "", 1)
		if len(digits) >= 4 && isDigit(digits[0]) && isDigit(digits[1]) && isDigit(digits[2]) && isDigit(digits[3]) {
			if s[3] == ':' {
				return len("+02:00")
			}
			return len("+0200")
		}
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
