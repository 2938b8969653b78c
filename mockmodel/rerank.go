package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// cohere is the dialect of the rerankers of Cohere and Jina, which take the
// same requests: {model, query, documents, top_n}. Answers have the members of
// both. Source: the API references of Cohere (rerank v2) and Jina.
var cohere = vendor{
	name:     "cohere",
	bodyMax:  10 << 20,
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words:    cohereWords,
	notJSON:  func() *refusal { return cohereInvalid("invalid request: the body is not valid JSON") },
	limited:  cohereLimited,
	body:     cohereBody,
	headers:  func(h http.Header, request string, _ time.Duration) { h["X-Request-Id"] = []string{request} },
	quota:    func(http.Header, quotas, time.Time) {},
}

// cohereLimited says how many are let in, and where no wait helps that nothing
// has been paid for: Cohere's reference, errors.
func cohereLimited(_ *call, q quotas, r refused, _ time.Duration) refusal {
	if r.of == credit {
		return refusal{status: http.StatusPaymentRequired, message: "Please add or update your payment method at https://dashboard.cohere.com/billing?tab=payment to continue"}
	}
	unit := meterWords[r.of].unit
	if r.of.requests() {
		unit = "API calls"
	}
	return refusal{status: http.StatusTooManyRequests, message: fmt.Sprintf("You are limited to %d %s / %s.", q[r.of].limit, unit, meterWords[r.of].period)}
}

// cohereWords has no type and no code: an error is an id and a message.
func cohereWords(status int, c *call) refusal {
	message := "an error occurred while processing the request"
	switch {
	case status == http.StatusNotFound:
		message = "model '" + c.model + "' not found"
	case status == http.StatusUnauthorized:
		message = "invalid api token"
	case status == http.StatusTooManyRequests:
		message = "too many requests"
	case status < 500:
		message = "invalid request"
	}
	return refusal{status: status, message: message}
}

func cohereInvalid(message string) *refusal { return &refusal{status: 400, message: message} }

func cohereBody(dst []byte, r *refusal, request string) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, request)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.message)
	return append(dst, '}')
}

// rerankModel is the name under which the reranker of calls that name no model
// can be configured.
const rerankModel = "rerank"

// documentsMax is how many documents a call may have: Cohere's reference.
const documentsMax = 1000

// readRerank understands POST /v1/rerank and /v2/rerank. Documents are
// strings, or objects with a text. Without a model, rerankModel does the work.
func readRerank(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return cohereInvalid("invalid request: the body is not a JSON object")
	}
	f := &rerank{}
	c.form = f
	if c.model = body.get("model").text(); c.model == "" {
		c.model = rerankModel
	}
	if f.query = body.get("query").text(); f.query == "" {
		return cohereInvalid("invalid request: query is required")
	}
	c.carrier, c.tokensIn = f.query, wire.Tokens(f.query)
	documents := body.get("documents")
	if documents.kind() != '[' {
		return cohereInvalid("invalid request: documents is required")
	}
	for d := range documents.items {
		text := d.text()
		if d.kind() == '{' {
			text = d.get("text").text()
		}
		f.documents = append(f.documents, wire.StripMarkers(text))
		c.tokensIn += wire.Tokens(text)
	}
	if n := len(f.documents); n == 0 || n > documentsMax {
		return cohereInvalid(fmt.Sprintf("invalid request: documents must have between 1 and %d elements, got %d", documentsMax, n))
	}
	f.top = len(f.documents)
	for _, name := range []string{"top_n", "top_k"} {
		if v := body.get(name); v.present() {
			n, ok := v.integer()
			if !ok || n < 1 {
				return cohereInvalid("invalid request: " + name + " must be an integer above 0")
			}
			f.top = min(f.top, n)
		}
	}
	f.show = body.get("return_documents").truth()
	return nil
}

// rerank writes the best documents, the best first.
type rerank struct {
	query     string
	documents []string
	top       int
	show      bool // return_documents
}

// rerankDimensions of the vectors that documents are compared by.
const rerankDimensions = 64

func (f *rerank) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, a.id)
	dst = append(dst, `,"model":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"results":[`...)
	if !a.empty {
		for i, x := range a.ranked(wire.StripMarkers(f.query), f.documents, f.top) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"index":`...)
			dst = strconv.AppendInt(dst, int64(x.index), 10)
			dst = append(dst, `,"relevance_score":`...)
			dst = a.appendScore(dst, x.score)
			if f.show {
				dst = append(dst, `,"document":{"text":`...)
				dst = appendString(dst, f.documents[x.index])
				dst = append(dst, '}')
			}
			dst = append(dst, '}')
		}
	}
	dst = append(dst, `],"usage":{"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	return append(dst, `},"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}`...)
}
