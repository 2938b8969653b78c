package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/ollama/ollama/api"
)

var ollamaGo = sdk{
	name: "ollama-go", pkg: "github.com/ollama/ollama", language: "go", dialect: "ollama",
	asks: []ask{
		{"chat", ollamaGoChat(false, nil)}, {"stream", ollamaGoChat(true, nil)},
		{"tool", ollamaGoChat(false, ollamaGoArmed)}, {"tool stream", ollamaGoChat(true, ollamaGoArmed)},
		{"structured", ollamaGoChat(false, ollamaGoFormatted)}, {"structured stream", ollamaGoChat(true, ollamaGoFormatted)},
		{"embed", ollamaGoEmbed},
	},
	raised: ollamaGoRaised,
}

func ollamaGoClient(to provider) (*api.Client, error) {
	base, err := url.Parse(to.origin)
	if err != nil {
		return nil, err
	}
	return api.NewClient(base, to.http), nil
}

// ollamaGoArmed offers the tool. Ollama has no way to force one.
func ollamaGoArmed(q *api.ChatRequest) error {
	tool := map[string]any{"type": "function", "function": map[string]any{"name": toolName, "description": toolDoes, "parameters": toolSchema()}}
	b, err := json.Marshal([]any{tool})
	if err != nil {
		return err
	}
	return json.Unmarshal(b, &q.Tools)
}

func ollamaGoFormatted(q *api.ChatRequest) (err error) {
	q.Format, err = json.Marshal(structuredSchema())
	return err
}

func ollamaGoChat(stream bool, more func(*api.ChatRequest) error) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := ollamaGoClient(to)
		if err != nil {
			return said{}, err
		}
		q := &api.ChatRequest{Model: "llama3.2", Stream: &stream, Messages: []api.Message{{Role: "user", Content: prompt}}}
		if more != nil {
			if err := more(q); err != nil {
				return said{}, err
			}
		}
		var got said
		err = client.Chat(ctx, q, func(r api.ChatResponse) error {
			got.Text += r.Message.Content
			for _, call := range r.Message.ToolCalls {
				got.Tools = append(got.Tools, call.Function.Name+"("+call.Function.Arguments.String()+")")
			}
			if r.Done {
				got.Stop, got.Tokens = r.DoneReason, r.EvalCount
			}
			return nil
		})
		return got, err
	}
}

func ollamaGoEmbed(ctx context.Context, to provider, prompt string) (said, error) {
	client, err := ollamaGoClient(to)
	if err != nil {
		return said{}, err
	}
	r, err := client.Embed(ctx, &api.EmbedRequest{Model: "nomic-embed-text", Input: prompt})
	if err != nil {
		return said{}, err
	}
	return said{Text: fmt.Sprintf("%d dimensions", len(r.Embeddings[0]))}, nil
}

func ollamaGoRaised(err error) raised {
	if refused, ok := errors.AsType[api.StatusError](err); ok {
		return raised{"api.StatusError", refused.StatusCode, "", "", refused.ErrorMessage}
	}
	if refused, ok := errors.AsType[api.AuthorizationError](err); ok {
		return raised{"api.AuthorizationError", refused.StatusCode, "", "", refused.Error()}
	}
	return raised{}
}
