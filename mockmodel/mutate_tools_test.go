package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
)

// What a fault makes of the arguments {"id":7,"by":"x"}, whole and streamed.
func TestSpoiltToolCalls(t *testing.T) {
	config := Config{Answers: []Answer{{ToolCalls: []ToolCall{{Name: "search_orders", Arguments: map[string]any{"id": 7}}}}}}
	kind := func(k string) faults.Rule {
		return rule(t, "tool_args_malformed", func(f *faults.ToolArgsMalformed) { f.Kind = k })
	}
	keep := func(share faults.Share) faults.Rule {
		return rule(t, "tool_args_truncated", func(f *faults.ToolArgsTruncated) { f.Keep = share })
	}
	with := func(body, tools string) string { return strings.TrimSuffix(body, "}") + tools + "}" }
	openAI := with(chat("gpt-4o", ""), givenOpenAITools)
	claude := with(chat("claude-sonnet-4-5", `,"max_tokens":99`), givenAnthropicTools)
	for _, c := range []struct {
		name       string
		rule       faults.Rule
		path, body string
		says       string
		state      string
	}{
		{"half of the text", keep(0.5), chatPath, openAI, `"arguments":"{\"id"}`, "injected"},
		{"hardly anything", keep(0.0001), chatPath, openAI, `"arguments":"{"}`, "injected"},
		{"all but the brace", keep(0.9999), chatPath, openAI, `"arguments":"{\"id\":7"}`, "injected"},
		{"an object cannot be cut", keep(0.5), messagesPath, claude, `"input":{"id":7}`, "missed"},
		{"text of a stream can", keep(0.5), messagesPath, with(claude, streamed), `"partial_json":"{\"id"`, "injected"},
		{"and so in Bedrock's", keep(0.5), bedrockStream, with(bedrockAsk(""), givenBedrockTools), `{"toolUse":{"input":"{\"id"}}`, "injected"},
		{"a comma too many", kind("invalid_json"), chatPath, openAI, `"arguments":"{\"id\":7,}"}`, "injected"},
		{"no invalid object", kind("invalid_json"), geminiPath, with(geminiAsk(""), givenGeminiTools), `"args":{"id":7}`, "missed"},
		{"a number as a string", kind("wrong_type"), chatPath, openAI, `"arguments":"{\"id\":\"7\"}"}`, "injected"},
		{"in an object too", kind("wrong_type"), messagesPath, claude, `"input":{"id":"7"}`, "injected"},
		{"in Gemini's", kind("wrong_type"), geminiPath, with(geminiAsk(""), givenGeminiTools), `"args":{"id":"7"}`, "injected"},
		{"in Ollama's stream", kind("wrong_type"), "/api/chat", with(ollamaAsk(""), givenOpenAITools), `"arguments":{"id":"7"}`, "injected"},
		{"in Bedrock's", kind("wrong_type"), bedrockPath, with(bedrockAsk(""), givenBedrockTools), `"input":{"id":"7"}`, "injected"},
		{"a tool that nobody offered", kind("unknown_tool"), chatPath, openAI, `"name":"search_orders_v2"`, "injected"},
		{"in Gemini's stream", kind("unknown_tool"), geminiEvents, with(geminiAsk(""), givenGeminiTools), `"name":"search_orders_v2"`, "injected"},
		{"one call has no twin", plain(t, "tool_dup_index"), chatPath, with(openAI, streamed), `"index":0,"id"`, "missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, []faults.Rule{c.rule}, func(g *rig) {
				r := g.send(ask{path: c.path, body: c.body})
				if state := states(g.last()); r.status != 200 || !strings.Contains(state, c.state) || !strings.Contains(r.body, c.says) {
					t.Errorf("%s, want %s and %s: %d %s", state, c.state, c.says, r.status, r.body)
				}
				if c.path == chatPath && !strings.Contains(r.body, `"finish_reason":"tool_calls"`) {
					t.Errorf("it does not end as a whole call: %s", r.body)
				}
			})
		})
	}
}

func TestWrongType(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"x","b":1}`: `{"a":["x"],"b":1}`, `{"a":{"b":1}}`: `{"a":"{\"b\":1}"}`, `{"a":null}`: `{"a":"null"}`, `{ "a" : [1] }`: `{"a":"[1]"}`,
		`{}`: "", `[1]`: "", `{"a`: "", ``: "",
	} {
		got, ok := wrongType(doc(body))
		if got = strings.Repeat(got, map[bool]int{true: 1}[ok]); got != want || ok && !json.Valid([]byte(got)) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// A loop goes on whatever the tools say, and whatever the plan would have said.
func TestToolLoopNeverAnswers(t *testing.T) {
	config := Config{Answers: []Answer{{When: When{Turn: 2}, Text: "Your order has shipped."}}}
	const (
		called  = `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}}]}`
		result  = `{"role":"tool","tool_call_id":"c1","content":"12:00"}`
		asked   = `{"role":"user","content":"hi"}`
		calling = `"finish_reason":"tool_calls"`
	)
	for _, c := range []struct{ name, messages, more, says, state string }{
		{"the first turn", asked, givenOpenAITools, calling, "injected"},
		{"the turn with the result", asked + "," + called + "," + result, givenOpenAITools, calling, "injected"},
		{"a stream", asked + "," + called + "," + result, givenOpenAITools + streamed, calling, "injected"},
		{"no call is allowed", asked + "," + called + "," + result, givenOpenAITools + `,"tool_choice":"none"`, "shipped", "missed"},
		{"no tool is offered", asked, "", `"finish_reason":"stop"`, "missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, []faults.Rule{plain(t, "tool_loop")}, func(g *rig) {
				r := g.send(ask{path: chatPath, body: `{"model":"gpt-4o","messages":[` + c.messages + `]` + c.more + `}`})
				if state := states(g.last()); r.status != 200 || !strings.Contains(r.body, c.says) || !strings.Contains(state, c.state) {
					t.Errorf("%s: %d %s", state, r.status, r.body)
				}
			})
		})
	}
}
