package conformance

import (
	"context"
	"errors"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
)

var openAIGo = sdk{
	name: "openai-go", pkg: "github.com/openai/openai-go/v3", language: "go", dialect: "openai",
	asks:   []ask{{"chat", openAIGoChat}, {"stream", openAIGoStream}},
	raised: openAIGoRaised,
}

func openAIGoClient(to provider) openai.Client {
	return openai.NewClient(option.WithBaseURL(to.origin+"/v1"), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(to.http))
}

func openAIGoQuestion(prompt string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(prompt)}}
}

func openAIGoChat(ctx context.Context, to provider, prompt string) (said, error) {
	client := openAIGoClient(to)
	c, err := client.Chat.Completions.New(ctx, openAIGoQuestion(prompt))
	if err != nil {
		return said{}, err
	}
	return openAIGoSaid(c), nil
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

func openAIGoStream(ctx context.Context, to provider, prompt string) (said, error) {
	asked := openAIGoQuestion(prompt)
	asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	return openAIGoRead(ctx, to, asked)
}

// openAIGoRead puts the chunks together with the SDK's own accumulator.
func openAIGoRead(ctx context.Context, to provider, asked openai.ChatCompletionNewParams) (said, error) {
	client := openAIGoClient(to)
	stream := client.Chat.Completions.NewStreaming(ctx, asked)
	defer stream.Close()
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			return said{}, errors.New("the accumulator refuses " + stream.Current().RawJSON())
		}
	}
	return openAIGoSaid(&acc.ChatCompletion), stream.Err()
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
