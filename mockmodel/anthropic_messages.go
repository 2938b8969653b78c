package mockmodel

import (
	"strconv"
)

// readAnthropicMessages understands POST /v1/messages.
func readAnthropicMessages(body doc, c *call) *refusal { return anthropicRead(body, c, true) }

// anthropicRead reads what messages and their count have in common; limit says
// that max_tokens must be there.
func anthropicRead(body doc, c *call, limit bool) *refusal {
	if body.kind() != '{' {
		return anthropicInvalid("Input should be an object")
	}
	c.form = &anthropicMessages{}
	var model, maxTokens, messages, toolChoice, thinking doc
	for key, v := range body.fields {
		var r *refusal
		switch key {
		case "model":
			model = v
		case "max_tokens":
			maxTokens = v
		case "messages":
			messages = v
		case "tool_choice":
			toolChoice = v
		case "thinking":
			thinking = v
		default:
			r = anthropicParameter(key, v, c)
		}
		if r != nil {
			return r
		}
	}
	c.model = model.text()
	switch n, ok := maxTokens.integer(); {
	case model == "":
		return anthropicInvalid("model: Field required")
	case c.model == "":
		return anthropicInvalid("model: Input should be a valid string")
	case maxTokens == "" && !limit:
	case maxTokens == "":
		return anthropicInvalid("max_tokens: Field required")
	case !ok:
		return anthropicInvalid("max_tokens: Input should be a valid integer")
	case n < 1:
		return anthropicInvalid("max_tokens: Input should be greater than or equal to 1")
	default:
		c.maxTokens = n
	}
	if r := anthropicThinking(thinking, c); r != nil {
		return r
	}
	if r := anthropicToolChoice(toolChoice, c); r != nil {
		return r
	}
	return anthropicTurns(messages, c)
}

// anthropicParameter reads a parameter that needs no other.
func anthropicParameter(key string, v doc, c *call) *refusal {
	switch key {
	case "stream":
		if v.kind() != 't' && v.kind() != 'f' {
			return anthropicInvalid("stream: Input should be a valid boolean")
		}
		c.stream = v.truth()
	case "system":
		if text := contentText(v); text != "" {
			c.hear(message{role: "system", text: text})
		}
	case "stop_sequences":
		if v.present() && v.kind() != '[' {
			return anthropicInvalid("stop_sequences: Input should be a valid list")
		}
		for s := range v.items {
			c.stop = append(c.stop, s.text())
		}
		if n := len(c.stop); n > stopsTaken {
			return anthropicInvalid("stop_sequences: List should have at most " + strconv.Itoa(stopsTaken) + " items after validation, not " + strconv.Itoa(n))
		}
	case "temperature":
		if x, err := strconv.ParseFloat(string(v), 64); v.present() && (err != nil || x < 0 || x > 1) {
			return anthropicInvalid("temperature: range: 0..1")
		}
	case "tools":
		return anthropicTools(v, c)
	case "output_config":
		return anthropicFormat(v.get("format"), c)
	}
	return nil
}

// anthropicFormat reads the schema of a structured answer: output_config.format of
// the API reference, structured outputs, as anthropic-sdk-go types it (message.go,
// JSONOutputFormatParam).
func anthropicFormat(v doc, c *call) *refusal {
	switch {
	case !v.present():
		return nil
	case v.get("type").text() != "json_schema":
		return anthropicInvalid("output_config.format.type: Input should be 'json_schema'")
	case v.get("schema").kind() != '{':
		return anthropicInvalid("output_config.format.schema: Field required")
	}
	c.json, c.schema = true, v.get("schema")
	return nil
}

// thinkingMin is the smallest budget of thoughts: the API reference, extended thinking.
const thinkingMin = 1024

// anthropicThinking reads whether the model thinks aloud.
func anthropicThinking(v doc, c *call) *refusal {
	if !v.present() || v.get("type").text() == "disabled" {
		return nil
	}
	if v.get("type").text() == "adaptive" {
		c.think = c.maxTokens
		return nil
	}
	n, ok := v.get("budget_tokens").integer()
	switch {
	case v.get("type").text() != "enabled":
		return anthropicInvalid("thinking.type: Input tag found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'")
	case !ok:
		return anthropicInvalid("thinking.enabled.budget_tokens: Field required")
	case n < thinkingMin:
		return anthropicInvalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
	case n >= c.maxTokens:
		return anthropicInvalid("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size")
	}
	c.think = n
	return nil
}

// anthropicTools reads the tools of the caller.
func anthropicTools(v doc, c *call) *refusal {
	if v.present() && v.kind() != '[' {
		return anthropicInvalid("tools: Input should be a valid list")
	}
	for t := range v.items {
		at := "tools." + strconv.Itoa(len(c.tools))
		name, params := t.get("name").text(), t.get("input_schema")
		switch kind := t.get("type").text(); {
		case kind != "" && kind != "custom":
			return anthropicInvalid(at + ": tools of the type '" + kind + "' are not built in the chaos mock model yet")
		case name == "":
			return anthropicInvalid(at + ".custom.name: Field required")
		case params.kind() != '{':
			return anthropicInvalid(at + ".custom.input_schema: Field required")
		}
		c.tools = append(c.tools, tool{name: name, params: params})
	}
	c.tokensIn += len(v) / tokenBytes // the model reads them
	return nil
}

// anthropicToolChoice reads which tool has to be called.
func anthropicToolChoice(v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	c.serial = v.get("disable_parallel_tool_use").truth()
	switch v.get("type").text() {
	case "auto":
	case "none":
		c.toolChoice = toolNone
	case "any":
		c.toolChoice = toolMust
	case "tool":
		c.toolChoice, c.toolName = toolMust, v.get("name").text()
		if !c.offers(c.toolName) {
			return anthropicInvalid("tool_choice: Tool '" + c.toolName + "' not found in provided tools")
		}
	default:
		return anthropicInvalid("tool_choice: Input tag found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
	}
	if c.toolChoice == toolMust && c.think > 0 {
		return anthropicInvalid("Thinking may not be enabled when tool_choice forces tool use.")
	}
	return nil
}
