package mockmodel

import (
	"fmt"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// readGeminiPredict understands POST .../models/MODEL:predict, by which Vertex
// AI embeds texts with models that have no embedContent: the SDKs call it of
// their own accord, models.go of googleapis/go-genai.
func readGeminiPredict(body doc, c *call) *refusal {
	f := &geminiPredictions{}
	c.model, c.form = c.at, f
	if body.kind() != '{' {
		return geminiRoot()
	}
	g := &geminiReader{c: c}
	size := geminiGet(geminiGet(body, "parameters"), "outputDimensionality")
	n, ok := g.integer("parameters.outputDimensionality", size)
	if ok && (n < 1 || n > geminiDimensions) {
		return geminiInvalid(fmt.Sprintf("outputDimensionality must be in the range [1, %d].", geminiDimensions))
	}
	f.dimensions = n
	for v := range geminiGet(body, "instances").items {
		text := geminiGet(v, "content")
		if text.kind() != '"' {
			return geminiInvalid("The text content is empty.")
		}
		if len(f.texts) == predictMax {
			return geminiInvalid(fmt.Sprintf("%d instance(s) is allowed per prediction.", predictMax))
		}
		f.add(text.text(), c)
	}
	if len(f.texts) == 0 {
		return geminiInvalid("Empty instances.")
	}
	return g.refusal()
}

// predictMax is how many texts a call may bring: Vertex AI, text embeddings.
const predictMax = 250

// geminiPredictions writes the answer to :predict.
type geminiPredictions struct {
	texts      []string // without markers, so that one text has one vector
	tokens     []int
	dimensions int // 0: the model's own
}

func (f *geminiPredictions) add(text string, c *call) {
	n := wire.Tokens(text)
	c.tokensIn += n
	c.carrier = text
	f.texts = append(f.texts, wire.StripMarkers(text))
	f.tokens = append(f.tokens, n)
}

func (f *geminiPredictions) size(own int) {
	if f.dimensions == 0 {
		f.dimensions = own
	}
}

func (*geminiPredictions) media(bool) []string { return geminiJSON }

func (f *geminiPredictions) whole(dst []byte, a *answer) []byte {
	n := len(f.texts)
	dst = append(dst, `{"predictions":[`...)
	for i := range a.vectorsGiven(n) {
		if a.empty {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		at := a.vectorAt(i, n)
		dst = append(dst, `{"embeddings":{"values":`...)
		dst = a.putVector(dst, f.dimensions, f.texts[at], false)
		dst = append(dst, `,"statistics":{"truncated":false,"token_count":`...)
		dst = strconv.AppendInt(dst, int64(f.tokens[at]), 10)
		dst = append(dst, "}}}"...)
	}
	return append(dst, "]}"...)
}
