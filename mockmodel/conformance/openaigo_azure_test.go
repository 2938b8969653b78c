package conformance

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/chaoskit/chaos/faults"
)

// withAzure gives a client of openai-go with its Azure option, which sends a key
// over https alone, or else to loopback and past the HTTP client that it is given:
// so the URL is https, and what that client dials is plain.
func withAzure(t *testing.T, body func(context.Context, openai.Client), hitting ...faults.Fault) {
	t.Helper()
	withScript(t, script(), func(ctx context.Context, origin string, http *http.Client) {
		body(ctx, openAIGoClient(provider{origin: strings.Replace(origin, "http:", "https:", 1), http: http, azure: true}, option.WithMaxRetries(0)))
	}, hitting...)
}

// TestAzureChat: the deployment is in the path, and the answer reads as
// OpenAI's does, whole and streamed, with a tool and without.
func TestAzureChat(t *testing.T) {
	withAzure(t, func(ctx context.Context, client openai.Client) {
		asked := hello
		asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
		whole, err := client.Chat.Completions.New(ctx, hello)
		if err != nil {
			t.Fatal(err)
		}
		complete(t, "chat", whole)
		if whole.Model != "gpt-4o" || whole.Choices[0].Message.Content == "" || whole.Usage.CompletionTokens != 20 {
			t.Errorf("%s", whole.RawJSON())
		}
		stream := client.Chat.Completions.NewStreaming(ctx, asked)
		defer stream.Close()
		var acc openai.ChatCompletionAccumulator
		first := true
		for stream.Next() {
			chunk := stream.Current()
			if first && (chunk.ID != "" || len(chunk.Choices) != 0) {
				t.Errorf("the first chunk: %s", chunk.RawJSON())
			}
			// The first chunk has an id of its own: accumulators begin behind it.
			if !first && !acc.AddChunk(chunk) {
				t.Errorf("the accumulator refuses %s", chunk.RawJSON())
			}
			first = false
		}
		if stream.Err() != nil || acc.Usage.CompletionTokens != 20 || acc.Choices[0].FinishReason != "stop" {
			t.Errorf("%v %+v", stream.Err(), acc.ChatCompletion)
		}
		asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{}
		asked.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "weather"})}
		tools, err := client.Chat.Completions.New(ctx, asked)
		if err != nil || len(tools.Choices[0].Message.ToolCalls) != 2 || tools.Choices[0].FinishReason != "tool_calls" {
			t.Errorf("%v %s", err, tools.RawJSON())
		}
	})
}

// TestAzureEmbeddingsAndResponses: the other endpoints, at the old path and the
// new one.
func TestAzureEmbeddingsAndResponses(t *testing.T) {
	withAzure(t, func(ctx context.Context, client openai.Client) {
		e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: "text-embedding-3-small", Dimensions: openai.Int(8), Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("x")}})
		if err != nil || len(e.Data) != 1 || len(e.Data[0].Embedding) != 8 {
			t.Errorf("%v", err)
		}
	})
	withScript(t, script(), func(ctx context.Context, origin string, http *http.Client) {
		client := openai.NewClient(option.WithBaseURL(origin+"/openai/v1"), option.WithAPIKey("dummy"), option.WithHTTPClient(http))
		r, err := client.Responses.New(ctx, responses.ResponseNewParams{Model: "gpt-4o", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("x")}})
		if err != nil || r.OutputText() == "" {
			t.Errorf("%v", err)
		}
	})
}

// TestAzureErrors: codes are strings, and the gateway's errors have no type.
func TestAzureErrors(t *testing.T) {
	for _, row := range []struct {
		fault, kind, code string
		status            int
	}{
		{"http_400", "", "content_filter", 400},
		{"http_401", "", "401", 401},
		{"http_403", "", "AccessDenied", 403},
		{"http_404", "", "DeploymentNotFound", 404},
		{"http_408", "", "Timeout", 408},
		{"rate_limit", "", "429", 429},
		{"http_500", "server_error", "", 500},
		{"http_503", "", "InternalServerError", 503},
	} {
		withAzure(t, func(ctx context.Context, client openai.Client) {
			_, err := client.Chat.Completions.New(ctx, hello)
			var refused *openai.Error
			if !errors.As(err, &refused) || refused.StatusCode != row.status || refused.Type != row.kind || refused.Code != row.code || refused.Message == "" {
				t.Errorf("%s: %T %v", row.fault, err, err)
				return
			}
			if refused.Response.Header.Get("Apim-Request-Id") == "" {
				t.Errorf("%s: %v", row.fault, refused.Response.Header)
			}
		}, fault(row.fault))
	}
}

// TestModerations: verdicts of the plan, and none for the rest.
func TestModerations(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		m, err := client.Moderations.New(ctx, openai.ModerationNewParams{Input: openai.ModerationNewParamsInputUnion{OfStringArray: []string{"How do I harm it?", "hello"}}})
		if err != nil {
			t.Fatal(err)
		}
		complete(t, "moderation", m)
		if len(m.Results) != 2 || !m.Results[0].Flagged || !m.Results[0].Categories.Violence || m.Results[0].CategoryScores.Violence != 0.93 || m.Results[1].Flagged {
			t.Errorf("%s", m.RawJSON())
		}
	})
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		_, err := client.Moderations.New(ctx, openai.ModerationNewParams{Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("x")}})
		var refused *openai.Error
		if !errors.As(err, &refused) || refused.StatusCode != 429 {
			t.Errorf("%v", err)
		}
	}, fault("rate_limit"))
}
