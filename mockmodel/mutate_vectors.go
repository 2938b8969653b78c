package mockmodel

import (
	"math"

	"github.com/chaoskit/chaos/faults"
)

// bending are the mutations that an answer may be too short for: they have shown
// when the form has carried them out.
var bending = map[faults.MutationKind]bool{
	faults.MutationVectorLength: true, faults.MutationVectorNaN: true, faults.MutationVectorsFewer: true, faults.MutationVectorsTurned: true,
	faults.MutationRanksNone: true, faults.MutationRankBeyond: true,
	faults.MutationOtherWords: true, faults.MutationOtherScript: true, faults.MutationOtherAnswer: true,
	faults.MutationLength: true, faults.MutationThoughts: true, faults.MutationHuge: true, faults.MutationLoop: true, faults.MutationRunaway: true,
	faults.MutationFiltered: true, faults.MutationMedia: true, faults.MutationNoChoices: true,
	faults.MutationToolCut: true, faults.MutationToolSpoilt: true, faults.MutationToolHeadless: true, faults.MutationToolTwins: true, faults.MutationToolAgain: true,
}

// bends reports whether a fault bends the answer in that way.
func (a *answer) bends(kind faults.MutationKind) bool { return a.bend != nil && a.bend.Kind == kind }

// vectorsGiven returns how many vectors an answer to n texts has.
func (a *answer) vectorsGiven(n int) int {
	if a.bends(faults.MutationVectorsFewer) && n > 0 {
		a.bent = true
		return max(0, n-a.bend.N)
	}
	return n
}

// vectorAt returns whose vector stands at i, of n texts.
func (a *answer) vectorAt(i, n int) int {
	if a.bends(faults.MutationVectorsTurned) && n > 1 {
		a.bent = true
		return (i + 1) % n
	}
	return i
}

// putVector writes the vector of a text, as numbers or as base64.
func (a *answer) putVector(dst []byte, dimensions int, text string, encoded bool) []byte {
	if n := a.vectorLength(dimensions); cap(a.vector) < n {
		a.vector = make([]float32, n)
	} else {
		a.vector = a.vector[:n]
	}
	if !a.bends(faults.MutationVectorNaN) {
		a.embed(a.vector, text)
		return appendVector(dst, a.vector, encoded)
	}
	a.bent = true
	if !encoded && a.bend.Form != "python" {
		dst = append(dst, '[')
		for i := range a.vector {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, "null"...)
		}
		return append(dst, ']')
	}
	for i := range a.vector {
		a.vector[i] = math.Float32frombits(quietNaN)
	}
	return appendVector(dst, a.vector, encoded)
}

// quietNaN is the NaN of x86 and of NumPy: its sign is clear.
const quietNaN = 0x7fc00000

// vectorLength returns how long a vector is that should have so many dimensions.
func (a *answer) vectorLength(right int) int {
	if !a.bends(faults.MutationVectorLength) {
		return right
	}
	n := a.bend.N
	if n == 0 {
		n = max(1, right/2)
	}
	if n == right && a.bend.N == 0 { // there is no half of one
		n = 2
	}
	a.bent = a.bent || n != right
	return n
}

// ranksGiven returns the results that are given of those that were found.
func (a *answer) ranksGiven(best []scored) []scored {
	if a.bends(faults.MutationRanksNone) && len(best) > 0 {
		a.bent = true
		return nil
	}
	return best
}

// rankIndex is the index that result i of n has, of a document of so many.
func (a *answer) rankIndex(i, n, index, documents int) int {
	if a.bends(faults.MutationRankBeyond) && i == n-1 {
		a.bent = true
		return documents
	}
	return index
}
