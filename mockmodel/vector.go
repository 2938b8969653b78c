package mockmodel

import (
	"math"
	"slices"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// Vectors are what embeddings, rerank and search have in common: a text becomes
// one, and texts are near each other as their vectors are.

// embed fills v with the vector of a text, of length 1 as OpenAI's are. Texts
// that share words are near each other, as each word adds a direction of its
// own. Only additions, multiplications and one square root: the same bits on
// every machine.
func embed(v []float32, seed uint64, text string) {
	clear(v)
	sum := make([]int64, len(v))
	words(text, func(word string) {
		state := wire.FoldMore(wire.FoldStart^seed, word)
		for i := range sum {
			state += 0x9e3779b97f4a7c15 // SplitMix64
			sum[i] += int64(int16(wire.Mix(state)))
		}
	})
	var square float64
	for _, x := range sum {
		square += float64(float64(x) * float64(x))
	}
	if square == 0 {
		v[0] = 1
		return
	}
	scale := 1 / math.Sqrt(square)
	for i, x := range sum {
		v[i] = float32(float64(x) * scale)
	}
}

// wordsMax bounds the work for one text: beyond it, words no longer change a vector.
const wordsMax = 64

// words calls f for the words of a text in lower case, at most wordsMax of
// them; for a text without words, once with the text.
func words(text string, f func(string)) {
	n, start := 0, -1
	buf := make([]byte, 0, 32)
	for i := 0; i <= len(text) && n < wordsMax; i++ {
		if i < len(text) && (text[i] >= 0x80 || isDigit(text[i]) || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z') {
			if start < 0 {
				start, buf = i, buf[:0]
			}
			c := text[i]
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			buf = append(buf, c)
			continue
		}
		if start >= 0 {
			f(string(buf))
			n, start = n+1, -1
		}
	}
	if n == 0 {
		f(text)
	}
}

// unit returns v scaled to length 1; what has no direction stays as it is.
func unit(v []float32) []float32 {
	var square float64
	for _, x := range v {
		square += float64(float64(x) * float64(x))
	}
	if square == 0 || math.IsInf(square, 0) || math.IsNaN(square) {
		return make([]float32, len(v))
	}
	scale := 1 / math.Sqrt(square)
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) * scale)
	}
	return out
}

// scored is a document with its relevance, from 0 to 1.
type scored struct {
	index int
	score float64
}

// nearest orders documents by how near they are to the query; equals keep
// their order.
func nearest(seed uint64, query string, documents []string) []scored {
	q, d := make([]float32, rerankDimensions), make([]float32, rerankDimensions)
	embed(q, seed, query)
	out := make([]scored, len(documents))
	for i, text := range documents {
		embed(d, seed, text)
		out[i] = scored{i, likeness(q, d)}
	}
	sortScored(out)
	return out
}

func sortScored(list []scored) {
	slices.SortStableFunc(list, func(x, y scored) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
}

// likeness is the cosine of two vectors of length 1, moved to 0..1.
func likeness(a, b []float32) float64 {
	var dot float64
	for i := range min(len(a), len(b)) {
		dot += float64(float64(a[i]) * float64(b[i]))
	}
	return min(1, max(0, (1+dot)/2))
}

// appendFloat writes a float32 as JSON, shortest form.
func appendFloat(dst []byte, x float64) []byte {
	return strconv.AppendFloat(dst, x, 'g', -1, 32)
}
