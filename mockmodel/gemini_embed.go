package mockmodel

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// geminiDimensions is the length of the longest vector: ai.google.dev, embeddings.
const geminiDimensions = 3072

// batchMax is how many texts a call may bring: langchainjs #4491 quotes the error.
const batchMax = 100

// readGeminiEmbed understands POST .../models/MODEL:embedContent.
func readGeminiEmbed(body doc, c *call) *refusal {
	f := &geminiEmbeddings{}
	c.model, c.form = c.at, f
	if body.kind() != '{' {
		return geminiRoot()
	}
	g := &geminiReader{c: c}
	g.embed(body, f)
	return g.refusal()
}

// readGeminiBatch understands POST .../models/MODEL:batchEmbedContents, which
// is what the SDKs call for one text as well.
func readGeminiBatch(body doc, c *call) *refusal {
	f := &geminiEmbeddings{batch: true}
	c.model, c.form = c.at, f
	if body.kind() != '{' {
		return geminiRoot()
	}
	g := &geminiReader{c: c}
	for key, v := range body.fields {
		switch geminiName(key) {
		case "requests":
			if !g.list("requests", "EmbedContentRequest", v) {
				continue
			}
			n := 0
			for r := range geminiEach(v) {
				if n++; n > batchMax {
					return geminiInvalid(fmt.Sprintf("* BatchEmbedContentsRequest.requests: at most %d requests can be in one batch\n", batchMax))
				}
				at := g.enter("requests[", strconv.Itoa(n-1), "]")
				g.embed(r, f)
				g.leave(at)
			}
		case "model":
		default:
			g.unknown(key)
		}
	}
	if len(f.texts) == 0 && len(g.misfits) == 0 && g.invalid == nil {
		return geminiInvalid("* BatchEmbedContentsRequest.requests: requests is not specified\n")
	}
	return g.refusal()
}

// geminiEmbeds are the members of an EmbedContentRequest that need not be
// understood: models.go of googleapis/go-genai, for the Gemini API and Vertex AI.
var geminiEmbeds = []string{"model", "taskType", "title", "autoTruncate", "documentOcr", "audioTrackExtraction"}

// embed reads one text, whose parts are one; the path leads to it.
func (g *geminiReader) embed(v doc, f *geminiEmbeddings) {
	var content doc
	size := 0
	var read func(v doc)
	read = func(v doc) {
		for key, v := range v.fields {
			switch name := geminiName(key); {
			case name == "content":
				content = v
			case name == "embedContentConfig": // of Vertex AI
				read(v)
			case name == "outputDimensionality":
				n, ok := g.integer(name, v)
				if ok && (n < 1 || n > geminiDimensions) {
					g.fail(g.path(name), fmt.Sprintf("output_dimensionality must be in the range [1, %d].", geminiDimensions))
				} else if ok {
					size = n
				}
			case !slices.Contains(geminiEmbeds, name):
				g.unknown(key)
			}
		}
	}
	read(v)
	if !g.message("content", "Content", content) {
		g.fail(g.path("content"), "content is not specified")
		return
	}
	at := len(g.at)
	if at > 0 {
		g.enter(".")
	}
	g.enter("content")
	in := g.content(content)
	g.leave(at)
	g.c.tokensIn += wire.Tokens(in.text)
	g.c.carrier = in.text
	f.texts = append(f.texts, wire.StripMarkers(in.text))
	f.sizes = append(f.sizes, size)
}

// geminiEmbeddings writes EmbedContentResponse and BatchEmbedContentsResponse.
type geminiEmbeddings struct {
	batch bool
	texts []string // without markers, so that one text has one vector
	sizes []int    // 0: the model's own
}

// size fills in how long a vector is where the call does not say.
func (f *geminiEmbeddings) size(own int) {
	for i, n := range f.sizes {
		if n == 0 {
			f.sizes[i] = own
		}
	}
}

func (*geminiEmbeddings) media(bool) []string { return geminiJSON }

func (f *geminiEmbeddings) whole(dst []byte, a *answer) []byte {
	n := len(f.texts)
	given := a.vectorsGiven(n)
	if a.empty {
		given = 0
	}
	if f.batch {
		dst = append(dst, `{"embeddings":[`...)
	} else {
		dst = append(dst, `{"embedding":`...)
	}
	for i := range given {
		if i > 0 {
			dst = append(dst, ',')
		}
		at := a.vectorAt(i, n)
		dst = append(dst, `{"values":`...)
		dst = a.putVector(dst, f.sizes[at], f.texts[at], false)
		dst = append(dst, '}')
	}
	switch {
	case f.batch:
		dst = append(dst, ']')
	case given == 0:
		dst = append(dst, "{}"...)
	}
	dst = append(dst, `,"usageMetadata":{"promptTokenCount":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	return append(dst, "}}"...)
}
