package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/spell"
	"github.com/chaoskit/chaos/internal/wire"
)

// anthropic is what Anthropic's endpoints share. Shapes: the API reference
// (errors, rate limits, streaming) and the types of anthropics/anthropic-sdk-python.
var anthropic = vendor{
	name:        "anthropic",
	bodyMax:     32 << 20, // request_too_large: the API reference, errors
	version:     "Anthropic-Version",
	noVersion:   func() *refusal { return anthropicInvalid("anthropic-version: header is required") },
	overload:    529,
	tokensAsked: func(c *call) int { return c.tokensIn }, // max_tokens does not count: rate limits
	billsOutput: true,
	words:       anthropicWords,
	notJSON:     func() *refusal { return anthropicInvalid("The request body is not valid JSON.") },
	limited:     anthropicLimited,
	body:        anthropicBody,
	headers:     anthropicHeaders,
	quota:       anthropicQuota,
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

// anthropicLimited says no time: the hint is in the header alone. Words as
// quoted in bolt.new #8588 and claude-code #55132.
func anthropicLimited(c *call, q quotas, r refused, _ time.Duration) refusal {
	limit, unit := q.requests.limit, "requests"
	if r.tokens {
		limit, unit = q.tokens.limit, "input tokens"
	}
	return refusal{status: http.StatusTooManyRequests, kind: "rate_limit_error", message: fmt.Sprintf(
		"This request would exceed your organization's rate limit of %s %s per minute (org: %s, model: %s). For details, refer to: https://docs.claude.com/en/api/rate-limits. "+
			"You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.",
		spell.Count(limit), unit, anthropicOrganization, c.model)}
}

func anthropicBody(dst []byte, r *refusal, request string) []byte {
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = appendString(dst, r.kind)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.message)
	dst = append(dst, `},"request_id":"req_011`...)
	dst = append(dst, request...)
	return append(dst, `"}`...)
}

var anthropicOrg = []string{anthropicOrganization}

func anthropicHeaders(h http.Header, request string, _ time.Duration) {
	h["Request-Id"] = []string{"req_011" + request}
	h["Anthropic-Organization-Id"] = anthropicOrg
}

// anthropicQuota writes the state of the buckets. The limit on tokens is one
// on input and output together, so it stands for each of the three.
func anthropicQuota(h http.Header, q quotas, now time.Time) {
	for _, x := range []struct {
		names []string
		quota
	}{{[]string{"Requests"}, q.requests}, {[]string{"Tokens", "Input-Tokens", "Output-Tokens"}, q.tokens}} {
		if x.limit == 0 {
			continue
		}
		limit, remaining := []string{strconv.FormatInt(x.limit, 10)}, []string{strconv.FormatInt(x.remaining, 10)}
		reset := []string{now.Add(time.Duration(x.fullNs) + time.Second - 1).UTC().Truncate(time.Second).Format(time.RFC3339)}
		for _, name := range x.names {
			h["Anthropic-Ratelimit-"+name+"-Limit"] = limit
			h["Anthropic-Ratelimit-"+name+"-Remaining"] = remaining
			h["Anthropic-Ratelimit-"+name+"-Reset"] = reset
		}
	}
}

// readAnthropicMessages understands POST /v1/messages.
func readAnthropicMessages(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return anthropicInvalid("Input should be an object")
	}
	c.form = &anthropicMessages{}
	var model, maxTokens, messages doc
	for key, v := range body.fields {
		switch key {
		case "model":
			model = v
		case "max_tokens":
			maxTokens = v
		case "messages":
			messages = v
		case "stream":
			if v.kind() != 't' && v.kind() != 'f' {
				return anthropicInvalid("stream: Input should be a valid boolean")
			}
			c.stream = v.truth()
		case "system":
			if text := contentText(v); text != "" {
				c.hear(message{"system", text})
			}
		}
	}
	c.model = model.text()
	switch n, ok := maxTokens.integer(); {
	case model == "":
		return anthropicInvalid("model: Field required")
	case c.model == "":
		return anthropicInvalid("model: Input should be a valid string")
	case maxTokens == "":
		return anthropicInvalid("max_tokens: Field required")
	case !ok:
		return anthropicInvalid("max_tokens: Input should be a valid integer")
	case n < 1:
		return anthropicInvalid("max_tokens: Input should be greater than or equal to 1")
	default:
		c.maxTokens = n
	}
	return anthropicTurns(messages, c)
}

func anthropicTurns(messages doc, c *call) *refusal {
	switch {
	case messages == "":
		return anthropicInvalid("messages: Field required")
	case messages.kind() != '[':
		return anthropicInvalid("messages: Input should be a valid list")
	}
	n := 0
	for m := range messages.items {
		at := "messages." + strconv.Itoa(n)
		role, content := m.get("role"), m.get("content")
		switch {
		case m.kind() != '{':
			return anthropicInvalid(at + ": Input should be an object")
		case role == "":
			return anthropicInvalid(at + ".role: Field required")
		case content == "":
			return anthropicInvalid(at + ".content: Field required")
		case role != `"user"` && role != `"assistant"`:
			return anthropicInvalid(at + ".role: Input should be 'user' or 'assistant'")
		}
		c.hear(message{role.text(), contentText(content)})
		n++
	}
	if n == 0 {
		return anthropicInvalid("messages: at least one message is required")
	}
	return nil
}

// anthropicMessages writes Message and the events of its stream, in the order
// of the API reference, streaming messages.
type anthropicMessages struct{}

func (*anthropicMessages) whole(dst []byte, a *answer) []byte {
	dst = anthropicHead(dst, a)
	if a.empty {
		dst = append(dst, `"content":[]`...)
	} else {
		dst = append(dst, `"content":[{"type":"text","text":"`...)
		a.contentAt = len(dst)
		dst = appendEscaped(dst, a.text())
		dst = append(dst, `"}]`...)
	}
	dst = append(dst, `,"stop_reason":"`...)
	dst = append(dst, anthropicStop(a)...)
	dst = append(dst, `","stop_sequence":null,"usage":`...)
	dst = anthropicUsage(dst, a, a.tokensOut)
	return append(dst, '}')
}

func anthropicHead(dst []byte, a *answer) []byte {
	dst = append(dst, `{"id":"msg_01`...)
	dst = append(dst, a.id[:22]...)
	dst = append(dst, `","type":"message","role":"assistant","model":`...)
	dst = appendString(dst, a.model)
	return append(dst, ',')
}

func anthropicStop(a *answer) string {
	if a.cut {
		return "max_tokens"
	}
	return "end_turn"
}

func anthropicUsage(dst []byte, a *answer, output int) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":`...)
	dst = strconv.AppendInt(dst, int64(output), 10)
	return append(dst, `,"service_tier":"standard"}`...)
}

// open sends what the API sends while the model still reads. The first usage
// counts one token of output, as the API's does.
func (*anthropicMessages) open(f *frames, a *answer) {
	data := append([]byte(`{"type":"message_start","message":`), anthropicHead(nil, a)...)
	data = append(data, `"content":[],"stop_reason":null,"stop_sequence":null,"usage":`...)
	data = anthropicUsage(data, a, min(1, a.tokensOut))
	f.event("message_start", append(data, "}}"...))
	if !a.empty {
		f.event("content_block_start", []byte(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`))
	}
	f.event("ping", []byte(`{"type":"ping"}`))
}

func (*anthropicMessages) delta(f *frames, _ *answer, text []byte) {
	f.buf = append(f.buf, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""...)
	f.buf = appendEscaped(f.buf, text)
	f.buf = append(f.buf, "\"}}\n\n"...)
	f.end()
}

func (*anthropicMessages) finish(f *frames, a *answer) {
	if !a.empty {
		f.event("content_block_stop", []byte(`{"type":"content_block_stop","index":0}`))
	}
	data := append([]byte(`{"type":"message_delta","delta":{"stop_reason":"`), anthropicStop(a)...)
	data = append(data, `","stop_sequence":null},"usage":{"output_tokens":`...)
	data = strconv.AppendInt(data, int64(a.tokensOut), 10)
	f.event("message_delta", append(data, "}}"...))
	f.event("message_stop", []byte(`{"type":"message_stop"}`))
}

func (*anthropicMessages) fail(f *frames, _ *answer, r *refusal) {
	data := append([]byte(`{"type":"error","error":{"details":null,"type":`), appendString(nil, r.kind)...)
	data = append(data, `,"message":`...)
	data = appendString(data, r.message)
	f.event("error", append(data, "}}"...))
}

// event appends a frame with a name.
func (f *frames) event(name string, data []byte) {
	f.buf = wire.AppendFrame(f.buf, name, data)
	f.end()
}
