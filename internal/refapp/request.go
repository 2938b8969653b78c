package refapp

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

const (
	bodyMax     = 4 << 20
	bodyTimeout = 10 * time.Second // to send a body
	idMax       = 128
	tenantMax   = 32
)

// A request is what a user asked, and what goes with it through every step.
type request struct {
	id       string // x-request-id
	tenant   string
	dice     string // names this request in draws: what its caller called it, else id
	baggage  http.Header
	trace    string // traceparent, "" if it is not one
	deadline time.Time

	fields       map[string]json.RawMessage
	messages     []json.RawMessage
	question     string // the text of the last user message
	scripts      scripts
	model        string
	stream       bool
	includeUsage bool
	key          cacheKey
}

// carry takes from the caller's headers what a traced service hands on to
// everything that it calls.
func (rq *request) carry(h http.Header) {
	rq.dice = rq.id
	rq.baggage = http.Header{}
	for name, values := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, wire.HeaderRequest) || lower == "tracestate" || lower == "baggage" {
			rq.baggage[name] = values
		}
	}
	if t := h.Get("Traceparent"); validTraceparent(t) {
		rq.trace = t
		rq.dice = t[3:35]
	}
	if id := h.Get(wire.HeaderRequest); id != "" {
		rq.dice = id
	}
}

// validTraceparent checks the form of version 00 (W3C Trace Context, 3.2.2).
func validTraceparent(t string) bool {
	if len(t) != traceparentLen || t[:3] != "00-" || t[35] != '-' || t[52] != '-' {
		return false
	}
	for _, c := range t[3:35] + t[36:52] + t[53:] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return strings.Trim(t[3:35], "0") != ""
}

// tenantOf reads "Bearer key-<tenant>".
func tenantOf(authorization string) (string, bool) {
	const prefix = "Bearer key-"
	if len(authorization) <= len(prefix) || !strings.EqualFold(authorization[:7], prefix[:7]) || authorization[7:len(prefix)] != prefix[7:] {
		return "", false
	}
	tenant := authorization[len(prefix):]
	if len(tenant) > tenantMax {
		return "", false
	}
	for _, c := range tenant {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-') {
			return "", false
		}
	}
	return tenant, true
}

// parse reads the body of a chat completion request. Fields it does not know
// are handed on to the provider as they are.
func (rq *request) parse(body io.Reader, primary string) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &rq.fields); err != nil {
		return errors.New("the body is not a JSON object")
	}
	var known struct {
		Model    string            `json:"model"`
		Messages []json.RawMessage `json:"messages"`
		Stream   bool              `json:"stream"`
		Options  struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return errors.New("model, messages, stream or stream_options have a wrong type")
	}
	rq.messages, rq.model, rq.stream = known.Messages, known.Model, known.Stream
	rq.includeUsage = known.Options.IncludeUsage
	if rq.model == "" {
		rq.model = primary
	}
	for _, m := range rq.messages {
		if text, ok := userText(m); ok {
			rq.question = text
		}
	}
	if rq.question == "" {
		return errors.New("messages has no user message with text")
	}
	if len(rq.question) > queryMax {
		rq.question = strings.ToValidUTF8(rq.question[:queryMax], "")
	}
	rq.scripts = scriptsOf(rq.question)
	rq.key = keyFor(rq.tenant, rq.fields)
	return nil
}

// userText returns the text of a user message: a string, or the text parts of
// an array.
func userText(message json.RawMessage) (string, bool) {
	var m struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(message, &m) != nil || m.Role != "user" {
		return "", false
	}
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text, text != ""
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(m.Content, &parts) != nil {
		return "", false
	}
	for _, p := range parts {
		text += p.Text
	}
	return text, text != ""
}

// chatBody is the request for one model, with the documents.
func (rq *request) chatBody(model string, docs []document) []byte {
	body := make(map[string]json.RawMessage, len(rq.fields)+2)
	for name, value := range rq.fields {
		body[name] = value
	}
	body["model"] = mustJSON(model)
	body["messages"] = mustJSON(withDocuments(rq.messages, docs))
	return mustJSON(body) // sorted by name, so equal in every attempt
}

// completion and chunk build answers of the app's own, in OpenAI's shape.
func (rq *request) completion(model, text, finish string, usage json.RawMessage) map[string]any {
	return map[string]any{
		"id": "chatcmpl-" + rq.id, "object": "chat.completion", "created": time.Now().Unix(), "model": model,
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "logprobs": nil,
			"message": map[string]any{"role": "assistant", "content": text, "refusal": nil}}},
		"usage": usage,
	}
}

// chunk has no choice where delta is nil: the one that carries the usage.
func (rq *request) chunk(model string, delta map[string]any, finish string, usage json.RawMessage) map[string]any {
	c := map[string]any{
		"id": "chatcmpl-" + rq.id, "object": "chat.completion.chunk", "created": time.Now().Unix(), "model": model,
		"choices": []any{},
	}
	if delta != nil {
		choice := map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": nil}
		if finish != "" {
			choice["finish_reason"] = finish
		}
		c["choices"] = []any{choice}
	}
	if rq.includeUsage {
		c["usage"] = usage
	}
	return c
}
