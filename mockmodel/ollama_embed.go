package mockmodel

import (
	"fmt"

	"github.com/chaoskit/chaos/internal/wire"
)

// readOllamaEmbed understands POST /api/embed: EmbedRequest in api/types.go.
func readOllamaEmbed(body doc, c *call) *refusal {
	f := &ollamaEmbeddings{}
	c.form = f
	o := &ollamaReader{request: "EmbedRequest"}
	if body.kind() != '{' {
		return o.root(body)
	}
	for key, v := range body.fields {
		switch key {
		case "model":
			c.model = o.text(key, v)
		case "input":
			o.input(v, c, f)
		case "dimensions":
			n, ok := v.integer()
			if v.present() && !ok {
				o.wrong(key, "int", v)
			}
			f.dimensions = max(0, n)
		case "truncate":
			o.boolean(key, v)
		case "options":
			o.options(v, &call{})
		case "keep_alive":
			o.keepAlive(v)
		}
	}
	if c.model == "" {
		o.refuse(&refusal{status: 404, message: "model '' not found"})
	}
	return o.invalid
}

// input reads a text or a list of them.
func (o *ollamaReader) input(v doc, c *call, f *ollamaEmbeddings) {
	switch v.kind() {
	case '"':
		if text := v.text(); text != "" {
			f.add(text, c)
		}
	case '[':
		for t := range v.items {
			if t.kind() != '"' {
				o.refuse(ollamaInvalid("invalid input type"))
				return
			}
			if len(f.texts) == inputsMax {
				o.refuse(ollamaInvalid(fmt.Sprintf("more than %d inputs are not built in the chaos mock model", inputsMax)))
				return
			}
			f.add(t.text(), c)
		}
	case 0, 'n':
	default:
		o.refuse(ollamaInvalid("invalid input type"))
	}
}

// readOllamaEmbeddings understands the older POST /api/embeddings:
// EmbeddingRequest in api/types.go.
func readOllamaEmbeddings(body doc, c *call) *refusal {
	f := &ollamaEmbeddings{one: true}
	c.form = f
	o := &ollamaReader{request: "EmbeddingRequest"}
	if body.kind() != '{' {
		return o.root(body)
	}
	c.model = o.text("model", body.get("model"))
	o.options(body.get("options"), &call{})
	o.keepAlive(body.get("keep_alive"))
	if prompt := o.text("prompt", body.get("prompt")); prompt != "" {
		f.add(prompt, c)
	}
	if c.model == "" {
		o.refuse(ollamaInvalid("model is required"))
	}
	return o.invalid
}

// ollamaEmbeddings writes EmbedResponse, or the older EmbeddingResponse.
type ollamaEmbeddings struct {
	one        bool
	texts      []string // without markers, so that one text has one vector
	dimensions int      // asked for; 0: the model's own
}

func (f *ollamaEmbeddings) add(text string, c *call) {
	c.tokensIn += wire.Tokens(text)
	c.carrier = text
	f.texts = append(f.texts, wire.StripMarkers(text))
}

// size takes the model's length where the call asks for none, or for a longer
// one: EmbedHandler in server/routes.go only shortens.
func (f *ollamaEmbeddings) size(own int) {
	if f.dimensions == 0 || f.dimensions > own {
		f.dimensions = own
	}
}

func (*ollamaEmbeddings) media(bool) []string { return ollamaJSON }

func (f *ollamaEmbeddings) whole(dst []byte, a *answer) []byte {
	n := len(f.texts)
	given := a.vectorsGiven(n)
	if a.empty {
		given = 0
	}
	if f.one {
		dst = append(dst, `{"embedding":`...)
		if given == 0 {
			return append(dst, "[]}"...)
		}
		return append(a.putVector(dst, f.dimensions, f.texts[0], false), '}')
	}
	dst = append(dst, `{"model":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"embeddings":[`...)
	for i := range given {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = a.putVector(dst, f.dimensions, f.texts[a.vectorAt(i, n)], false)
	}
	dst = append(dst, ']')
	if given > 0 {
		dst = ollamaNumber(dst, "total_duration", a.nowNs-a.arrivedNs)
		dst = ollamaNumber(dst, "load_duration", a.loadedNs-a.arrivedNs)
		dst = ollamaNumber(dst, "prompt_eval_count", int64(a.tokensIn))
	}
	return append(dst, '}')
}
