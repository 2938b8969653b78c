// Package draw is the only source of randomness in chaos. A value is a pure
// function of a seed and of named fields, so what is drawn for one key does
// not depend on what was drawn for another, on goroutines, or on arrival order.
//
// Two ways to draw: [Bits] for one decision, [Stream] for a sequence that
// belongs to one key. Both give the same bits on every architecture: no
// fused multiply-add, no library logarithm.
package draw

import (
	"crypto/sha256"
	"encoding/binary"
)

// Bits returns the first 8 bytes, big-endian, of SHA-256 over the seed and the
// length-prefixed fields. The prefix keeps ("ab","c") apart from ("a","bc").
// The first field is by convention the purpose of the draw.
func Bits(seed uint64, fields ...string) uint64 {
	buf := make([]byte, 0, 128)
	buf = binary.BigEndian.AppendUint64(buf, seed)
	for _, f := range fields {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(f)))
		buf = append(buf, f...)
	}
	sum := sha256.Sum256(buf)
	return binary.BigEndian.Uint64(sum[:8])
}

// Below reports whether bits fall under probability p, compared as integers so
// that raising p only ever adds. p <= 0 is never, p >= 1 is always.
func Below(bits uint64, p float64) bool {
	if !(p > 0) {
		return false
	}
	if p >= 1 {
		return true
	}
	return bits < Threshold(p)
}

// Threshold returns p*2^64 for p in (0,1). Scaling by a power of two is exact
// in binary floating point, so the threshold is the same everywhere.
func Threshold(p float64) uint64 {
	const two32 = 1 << 32
	hi := p * two32 // exact
	return uint64(hi * two32)
}
