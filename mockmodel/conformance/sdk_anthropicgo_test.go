package conformance

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

var anthropicGo = sdk{
	name: "anthropic-sdk-go", pkg: "github.com/anthropics/anthropic-sdk-go", language: "go", dialect: "anthropic",
	asks:   []ask{{"chat", anthropicGoChat}, {"stream", anthropicGoStream}},
	raised: anthropicGoRaised,
}

func anthropicGoClient(to provider) anthropic.Client {
	return anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(to.origin), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(to.http))
}

func anthropicGoQuestion(prompt string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "claude-sonnet-5-5", MaxTokens: 100,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(prompt))},
	}
}

func anthropicGoChat(ctx context.Context, to provider, prompt string) (said, error) {
	client := anthropicGoClient(to)
	m, err := client.Messages.New(ctx, anthropicGoQuestion(prompt))
	if err != nil {
		return said{}, err
	}
	return anthropicGoSaid(m), nil
}

func anthropicGoSaid(m *anthropic.Message) said {
	got := said{Stop: string(m.StopReason), Tokens: int(m.Usage.OutputTokens)}
	for _, block := range m.Content {
		switch b := block.AsAny().(type) {
		case anthropic.TextBlock:
			got.Text += b.Text
		case anthropic.ToolUseBlock:
			got.Tools = append(got.Tools, b.Name+"("+string(b.Input)+")")
		}
	}
	return got
}

func anthropicGoStream(ctx context.Context, to provider, prompt string) (said, error) {
	return anthropicGoRead(ctx, to, anthropicGoQuestion(prompt))
}

// anthropicGoRead puts the events together with the SDK's own accumulator.
func anthropicGoRead(ctx context.Context, to provider, asked anthropic.MessageNewParams) (said, error) {
	client := anthropicGoClient(to)
	stream := client.Messages.NewStreaming(ctx, asked)
	defer stream.Close()
	var m anthropic.Message
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			return said{}, err
		}
	}
	return anthropicGoSaid(&m), stream.Err()
}

func anthropicGoRaised(err error) raised {
	var refused *anthropic.Error
	if !errors.As(err, &refused) {
		return raised{}
	}
	// The SDK's type holds the kind of error; its words stand in the body.
	var body struct {
		Error struct{ Message string }
	}
	_ = json.Unmarshal([]byte(refused.RawJSON()), &body)
	return raised{"*anthropic.Error", refused.StatusCode, "", string(refused.Type()), body.Error.Message}
}
