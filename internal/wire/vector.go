package wire

import (
	"hash/crc32"
	"math"
)

// Marks in numbers. A vector and a list of scores have no room for words, so
// they carry what a short mark does, the attempt, in digits that nobody reads.

// A vector's mark is vectorBits, four to a component, over and over along it:
//
//	run 12 | attempt 30 | check 22
//
// They stand in bits 5 to 8 of the mantissa; the five below are set to their
// middle. So a mark moves a component by less than 2^-14 of itself, which moves
// a cosine by less than 1e-4, in 1536 dimensions by some 1e-6; and it is read
// back after anything that moves components by less than 2^-20 of themselves:
// decimals of seven digits, and for long vectors scaling to the length 1 that
// they nearly have. Numbers of fewer digits do not hold it, nor does arithmetic.
const (
	vectorRunBits, vectorSumBits = 12, 22
	vectorBits                   = vectorRunBits + markAttemptBits + vectorSumBits
	vectorWidth                  = 4
	vectorShift                  = 5
	vectorLow                    = 1<<(vectorShift+vectorWidth) - 1

	// VectorMin is the least number of components that hold a mark.
	VectorMin = vectorBits / vectorWidth
)

// MarkVector marks v in place and returns it. A component that is zero, not
// normal or not finite stays as it is; what it would say, its repetitions say.
// A vector shorter than [VectorMin] carries no mark.
func (c *Codec) MarkVector(v []float32, m Mark) []float32 {
	if len(v) < VectorMin {
		return v
	}
	body := c.vectorBody(m)
	for i, x := range v {
		if b := math.Float32bits(x); isNormal(b) {
			v[i] = math.Float32frombits(b&^vectorLow | nibble(body, i)<<vectorShift | 1<<(vectorShift-1))
		}
	}
	return v
}

// nibble is what component i says.
func nibble(body uint64, i int) uint32 {
	return (uint32(body>>(vectorWidth*(i%VectorMin))) ^ cover(i)) & (1<<vectorWidth - 1)
}

// cover hides what is said behind bits that look random, so that a vector keeps
// its length: the bits of a small number would all pull it the same way.
func cover(i int) uint32 { return uint32(Mix(uint64(i) + 1)) }

func isNormal(b uint32) bool {
	exponent := b >> 23 & 0xff
	return exponent != 0 && exponent != 0xff
}

// FindVectorMark reads the mark of a vector, or of its beginning where it was
// shortened. Each bit is what most of its repetitions say. ok is false where
// there is none, which passes for one once in 2^22.
func (c *Codec) FindVectorMark(v []float32) (f Found, ok bool) {
	if len(v) < VectorMin {
		return Found{}, false
	}
	var votes [vectorBits]int
	for i, x := range v {
		b := math.Float32bits(x)
		if !isNormal(b) {
			continue
		}
		said := b>>vectorShift ^ cover(i)
		for bit := range vectorWidth {
			votes[vectorWidth*(i%VectorMin)+bit] += int(said>>bit&1)*2 - 1
		}
	}
	var body uint64
	for i, n := range votes {
		if n > 0 {
			body |= 1 << i
		}
	}
	return c.vectorMark(body)
}

func (c *Codec) vectorBody(m Mark) uint64 {
	body := runFold(m.ID.Run)&(1<<vectorRunBits-1)<<markAttemptBits | fits(m.Attempt, markAttemptBits)
	return body<<vectorSumBits | numberSum(body, vectorSumBits)
}

func (c *Codec) vectorMark(body uint64) (Found, bool) {
	rest := body >> vectorSumBits
	if body&(1<<vectorSumBits-1) != numberSum(rest, vectorSumBits) {
		return Found{}, false
	}
	return c.named(rest, vectorRunBits), true
}

// named reads run and attempt.
func (c *Codec) named(rest uint64, runBits int) Found {
	f := Found{Short: true, Mark: Mark{Attempt: rest & (1<<markAttemptBits - 1)}}
	if f.OtherRun = rest>>markAttemptBits != runFold(c.Run)&(1<<runBits-1); !f.OtherRun {
		f.ID.Run = c.Run
	}
	return f
}

// numberSum is the checksum over the fields of a mark in numbers.
func numberSum(rest uint64, width int) uint64 {
	var b [8]byte
	for i := range b {
		b[i] = byte(rest >> (8 * i))
	}
	return uint64(crc32.Checksum(b[:], castagnoli)) & (1<<width - 1)
}

// MaskVector returns x without what a mark changes of it, so that vectors that
// differ in their marks alone are equal.
func MaskVector(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ vectorLow)
}

// A score's mark is the decimals 7 to 15 of two scores that follow each other,
// a number of 18 digits:
//
//	run 9 | attempt 30 | check 20
//
// Each pair repeats it, and either half may begin a list of which the first
// were dropped. The six decimals before are the score's own.
const (
	scoreRunBits, scoreSumBits = 9, 20

	scoreUnit = 1_000_000     // of what a score keeps
	scoreHalf = 1_000_000_000 // values of what a mark adds
	scoreAll  = scoreUnit * scoreHalf

	// ScoreMin is the least number of scores that hold a mark.
	ScoreMin = 2
)

// MarkScores marks scores from 0 to 1 in descending order, in place, and
// reports whether it did. Each falls below the one before, so that no way of
// sorting changes their order: by less than 1e-6, and by as much more as equal
// ones before it had to. Fewer than [ScoreMin], others than from 0 to 1,
// unordered ones and those that leave no room above 0 stay as they are.
//
// The marks are read back from what prints 15 digits, which float64 holds and
// float32 does not.
func (c *Codec) MarkScores(scores []float64, m Mark) bool {
	if len(scores) < ScoreMin {
		return false
	}
	kept := make([]uint64, len(scores))
	for i, x := range scores {
		if !(x >= 0 && x <= 1) || i > 0 && x > scores[i-1] {
			return false
		}
		kept[i] = min(uint64(x*scoreUnit), scoreUnit-1)
		if i > 0 && kept[i] >= kept[i-1] {
			if kept[i-1] == 0 {
				return false
			}
			kept[i] = kept[i-1] - 1
		}
	}
	rest := runFold(m.ID.Run)&(1<<scoreRunBits-1)<<markAttemptBits | fits(m.Attempt, markAttemptBits)
	body := rest<<scoreSumBits | numberSum(rest, scoreSumBits)
	half := [ScoreMin]uint64{body / scoreHalf, body % scoreHalf}
	for i := range scores {
		scores[i] = float64(kept[i]*scoreHalf+half[i%ScoreMin]) / scoreAll
	}
	return true
}

// FindScoreMark reads the mark of scores as they stood, some of them dropped.
// A quarter of the pairs must say it, where all that were marked say half. ok is
// false where there is none, which passes for one once in 2^20 of lists of two.
func (c *Codec) FindScoreMark(scores []float64) (f Found, ok bool) {
	var first uint64
	agree := 0
	for i := 1; i < len(scores); i++ {
		high, ok1 := scoreMark(scores[i-1])
		low, ok2 := scoreMark(scores[i])
		if !ok1 || !ok2 {
			return Found{}, false
		}
		body := high*scoreHalf + low // below 10^18
		rest := body >> scoreSumBits
		if rest>>(scoreRunBits+markAttemptBits) != 0 || body&(1<<scoreSumBits-1) != numberSum(rest, scoreSumBits) {
			continue
		}
		if agree == 0 {
			first = rest
		}
		if rest == first {
			agree++
		}
	}
	if agree == 0 || 4*agree < len(scores)-1 {
		return Found{}, false
	}
	return c.named(first, scoreRunBits), true
}

// scoreMark returns the decimals 7 to 15 of a score.
func scoreMark(x float64) (uint64, bool) {
	if !(x >= 0 && x < 1) {
		return 0, false
	}
	return uint64(math.Round(x*scoreAll)) % scoreHalf, true
}
