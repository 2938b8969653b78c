package mockmodel

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// Watermarks reports whether answers carry watermarks.
func (c Config) Watermarks() bool { return c.Watermark != "off" }

// What an answer says in numbers carries watermarks too. They are far below
// what makes a difference: two vectors of one text are apart by a cosine of some
// 1e-9, scores by 1e-6. Equal texts have equal vectors but for that, so that a
// semantic cache of the target works as it would.

// embed fills v with the vector of a text, marked as this answer's; one of the plan
// is given as it stands there.
func (a *answer) embed(v []float32, text string) {
	if given := a.vectorOf(text); given != nil {
		fitVector(v, given)
		return
	}
	embed(v, a.seed, text)
	if a.codec != nil && len(v) >= wire.VectorMin {
		a.codec.MarkVector(v, a.mark)
		a.marked = true
	}
}

// ranked returns the best of documents, at most top, the best first, with
// marked scores.
func (a *answer) ranked(query string, documents []string, top int) []scored {
	best := nearest(a.seed, query, documents)
	best = best[:min(top, len(best))]
	if a.codec == nil {
		return best
	}
	scores := make([]float64, len(best))
	for i := range best {
		scores[i] = best[i].score
	}
	if a.codec.MarkScores(scores, a.mark) {
		a.marked = true
		for i := range best {
			best[i].score = scores[i]
		}
	}
	return best
}

// appendScore writes a score of ranked: a mark needs all of float64.
func (a *answer) appendScore(dst []byte, x float64) []byte {
	if a.marked {
		return strconv.AppendFloat(dst, x, 'g', -1, 64)
	}
	return appendFloat(dst, x)
}
