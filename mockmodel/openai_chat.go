package mockmodel

import (
	"fmt"
	"strconv"
)

// readOpenAIChat understands POST /v1/chat/completions.
func readOpenAIChat(body doc, c *call) *refusal {
	if r := openAIModel(body, c); r != nil {
		return r
	}
	f := &openAIChat{}
	c.form = f
	var messages, options, n doc
	for key, v := range body.fields {
		switch key {
		case "messages":
			messages = v
		case "stream":
			if v.present() && v.kind() != 't' && v.kind() != 'f' {
				return openAIWrongType("stream", "a boolean", v)
			}
			c.stream = v.truth()
		case "stream_options":
			options = v
		case "n":
			n = v
		case "max_tokens", "max_completion_tokens":
			if r := openAIMaxTokens(key, v, c); r != nil {
				return r
			}
		}
	}
	if n.present() && n != "1" {
		return &refusal{status: 400, kind: "invalid_request_error", code: "unsupported_value", param: "n", message: "Unsupported value: 'n'. The chaos mock model gives one choice; more are not built yet."}
	}
	if options.present() {
		if !c.stream {
			return &refusal{status: 400, kind: "invalid_request_error", param: "stream_options", message: "The 'stream_options' parameter is only allowed when 'stream' is enabled."}
		}
		f.usage = options.get("include_usage").truth()
	}
	return openAIMessages(messages, c)
}

func openAIMaxTokens(key string, v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	n, ok := v.integer()
	if !ok {
		return openAIWrongType(key, "an integer", v)
	}
	if n < 1 {
		return &refusal{status: 400, kind: "invalid_request_error", code: "integer_below_min_value", param: key,
			message: fmt.Sprintf("Invalid '%s': integer below minimum value. Expected a value >= 1, but got %d instead.", key, n)}
	}
	c.maxTokens = n
	return nil
}

func openAIMessages(messages doc, c *call) *refusal {
	switch {
	case !messages.present():
		return openAIMissing("messages")
	case messages.kind() != '[':
		return openAIWrongType("messages", "an array of objects", messages)
	}
	for m := range messages.items {
		if m.kind() != '{' {
			return openAIWrongType("messages["+strconv.Itoa(len(c.messages))+"]", "an object", m)
		}
		role := m.get("role")
		if !role.present() {
			return openAIMissing("messages[" + strconv.Itoa(len(c.messages)) + "].role")
		}
		c.hear(message{role.text(), contentText(m.get("content"))})
	}
	if len(c.messages) == 0 {
		return &refusal{status: 400, kind: "invalid_request_error", code: "empty_array", param: "messages",
			message: "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."}
	}
	return nil
}

// openAIChat writes chat.completion and chat.completion.chunk: the types
// ChatCompletion and ChatCompletionChunk of openai/openai-python. The optional
// padding "obfuscation" is left out of chunks.
type openAIChat struct {
	usage bool   // stream_options.include_usage
	head  []byte // of every chunk, up to its delta
	begun bool   // the role has been said
}

// fingerprint is the one backend that there is.
const fingerprint = "fp_c4a05c4a05"

func (f *openAIChat) whole(dst []byte, a *answer) []byte {
	dst = f.identity(dst, a, "chat.completion")
	dst = append(dst, `,"choices":[{"index":0,"message":{"role":"assistant","content":"`...)
	a.contentAt = len(dst)
	dst = appendEscaped(dst, a.text())
	dst = append(dst, `","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"`...)
	dst = append(dst, openAIFinish(a)...)
	dst = append(dst, `"}],"usage":`...)
	dst = openAIUsage(dst, a)
	return append(dst, `,"service_tier":"default","system_fingerprint":"`+fingerprint+`"}`...)
}

func (f *openAIChat) identity(dst []byte, a *answer, object string) []byte {
	dst = append(dst, `{"id":"chatcmpl-`...)
	dst = append(dst, a.id...)
	dst = append(dst, `","object":"`...)
	dst = append(dst, object...)
	dst = append(dst, `","created":`...)
	dst = strconv.AppendInt(dst, a.created, 10)
	dst = append(dst, `,"model":`...)
	return appendString(dst, a.model)
}

func openAIFinish(a *answer) string {
	if a.cut {
		return "length"
	}
	return "stop"
}

func openAIUsage(dst []byte, a *answer) []byte {
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensOut), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn+a.tokensOut), 10)
	return append(dst, `,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// open sends nothing: the role comes with the first token.
func (f *openAIChat) open(*frames, *answer) {}

// chunk begins a frame, up to its choices.
func (f *openAIChat) chunk(out *frames, a *answer) {
	if f.head == nil {
		f.head = f.identity([]byte("data: "), a, "chat.completion.chunk")
		f.head = append(f.head, `,"service_tier":"default","system_fingerprint":"`+fingerprint+`","choices":[`...)
	}
	out.buf = append(out.buf, f.head...)
}

// closeChunk ends a frame behind its choices. With include_usage every chunk
// but the last says that it has no usage.
func (f *openAIChat) closeChunk(out *frames) {
	out.buf = append(out.buf, ']')
	if f.usage {
		out.buf = append(out.buf, `,"usage":null`...)
	}
	out.buf = append(out.buf, "}\n\n"...)
	out.end()
}

func (f *openAIChat) role(out *frames, a *answer) {
	if f.begun {
		return
	}
	f.begun = true
	f.chunk(out, a)
	out.buf = append(out.buf, `{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}`...)
	f.closeChunk(out)
}

func (f *openAIChat) delta(out *frames, a *answer, text []byte) {
	f.role(out, a)
	f.chunk(out, a)
	out.buf = append(out.buf, `{"index":0,"delta":{"content":"`...)
	out.buf = appendEscaped(out.buf, text)
	out.buf = append(out.buf, `"},"logprobs":null,"finish_reason":null}`...)
	f.closeChunk(out)
}

func (f *openAIChat) finish(out *frames, a *answer) {
	f.role(out, a)
	f.chunk(out, a)
	out.buf = append(out.buf, `{"index":0,"delta":{},"logprobs":null,"finish_reason":"`...)
	out.buf = append(out.buf, openAIFinish(a)...)
	out.buf = append(out.buf, `"}`...)
	f.closeChunk(out)
	if f.usage {
		f.chunk(out, a)
		out.buf = append(out.buf, `],"usage":`...)
		out.buf = openAIUsage(out.buf, a)
		out.buf = append(out.buf, "}\n\n"...)
		out.end()
	}
	out.buf = append(out.buf, "data: [DONE]\n\n"...)
	out.end()
}

// fail writes data: {"error": ...}, at which the SDKs raise an error: openai-python
// _streaming.py, openai-go packages/ssestream.
func (f *openAIChat) fail(out *frames, _ *answer, r *refusal) {
	out.buf = append(out.buf, "data: "...)
	out.buf = openAIBody(out.buf, r, "")
	out.buf = append(out.buf, "\n\n"...)
	out.end()
}
