package mockmodel

import (
	"net/http"
	"strconv"
	"time"
)

// jina is the reranker of Jina. Shapes and codes: https://api.jina.ai/openapi.json;
// the body of an error as its callers log it: detail, request_id, code.
var jina = vendor{
	name:     "jina",
	bodyMax:  10 << 20,
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words:    jinaWords,
	notJSON:  func() *refusal { return jinaInvalid("json_invalid", "body", "JSON decode error") },
	limited:  jinaLimited,
	body:     jinaBody,
	headers:  func(h http.Header, request string, _ time.Duration) { h["X-Request-Id"] = []string{request} },
	quota:    jinaQuota,
}

var jinaErrors = map[int]refusal{
	400: {code: "INPUT_INVALID", message: "Invalid input"},
	401: {code: "AUTH_INVALID_API_KEY", message: "Invalid API key"},
	403: {code: "AUTHZ_RESOURCE_LIMIT_EXCEEDED", message: "Resource limit exceeded for your plan"},
	409: {code: "CONFLICT_RESOURCE_BUSY", message: "The resource is busy"},
	429: {code: "RATE_CONCURRENCY_LIMIT_EXCEEDED", message: "Concurrency limit exceeded"},
	503: {code: "SERVICE_UNAVAILABLE", message: "Service unavailable"},
}

func jinaWords(status int, c *call) refusal {
	r, known := jinaErrors[status]
	switch {
	case status == http.StatusNotFound:
		r = refusal{code: "RESOURCE_NOT_FOUND", message: "Model '" + c.model + "' not found or access denied"}
	case status == http.StatusUnprocessableEntity:
		return *jinaInvalid("value_error", "body", "Value error")
	case !known && status >= 500:
		r = refusal{code: "INTERNAL_ERROR", message: "Internal server error"}
	case !known:
		r = refusal{code: "INPUT_INVALID", message: http.StatusText(status)}
	}
	r.status = status
	return r
}

// jinaInvalid is what FastAPI, which the service is written in, says of a body
// that has not the form of the call.
func jinaInvalid(kind, field, message string) *refusal {
	detail := append([]byte(`[{"type":`), appendString(nil, kind)...)
	detail = append(detail, `,"loc":["body"`...)
	if field != "body" {
		detail = append(append(detail, ','), appendString(nil, field)...)
	}
	detail = append(append(detail, `],"msg":`...), appendString(nil, message)...)
	return &refusal{status: http.StatusUnprocessableEntity, kind: kind, message: message, details: string(append(detail, "}]"...))}
}

// jinaLimited: codes and words of the reference, and the address as callers log it.
func jinaLimited(_ *call, _ quotas, r refused, _ time.Duration) refusal {
	switch {
	case r.of == credit:
		return refusal{status: http.StatusForbidden, code: "AUTHZ_INSUFFICIENT_BALANCE", message: "Insufficient account balance. Top up your account at https://jina.ai/api-dashboard/key-manager."}
	case r.of.requests():
		return refusal{status: http.StatusTooManyRequests, code: "RATE_REQUEST_LIMIT_EXCEEDED", message: "Request rate limit exceeded"}
	}
	return refusal{status: http.StatusTooManyRequests, code: "RATE_TOKEN_LIMIT_EXCEEDED", message: "Token rate limit exceeded"}
}

func jinaBody(dst []byte, r *refusal, request string) []byte {
	if r.details != "" {
		dst = append(append(dst, `{"detail":`...), r.details...)
		return append(dst, '}')
	}
	dst = append(dst, `{"detail":`...)
	dst = appendString(dst, r.message)
	dst = append(dst, `,"request_id":`...)
	dst = appendString(dst, request)
	dst = append(dst, `,"code":`...)
	dst = appendString(dst, r.code)
	return append(dst, '}')
}

// jinaQuota tells what is left of the minute.
func jinaQuota(h http.Header, q quotas, _ time.Time) {
	for _, x := range []struct {
		name string
		of   meter
	}{{"X-Ratelimit-Remaining-Requests", requestsMinute}, {"X-Ratelimit-Remaining-Tokens", tokensMinute}} {
		if q[x.of].limit > 0 {
			h[x.name] = []string{strconv.FormatInt(q[x.of].remaining, 10)}
		}
	}
}

var jinaRerank = rerankRules{
	top:     "top_n",
	missing: func(field string) *refusal { return jinaInvalid("missing", field, "Field required") },
	wrong:   func(field, want string) *refusal { return jinaInvalid("value_error", field, "Input should be "+want) },
	empty: func() *refusal {
		return jinaInvalid("too_short", "documents", "List should have at least 1 item after validation, not 0")
	},
}

// readJinaRerank understands POST /v1/rerank. Documents are not given back unless
// asked for: dify-official-plugins #1799.
func readJinaRerank(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return jinaInvalid("model_attributes_type", "body", "Input should be a valid dictionary or object to extract fields from")
	}
	f := &rerank{write: func(dst []byte, a *answer, f *rerank, best []scored) []byte {
		dst = append(dst, `{"model":`...)
		dst = appendString(dst, a.model)
		dst = append(dst, `,"usage":{"total_tokens":`...)
		dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
		dst = append(dst, `,"prompt_tokens":`...)
		dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
		dst = append(dst, `},"results":`...)
		return append(f.ranks(dst, a, best, `{"text":`, "}"), '}')
	}}
	c.form = f
	if c.model = body.get("model").text(); c.model == "" {
		return jinaRerank.missing("model")
	}
	return jinaRerank.read(body, c, f)
}
