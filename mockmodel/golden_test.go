package mockmodel

import (
	"net/http"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

// TestGolden holds the bytes of every dialect: what comes back for a call, head
// and body, in virtual time that starts on 2000-01-01. After -update, read the
// difference, and check it against the official SDKs.
func TestGolden(t *testing.T) {
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	limits := Limits{RequestsPerMinute: 600, TokensPerMinute: 60_000}
	gpt := instant("gpt-4o", 6)
	gpt.Limits = limits
	claude := instant("claude-sonnet-4-5", 6)
	claude.Limits = limits
	thinker := instant("thinker", 6)
	thinker.ReasoningTokens = 9
	config := Config{
		Models: []Model{thinker, gpt, claude, instant("text-embedding-3-small", 0), instant("rerank-v3.5", 0), instant("plain", 6)},
		Answers: []Answer{{When: When{SystemContains: "Reply with JSON"}, JSON: map[string]any{"intent": "refund", "quote": "\"é\""}}, {When: When{Contains: "in words"}, Text: "Zwölf Boxkämpfer \"jagen\" Viktor."},
			{When: When{HasTool: "search_orders", Turn: 1}, Text: "Let me look.", ToolCalls: []ToolCall{{Name: "search_orders", Arguments: map[string]any{"id": 7, "by": "é\""}}, {Name: "now"}}}},
	}
	claudeBody := func(more string) string {
		return `{"model":"claude-sonnet-4-5","max_tokens":100,"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"How do I return an item?"}]}]` + more + `}`
	}
	tools := `,"tools":[{"type":"function","function":{"name":"search_orders","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now"}}]`
	claudeTools := `,"tools":[{"name":"search_orders","input_schema":{"type":"object"}},{"name":"now","input_schema":{"type":"object"}}]`
	claudeThinks := `{"model":"claude-sonnet-4-5","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"x"}]`
	type example struct {
		name  string
		rules []faults.Rule
		ask   ask
	}
	cases := []example{
		{"openai_chat", nil, ask{path: chatPath, body: chat("gpt-4o", ""), id: spike}},
		{"openai_chat_cut", nil, ask{path: chatPath, body: chat("gpt-4o", `,"max_completion_tokens":3`), id: spike}},
		{"openai_chat_stream", nil, ask{path: chatPath, body: chat("gpt-4o", streamed), id: spike}},
		{"openai_chat_stream_usage", nil, ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true},"max_tokens":2`), id: spike}},
		{"openai_chat_json_answer", nil, ask{path: chatPath, body: `{"model":"gpt-4o","messages":[{"role":"system","content":"Reply with JSON."},{"role":"user","content":"x"}]}`}},
		{"openai_chat_text_answer_stream", nil, ask{path: chatPath, body: `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Say it in words"}]}`}},
		{"openai_chat_tools", nil, ask{path: chatPath, body: chat("gpt-4o", tools), id: spike}},
		{"openai_chat_tools_stream", nil, ask{path: chatPath, body: chat("gpt-4o", tools+streamed), id: spike}},
		{"openai_chat_tools_result", nil, ask{path: chatPath, body: `{"model":"gpt-4o","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"now","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"noon"}]` + tools + `}`, id: spike}},
		{"openai_chat_choices", nil, ask{path: chatPath, body: chat("gpt-4o", `,"n":2`), id: spike}},
		{"openai_chat_choices_stream", nil, ask{path: chatPath, body: chat("gpt-4o", `,"n":2`+streamed), id: spike}},
		{"openai_chat_stop", nil, ask{path: chatPath, body: chat("gpt-4o", `,"stop":"even"`), id: wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 40}}},
		{"openai_chat_reasoning", nil, ask{path: chatPath, body: chat("thinker", streamed+`,"stream_options":{"include_usage":true}`), id: spike}},
		{"anthropic_tools", nil, ask{path: messagesPath, body: claudeBody(claudeTools), id: spike}},
		{"anthropic_tools_stream", nil, ask{path: messagesPath, body: claudeBody(claudeTools + streamed), id: spike}},
		{"anthropic_thinking", nil, ask{path: messagesPath, body: claudeThinks + "}", id: spike}},
		{"anthropic_thinking_stream", nil, ask{path: messagesPath, body: claudeThinks + streamed + "}", id: spike}},
		{"openai_embeddings", nil, ask{path: "/v1/embeddings", body: `{"model":"text-embedding-3-small","input":["How do I return an item?","x"],"dimensions":4}`}},
		{"openai_embeddings_base64", nil, ask{path: "/v1/embeddings", body: `{"model":"text-embedding-3-small","input":"How do I return an item?","dimensions":4,"encoding_format":"base64"}`}},
		{"openai_empty_200", []faults.Rule{plain(t, "empty_200")}, ask{path: chatPath, body: chat("gpt-4o", "")}},
		{"openai_empty_200_stream", []faults.Rule{plain(t, "empty_200")}, ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true}`)}},
		{"openai_empty_200_embeddings", []faults.Rule{plain(t, "empty_200")}, ask{path: "/v1/embeddings", body: `{"model":"text-embedding-3-small","input":"x"}`}},
		{"openai_wrong_model", []faults.Rule{rule(t, "wrong_model", func(f *faults.WrongModel) { f.Model = "gpt-4o-mini" })}, ask{path: chatPath, body: chat("gpt-4o", ""), id: spike}},
		{"openai_rate_limit", []faults.Rule{plain(t, "rate_limit")}, ask{path: chatPath, body: chat("gpt-4o", "")}},
		{"openai_rate_limit_no_quota", []faults.Rule{plain(t, "rate_limit")}, ask{path: chatPath, body: chat("plain", "")}},
		{"openai_rate_limit_no_hint", []faults.Rule{rule(t, "rate_limit", func(f *faults.RateLimit) { f.RetryAfter = faults.Hint{}; f.ShouldRetry = ptr(false) })}, ask{path: chatPath, body: chat("gpt-4o", "")}},
		{"openai_rate_limit_date", []faults.Rule{rule(t, "rate_limit", func(f *faults.RateLimit) {
			f.RetryAfter = faults.Hint{Kind: faults.HintDate, For: 30 * time.Second}
		})}, ask{path: chatPath, body: chat("gpt-4o", "")}},
		{"openai_in_stream_error", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}, ask{path: chatPath, body: chat("gpt-4o", streamed), id: spike}},
		{"openai_eof_no_done", []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, ask{path: chatPath, body: chat("gpt-4o", streamed), id: spike}},
		{"anthropic_messages", nil, ask{path: messagesPath, body: claudeBody(""), id: spike}},
		{"anthropic_messages_stream", nil, ask{path: messagesPath, body: claudeBody(streamed), id: spike}},
		{"anthropic_empty_200", []faults.Rule{plain(t, "empty_200")}, ask{path: messagesPath, body: claudeBody("")}},
		{"anthropic_empty_200_stream", []faults.Rule{plain(t, "empty_200")}, ask{path: messagesPath, body: claudeBody(streamed)}},
		{"anthropic_rate_limit", []faults.Rule{plain(t, "rate_limit")}, ask{path: messagesPath, body: claudeBody("")}},
		{"anthropic_in_stream_error", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}, ask{path: messagesPath, body: claudeBody(streamed), id: spike}},
		{"anthropic_eof_no_done", []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, ask{path: messagesPath, body: claudeBody(streamed), id: spike}},
		{"rerank", nil, ask{path: "/v1/rerank", body: `{"model":"rerank-v3.5","query":"refund to my card","documents":["a parcel is lost",{"text":"Refunds go to the card"},"gift cards"],"top_n":2,"return_documents":true}`}},
		{"search_query", nil, ask{path: "/v1/search", body: `{"query":"refund to my card","top_k":2}`}},
		{"search_vector", nil, ask{path: "/v1/search", body: `{"query_vector":[0.5,-0.5,0.5,0.5],"top_k":1}`}},
	}
	for _, status := range []string{"400", "401", "403", "404", "408", "409", "413", "422", "500", "502", "503", "504", "529", "530"} {
		rules := []faults.Rule{plain(t, "http_"+status)}
		cases = append(cases,
			example{"openai_http_" + status, rules, ask{path: chatPath, body: chat("plain", "")}},
			example{"anthropic_http_" + status, rules, ask{path: messagesPath, body: claudeBody("")}})
	}
	cases = append(cases, example{"rerank_http_503", []faults.Rule{plain(t, "http_503")}, ask{path: "/v1/rerank", body: `{"query":"x","documents":["y"]}`}},
		example{"rerank_rate_limit", []faults.Rule{plain(t, "rate_limit")}, ask{path: "/v1/rerank", body: `{"query":"x","documents":["y"]}`}},
		example{"search_http_503", []faults.Rule{plain(t, "http_503")}, ask{path: "/v1/search", body: `{"query":"x"}`}})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, c.rules, func(g *rig) { golden.Check(t, c.name+".golden", dump(g.send(c.ask))) })
		})
	}
}

func TestGoldenModels(t *testing.T) {
	config := Config{Models: []Model{instant("gpt-4o", 6), instant("o\"dd", 6)}}
	for _, c := range []struct{ name, method, path string }{
		{"openai_models", "GET", "/v1/models"},
		{"openai_model", "GET", "/v1/models/org/any-model"},
		{"openai_models_method", "POST", "/v1/models"},
		{"openai_method", "GET", "/v1/chat/completions"},
		{"anthropic_method", "GET", "/v1/messages"},
		{"openai_path", "POST", "/v1/completions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, nil, func(g *rig) {
				r, _ := http.NewRequest(c.method, "http://mock"+c.path, nil)
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
