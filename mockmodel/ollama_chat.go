package mockmodel

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// readOllamaChat understands POST /api/chat: ChatRequest in api/types.go.
func readOllamaChat(body doc, c *call) *refusal {
	f := &ollamaChat{}
	c.form, c.stream = f, true
	o := &ollamaReader{request: "ChatRequest"}
	if body.kind() != '{' {
		return o.root(body)
	}
	var messages doc
	for key, v := range body.fields {
		switch key {
		case "messages":
			if messages = v; v.present() && v.kind() != '[' {
				o.wrong("messages", "[]api.Message", v)
			}
		case "tools":
			o.tools(v, c)
		default:
			o.parameter(key, v, c, f)
		}
	}
	for m := range messages.items {
		o.message(m, c)
	}
	if c.model == "" {
		o.refuse(ollamaInvalid("model is required"))
	}
	f.load(c, len(c.messages) == 0)
	return o.invalid
}

// readOllamaGenerate understands POST /api/generate: GenerateRequest in
// api/types.go.
func readOllamaGenerate(body doc, c *call) *refusal {
	f := &ollamaChat{generate: true}
	c.form, c.stream = f, true
	o := &ollamaReader{request: "GenerateRequest"}
	if body.kind() != '{' {
		return o.root(body)
	}
	var prompt, system string
	var raw, more bool
	for key, v := range body.fields {
		switch key {
		case "prompt":
			prompt = o.text(key, v)
		case "system":
			system = o.text(key, v)
		case "template":
			more = o.text(key, v) != "" || more
		case "context":
			more = v.present() && v != "[]" || more
		case "raw":
			raw = o.boolean(key, v)
		default:
			o.parameter(key, v, c, f)
		}
	}
	switch {
	case c.model == "":
		o.refuse(&refusal{status: 404, message: "model '' not found"})
	case raw && (more || system != ""):
		o.refuse(ollamaInvalid("raw mode does not support template, system, or context"))
	}
	if system != "" {
		c.hear(message{role: "system", text: system})
	}
	if prompt != "" {
		c.hear(message{role: "user", text: prompt})
	}
	f.load(c, prompt == "")
	return o.invalid
}

// load makes a call that says nothing one that loads the model, or unloads it.
// Such an answer is never a stream: ChatHandler in server/routes.go.
func (f *ollamaChat) load(c *call, nothing bool) {
	if nothing {
		c.silent, c.stream = true, false
	}
}

// parameter reads a member that both endpoints have.
func (o *ollamaReader) parameter(key string, v doc, c *call, f *ollamaChat) {
	switch key {
	case "model":
		c.model = o.text(key, v)
	case "stream":
		if v.present() {
			c.stream = o.boolean(key, v)
		}
	case "format":
		o.format(v, c)
	case "think":
		o.think(v, c)
	case "options":
		if v.present() && v.kind() != '{' {
			o.wrong(key, "map[string]interface {}", v)
		}
		o.options(v, c)
	case "keep_alive":
		f.unload = o.keepAlive(v)
	case "logprobs":
		if o.boolean(key, v) {
			o.refuse(ollamaInvalid("logprobs is not built in the chaos mock model yet"))
		}
	case "top_logprobs":
		if n, ok := v.integer(); v.present() && (!ok || n < 0 || n > 20) {
			o.refuse(ollamaInvalid("top_logprobs must be between 0 and 20"))
		}
	}
}

// message reads a message of a chat. A role may have capitals.
func (o *ollamaReader) message(m doc, c *call) {
	if m.kind() != '{' {
		o.wrong("messages", "api.Alias", m) // by way of which Message decodes itself
		return
	}
	in := message{role: strings.ToLower(o.text("messages.role", m.get("role"))), text: o.text("messages.content", m.get("content"))}
	in.result = in.role == "tool"
	if calls := m.get("tool_calls"); calls.present() {
		if calls.kind() != '[' {
			o.wrong("messages.tool_calls", "[]api.ToolCall", calls)
		}
		c.tokensIn += len(calls) / tokenBytes
	}
	c.hear(in)
}

// tools reads what the model may call.
func (o *ollamaReader) tools(v doc, c *call) {
	if v.present() && v.kind() != '[' {
		o.wrong("tools", "api.Tools", v)
	}
	for t := range v.items {
		f := t.get("function")
		params := f.get("parameters")
		if params.present() && params.kind() != '{' {
			o.wrong("tools.function.parameters", "api.ToolFunctionParameters", params)
		}
		if !params.present() {
			params = ""
		}
		if name := o.text("tools.function.name", f.get("name")); name != "" {
			c.tools = append(c.tools, tool{name: name, params: params})
		}
	}
	c.tokensIn += len(v) / tokenBytes // the model reads them
}

// format reads the shape that the answer must have: llm/server.go.
func (o *ollamaReader) format(v doc, c *call) {
	switch {
	case !v.present() || v == `""`:
	case v == `"json"`:
		c.json = true
	case v.kind() == '{':
		c.json, c.schema = true, v
	default:
		o.refuse(&refusal{status: 500, message: fmt.Sprintf("invalid format: %q; expected \"json\" or a valid JSON Schema object", string(v))})
	}
}

// think reads whether the model thinks. A model that can think does so where
// the call says nothing, and what it thinks is shown.
func (o *ollamaReader) think(v doc, c *call) {
	const all = outputTokensMax
	switch v.kind() {
	case 0, 'n':
	case 't':
		c.think = all
	case 'f':
		c.think = thinkNever
	case '"':
		if t := v.text(); t != "high" && t != "medium" && t != "low" {
			o.refuse(ollamaInvalid(fmt.Sprintf("invalid think value: %q (must be \"high\", \"medium\", \"low\", true, or false)", t)))
		}
		c.think = all
	default:
		o.refuse(ollamaInvalid(`think must be a boolean or string ("high", "medium", "low", true, or false)`))
	}
}

// options reads the options of the model. One that has another type is found
// only when the model is scheduled, and answered with 500: FromMap in
// api/types.go, handleScheduleError in server/routes.go.
func (o *ollamaReader) options(v doc, c *call) {
	wrong := func(key, want string) {
		o.refuse(&refusal{status: 500, message: fmt.Sprintf("option %q must be of type %s", key, want)})
	}
	for key, v := range v.fields {
		switch key {
		case "num_predict": // -1 is no limit, -2 is the rest of the context
			x, err := strconv.ParseFloat(string(v), 64)
			if err != nil {
				wrong(key, "integer")
			} else if x >= 1 {
				c.maxTokens = int(min(x, outputTokensMax))
			}
		case "stop":
			if v.kind() != '[' {
				wrong(key, "array")
			}
			for s := range v.items {
				c.stop = append(c.stop, s.text())
			}
			if len(c.stop) > stopsTaken {
				o.refuse(ollamaInvalid(fmt.Sprintf("more than %d stop sequences are not built in the chaos mock model", stopsTaken)))
			}
		case "temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty":
			if _, err := strconv.ParseFloat(string(v), 64); err != nil {
				wrong(key, "float32")
			}
		}
	}
}

// keepAlive reads how long the model stays loaded, seconds or a Go duration.
// true: not at all.
func (o *ollamaReader) keepAlive(v doc) bool {
	switch v.kind() {
	case 0, 'n':
		return false
	case '"':
		d, err := time.ParseDuration(v.text())
		if err != nil {
			o.refuse(ollamaInvalid(err.Error()))
		}
		return err == nil && d == 0
	case '{', '[', 't', 'f':
		o.refuse(ollamaInvalid("Unsupported type: '" + map[byte]string{'{': "map[string]interface {}", '[': "[]interface {}", 't': "bool", 'f': "bool"}[v.kind()] + "'"))
		return false
	}
	x, err := strconv.ParseFloat(string(v), 64)
	return err == nil && x == 0
}
