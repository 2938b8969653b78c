package mockmodel

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// ollamaAsk is the body of a chat; more are members, each with a leading comma.
func ollamaAsk(more string) string {
	return `{"model":"llama3.2","messages":[{"role":"user","content":"How do I return an item?"}]` + more + `}`
}

func TestGoldenOllama(t *testing.T) {
	config := spoken("llama3.2")
	thinker := instant("qwen3", 6)
	thinker.ReasoningTokens = 9
	config.Models = append(config.Models, thinker, instant("nomic-embed-text", 0), instant("plain", 6), model("slow", time.Second, 10, 4))
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	const whole = `,"stream":false`
	tools := `,"tools":[{"type":"function","function":{"name":"search_orders","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now"}}]`
	on := func(model, body string) string { return strings.Replace(body, "llama3.2", model, 1) }
	system := `{"model":"llama3.2","stream":false,"format":"json","messages":[{"role":"system","content":"Reply with JSON."},{"role":"user","content":"x"}]}`
	inError := []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}
	eof := []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}
	const chat, generate = "/api/chat", "/api/generate"
	golds(t, config, append([]gold{
		{name: "ollama_chat", ask: ask{path: chat, body: ollamaAsk(whole), id: spike}},
		{name: "ollama_chat_cut", ask: ask{path: chat, body: ollamaAsk(whole + `,"options":{"num_predict":3}`), id: spike}},
		{name: "ollama_chat_json_answer", ask: ask{path: chat, body: system}},
		{name: "ollama_chat_tools", ask: ask{path: chat, body: ollamaAsk(whole + tools), id: spike}},
		{name: "ollama_chat_thinking", ask: ask{path: chat, body: on("qwen3", ollamaAsk(whole+`,"think":true`)), id: spike}},
		{name: "ollama_chat_thinking_off", ask: ask{path: chat, body: on("qwen3", ollamaAsk(whole+`,"think":false`)), id: spike}},
		{name: "ollama_chat_slow", ask: ask{path: chat, body: on("slow", ollamaAsk(whole))}},
		{name: "ollama_chat_load", ask: ask{path: chat, body: `{"model":"llama3.2"}`}},
		{name: "ollama_chat_unload", ask: ask{path: chat, body: `{"model":"llama3.2","messages":[],"keep_alive":0}`}},
		{name: "ollama_chat_stream", ask: ask{path: chat, body: ollamaAsk(""), id: spike}},
		{name: "ollama_chat_stream_tools", ask: ask{path: chat, body: ollamaAsk(tools), id: spike}},
		{name: "ollama_chat_stream_thinking", ask: ask{path: chat, body: on("qwen3", ollamaAsk("")), id: spike}},
		{name: "ollama_chat_stream_slow", ask: ask{path: chat, body: on("slow", ollamaAsk(""))}},
		{name: "ollama_chat_stream_error", rules: inError, ask: ask{path: chat, body: ollamaAsk(""), id: spike}},
		{name: "ollama_chat_stream_eof", rules: eof, ask: ask{path: chat, body: ollamaAsk(""), id: spike}},
		{name: "ollama_empty_200", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: chat, body: ollamaAsk(whole)}},
		{name: "ollama_empty_200_stream", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: chat, body: ollamaAsk("")}},
		{name: "ollama_rate_limit", rules: []faults.Rule{plain(t, "rate_limit")}, ask: ask{path: chat, body: ollamaAsk("")}},
		{name: "ollama_generate", ask: ask{path: generate, body: `{"model":"llama3.2","prompt":"x","system":"y","stream":false}`, id: spike}},
		{name: "ollama_generate_stream", ask: ask{path: generate, body: `{"model":"qwen3","prompt":"x"}`, id: spike}},
		{name: "ollama_generate_load", ask: ask{path: generate, body: `{"model":"llama3.2"}`}},
		{name: "ollama_embed", ask: ask{path: "/api/embed", body: `{"model":"nomic-embed-text","input":["How do I return an item?","x"],"dimensions":4}`}},
		{name: "ollama_embed_nothing", ask: ask{path: "/api/embed", body: `{"model":"nomic-embed-text","input":""}`}},
		{name: "ollama_show", ask: ask{path: "/api/show", body: `{"model":"llama3.2"}`}},
	}, statuses(t, "ollama", ask{path: chat, body: on("plain", ollamaAsk(""))})...))
}

func TestOllamaPages(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/", "Ollama is running"},
		{"HEAD", "/", ""},
		{"GET", "/api/version", `{"version":"` + ollamaVersion + `"}`},
		{"GET", "/api/tags", `{"models":[{"name":"llama3.2","model":"llama3.2","modified_at":"2000-01-01T00:00:00Z",`},
		{"GET", "/api/ps", `"size_vram":`},
	} {
		virtual(t, Config{Models: []Model{instant("llama3.2", 6)}}, nil, func(g *rig) {
			r, _ := http.NewRequest(c.method, "http://mock"+c.path, nil)
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got := replyOf(resp)
			isJSON := got.header.Get("Content-Type") == "application/json"
			if got.status != 200 || !strings.Contains(got.body, c.want) || isJSON != strings.HasPrefix(c.path, "/api") || isJSON && !json.Valid([]byte(got.body)) {
				t.Errorf("%s %s: %d %v %s", c.method, c.path, got.status, got.header, got.body)
			}
		})
	}
}

// What the server refuses, in its words and those of encoding/json.
func TestOllamaRefuses(t *testing.T) {
	const chat, generate, embed = "/api/chat", "/api/generate", "/api/embed"
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"no body", chat, ``, 400, "missing request body"},
		{"half a body", chat, `{"model":`, 400, "unexpected EOF"},
		{"no JSON", chat, `{model}`, 400, "invalid character 'm' looking for beginning of object key string"},
		{"no object", chat, `[]`, 400, "json: cannot unmarshal array into Go value of type api.ChatRequest"},
		{"no model", chat, `{}`, 400, "model is required"},
		{"no model to generate with", generate, `{}`, 404, "model '' not found"},
		{"no model to embed with", embed, `{"input":"x"}`, 404, "model '' not found"},
		{"no model for old embeddings", "/api/embeddings", `{"prompt":"x"}`, 400, "model is required"},
		{"a model that is a number", chat, `{"model":1}`, 400, "json: cannot unmarshal number into Go struct field ChatRequest.model of type string"},
		{"content as parts", chat, `{"model":"m","messages":[{"role":"user","content":[]}]}`, 400, "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"},
		{"a stream that is a word", chat, ollamaAsk(`,"stream":"yes"`), 400, "json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool"},
		{"options that are a list", chat, ollamaAsk(`,"options":[]`), 400, "json: cannot unmarshal array into Go struct field ChatRequest.options of type map[string]interface {}"},
		{"an option of another type", chat, ollamaAsk(`,"options":{"num_predict":"many"}`), 500, `option "num_predict" must be of type integer`},
		{"a stop that is no list", chat, ollamaAsk(`,"options":{"stop":"x"}`), 500, `option "stop" must be of type array`},
		{"an unknown format", chat, ollamaAsk(`,"format":"xml"`), 500, `invalid format: "\"xml\""; expected "json" or a valid JSON Schema object`},
		{"an unknown way to think", chat, ollamaAsk(`,"think":"hard"`), 400, `invalid think value: "hard" (must be "high", "medium", "low", true, or false)`},
		{"thinking in numbers", chat, ollamaAsk(`,"think":1`), 400, `think must be a boolean or string ("high", "medium", "low", true, or false)`},
		{"a raw prompt with a system", generate, `{"model":"m","prompt":"x","system":"y","raw":true}`, 400, "raw mode does not support template, system, or context"},
		{"too many logprobs", chat, ollamaAsk(`,"top_logprobs":21`), 400, "top_logprobs must be between 0 and 20"},
		{"a bad duration", chat, ollamaAsk(`,"keep_alive":"soon"`), 400, `time: invalid duration "soon"`},
		{"a duration that is none", chat, ollamaAsk(`,"keep_alive":true`), 400, "Unsupported type: 'bool'"},
		{"an input of numbers", embed, `{"model":"m","input":[1]}`, 400, "invalid input type"},
		{"an input that is an object", embed, `{"model":"m","input":{}}`, 400, "invalid input type"},
		{"nothing to show", "/api/show", `{}`, 400, "model is required"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: c.path, body: c.body})
			if got.status != c.status || doc(got.body).get("error").text() != c.want {
				t.Errorf("%s: %d %s, want %d %s", c.name, got.status, got.body, c.status, c.want)
			}
		})
	}
}

// The queue is full in the server's own words, both spaces among them.
func TestOllamaIsBusy(t *testing.T) {
	m := model("m", time.Second, 0, 1)
	m.Slots, m.Queue = 1, ptr(0)
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		done := make(chan reply)
		go func() { done <- g.send(ask{path: "/api/chat", body: chat("m", "")}) }()
		<-time.After(time.Millisecond)
		got := g.send(ask{path: "/api/chat", body: chat("m", "")})
		if got.status != 503 || got.body != `{"error":"server busy, please try again.  maximum pending requests exceeded"}` {
			t.Errorf("%d %s", got.status, got.body)
		}
		<-done
	})
}
