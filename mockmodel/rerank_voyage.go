package mockmodel

import (
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// voyage is the reranker of Voyage. Shapes: the OpenAPI definition of its
// reference; statuses: error codes of its documentation, whose words the messages
// have where it gives any.
var voyage = vendor{
	name:     "voyage",
	bodyMax:  10 << 20,
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words:    voyageWords,
	notJSON:  func() *refusal { return voyageInvalid("The request body is not a valid JSON.") },
	limited:  voyageLimited,
	body:     voyageBody,
	headers:  func(h http.Header, request string, _ time.Duration) { h["X-Request-Id"] = []string{request} },
	quota:    func(http.Header, quotas, time.Time) {},
}

var voyageErrors = map[int]string{
	400: "The request is invalid.",
	401: "Provided API key is invalid.",
	403: "The IP address you are sending the request from is forbidden.",
	429: "The frequency of your requests is too high.",
	500: "Unexpected issue on our servers.",
}

func voyageWords(status int, c *call) refusal {
	message, known := voyageErrors[status]
	switch {
	case status == http.StatusNotFound:
		message = "Model " + c.model + " is not supported."
	case !known && status > 500:
		message = "Our servers are currently experiencing high traffic."
	case !known:
		message = http.StatusText(status)
	}
	return refusal{status: status, message: message}
}

func voyageInvalid(message string) *refusal { return &refusal{status: 400, message: message} }

// voyageLimited: words as quoted in gpt-researcher #1148, where nothing is paid.
func voyageLimited(_ *call, q quotas, r refused, _ time.Duration) refusal {
	message := voyageErrors[http.StatusTooManyRequests]
	if r.of == credit {
		message = "You have not yet added your payment method in the billing page and will have reduced rate limits of 3 RPM and 10K TPM.  Please add your payment method in the billing page (https://dash.voyageai.com/billing/payment-methods) to unlock our standard rate limits (https://docs.voyageai.com/docs/rate-limits)."
	} else if limit := q[r.of].limit; limit > 0 {
		message += " You are limited to " + strconv.FormatInt(limit, 10) + " " + meterWords[r.of].unit + " per " + meterWords[r.of].period + "."
	}
	return refusal{status: http.StatusTooManyRequests, message: message}
}

func voyageBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"detail":`...)
	return append(appendString(dst, r.message), '}')
}

var voyageRerank = rerankRules{
	top: "top_k", strings: true,
	missing: func(field string) *refusal { return voyageInvalid("Argument '" + field + "' is required.") },
	wrong: func(field, want string) *refusal {
		return voyageInvalid("Argument '" + field + "' is invalid: it must be " + want + ".")
	},
	empty: func() *refusal { return voyageInvalid("Input cannot contain empty strings or empty lists.") },
}

// readVoyageRerank understands POST /v1/rerank. The query is read with each of the
// documents, and counted as often.
func readVoyageRerank(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return voyageInvalid("The request body is not a valid JSON.")
	}
	f := &rerank{write: func(dst []byte, a *answer, f *rerank, best []scored) []byte {
		dst = append(dst, `{"object":"list","data":`...)
		dst = f.ranks(dst, a, best, "", "")
		dst = append(dst, `,"model":`...)
		dst = appendString(dst, a.model)
		dst = append(dst, `,"usage":{"total_tokens":`...)
		return append(strconv.AppendInt(dst, int64(a.tokensIn), 10), "}}"...)
	}}
	c.form = f
	if c.model = body.get("model").text(); c.model == "" {
		return voyageRerank.missing("model")
	}
	if v := body.get("truncation"); v.present() && v.kind() != 't' && v.kind() != 'f' {
		return voyageRerank.wrong("truncation", "true or false")
	}
	r := voyageRerank.read(body, c, f)
	c.tokensIn += wire.Tokens(f.query) * max(0, len(f.documents)-1)
	return r
}
