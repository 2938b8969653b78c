package mockmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// readOpenAIResponses understands POST /v1/responses.
//
// Nothing is stored: previous_response_id is taken and told back, and says how
// many turns came before; what was said in them is not known. GET, DELETE and
// cancel of a response are refused by name.
func readOpenAIResponses(body doc, c *call) *refusal {
	given := map[string]doc{}
	for key, v := range body.fields {
		if to, moved := openAIMoved[key]; moved {
			return openAIMovedTo(key, to)
		}
		if v.present() && len(given) < parametersMax {
			given[key] = v
		}
	}
	if body.kind() == '{' && given["model"] == "" {
		return openAIMissing("model")
	}
	if r := openAIModel(body, c); r != nil {
		return r
	}
	f := &openAIResponses{}
	c.form = f
	for _, read := range []func(map[string]doc, *call) *refusal{
		responsesParameters, f.thoughts, responsesTools, f.conversation, responsesFormat, f.streamed,
	} {
		if r := read(given, c); r != nil {
			return r
		}
	}
	f.echo = responsesEcho(given)
	return nil
}

// parametersMax bounds what is kept of a body with members that nobody knows:
// several times what the API has.
const parametersMax = 256

// openAIMoved are the parameters of chat completions that the Responses API
// knows by another name, and refuses by the old one.
var openAIMoved = map[string]string{
	"messages": "input", "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens",
	"response_format": "text.format", "reasoning_effort": "reasoning.effort",
}

func openAIMovedTo(param, to string) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", code: "unsupported_parameter", param: param,
		message: fmt.Sprintf("Unsupported parameter: '%s'. In the Responses API, this parameter has moved to '%s'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create.", param, to)}
}

// responsesOutputMin is the least that max_output_tokens may be.
const responsesOutputMin = 16

// responsesParameters reads the parameters that need no other.
func responsesParameters(given map[string]doc, c *call) *refusal {
	for _, name := range []string{"stream", "store", "background", "parallel_tool_calls"} {
		if v := given[name]; v != "" && v.kind() != 't' && v.kind() != 'f' {
			return openAIWrongType(name, "a boolean", v)
		}
	}
	for _, name := range []string{"conversation", "prompt", "context_management", "moderation"} {
		if given[name] != "" {
			return openAIUnbuilt(name)
		}
	}
	if given["background"].truth() {
		return openAIUnbuilt("background")
	}
	c.stream, c.serial = given["stream"].truth(), given["parallel_tool_calls"].kind() == 'f'
	if v := given["temperature"]; v != "" {
		if r := openAIBetween("temperature", v, 0, 2); r != nil {
			return r
		}
	}
	if v := given["top_p"]; v != "" {
		if r := openAIBetween("top_p", v, 0, 1); r != nil {
			return r
		}
	}
	if v := given["max_output_tokens"]; v != "" {
		n, ok := v.integer()
		if !ok {
			return openAIWrongType("max_output_tokens", "an integer", v)
		}
		if n < responsesOutputMin {
			return openAIOutside("max_output_tokens", "integer", strconv.Itoa(n), false, strconv.Itoa(responsesOutputMin), "")
		}
		c.maxTokens = n
	}
	for v := range given["include"].items {
		if v.text() == "message.output_text.logprobs" {
			return openAIUnbuilt("include")
		}
	}
	return openAIMetadata(given["metadata"])
}

// Bounds of metadata: the API reference.
const (
	metadataMax      = 16
	metadataKeyMax   = 64
	metadataValueMax = 512
)

// openAIMetadata refuses metadata that the API would not keep.
func openAIMetadata(v doc) *refusal {
	if !v.present() {
		return nil
	}
	if v.kind() != '{' {
		return openAIWrongType("metadata", "an object", v)
	}
	n := 0
	for key, value := range v.fields {
		n++
		switch at := "metadata." + key; {
		case value.kind() != '"':
			return openAIWrongType(at, "a string", value)
		case len(key) > metadataKeyMax:
			return openAITooLong("metadata", "key", metadataKeyMax, len(key))
		case len(value.text()) > metadataValueMax:
			return openAITooLong(at, "string", metadataValueMax, len(value.text()))
		}
	}
	if n > metadataMax {
		return &refusal{status: 400, kind: "invalid_request_error", code: "object_above_max_properties", param: "metadata",
			message: fmt.Sprintf("Invalid 'metadata': too many properties. Expected an object with at most %d properties, but got an object with %d properties instead.", metadataMax, n)}
	}
	return nil
}

func openAITooLong(param, what string, most, got int) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", code: "string_above_max_length", param: param,
		message: fmt.Sprintf("Invalid '%s': %s too long. Expected a string with maximum length %d, but got a string with length %d instead.", param, what, most, got)}
}

// openAIEfforts are the values of reasoning effort: ReasoningEffort of
// openai/openai-python.
var openAIEfforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// openAIEffort reads how much a model is to think.
func openAIEffort(param string, v doc, c *call) *refusal {
	if v.present() && !slices.Contains(openAIEfforts, v.text()) {
		return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: param,
			message: "Invalid value: '" + v.text() + "'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'."}
	}
	if c.think = outputTokensMax; v.text() == "none" {
		c.think = -1
	}
	return nil
}

// thoughts reads how much the model is to think, and whether it tells.
func (f *openAIResponses) thoughts(given map[string]doc, c *call) *refusal {
	v := given["reasoning"]
	if v == "" {
		return nil
	}
	if v.kind() != '{' {
		return openAIWrongType("reasoning", "an object", v)
	}
	f.summary = v.get("summary").present() || v.get("generate_summary").present()
	return openAIEffort("reasoning.effort", v.get("effort"), c)
}

// responsesTools reads the tools: functions, without the wrapping that they
// have in chat completions.
func responsesTools(given map[string]doc, c *call) *refusal {
	v := given["tools"]
	if v != "" && v.kind() != '[' {
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
		if r := openAIFunction(t, at, c); r != nil {
			return r
		}
		if len(c.tools) > toolCallsMax {
			return &refusal{status: 400, kind: "invalid_request_error", code: "array_above_max_length", param: "tools",
				message: fmt.Sprintf("Invalid 'tools': array too long. Expected an array with maximum length %d.", toolCallsMax)}
		}
	}
	c.tokensIn += len(v) / tokenBytes
	choice := given["tool_choice"]
	if t := choice.text(); len(c.tools) == 0 && (t == "auto" || t == "none") {
		return nil // SDKs send it always
	}
	return openAIToolChoice(choice, c)
}

// responsesFormat reads the shape of the answer.
func responsesFormat(given map[string]doc, c *call) *refusal {
	text := given["text"]
	if text != "" && text.kind() != '{' {
		return openAIWrongType("text", "an object", text)
	}
	r := openAIFormat(text.get("format"), "text.format", c)
	if r != nil && r.param == "messages" {
		r.param, r.message = "input", "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'."
	}
	return r
}

// conversation reads what was said before.
func (f *openAIResponses) conversation(given map[string]doc, c *call) *refusal {
	if v := given["instructions"]; v != "" {
		if v.kind() != '"' {
			return openAIWrongType("instructions", "a string", v)
		}
		c.hear(message{role: "system", text: v.text()})
	}
	before := given["previous_response_id"]
	if before != "" {
		id := before.text()
		if !strings.HasPrefix(id, "resp") {
			return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "previous_response_id",
				message: "Invalid 'previous_response_id': '" + id + "'. Expected an ID that begins with 'resp'."}
		}
		c.before = turnOf(id)
	}
	if given["input"] == "" {
		return openAIMissing("input")
	}
	if r := responsesInput(given["input"], "input", before != "", c); r != nil {
		return r
	}
	f.turn = c.turn()
	return nil
}

// turnOf reads the turn out of the id of a response, see [responseID]; one that
// is not ours is a first turn.
func turnOf(id string) int {
	if len(id) > turnDigits {
		if n, err := strconv.ParseUint(id[len(id)-turnDigits:], 16, 32); err == nil {
			return int(n)
		}
	}
	return 1
}

// turnDigits are the hexadecimal digits of the turn at the end of the id of a
// response: so the next call says which turn it is, and nothing has to be kept.
const turnDigits = 4

func responseID(dst []byte, a *answer, turn int) []byte {
	return fmt.Appendf(append(append(dst, "resp_"...), a.id...), "%0*x", turnDigits, min(turn, 0xffff))
}

// openAIStored refuses what needs a response that was stored.
func openAIStored(_ *Server, r *http.Request, f found) ([]byte, *refusal) {
	id, more, found := strings.Cut(f.at, "/")
	what := r.Method
	if found {
		what = more
	}
	return nil, &refusal{status: http.StatusNotFound, kind: "invalid_request_error", param: "response_id",
		message: fmt.Sprintf("Response with id '%s' not found: the chaos mock model stores no responses, so '%s' of one is not built yet.", journal.Clip(id, textMax), journal.Clip(what, textMax))}
}

// streamed reads the options of the stream.
func (f *openAIResponses) streamed(given map[string]doc, c *call) *refusal {
	v := given["stream_options"]
	if v != "" && !c.stream {
		return &refusal{status: 400, kind: "invalid_request_error", param: "stream_options", message: "The 'stream_options' parameter is only allowed when 'stream' is enabled."}
	}
	f.pad = v.get("include_obfuscation").truth()
	return nil
}

// responsesEchoed are the members of a Response that tell a parameter back, and
// what they say where it was left out: the type Response of
// openai/openai-python.
var responsesEchoed = []struct{ name, absent string }{
	{"background", "false"}, {"instructions", "null"}, {"max_output_tokens", "null"}, {"max_tool_calls", "null"},
	{"parallel_tool_calls", "true"}, {"previous_response_id", "null"}, {"prompt_cache_key", "null"}, {"safety_identifier", "null"},
	{"store", "true"}, {"temperature", "1.0"}, {"tool_choice", `"auto"`}, {"tools", "[]"}, {"top_logprobs", "0"}, {"top_p", "1.0"},
	{"truncation", `"disabled"`}, {"user", "null"}, {"metadata", "{}"},
}

// responsesEcho writes those members, each with a leading comma, on one line:
// a frame of a stream has no room for more.
func responsesEcho(given map[string]doc) []byte {
	var b bytes.Buffer
	value := func(name string, v doc, absent string) {
		b.WriteString(name)
		if !v.present() || json.Compact(&b, []byte(v)) != nil { // it was JSON: Compact cannot fail
			b.WriteString(absent)
		}
	}
	for _, m := range responsesEchoed {
		value(`,"`+m.name+`":`, given[m.name], m.absent)
	}
	tier := given["service_tier"]
	if tier == `"auto"` {
		tier = ""
	}
	reasoning, text := given["reasoning"], given["text"]
	value(`,"service_tier":`, tier, `"default"`)
	value(`,"reasoning":{"effort":`, reasoning.get("effort"), "null")
	value(`,"summary":`, reasoning.get("summary"), "null")
	value(`},"text":{"format":`, text.get("format"), `{"type":"text"}`)
	value(`,"verbosity":`, text.get("verbosity"), `"medium"`)
	b.WriteString("}")
	return b.Bytes()
}
