package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/ollama/ollama/api"

	"github.com/chaoskit/chaos/mockmodel"
)

// What the table of cases has no row for: thoughts, the turns of a tool call,
// generate, the older embeddings, the pages, and the words of refusals.

func ollamaClient(c *http.Client) *api.Client {
	return api.NewClient(&url.URL{Scheme: "http", Host: "mock"}, c)
}

// ollamaChat collects an answer.
func ollamaChat(t *testing.T, ctx context.Context, c *api.Client, q *api.ChatRequest) (text, thoughts string, calls []api.ToolCall, last api.ChatResponse) {
	t.Helper()
	err := c.Chat(ctx, q, func(r api.ChatResponse) error {
		text += r.Message.Content
		thoughts += r.Message.Thinking
		calls = append(calls, r.Message.ToolCalls...)
		last = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, thoughts, calls, last
}

// TestOllamaThinks: a model that thinks does so unless told not to, and the
// durations add up.
func TestOllamaThinks(t *testing.T) {
	ttft, rate := 500*time.Millisecond, 100.0
	config := mockmodel.Config{Models: []mockmodel.Model{{Name: "qwen3", TTFT: &ttft, TokensPerSecond: &rate, OutputTokens: 20, ReasoningTokens: 12}}}
	for _, stream := range []bool{true, false} {
		for _, row := range []struct {
			words    string
			think    *api.ThinkValue
			thoughts bool
			tokens   int
		}{
			{"nothing said", nil, true, 32}, {"on", &api.ThinkValue{Value: true}, true, 32}, {"high", &api.ThinkValue{Value: "high"}, true, 32}, {"off", &api.ThinkValue{Value: false}, false, 20},
		} {
			serving(t, config, func(ctx context.Context, c *http.Client) {
				text, thoughts, _, last := ollamaChat(t, ctx, ollamaClient(c), &api.ChatRequest{Model: "qwen3", Stream: &stream, Think: row.think, Messages: []api.Message{{Role: "user", Content: "hello"}}})
				if text == "" || (thoughts != "") != row.thoughts || !last.Done || last.DoneReason != "stop" || last.EvalCount != row.tokens || last.PromptEvalCount == 0 {
					t.Errorf("%s, stream %v: %q, thoughts %q, %+v", row.words, stream, text, thoughts, last)
				}
				eval := time.Duration(row.tokens) * 10 * time.Millisecond
				if last.PromptEvalDuration != ttft || last.EvalDuration != eval || last.TotalDuration != ttft+eval {
					t.Errorf("%s, stream %v: %+v", row.words, stream, last.Metrics)
				}
			})
		}
	}
}

// TestOllamaCallsATool: the call is whole, and its result leads to the next turn.
func TestOllamaCallsATool(t *testing.T) {
	for _, stream := range []bool{true, false} {
		serving(t, scripted, func(ctx context.Context, c *http.Client) {
			q := &api.ChatRequest{Model: "llama3.2", Stream: &stream, Messages: []api.Message{{Role: "user", Content: "Where are my orders?"}}}
			if err := json.Unmarshal([]byte(`[{"type":"function","function":{"name":"`+toolName+`","parameters":{"type":"object","properties":{"limit":{"type":"integer"}}}}}]`), &q.Tools); err != nil {
				t.Fatal(err)
			}
			text, _, calls, last := ollamaChat(t, ctx, ollamaClient(c), q)
			if len(calls) != 1 || text != "One moment." || last.DoneReason != "stop" {
				t.Fatalf("%q, calls %+v, %+v", text, calls, last)
			}
			customer, _ := calls[0].Function.Arguments.Get("customer")
			if calls[0].Function.Name != toolName || customer != "é\"" || calls[0].ID == "" {
				t.Errorf("%+v", calls[0])
			}
			q.Messages = append(q.Messages, api.Message{Role: "assistant", Content: text, ToolCalls: calls}, api.Message{Role: "tool", Content: "2", ToolName: toolName, ToolCallID: calls[0].ID})
			if text, _, calls, _ := ollamaChat(t, ctx, ollamaClient(c), q); text != "There are two orders." || len(calls) != 0 {
				t.Errorf("%q, calls %+v", text, calls)
			}
		})
	}
}

// TestOllamaOthers: a structured answer, generate, loading, embeddings old and
// new, and the pages.
func TestOllamaOthers(t *testing.T) {
	config := scripted
	config.Models = []mockmodel.Model{{Name: "llama3.2", OutputTokens: 20}, {Name: "nomic-embed-text", Dimensions: 768}}
	serving(t, config, func(ctx context.Context, c *http.Client) {
		client, off := ollamaClient(c), false
		text, _, _, _ := ollamaChat(t, ctx, client, &api.ChatRequest{Model: "llama3.2", Stream: &off, Format: json.RawMessage(`{"type":"object"}`), Messages: []api.Message{{Role: "system", Content: "Answer as JSON."}, {Role: "user", Content: "Is it?"}}})
		var got struct{ Answer string }
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Answer != "yes" {
			t.Errorf("structured: %q %v", text, err)
		}
		for reason, q := range map[string]*api.GenerateRequest{
			"stop": {Model: "llama3.2", Prompt: "hello"}, "length": {Model: "llama3.2", Prompt: "hello", Options: map[string]any{"num_predict": 5}},
			"load": {Model: "llama3.2"}, "unload": {Model: "llama3.2", KeepAlive: &api.Duration{}},
		} {
			var text string
			var last api.GenerateResponse
			err := client.Generate(ctx, q, func(r api.GenerateResponse) error { text, last = text+r.Response, r; return nil })
			if err != nil || last.DoneReason != reason || (text == "") != (q.Prompt == "") {
				t.Errorf("generate, %s: %q %+v %v", reason, text, last, err)
			}
		}
		e, err := client.Embed(ctx, &api.EmbedRequest{Model: "nomic-embed-text", Input: []string{"one", "two"}})
		if err != nil || len(e.Embeddings) != 2 || len(e.Embeddings[1]) != 768 || e.PromptEvalCount == 0 {
			t.Errorf("embed: %d %v", len(e.Embeddings), err)
		}
		old, err := client.Embeddings(ctx, &api.EmbeddingRequest{Model: "nomic-embed-text", Prompt: "one"})
		if err != nil || len(old.Embedding) != 768 {
			t.Errorf("embeddings: %v", err)
		}
		list, err := client.List(ctx)
		if err != nil || len(list.Models) != 2 || list.Models[0].Name != "llama3.2" || list.Models[0].Digest == list.Models[1].Digest {
			t.Errorf("list: %+v %v", list, err)
		}
		running, err := client.ListRunning(ctx)
		if err != nil || len(running.Models) != 2 || running.Models[0].ExpiresAt.IsZero() {
			t.Errorf("ps: %+v %v", running, err)
		}
		show, err := client.Show(ctx, &api.ShowRequest{Model: "llama3.2"})
		if err != nil || len(show.Capabilities) == 0 || show.Details.Format != "gguf" {
			t.Errorf("show: %+v %v", show, err)
		}
		if v, err := client.Version(ctx); err != nil || v == "" {
			t.Errorf("version: %q %v", v, err)
		}
		if err := client.Heartbeat(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestOllamaErrors: the typed error has status and words; an error in the middle
// of a stream has only words; a clean end without the last line is none at all.
func TestOllamaErrors(t *testing.T) {
	ask := func(ctx context.Context, c *http.Client) (done bool, err error) {
		err = ollamaClient(c).Chat(ctx, &api.ChatRequest{Model: "llama3.2", Messages: []api.Message{{Role: "user", Content: "hello"}}}, func(r api.ChatResponse) error {
			done = r.Done
			return nil
		})
		return done, err
	}
	for name, words := range map[string]string{
		"http_400": "bad request", "http_404": "model 'llama3.2' not found", "rate_limit": "you've reached your usage limit of 10000 requests per minute, please upgrade to continue",
		"http_500": "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details",
		"http_503": "server busy, please try again.  maximum pending requests exceeded",
	} {
		serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
			_, err := ask(ctx, c)
			if e, ok := errors.AsType[api.StatusError](err); !ok || e.StatusCode < 400 || e.ErrorMessage != words {
				t.Errorf("%s: %v", name, err)
			}
		}, fault(name))
	}
	serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
		_, err := ask(ctx, c)
		if e, ok := errors.AsType[api.AuthorizationError](err); !ok || e.StatusCode != 401 {
			t.Errorf("http_401: %v", err)
		}
	}, fault("http_401"))
	serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
		if done, err := ask(ctx, c); done || err == nil || err.Error() != "server busy, please try again.  maximum pending requests exceeded" {
			t.Errorf("in_stream_error: %v %v", done, err)
		}
	}, fault("in_stream_error"))
	serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
		if done, err := ask(ctx, c); done || err != nil {
			t.Errorf("eof_no_done: %v %v", done, err)
		}
	}, fault("eof_no_done"))
}

// TestOllamaWords: what is said of a bad body is what the server's own types say
// of it.
func TestOllamaWords(t *testing.T) {
	for _, row := range []struct {
		path string
		into any
		body string
	}{
		{"/api/chat", &api.ChatRequest{}, `{"model":1}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":"x"}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[{"role":true}]}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[{"role":"assistant","tool_calls":"x"}]}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":["x"]}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"stream":"yes"}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"options":[1]}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"tools":{}}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"think":"hard"}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"think":3}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"keep_alive":"soon"}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m","messages":[],"keep_alive":[]}`},
		{"/api/chat", &api.ChatRequest{}, `[]`},
		{"/api/chat", &api.ChatRequest{}, `"x"`},
		{"/api/chat", &api.ChatRequest{}, `{"model":}`},
		{"/api/chat", &api.ChatRequest{}, `{"model":"m"`},
		{"/api/generate", &api.GenerateRequest{}, `{"model":"m","prompt":{}}`},
		{"/api/generate", &api.GenerateRequest{}, `{"model":"m","prompt":"x","raw":0}`},
		{"/api/embed", &api.EmbedRequest{}, `{"model":[],"input":"x"}`},
		{"/api/embed", &api.EmbedRequest{}, `{"model":"m","input":"x","dimensions":"4"}`},
		{"/api/embeddings", &api.EmbeddingRequest{}, `{"model":"m","prompt":1}`},
	} {
		want := json.NewDecoder(bytes.NewReader([]byte(row.body))).Decode(row.into)
		if want == nil {
			t.Errorf("%s %s: the server's types take it", row.path, row.body)
			continue
		}
		serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
			resp, err := c.Post("http://mock"+row.path, "application/json", bytes.NewReader([]byte(row.body)))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			raw, _ := io.ReadAll(resp.Body)
			var got struct{ Error string }
			if json.Unmarshal(raw, &got) != nil || resp.StatusCode != 400 || got.Error != want.Error() {
				t.Errorf("%s %s: %d %s, want %v", row.path, row.body, resp.StatusCode, raw, want)
			}
		})
	}
}
