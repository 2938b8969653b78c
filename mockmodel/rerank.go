package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// Rerankers take {model, query, documents} and give the best documents. Cohere,
// Jina and Voyage differ in all the rest: rerank_cohere.go, rerank_jina.go,
// rerank_voyage.go.

// rerankModel is the name under which the reranker of calls that name no model
// can be configured.
const rerankModel = "rerank"

// documentsMax is how many documents a call may have: the references of Cohere
// and Voyage.
const documentsMax = 1000

// rerankRules is what differs in how a reranker reads calls.
type rerankRules struct {
	top     string // the member that says how many are wanted
	strings bool   // documents are strings; else they may be objects with a text
	missing func(field string) *refusal
	wrong   func(field, want string) *refusal
	empty   func() *refusal // there are no documents
}

// read understands a call.
func (u rerankRules) read(body doc, c *call, f *rerank) *refusal {
	if query := body.get("query"); query.present() && query.kind() != '"' {
		return u.wrong("query", "a string")
	}
	if f.query = body.get("query").text(); f.query == "" {
		return u.missing("query")
	}
	c.carrier, c.tokensIn = f.query, wire.Tokens(f.query)
	documents := body.get("documents")
	switch {
	case !documents.present():
		return u.missing("documents")
	case documents.kind() != '[':
		return u.wrong("documents", "a list")
	}
	n := 0
	for d := range documents.items {
		if n++; n > documentsMax {
			continue // it is counted for the message
		}
		text := d
		if d.kind() == '{' && !u.strings {
			text = d.get("text")
		}
		if text.kind() != '"' {
			return u.wrong("documents["+strconv.Itoa(len(f.documents))+"]", "a string")
		}
		f.documents = append(f.documents, wire.StripMarkers(text.text()))
		c.tokensIn += wire.Tokens(text.text())
	}
	switch {
	case n == 0:
		return u.empty()
	case n > documentsMax:
		return u.wrong("documents", fmt.Sprintf("a list of at most %d elements, got %d", documentsMax, n))
	}
	f.top = len(f.documents)
	if v := body.get(u.top); v.present() {
		n, ok := v.integer()
		if !ok || n < 1 {
			return u.wrong(u.top, "an integer above 0")
		}
		f.top = min(f.top, n)
	}
	show := body.get("return_documents")
	if show.present() && show.kind() != 't' && show.kind() != 'f' {
		return u.wrong("return_documents", "true or false")
	}
	f.show = show.truth()
	return nil
}

// rerank writes the best documents, the best first.
type rerank struct {
	query     string
	documents []string
	top       int
	show      bool // return_documents
	// write writes the answer around the documents and their scores.
	write func(dst []byte, a *answer, f *rerank, best []scored) []byte
}

// rerankDimensions of the vectors that documents are compared by.
const rerankDimensions = 64

func (f *rerank) whole(dst []byte, a *answer) []byte {
	var best []scored
	if !a.empty {
		best = a.ranksGiven(a.ranked(wire.StripMarkers(f.query), f.documents, f.top))
	}
	return f.write(dst, a, f, best)
}

// ranks writes the documents. head and tail stand around the text of one.
func (f *rerank) ranks(dst []byte, a *answer, best []scored, head, tail string) []byte {
	dst = append(dst, '[')
	for i, x := range best {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"index":`...)
		dst = strconv.AppendInt(dst, int64(a.rankIndex(i, len(best), x.index, len(f.documents))), 10)
		dst = append(dst, `,"relevance_score":`...)
		dst = a.appendScore(dst, x.score)
		if f.show {
			dst = append(append(dst, `,"document":`...), head...)
			dst = append(appendString(dst, f.documents[x.index]), tail...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// rerankVendor tells whose call one to /v1/rerank is, which three providers have.
// The name of the model decides: jina-... is Jina's; voyage-..., rerank-2.5,
// rerank-lite-1 and the like are Voyage's, whose names have a digit or "lite" where
// Cohere's have "v", "english" or "multilingual". Of another name, top_k or
// truncation make it Voyage's, and all else is Cohere's. A path that begins with
// the dialect, or an endpoint that has one, is never guessed at.
func rerankVendor(body doc) *vendor {
	model := strings.ToLower(body.get("model").text())
	tail, named := strings.CutPrefix(model, "rerank-")
	switch {
	case strings.HasPrefix(model, "jina"):
		return &jina
	case strings.HasPrefix(model, "voyage"), named && tail != "" && (isDigit(tail[0]) || strings.HasPrefix(tail, "lite")):
		return &voyage
	case !named && (body.get("top_k").present() || body.get("truncation").present()):
		return &voyage
	}
	return &cohere
}

// sort turns to the route of the dialect that a call speaks, where its path is that
// of several.
func (a *attempt) sort(body doc) {
	if a.only != nil || a.route.pattern != "/v1/rerank" || a.route.vendor != &cohere {
		return
	}
	v := rerankVendor(body)
	for i := range routes {
		if r := &routes[i]; r.vendor == v && r.pattern == a.route.pattern && r.method == http.MethodPost {
			a.route = r
			a.rec.Dialect = v.name
			return
		}
	}
}
