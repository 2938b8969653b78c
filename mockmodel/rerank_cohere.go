package mockmodel

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// cohere is Cohere: rerank of versions 1 and 2 of its API. Shapes: v_2.go and
// types.go of cohere-ai/cohere-go.
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

// cohereRerank are the rules of version 1; words as quoted in langchain4j #770
// (no documents).
var cohereRerank = rerankRules{
	top:     "top_n",
	missing: func(field string) *refusal { return cohereInvalid("invalid request: " + field + " is required") },
	wrong: func(field, want string) *refusal {
		return cohereInvalid("invalid request: " + field + " must be " + want)
	},
	empty: func() *refusal { return cohereInvalid("invalid request: list of documents must not be empty") },
}

// readCohereRerank understands POST /v1/rerank. Without a model, rerankModel does
// the work.
func readCohereRerank(body doc, c *call) *refusal { return cohereRead(body, c, "1") }

// cohereFields are the members of a call of version 2, and those of version 1 that
// it still takes. Others are refused, as quoted in LightRAG #1813.
var cohereFields = []string{"model", "query", "documents", "top_n", "max_tokens_per_doc", "priority", "return_documents", "rank_fields", "max_chunks_per_doc"}

// readCohereRerank2 understands POST /v2/rerank.
func readCohereRerank2(body doc, c *call) *refusal {
	for key := range body.fields {
		if !slices.Contains(cohereFields, key) {
			return &refusal{status: http.StatusUnprocessableEntity,
				message: "unknown field: parameter '" + journal.Clip(key, textMax) + "' is not a valid field. For proper usage, please refer to https://docs.cohere.com/reference/rerank"}
		}
	}
	return cohereRead(body, c, "2")
}

func cohereRead(body doc, c *call, version string) *refusal {
	if body.kind() != '{' {
		return cohereInvalid("invalid request: the body is not a JSON object")
	}
	f := &rerank{}
	f.write = func(dst []byte, a *answer, f *rerank, best []scored) []byte {
		dst = append(dst, `{"id":`...)
		dst = appendString(dst, uuidOf("cohere", a.id))
		dst = append(dst, `,"results":`...)
		dst = f.ranks(dst, a, best, `{"text":`, "}")
		return append(dst, `,"meta":{"api_version":{"version":"`+version+`"},"billed_units":{"search_units":1}}}`...)
	}
	c.form = f
	switch c.model = body.get("model").text(); {
	case c.model == "" && version == "2":
		return cohereRerank.missing("model")
	case c.model == "":
		c.model = rerankModel
	}
	r := cohereRerank.read(body, c, f)
	f.show = f.show && version == "1" // version 2 gives no documents back
	return r
}

// cohereUnbuilt answers what Cohere has beside rerank.
func cohereUnbuilt(s *Server, r *http.Request, _ found) ([]byte, *refusal) {
	s.noteUnserved(r)
	at := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	return nil, &refusal{status: http.StatusNotFound, message: "Cohere's " + at + " is not built in the chaos mock model yet: rerank is"}
}
