package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// TestTarget: what the provider says is what the caller gets, and what the
// caller sends is what the provider is asked. Retries are off here; they are the
// SDK's and are tested next door.
func TestTarget(t *testing.T) {
	const chunk = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"hel"},"finish_reason":null}]}`
	rows := []struct {
		words, ask, provider string
		status               int // of the provider
		want                 string
		wantStatus           int
	}{
		{"a JSON answer", `{"messages":[]}`, `{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[]}`, 200,
			`{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[]}`, 200},
		{"a stream", `{"messages":[],"stream":true}`, "data: " + chunk + "\n\ndata: [DONE]\n\n", 200, "data: " + chunk + "\n\ndata: [DONE]\n\n", 200},
		{"a cut stream, which the SDK takes for a whole one", `{"messages":[],"stream":true}`, "data: " + chunk + "\n\n", 200, "data: " + chunk + "\n\ndata: [DONE]\n\n", 200},
		{"an error in the stream", `{"messages":[],"stream":true}`, "data: " + chunk + "\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n", 200, "the answer broke off", 200},
		{"a refusal", `{"messages":[]}`, `{"error":{"message":"slow down"}}`, 429, "slow down", 429},
		{"a refusal of a stream", `{"messages":[],"stream":true}`, `{"error":{"message":"slow down"}}`, 429, "slow down", 429},
		{"nonsense", `nonsense`, "", 200, "not a JSON object", 400},
		{"no messages", `{}`, "", 200, "messages is missing", 400},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			var asked, carried string
			provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				asked, carried = string(b), r.Header.Get("X-Chaos-Request")+" "+r.Header.Get("Traceparent")
				w.Header().Set("Content-Type", "application/json")
				if strings.HasPrefix(row.provider, "data:") {
					w.Header().Set("Content-Type", "text/event-stream")
				}
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(row.status)
				fmt.Fprint(w, row.provider)
			}))
			defer provider.Close()
			target := httptest.NewServer(handler(openai.NewClient(option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("sk-dummy"), option.WithMaxRetries(0))))
			defer target.Close()

			req, _ := http.NewRequest("POST", target.URL+"/v1/chat/completions", strings.NewReader(row.ask))
			req.Header.Set("X-Chaos-Request", "id")
			req.Header.Set("Traceparent", "trace")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != row.wantStatus || !strings.Contains(string(body), row.want) {
				t.Errorf("status %d: %s", resp.StatusCode, body)
			}
			if row.wantStatus == 400 {
				return
			}
			if carried != "id trace" || !strings.Contains(asked, `"messages":[]`) || !strings.Contains(asked, `"model":"gpt-4o"`) {
				t.Errorf("the provider was asked %s with %q", asked, carried)
			}
			if row.status == 429 && resp.Header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After was lost: %v", resp.Header)
			}
		})
	}
}
