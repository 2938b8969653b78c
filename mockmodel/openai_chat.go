package mockmodel

import (
	"fmt"
	"strconv"
	"strings"
)

// readOpenAIChat understands POST /v1/chat/completions.
func readOpenAIChat(body doc, c *call) *refusal {
	if r := openAIModel(body, c); r != nil {
		return r
	}
	f := &openAIChat{}
	c.form = f
	var messages, options, format, toolChoice, top doc
	for key, v := range body.fields {
		var r *refusal
		switch key {
		case "messages":
			messages = v
		case "stream_options":
			options = v
		case "response_format":
			format = v
		case "tools":
			r = openAITools(v, c)
		case "tool_choice":
			toolChoice = v
		case "logprobs":
			f.probs.on = v.truth()
		case "top_logprobs":
			top = v
		case "service_tier":
			if f.tier = v.text(); f.tier == "auto" {
				f.tier = ""
			}
		default:
			r = openAIParameter(key, v, c)
		}
		if r != nil {
			return r
		}
	}
	if options.present() {
		if !c.stream {
			return &refusal{status: 400, kind: "invalid_request_error", param: "stream_options", message: "The 'stream_options' parameter is only allowed when 'stream' is enabled."}
		}
		f.usage, f.pad = options.get("include_usage").truth(), options.get("include_obfuscation").truth()
	}
	if r := f.probs.check(top); r != nil {
		return r
	}
	if r := openAIToolChoice(toolChoice, c); r != nil {
		return r
	}
	if r := openAIMessages(messages, c); r != nil {
		return r
	}
	return openAIFormat(format, "response_format", c)
}

// openAIParameter reads a parameter that needs no other.
func openAIParameter(key string, v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	switch key {
	case "stream":
		if v.kind() != 't' && v.kind() != 'f' {
			return openAIWrongType(key, "a boolean", v)
		}
		c.stream = v.truth()
	case "max_tokens", "max_completion_tokens":
		return openAIMaxTokens(key, v, c)
	case "n":
		n, ok := v.integer()
		if !ok {
			return openAIWrongType(key, "an integer", v)
		}
		if n < 1 || n > choicesMax {
			return openAIOutside(key, "integer", strconv.Itoa(n), n > choicesMax, "1", strconv.Itoa(choicesMax))
		}
		c.choices = n
	case "stop":
		return openAIStop(v, c)
	case "temperature":
		return openAIBetween(key, v, 0, 2)
	case "top_p":
		return openAIBetween(key, v, 0, 1)
	case "presence_penalty", "frequency_penalty":
		return openAIBetween(key, v, -2, 2)
	case "reasoning_effort":
		return openAIEffort(key, v, c)
	case "metadata":
		return openAIMetadata(v)
	case "parallel_tool_calls":
		c.serial = v.kind() == 'f'
	case "functions", "function_call", "audio":
		return openAIUnbuilt(key)
	}
	return nil
}

// choicesMax and stopsMax are the API reference's.
const (
	choicesMax = 128
	stopsMax   = 4
)

// openAIUnbuilt refuses what the API can do and the mock model cannot yet.
func openAIUnbuilt(param string) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", code: "unsupported_parameter", param: param,
		message: "Unsupported parameter: '" + param + "' is not built in the chaos mock model yet."}
}

// openAIBetween refuses a number outside of its bounds.
func openAIBetween(param string, v doc, low, high float64) *refusal {
	x, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return openAIWrongType(param, "a decimal number", v)
	}
	if x < low || x > high {
		return openAIOutside(param, "decimal", string(v), x > high, formatNumber(low), formatNumber(high))
	}
	return nil
}

func formatNumber(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// openAIOutside is the error for a number above its maximum or below its minimum.
func openAIOutside(param, kind, got string, above bool, low, high string) *refusal {
	code, side, want := kind+"_below_min_value", "below minimum", ">= "+low
	if above {
		code, side, want = kind+"_above_max_value", "above maximum", "<= "+high
	}
	return &refusal{status: 400, kind: "invalid_request_error", code: code, param: param,
		message: fmt.Sprintf("Invalid '%s': %s %s value. Expected a value %s, but got %s instead.", param, kind, side, want, got)}
}

func openAIMaxTokens(key string, v doc, c *call) *refusal {
	n, ok := v.integer()
	if !ok {
		return openAIWrongType(key, "an integer", v)
	}
	if n < 1 {
		return openAIOutside(key, "integer", strconv.Itoa(n), false, "1", "")
	}
	c.maxTokens = n
	return nil
}

func openAIStop(v doc, c *call) *refusal {
	if v.kind() == '"' {
		c.stop = append(c.stop, v.text())
		return nil
	}
	if v.kind() != '[' {
		return openAIWrongType("stop", "a string or an array of strings", v)
	}
	n := len(c.stop)
	for s := range v.items {
		if n++; n <= stopsMax {
			c.stop = append(c.stop, s.text())
		}
	}
	if n > stopsMax {
		return &refusal{status: 400, kind: "invalid_request_error", code: "array_above_max_length", param: "stop",
			message: fmt.Sprintf("Invalid 'stop': array too long. Expected an array with maximum length %d, but got an array with length %d instead.", stopsMax, n)}
	}
	return nil
}

// openAITools reads the tools: functions.
func openAITools(v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	if v.kind() != '[' {
		return openAIWrongType("tools", "an array of objects", v)
	}
	for t := range v.items {
		at := "tools[" + strconv.Itoa(len(c.tools)) + "]"
		switch {
		case t.kind() != '{':
			return openAIWrongType(at, "an object", t)
		case !t.get("type").present():
			return openAIMissing(at + ".type")
		case t.get("type").text() != "function":
			return openAIUnbuilt(at + ".type")
		}
		f := t.get("function")
		if !f.present() {
			return openAIMissing(at + ".function")
		}
		if r := openAIFunction(f, at+".function", c); r != nil {
			return r
		}
	}
	switch n := len(c.tools); {
	case n == 0:
		return &refusal{status: 400, kind: "invalid_request_error", code: "empty_array", param: "tools",
			message: "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead."}
	case n > toolCallsMax:
		return &refusal{status: 400, kind: "invalid_request_error", code: "array_above_max_length", param: "tools",
			message: fmt.Sprintf("Invalid 'tools': array too long. Expected an array with maximum length %d, but got an array with length %d instead.", toolCallsMax, n)}
	}
	c.tokensIn += len(v) / tokenBytes // the model reads them
	return nil
}

// openAIFunction reads a function that the model may call.
func openAIFunction(f doc, at string, c *call) *refusal {
	name := f.get("name")
	if !name.present() {
		return openAIMissing(at + ".name")
	}
	n := name.text()
	if n == "" || len(n) > 64 || strings.Trim(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: at + ".name",
			message: "Invalid '" + at + ".name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."}
	}
	params := f.get("parameters")
	if params.present() && params.kind() != '{' {
		return openAIWrongType(at+".parameters", "an object", params)
	}
	c.tools = append(c.tools, tool{name: n, params: params})
	return nil
}

// openAIToolChoice reads which tool has to be called: a word, or a function.
func openAIToolChoice(v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	if len(c.tools) == 0 {
		return &refusal{status: 400, kind: "invalid_request_error", param: "tool_choice",
			message: "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."}
	}
	switch v.text() {
	case "auto":
		return nil
	case "none":
		c.toolChoice = toolNone
		return nil
	case "required":
		c.toolChoice = toolMust
		return nil
	}
	name := v.get("function").get("name")
	if name == "" {
		name = v.get("name") // of the Responses API
	}
	if v.get("type").text() != "function" || name.text() == "" {
		return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "tool_choice",
			message: "Invalid value: expected 'none', 'auto', 'required' or a function for 'tool_choice'."}
	}
	if !c.offers(name.text()) {
		return &refusal{status: 400, kind: "invalid_request_error", param: "tool_choice",
			message: "Invalid value for 'tool_choice': tool '" + name.text() + "' not found in 'tools'."}
	}
	c.toolChoice, c.toolName = toolMust, name.text()
	return nil
}

// openAIFormat reads the shape that the answer must have.
func openAIFormat(v doc, param string, c *call) *refusal {
	if !v.present() {
		return nil
	}
	switch v.get("type").text() {
	case "text":
	case "json_object":
		if !c.mentionsJSON() {
			return &refusal{status: 400, kind: "invalid_request_error", param: "messages",
				message: "'messages' must contain the word 'json' in some form, to use '" + param + "' of type 'json_object'."}
		}
		c.json = true
	case "json_schema":
		s, at := v, param
		if in := v.get("json_schema"); in.present() {
			s, at = in, param+".json_schema" // the Responses API has no such member
		}
		switch {
		case s.get("name").text() == "":
			return openAIMissing(at + ".name")
		case s.get("schema").kind() != '{':
			return openAIMissing(at + ".schema")
		}
		c.json, c.schema = true, s.get("schema")
	default:
		return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: param + ".type",
			message: "Invalid value: '" + v.get("type").text() + "'. Supported values are: 'json_object', 'json_schema', and 'text'."}
	}
	return nil
}

// mentionsJSON reports whether a message has the word, in any case.
func (c *call) mentionsJSON() bool {
	for _, m := range c.messages {
		if strings.Contains(strings.ToLower(m.text), "json") {
			return true
		}
	}
	return false
}
