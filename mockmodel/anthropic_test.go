package mockmodel

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/golden"
)

// claude is a call with these messages; more are members, each with a leading comma.
func claude(messages, more string) string {
	return `{"model":"claude-sonnet-4-5","max_tokens":2000,"messages":[` + messages + `]` + more + `}`
}

// TestAnthropicConversations: what the API refuses of a conversation, in its
// words.
func TestAnthropicConversations(t *testing.T) {
	const (
		ask     = `{"role":"user","content":"x"}`
		use     = `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"look","input":{}}]}`
		useTwo  = `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"look","input":{}},{"type":"tool_use","id":"toolu_2","name":"look","input":{}}]}`
		result  = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"rain"}]}`
		results = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"rain"}]},{"type":"tool_result","tool_use_id":"toolu_1"},{"type":"text","text":"and now?"}]}`
	)
	for _, c := range []struct{ name, body, want string }{
		{"a result for each call", claude(ask+","+use+","+result, ""), ""},
		{"two results in any order", claude(ask+","+useTwo+","+results, ""), ""},
		{"a call without a result", claude(ask+","+use+","+ask, ""), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."},
		{"one of two is missing", claude(ask+","+useTwo+","+result, ""), "immediately after: toolu_2."},
		{"the conversation ends with a call", claude(ask+","+use, ""), "messages.1: `tool_use` ids were found without"},
		{"a result of no call", claude(ask+","+result, ""), "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1."},
		{"a result that comes too late", claude(ask+","+use+","+result+","+ask+","+result, ""), "messages.4.content.0: unexpected"},
		{"an empty text", claude(`{"role":"user","content":[{"type":"text","text":""}]}`, ""), "messages: text content blocks must be non-empty"},
		{"a beginning of the answer", claude(ask+`,{"role":"assistant","content":"The answer is"}`, ""), ""},
		{"one that ends in a space", claude(ask+`,{"role":"assistant","content":"The answer is "}`, ""), "messages: final assistant content cannot end with trailing whitespace"},
		{"thoughts beyond the answer", claude(ask, `,"thinking":{"type":"enabled","budget_tokens":2000}`), "`max_tokens` must be greater than `thinking.budget_tokens`"},
		{"few thoughts", claude(ask, `,"thinking":{"type":"enabled","budget_tokens":1}`), "greater than or equal to 1024"},
		{"thoughts and a tool that must be called", claude(ask, `,"thinking":{"type":"enabled","budget_tokens":1024},"tools":[{"name":"look","input_schema":{}}],"tool_choice":{"type":"any"}`), "Thinking may not be enabled when tool_choice forces tool use."},
		{"a tool that is not there", claude(ask, `,"tools":[{"name":"look","input_schema":{}}],"tool_choice":{"type":"tool","name":"see"}`), "Tool 'see' not found in provided tools"},
		{"a temperature for OpenAI", claude(ask, `,"temperature":1.5`), "temperature: range: 0..1"},
	} {
		virtual(t, Config{Models: []Model{instant("claude-sonnet-4-5", 5)}}, nil, func(g *rig) {
			r := g.send(askOf(c.body))
			if status := map[bool]int{true: 200, false: 400}[c.want == ""]; r.status != status || !strings.Contains(r.body, c.want) {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
			}
		})
	}
}

func askOf(body string) ask { return ask{path: messagesPath, body: body} }

// TestGoldenAnthropicPages holds the bytes of what is no inference at Anthropic.
func TestGoldenAnthropicPages(t *testing.T) {
	body := `{"model":"claude-sonnet-4-5","system":"Be brief.","messages":[{"role":"user","content":"How do I return an item?"}],"tools":[{"name":"look","input_schema":{"type":"object"}}]}`
	for _, c := range []struct{ name, method, path, body, version string }{
		{"anthropic_count", "POST", "/v1/messages/count_tokens", body, "2023-06-01"},
		{"anthropic_count_refused", "POST", "/v1/messages/count_tokens", `{"model":"m","messages":[]}`, "2023-06-01"},
		{"anthropic_count_no_version", "POST", "/v1/messages/count_tokens", body, ""},
		{"anthropic_models", "GET", "/v1/models", "", "2023-06-01"},
		{"anthropic_model", "GET", "/v1/models/claude-x", "", "2023-06-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("claude-sonnet-4-5", 5), instant("claude-haiku-4-5", 5)}}, nil, func(g *rig) {
				r, _ := http.NewRequest(c.method, "http://mock"+c.path, strings.NewReader(c.body))
				if c.version != "" {
					r.Header.Set("Anthropic-Version", c.version)
				}
				resp, err := g.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				golden.Check(t, c.name+".golden", dump(replyOf(resp)))
				if n := g.s.Calls(); n != 0 {
					t.Errorf("%d calls at inference endpoints", n)
				}
			})
		})
	}
}
