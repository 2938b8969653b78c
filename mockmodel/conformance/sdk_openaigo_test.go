package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/azure"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

var openAIGo = sdk{
	name: "openai-go", pkg: "github.com/openai/openai-go/v3", language: "go", dialect: "openai",
	asks: []ask{
		{"chat", openAIGoChat(openAIGoQuestion)}, {"stream", openAIGoStream(openAIGoQuestion)},
		{"tool", openAIGoChat(openAIGoForced)}, {"tool stream", openAIGoStream(openAIGoForced)},
		{"structured", openAIGoChat(openAIGoFormatted)}, {"structured stream", openAIGoStream(openAIGoFormatted)},
		{"embed", openAIGoEmbed},
		{"response", openAIGoRespond(openAIGoAsked)}, {"response stream", openAIGoRespondStream(openAIGoAsked)},
		{"response tool", openAIGoRespond(openAIGoAskedTool)}, {"response tool stream", openAIGoRespondStream(openAIGoAskedTool)},
		{"response structured", openAIGoRespond(openAIGoAskedFormat)},
	},
	raised: openAIGoRaised,
}

// openAIGoAzure is openai-go with its Azure option, which sends a key over https
// alone, or else to loopback and past the HTTP client that it is given.
var openAIGoAzure = sdk{
	name: "openai-go with azure", pkg: openAIGo.pkg, language: "go", dialect: "azure",
	asks:   azured("chat", "stream", "tool", "tool stream", "embed", "response", "response stream", "response tool", "response tool stream"),
	raised: openAIGoRaised,
}

// azured returns what is asked of Azure.
func azured(names ...string) []ask {
	var out []ask
	for _, name := range names {
		out = append(out, ask{name, asAzure(openAIGo.find(name).put)})
	}
	return out
}

func asAzure(p put) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		to.azure, to.origin = true, strings.Replace(to.origin, "http:", "https:", 1)
		return p(ctx, to, prompt)
	}
}

func openAIGoClient(to provider, more ...option.RequestOption) openai.Client {
	all := []option.RequestOption{option.WithBaseURL(to.origin + "/v1"), option.WithAPIKey("sk-dummy")}
	if to.azure {
		all = []option.RequestOption{azure.WithEndpoint(to.origin, "2024-10-21"), azure.WithAPIKey("dummy")}
	}
	return openai.NewClient(slices.Concat(all, []option.RequestOption{option.WithHTTPClient(to.http)}, more)...)
}

func openAIGoQuestion(prompt string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(prompt)}}
}

func openAIGoForced(prompt string) openai.ChatCompletionNewParams {
	asked := openAIGoQuestion(prompt)
	asked.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: toolName, Description: openai.String(toolDoes), Parameters: toolSchema(),
	})}
	asked.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String("required")}
	return asked
}

func openAIGoFormatted(prompt string) openai.ChatCompletionNewParams {
	asked := openAIGoQuestion(prompt)
	asked.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
		Name: "reply", Strict: openai.Bool(true), Schema: structuredSchema(),
	}}
	return asked
}

func openAIGoChat(question func(string) openai.ChatCompletionNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client := openAIGoClient(to)
		c, err := client.Chat.Completions.New(ctx, question(prompt))
		if err != nil {
			return said{}, err
		}
		got := openAIGoSaid(c)
		got.Missing = missing(reflect.ValueOf(c), "completion")
		return got, nil
	}
}

func openAIGoSaid(c *openai.ChatCompletion) said {
	got := said{Tokens: int(c.Usage.CompletionTokens)}
	for _, choice := range c.Choices {
		got.Text += choice.Message.Content
		got.Stop = choice.FinishReason
		for _, call := range choice.Message.ToolCalls {
			got.Tools = append(got.Tools, call.Function.Name+"("+call.Function.Arguments+")")
		}
	}
	return got
}

func openAIGoStream(question func(string) openai.ChatCompletionNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		asked := question(prompt)
		asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
		return openAIGoRead(ctx, to, asked)
	}
}

// openAIGoRead puts the chunks together with the SDK's own accumulator.
func openAIGoRead(ctx context.Context, to provider, asked openai.ChatCompletionNewParams) (said, error) {
	client := openAIGoClient(to)
	stream := client.Chat.Completions.NewStreaming(ctx, asked)
	defer stream.Close()
	var acc openai.ChatCompletionAccumulator
	var lacks []string
	for stream.Next() {
		if chunk := stream.Current(); to.azure && chunk.ID == "" && len(chunk.Choices) == 0 {
			continue // it speaks of the prompt, and no accumulator begins with it
		}
		lacks = append(lacks, missing(reflect.ValueOf(stream.Current()), "chunk")...)
		if !acc.AddChunk(stream.Current()) {
			return said{}, errors.New("the accumulator refuses " + stream.Current().RawJSON())
		}
	}
	got := openAIGoSaid(&acc.ChatCompletion)
	got.Missing = lacks
	return got, stream.Err()
}

func openAIGoEmbed(ctx context.Context, to provider, prompt string) (said, error) {
	client := openAIGoClient(to)
	e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: openai.EmbeddingModelTextEmbedding3Small, Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String(prompt)},
	})
	if err != nil {
		return said{}, err
	}
	return said{Text: fmt.Sprintf("%d dimensions", len(e.Data[0].Embedding)), Missing: missing(reflect.ValueOf(e), "embedding")}, nil
}

func openAIGoAsked(prompt string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: "gpt-4o", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(prompt)}}
}

func openAIGoAskedTool(prompt string) responses.ResponseNewParams {
	asked := openAIGoAsked(prompt)
	asked.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction(toolName, toolSchema(), true)}
	asked.ToolChoice.OfToolChoiceMode = openai.Opt(responses.ToolChoiceOptionsRequired)
	return asked
}

func openAIGoAskedFormat(prompt string) responses.ResponseNewParams {
	asked := openAIGoAsked(prompt)
	asked.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("reply", structuredSchema())
	return asked
}

func openAIGoRespond(question func(string) responses.ResponseNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client := openAIGoClient(to)
		r, err := client.Responses.New(ctx, question(prompt))
		if err != nil {
			return said{}, err
		}
		got := openAIGoResponded(r)
		got.Missing = missing(reflect.ValueOf(r), "response")
		return got, nil
	}
}

func openAIGoRespondStream(question func(string) responses.ResponseNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client := openAIGoClient(to)
		stream := client.Responses.NewStreaming(ctx, question(prompt))
		defer stream.Close()
		var got said
		for stream.Next() {
			event := stream.Current()
			got.Missing = append(got.Missing, missing(reflect.ValueOf(event.AsAny()), event.Type)...)
			switch event.Type {
			case "response.output_text.delta": // all there is, where no end comes
				got.Text += event.Delta
			case "response.completed", "response.incomplete", "response.failed":
				whole := event.Response
				got.Text, got.Stop, got.Tools, got.Tokens = whole.OutputText(), string(whole.Status), openAIGoResponded(&whole).Tools, int(whole.Usage.OutputTokens)
			}
		}
		return got, stream.Err()
	}
}

func openAIGoResponded(r *responses.Response) said {
	got := said{Text: r.OutputText(), Stop: string(r.Status), Tokens: int(r.Usage.OutputTokens)}
	for _, item := range r.Output {
		if item.Type == "function_call" {
			call := item.AsFunctionCall()
			got.Tools = append(got.Tools, call.Name+"("+call.Arguments+")")
		}
	}
	return got
}

func openAIGoRaised(err error) raised {
	var refused *openai.Error
	if errors.As(err, &refused) {
		return raised{"*openai.Error", refused.StatusCode, refused.Code, refused.Type, refused.Message}
	}
	var in *ssestream.StreamError
	if errors.As(err, &in) {
		return raised{Class: "*ssestream.StreamError", Message: in.Message}
	}
	return raised{}
}
