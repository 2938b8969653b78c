package mockmodel

import (
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

const (
	azureChat    = "/openai/deployments/gpt-4o/chat/completions"
	azureDated   = "?api-version=2024-10-21"
	azureAsked   = `{"messages":[{"role":"user","content":"How do I return an item?"}]`
	azureStreams = azureAsked + streamed + `,"stream_options":{"include_usage":true}}`
)

// TestGoldenAzure holds the bytes of Azure OpenAI.
func TestGoldenAzure(t *testing.T) {
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	gpt := instant("gpt-4o", 6)
	gpt.Limits = Limits{RequestsPerMinute: 600, TokensPerMinute: 60_000}
	crowded := instant("busy", 6)
	crowded.Limits = Limits{RequestsPerMinute: 600, TokensPerMinute: 1}
	config := Config{Models: []Model{gpt, crowded, instant("text-embedding-3-small", 0)},
		Answers: []Answer{{When: When{HasTool: "now"}, ToolCalls: []ToolCall{{Name: "now"}}}}}
	type example struct {
		name  string
		rules []faults.Rule
		path  string
		body  string
	}
	cases := []example{
		{"azure_chat", nil, azureChat + azureDated, azureAsked + "}"},
		{"azure_chat_stream", nil, azureChat + azureDated, azureStreams},
		{"azure_chat_tools_stream", nil, azureChat + azureDated, azureAsked + streamed + `,"tools":[{"type":"function","function":{"name":"now"}}]}`},
		{"azure_chat_v1", nil, "/openai/v1/chat/completions", chat("gpt-4o", "")},
		{"azure_embeddings", nil, "/openai/deployments/text-embedding-3-small/embeddings" + azureDated, `{"input":"x","dimensions":4}`},
		{"azure_responses", nil, "/openai/v1/responses", respond("gpt-4o", "")},
		{"azure_invalid", nil, azureChat + azureDated, `{}`},
		{"azure_no_version", nil, azureChat, azureAsked + "}"},
		{"azure_rate_limit", []faults.Rule{plain(t, "rate_limit")}, azureChat + azureDated, azureAsked + "}"},
		{"azure_limit", nil, "/openai/deployments/busy/chat/completions" + azureDated, azureAsked + "}"},
		{"azure_in_stream_error", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens, f.Type = ptr(2), "server_error" })}, azureChat + azureDated, azureStreams},
		{"azure_eof_no_done", []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, azureChat + azureDated, azureStreams},
		{"azure_empty_200_stream", []faults.Rule{plain(t, "empty_200")}, azureChat + azureDated, azureStreams},
	}
	for _, status := range []string{"400", "401", "403", "404", "408", "409", "413", "422", "500", "502", "503", "504", "529", "530"} {
		cases = append(cases, example{"azure_http_" + status, []faults.Rule{plain(t, "http_"+status)}, azureChat + azureDated, azureAsked + "}"})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, c.rules, func(g *rig) {
				golden.Check(t, c.name+".golden", dump(g.send(ask{path: c.path, body: c.body, id: spike})))
			})
		})
	}
}

// Paths of Azure: a deployment stands for the model, whatever the body says;
// what is not there is not found, in the gateway's words.
func TestAzurePaths(t *testing.T) {
	for _, c := range []struct {
		words, path, body string
		status            int
		model, want       string
	}{
		{"the deployment is the model", azureChat + azureDated, chat("another", ""), 200, "gpt-4o", `"model":"gpt-4o"`},
		{"a deployment with a slash in its name", "/openai/deployments/a%2Fb/chat/completions" + azureDated, azureAsked + "}", 200, "a/b", `"model":"a/b"`},
		{"the new path has the model in the body", "/openai/v1/chat/completions", chat("gpt-4o", ""), 200, "gpt-4o", `"model":"gpt-4o"`},
		{"and wants one", "/openai/v1/chat/completions", azureAsked + "}", 400, "", "you must provide a model parameter"},
		{"no version of the API", azureChat, azureAsked + "}", 404, "", `{"error":{"code":"404","message":"Resource not found"}}`},
		{"no such operation", "/openai/deployments/gpt-4o/nothing" + azureDated, azureAsked + "}", 404, "", `{"error":{"code":"404","message":"Resource not found"}}`},
		{"the errors of a model are OpenAI's", azureChat + azureDated, `{"messages":[]}`, 400, "gpt-4o", `"param":"messages","code":"empty_array"`},
	} {
		t.Run(c.words, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("gpt-4o", 2), instant("a/b", 2)}}, nil, func(g *rig) {
				got := g.send(ask{path: c.path, body: c.body})
				if got.status != c.status || !strings.Contains(got.body, c.want) {
					t.Errorf("%d %s", got.status, got.body)
				}
				if g.s.Calls() > 0 {
					if rec := g.last(); rec.Dialect != "azure" || c.model != "" && rec.ModelAsked != c.model {
						t.Errorf("%+v", rec)
					}
				}
			})
		})
	}
}
