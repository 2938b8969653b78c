package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

var anthropicGo = sdk{
	name: "anthropic-sdk-go", pkg: "github.com/anthropics/anthropic-sdk-go", language: "go", dialect: "anthropic",
	asks: []ask{
		{"chat", anthropicGoChat(anthropicGoQuestion)}, {"stream", anthropicGoStream(anthropicGoQuestion)},
		{"tool", anthropicGoChat(anthropicGoForced)}, {"tool stream", anthropicGoStream(anthropicGoForced)},
		{"structured", anthropicGoChat(anthropicGoFormatted)}, {"structured stream", anthropicGoStream(anthropicGoFormatted)},
	},
	raised: anthropicGoRaised,
}

func anthropicGoClient(to provider) anthropic.Client {
	return anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(to.origin), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(to.http))
}

func anthropicGoQuestion(prompt string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "claude-sonnet-5-5", MaxTokens: 300,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(prompt))},
	}
}

func anthropicGoForced(prompt string) anthropic.MessageNewParams {
	asked, schema := anthropicGoQuestion(prompt), toolSchema()
	tool := anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
		Properties: schema["properties"], Required: []string{"customer", "limit"}, ExtraFields: map[string]any{"additionalProperties": false},
	}, toolName)
	tool.OfTool.Description = anthropic.String(toolDoes)
	asked.Tools = []anthropic.ToolUnionParam{tool}
	asked.ToolChoice.OfAny = &anthropic.ToolChoiceAnyParam{}
	return asked
}

func anthropicGoFormatted(prompt string) anthropic.MessageNewParams {
	asked := anthropicGoQuestion(prompt)
	asked.OutputConfig.Format.Schema = structuredSchema()
	return asked
}

func anthropicGoChat(question func(string) anthropic.MessageNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client := anthropicGoClient(to)
		m, err := client.Messages.New(ctx, question(prompt))
		if err != nil {
			return said{}, err
		}
		got := anthropicGoSaid(m)
		got.Missing = missing(reflect.ValueOf(m), "message")
		return got, nil
	}
}

func anthropicGoSaid(m *anthropic.Message) said {
	got := said{Stop: string(m.StopReason), Tokens: int(m.Usage.OutputTokens)}
	for _, block := range m.Content {
		switch b := block.AsAny().(type) {
		case anthropic.TextBlock:
			got.Text += block.Text // b has none of a block that did not end
		case anthropic.ToolUseBlock:
			got.Tools = append(got.Tools, b.Name+"("+string(b.Input)+")")
		}
	}
	return got
}

func anthropicGoStream(question func(string) anthropic.MessageNewParams) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		return anthropicGoRead(ctx, to, question(prompt))
	}
}

// anthropicGoRead puts the events together with the SDK's own accumulator.
func anthropicGoRead(ctx context.Context, to provider, asked anthropic.MessageNewParams) (said, error) {
	client := anthropicGoClient(to)
	stream := client.Messages.NewStreaming(ctx, asked)
	defer stream.Close()
	var m anthropic.Message
	var lacks []string
	for stream.Next() {
		event := stream.Current()
		lacks = append(lacks, missing(reflect.ValueOf(event.AsAny()), event.Type)...)
		if err := m.Accumulate(event); err != nil {
			return said{}, err
		}
	}
	got := anthropicGoSaid(&m)
	got.Missing = lacks
	return got, stream.Err()
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
