package conformance

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/chaoskit/chaos/mockmodel"
)

// What the table of cases has no row for: thoughts, the turns of a tool call,
// the count of tokens and the list of models.

// TestAnthropicGoThinks: thoughts come as blocks of their own, signed, in one
// piece and as a stream.
func TestAnthropicGoThinks(t *testing.T) {
	serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
		client := anthropicGoClient(provider{origin: "http://mock", http: c})
		asked := anthropicGoQuestion("Why?")
		asked.MaxTokens = 4000
		asked.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
		whole, err := client.Messages.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		stream, streamed := client.Messages.NewStreaming(ctx, asked), anthropic.Message{}
		for stream.Next() {
			if err := streamed.Accumulate(stream.Current()); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		for _, m := range []*anthropic.Message{whole, &streamed} {
			if len(m.Content) != 2 || m.Content[0].AsThinking().Thinking == "" || m.Content[0].AsThinking().Signature == "" || m.Content[1].AsText().Text == "" {
				t.Errorf("content: %+v", m.Content)
			}
		}
	})
}

// TestAnthropicGoTurns: the result of a tool is answered in words.
func TestAnthropicGoTurns(t *testing.T) {
	serving(t, scripted, func(ctx context.Context, c *http.Client) {
		client := anthropicGoClient(provider{origin: "http://mock", http: c})
		asked := anthropicGoForced("Which orders?")
		asked.ToolChoice = anthropic.ToolChoiceUnionParam{}
		first, err := client.Messages.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		var results []anthropic.ContentBlockParamUnion
		for _, b := range first.Content {
			if use, ok := b.AsAny().(anthropic.ToolUseBlock); ok {
				results = append(results, anthropic.NewToolResultBlock(use.ID, "two", false))
			}
		}
		if first.StopReason != anthropic.StopReasonToolUse || len(results) != 1 {
			t.Fatalf("first turn: %s", first.RawJSON())
		}
		asked.Messages = append(asked.Messages, first.ToParam(), anthropic.NewUserMessage(results...))
		second, err := client.Messages.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		if text := second.Content[0].AsText().Text; text != "There are two orders." {
			t.Errorf("second turn: %s", text)
		}
	})
}

// TestAnthropicGoPages: tokens are counted as a call would count, and models
// are listed.
func TestAnthropicGoPages(t *testing.T) {
	serving(t, mockmodel.Config{Models: []mockmodel.Model{{Name: "claude-sonnet-5-5"}, {Name: "claude-haiku-5"}}}, func(ctx context.Context, c *http.Client) {
		client := anthropicGoClient(provider{origin: "http://mock", http: c})
		asked := anthropicGoQuestion(strings.Repeat("word ", 100))
		count, err := client.Messages.CountTokens(ctx, anthropic.MessageCountTokensParams{Model: asked.Model, Messages: asked.Messages})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Messages.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		if count.InputTokens != answer.Usage.InputTokens || count.InputTokens == 0 {
			t.Errorf("counted %d, and the call says %d", count.InputTokens, answer.Usage.InputTokens)
		}
		var names []string
		models := client.Models.ListAutoPaging(ctx, anthropic.ModelListParams{})
		for models.Next() {
			names = append(names, models.Current().ID)
		}
		if got := strings.Join(names, " "); models.Err() != nil || got != "claude-sonnet-5-5 claude-haiku-5" {
			t.Errorf("models %q, %v", got, models.Err())
		}
		one, err := client.Models.Get(ctx, "claude-haiku-5", anthropic.ModelGetParams{})
		if err != nil || one.DisplayName != "claude-haiku-5" || one.CreatedAt.IsZero() {
			t.Errorf("%+v, %v", one, err)
		}
	})
}
