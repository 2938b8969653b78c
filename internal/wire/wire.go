// Package wire is what both ends of a run must agree on: request ids and the
// ways in which they travel, watermarks, event streams, hints to wait, and how
// tokens are counted. It does no I/O and never looks anything up.
//
// # Watermarks
//
// A watermark says which attempt made what a user got. There are four, by how
// much room there is:
//
//	text           [Codec.Mark], 38 characters every [MarkEvery] tokens: who, for
//	               whom, when, and whether the words are all there and unchanged
//	a short string [AddMark] with [Codec.ShortMark], 15 characters: the attempt
//	a vector       [Codec.MarkVector], from 16 components on: the attempt
//	scores         [Codec.MarkScores], from two on: the attempt
//
// To mark a string that a schema bounds, such as an argument of a tool call or a
// member of a structured output:
//
//	text, marked := wire.AddMark(text, codec.ShortMark(mark), maxLength) // -1: no bound
//
// Leave strings alone whose value means something: an enum, const, pattern or
// format, and a tool call that the plan spells out. One mark an answer is enough.
//
// [Marks] reads the first two from a text that comes in pieces;
// [Codec.FindVectorMark] and [Codec.FindScoreMark] read the others. What can be
// told of a text, and what cannot, is said at [Finding]. Marks survive being cut
// anywhere and the escapes of JSON, HTML and Markdown, not a change of case.
//
// All that it reads comes from programs that nobody here wrote. Every parser
// is total: it accepts, refuses, or returns an error, in bounded memory.
package wire

import "hash/crc32"

// castagnoli is the polynomial of every checksum here: CRC-32C has hardware
// support on amd64 and arm64.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// FNV-1a, 64 bits (draft-eastlake-fnv).
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// Fold64 is a hash of bodies, prompts and contents that is the same on every
// machine and in every process. It is no defence against who wants a collision.
//
// Of one part it is plain FNV-1a, so that a content which arrives in pieces can
// be hashed as it comes: see [FoldMore]. Between parts stands the length of the
// part before, so that ("ab","c") and ("a","bc") differ.
func Fold64(parts ...[]byte) uint64 {
	h := FoldStart
	for i, p := range parts {
		if i > 0 {
			for n := uint64(len(parts[i-1])) + 1; n > 0; n >>= 8 {
				h = (h ^ n&0xff) * fnvPrime
			}
		}
		h = FoldMore(h, p)
	}
	return h
}

// FoldStart is Fold64 of nothing.
const FoldStart = uint64(fnvOffset)

// FoldMore goes on with a hash: FoldMore(Fold64(a), b) is Fold64 of a and b put
// together.
func FoldMore[T string | []byte](h uint64, more T) uint64 {
	for i := range len(more) {
		h = (h ^ uint64(more[i])) * fnvPrime
	}
	return h
}

// Mix spreads every bit over the word, so that sums and chains of hashes do not
// cancel out. The constants are those of SplitMix64.
func Mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
