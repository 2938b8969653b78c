package mockmodel

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

const responsesPath = "/v1/responses"

// respond is the body of a call; more are members, each with a leading comma.
func respond(modelName, more string) string {
	return `{"model":"` + modelName + `","input":"How do I return an item?"` + more + `}`
}

const responsesTwoTools = `,"tools":[{"type":"function","name":"search_orders","description":"Finds orders.","parameters":{"type":"object"},"strict":true},{"type":"function","name":"now"}]`

func responsesConfig() Config {
	gpt := instant("gpt-4o", 6)
	gpt.Limits = Limits{RequestsPerMinute: 600, TokensPerMinute: 60_000}
	thinker := instant("o3", 6)
	thinker.ReasoningTokens = 9
	return Config{
		Models: []Model{thinker, gpt, instant("plain", 6)},
		Answers: []Answer{
			{When: When{HasTool: "search_orders", Turn: 1}, Text: "Let me look.", ToolCalls: []ToolCall{{Name: "search_orders", Arguments: map[string]any{"id": 7, "by": "é\""}}, {Name: "now"}}},
			{When: When{Contains: "as JSON"}, JSON: map[string]any{"intent": "refund", "quote": "\"é\""}},
		},
	}
}

// TestGoldenResponses holds the bytes of the Responses API. After -update, read
// the difference, and check it against the types of openai-python.
func TestGoldenResponses(t *testing.T) {
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	format := `,"text":{"format":{"type":"json_schema","name":"intent","strict":true,"schema":{"type":"object"}},"verbosity":"low"}`
	items := `,"tools":[{"type":"function","name":"now"}],"input":[{"role":"user","content":[{"type":"input_text","text":"x"}]},{"type":"reasoning","id":"rs_1","summary":[]},` +
		`{"type":"function_call","call_id":"call_1","name":"now","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"noon"}]`
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		body  string
	}{
		{"responses", nil, respond("gpt-4o", `,"metadata":{"a":"b"},"temperature":0.5`)},
		{"responses_stream", nil, respond("gpt-4o", streamed+`,"instructions": "Be\nbrief."`)},
		{"responses_stream_obfuscated", nil, respond("plain", streamed+`,"stream_options":{"include_obfuscation":true}`)},
		{"responses_cut", nil, `{"model":"gpt-4o","max_output_tokens":16,"input":[{"role":"user","content":"How?"}]}`},
		{"responses_cut_stream", nil, `{"model":"gpt-4o","stream":true,"max_output_tokens":16,"input":[{"role":"user","content":"How?"}]}`},
		{"responses_tools", nil, respond("gpt-4o", responsesTwoTools)},
		{"responses_tools_stream", nil, respond("gpt-4o", responsesTwoTools+streamed)},
		{"responses_tools_result", nil, `{"model":"gpt-4o"` + items + `}`},
		{"responses_json", nil, `{"model":"gpt-4o","input":"as JSON"` + format + `}`},
		{"responses_thinking", nil, respond("o3", "")},
		{"responses_thinking_shown", nil, respond("o3", `,"reasoning":{"effort":"low","summary":"auto"}`)},
		{"responses_thinking_shown_stream", nil, respond("o3", streamed+`,"reasoning":{"effort":"low","summary":"auto"}`)},
		{"responses_thinking_stream", nil, respond("o3", streamed)},
		{"responses_previous", nil, respond("gpt-4o", `,"previous_response_id":"resp_AGWyC1IH9n6oRUSiz9U1Nm5T0002"`)},
		{"responses_empty_200", []faults.Rule{plain(t, "empty_200")}, respond("gpt-4o", "")},
		{"responses_empty_200_stream", []faults.Rule{plain(t, "empty_200")}, respond("gpt-4o", streamed)},
		{"responses_wrong_model", []faults.Rule{rule(t, "wrong_model", func(f *faults.WrongModel) { f.Model = "gpt-4o-mini" })}, respond("gpt-4o", "")},
		{"responses_rate_limit", []faults.Rule{plain(t, "rate_limit")}, respond("gpt-4o", "")},
		{"responses_http_500", []faults.Rule{plain(t, "http_500")}, respond("gpt-4o", "")},
		{"responses_http_503", []faults.Rule{plain(t, "http_503")}, respond("gpt-4o", streamed)},
		{"responses_in_stream_error", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}, respond("gpt-4o", streamed)},
		{"responses_in_stream_rate_limit", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens, f.Type = ptr(2), "rate_limit" })}, respond("gpt-4o", streamed)},
		{"responses_eof_no_done", []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, respond("gpt-4o", streamed)},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := spike
			if strings.Contains(c.name, "cut") {
				id.OutputTokens = 20
			}
			virtual(t, responsesConfig(), c.rules, func(g *rig) {
				golden.Check(t, c.name+".golden", dump(g.send(ask{path: responsesPath, body: c.body, id: id})))
			})
		})
	}
}

// Invalid calls are refused in the words of the Responses API.
func TestInvalidResponses(t *testing.T) {
	in := func(items string) string { return `{"model":"m","input":[` + items + `]}` }
	for _, c := range []struct{ words, body, want string }{
		{"no object", `[]`, "We could not parse the JSON body"},
		{"no model", `{"input":"x"}`, `"message":"Missing required parameter: 'model'.","type":"invalid_request_error","param":"model","code":"missing_required_parameter"`},
		{"a model that is a number", `{"model":7,"input":"x"}`, `"param":"model","code":"invalid_type"`},
		{"no input", `{"model":"m"}`, `"message":"Missing required parameter: 'input'."`},
		{"input that is a number", `{"model":"m","input":7}`, `"param":"input","code":"invalid_type"`},
		{"the body of a chat", chat("m", ""), `"message":"Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'.`},
		{"max_tokens", respond("m", `,"max_tokens":20`), `"param":"max_tokens","code":"unsupported_parameter"`},
		{"response_format", respond("m", `,"response_format":{}`), `this parameter has moved to 'text.format'`},
		{"too few tokens", respond("m", `,"max_output_tokens":15`), `"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead."`},
		{"tokens as text", respond("m", `,"max_output_tokens":"20"`), `"param":"max_output_tokens","code":"invalid_type"`},
		{"stream as text", respond("m", `,"stream":"yes"`), `"param":"stream","code":"invalid_type"`},
		{"options of no stream", respond("m", `,"stream_options":{}`), "only allowed when 'stream' is enabled"},
		{"too hot", respond("m", `,"temperature":2.5`), `"code":"decimal_above_max_value"`},
		{"top_p", respond("m", `,"top_p":2`), `"param":"top_p"`},
		{"metadata of numbers", respond("m", `,"metadata":{"a":1}`), `"param":"metadata.a","code":"invalid_type"`},
		{"metadata that is a list", respond("m", `,"metadata":[]`), `"param":"metadata","code":"invalid_type"`},
		{"long metadata", respond("m", `,"metadata":{"a":"`+strings.Repeat("x", 513)+`"}`), `maximum length 512, but got a string with length 513`},
		{"long names in metadata", respond("m", `,"metadata":{"`+strings.Repeat("x", 65)+`":"a"}`), `maximum length 64, but got a string with length 65`},
		{"much metadata", respond("m", `,"metadata":{`+strings.TrimSuffix(strings.Repeat(`"a":"b",`, 17), ",")+`}`), "at most 16 properties"},
		{"the tools of a chat", respond("m", `,"tools":[{"type":"function","function":{"name":"x"}}]`), `"message":"Missing required parameter: 'tools[0].name'."`},
		{"a tool without type", respond("m", `,"tools":[{"name":"x"}]`), `"Missing required parameter: 'tools[0].type'."`},
		{"a hosted tool", respond("m", `,"tools":[{"type":"web_search"}]`), `'tools[0].type' is not built in the chaos mock model yet`},
		{"tools that are no list", respond("m", `,"tools":{}`), `"param":"tools","code":"invalid_type"`},
		{"a tool that is not there", respond("m", `,"tools":[{"type":"function","name":"x"}],"tool_choice":{"type":"function","name":"y"}`), `tool 'y' not found in 'tools'`},
		{"a choice of no tools", respond("m", `,"tool_choice":"required"`), `only allowed when 'tools' are specified`},
		{"an effort that is none", respond("m", `,"reasoning":{"effort":"huge"}`), `"param":"reasoning.effort","code":"invalid_value"`},
		{"a format that is none", respond("m", `,"text":{"format":{"type":"xml"}}`), `"param":"text.format.type"`},
		{"a schema without a name", respond("m", `,"text":{"format":{"type":"json_schema","schema":{}}}`), `"Missing required parameter: 'text.format.name'."`},
		{"a format without a schema", respond("m", `,"text":{"format":{"type":"json_schema","name":"x"}}`), `"Missing required parameter: 'text.format.schema'."`},
		{"JSON that nobody speaks of", respond("m", `,"text":{"format":{"type":"json_object"}}`), `"Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.","type":"invalid_request_error","param":"input"`},
		{"an id that is none", respond("m", `,"previous_response_id":"x"`), `Expected an ID that begins with 'resp'`},
		{"instructions that are a list", respond("m", `,"instructions":[]`), `"param":"instructions","code":"invalid_type"`},
		{"work in the background", respond("m", `,"background":true`), `'background' is not built`},
		{"a stored conversation", respond("m", `,"conversation":"conv_1"`), `'conversation' is not built`},
		{"a stored prompt", respond("m", `,"prompt":{"id":"pmpt_1"}`), `'prompt' is not built`},
		{"log probabilities", respond("m", `,"include":["message.output_text.logprobs"]`), `'include' is not built`},
		{"an item that is text", in(`"x"`), `"param":"input[0]","code":"invalid_type"`},
		{"an item without role", in(`{"content":"x"}`), `"Missing required parameter: 'input[0].role'."`},
		{"the role of a tool", in(`{"role":"tool","content":"x"}`), `"Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'."`},
		{"an item without content", in(`{"role":"user"}`), `"Missing required parameter: 'input[0].content'."`},
		{"content that is a number", in(`{"role":"user","content":1}`), `"param":"input[0].content"`},
		{"the content of a chat", in(`{"role":"user","content":[{"type":"text","text":"x"}]}`), `"Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and 'summary_text'.","type":"invalid_request_error","param":"input[0].content[0].type"`},
		{"content without type", in(`{"role":"user","content":[{}]}`), `'input[0].content[0].type'`},
		{"content without text", in(`{"role":"user","content":[{"type":"input_text"}]}`), `'input[0].content[0].text'`},
		{"an item of no type", in(`{"type":"x"}`), `"Invalid value: 'x'. Supported values are: 'message', 'function_call'`},
		{"an item that is not built", in(`{"type":"mcp_call"}`), `'input[0].type' is not built`},
		{"a call without id", in(`{"type":"function_call","name":"x","arguments":"{}"}`), `'input[0].call_id'`},
		{"a call without arguments", in(`{"type":"function_call","name":"x","call_id":"c"}`), `'input[0].arguments'`},
		{"a call without result", in(`{"type":"function_call","name":"x","call_id":"c","arguments":"{}"}`), `"message":"No tool output found for function call c.","type":"invalid_request_error","param":"input","code":null`},
		{"a result without call", in(`{"type":"function_call_output","call_id":"c","output":"x"}`), `"message":"No tool call found for function call output with call_id c.","type":"invalid_request_error","param":"input","code":null`},
		{"a result without output", in(`{"type":"function_call_output","call_id":"c"}`), `'input[0].output'`},
		{"a reference without id", in(`{"type":"item_reference"}`), `'input[0].id'`},
	} {
		t.Run(c.words, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("m", 2)}}, nil, func(g *rig) {
				if got := g.send(ask{path: responsesPath, body: c.body}); got.status != 400 || !strings.Contains(got.body, c.want) {
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		})
	}
}

// A conversation goes on where only its newest items are sent: the id of a
// response says which turn it was, and the ids of its items what they were.
func TestResponsesGoOn(t *testing.T) {
	answers := []Answer{
		{When: When{Turn: 1}, ToolCalls: []ToolCall{{Name: "now"}}},
		{When: When{Turn: 2}, Text: "second"},
		{When: When{Turn: 3}, Text: "third"},
	}
	virtual(t, Config{Models: []Model{instant("m", 2)}, Answers: answers}, nil, func(g *rig) {
		send := func(body string) doc {
			got := g.send(ask{path: responsesPath, body: body})
			if got.status != 200 {
				t.Fatal(got.body)
			}
			return doc(got.body)
		}
		first := send(respond("m", `,"tools":[{"type":"function","name":"now"}]`))
		call := first.get("output").first()
		result := `{"type":"function_call_output","output":"noon","call_id":` + string(call.get("call_id")) + `}`
		second := send(`{"model":"m","previous_response_id":` + string(first.get("id")) + `,"input":[` + result + `]}`)
		if got := second.get("output").first().get("content").first().get("text").text(); got != "second" {
			t.Errorf("%s", second)
		}
		if got := second.get("previous_response_id"); got != first.get("id") {
			t.Errorf("goes on from %s, not %s", got, first.get("id"))
		}
		third := send(respond("m", `,"previous_response_id":`+string(second.get("id"))))
		if got := third.get("output").first().get("content").first().get("text").text(); got != "third" {
			t.Errorf("%s", third)
		}
		// The same by references to items, as the AI SDK sends them.
		again := send(`{"model":"m","input":[{"role":"user","content":"x"},{"type":"item_reference","id":` + string(call.get("id")) + `},` + result + `]}`)
		if got := again.get("output").first().get("content").first().get("text").text(); got != "second" {
			t.Errorf("%s", again)
		}
	})
}

// What needs a stored response is refused by name, and is no attempt.
func TestResponsesAreNotStored(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/v1/responses/resp_1", "'GET' of one is not built"},
		{"DELETE", "/v1/responses/resp_1", "'DELETE' of one is not built"},
		{"POST", "/v1/responses/resp_1/cancel", "'cancel' of one is not built"},
		{"GET", "/v1/responses/resp_1/input_items", "'input_items' of one is not built"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			r, _ := http.NewRequest(c.method, "http://mock"+c.path, nil)
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != 404 || !strings.Contains(got.body, c.want) || g.s.Calls() != 0 {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
			}
		})
	}
}

func FuzzResponses(f *testing.F) {
	fuzz(f, respond("m", ""), respond("m", streamed+responsesTwoTools+`,"reasoning":{"summary":"auto"},"stream_options":{"include_obfuscation":true}`),
		`{"model":"m","max_output_tokens":16,"instructions":"a\nb","metadata":{"a":"b"},"input":[{"role":"user","content":[{"type":"input_text","text":"x"}]},{"type":"function_call","call_id":"c","name":"n","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"y"}]},{"type":"item_reference","id":"fc_1"}],"previous_response_id":"resp_00ff","text":{"format":{"type":"json_schema","name":"x","schema":{}}}}`)
}

// TestGoldenChatParameters holds what the rarer parameters of chat completions
// do to an answer.
func TestGoldenChatParameters(t *testing.T) {
	for _, c := range []struct{ name, more string }{
		{"openai_chat_logprobs", `,"logprobs":true,"top_logprobs":2,"service_tier":"flex","metadata":{"a":"b"},"store":true`},
		{"openai_chat_logprobs_stream", streamed + `,"logprobs":true`},
		{"openai_chat_obfuscated", streamed + `,"stream_options":{"include_obfuscation":true,"include_usage":true}`},
		{"openai_chat_effort", `,"reasoning_effort":"low"`},
		{"openai_chat_no_effort", `,"reasoning_effort":"none"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			thinker := instant("o3", 6)
			thinker.ReasoningTokens = 9
			virtual(t, Config{Models: []Model{thinker}}, nil, func(g *rig) {
				golden.Check(t, c.name+".golden", dump(g.send(ask{path: chatPath, body: chat("o3", c.more), id: wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}})))
			})
		})
	}
}
