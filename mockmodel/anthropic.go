package mockmodel

import (
	"net/http"
	"time"
)

// anthropic is what Anthropic's endpoints share. Shapes: the API reference
// (errors, rate limits, streaming) and the types of anthropics/anthropic-sdk-python.
var anthropic = vendor{
	name:      "anthropic",
	bodyMax:   32 << 20, // request_too_large: the API reference, errors
	version:   "Anthropic-Version",
	noVersion: func() *refusal { return anthropicInvalid("anthropic-version: header is required") },
	overload:  529,
	twin:      &twinAnthropic,
	toolText:  toolTextStreams,
	words:     anthropicWords,
	notJSON:   func() *refusal { return anthropicInvalid("The request body is not valid JSON.") },
	limited:   anthropicLimited,
	tooLong:   anthropicTooLong,
	exhausted: anthropicSpent,
	body:      anthropicBody,
	headers:   anthropicHeaders,
	quota:     anthropicQuota,
}

const anthropicOrganization = "c4a05c4a-05c4-4a05-84a0-5c4a05c4a05c"

var anthropicErrors = map[int]refusal{
	400: {kind: "invalid_request_error", message: "There was an issue with the format or content of your request."},
	401: {kind: "authentication_error", message: "invalid x-api-key"},
	402: {kind: "billing_error", message: "There's an issue with your billing or payment information."},
	403: {kind: "permission_error", message: "Your API key does not have permission to use the specified resource."},
	404: {kind: "not_found_error"},
	409: {kind: "conflict_error", message: "The request conflicts with another request."},
	413: {kind: "request_too_large", message: "Request exceeds the maximum size"},
	429: {kind: "rate_limit_error", message: "This request would exceed your organization's rate limit."},
	504: {kind: "timeout_error", message: "The request timed out while processing."},
	529: {kind: "overloaded_error", message: "Overloaded"},
}

func anthropicWords(status int, c *call) refusal {
	r, known := anthropicErrors[status]
	switch {
	case !known && status >= 500:
		r = refusal{kind: "api_error", message: "Internal server error"}
	case !known:
		r = refusal{kind: "invalid_request_error", message: http.StatusText(status)}
	case status == 404:
		r.message = "model: " + c.model
	}
	r.status = status
	return r
}

func anthropicInvalid(message string) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", message: message}
}

func anthropicBody(dst []byte, r *refusal, request string) []byte {
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = appendString(dst, r.kind)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.message)
	if r.details != "" {
		dst = append(append(dst, `,"details":`...), r.details...)
	}
	dst = append(dst, `},"request_id":"req_011`...)
	dst = append(dst, request...)
	return append(dst, `"}`...)
}

var anthropicOrg = []string{anthropicOrganization}

func anthropicHeaders(h http.Header, request string, _ time.Duration) {
	h["Request-Id"] = []string{"req_011" + request}
	h["Anthropic-Organization-Id"] = anthropicOrg
}
