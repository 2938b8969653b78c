package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var bedrockGo = sdk{
	name: "bedrockruntime-go", pkg: "github.com/aws/aws-sdk-go-v2/service/bedrockruntime", language: "go", dialect: "bedrock",
	asks: []ask{
		{"chat", bedrockGoChat(nil)}, {"stream", bedrockGoStream(nil)},
		{"tool", bedrockGoChat(bedrockGoForced)}, {"tool stream", bedrockGoStream(bedrockGoForced)},
		{"structured", bedrockGoChat(bedrockGoFormatted)}, {"structured stream", bedrockGoStream(bedrockGoFormatted)},
	},
	raised: bedrockGoRaised,
}

func bedrockGoClient(to provider) *bedrockruntime.Client {
	keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "dummy", SecretAccessKey: "dummy"}, nil
	})
	return bedrockruntime.NewFromConfig(aws.Config{Region: "us-east-1", Credentials: keys, HTTPClient: to.http, BaseEndpoint: aws.String(to.origin)})
}

func bedrockGoForced(q *bedrockruntime.ConverseInput) {
	q.ToolConfig = &types.ToolConfiguration{
		Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
			Name: aws.String(toolName), Description: aws.String(toolDoes),
			InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(toolSchema())},
		}}},
		ToolChoice: &types.ToolChoiceMemberAny{},
	}
}

func bedrockGoFormatted(q *bedrockruntime.ConverseInput) {
	schema, err := json.Marshal(structuredSchema())
	if err != nil {
		panic(err)
	}
	q.OutputConfig = &types.OutputConfig{TextFormat: &types.OutputFormat{
		Type:      types.OutputFormatTypeJsonSchema,
		Structure: &types.OutputFormatStructureMemberJsonSchema{Value: types.JsonSchemaDefinition{Name: aws.String("reply"), Schema: aws.String(string(schema))}},
	}}
}

func bedrockGoQuestion(prompt string, more func(*bedrockruntime.ConverseInput)) *bedrockruntime.ConverseInput {
	q := &bedrockruntime.ConverseInput{
		ModelId:  aws.String("anthropic.claude-sonnet-5-5-v1:0"),
		Messages: []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: prompt}}}},
	}
	if more != nil {
		more(q)
	}
	return q
}

func bedrockGoChat(more func(*bedrockruntime.ConverseInput)) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		r, err := bedrockGoClient(to).Converse(ctx, bedrockGoQuestion(prompt, more))
		if err != nil {
			return said{}, err
		}
		got := said{Stop: string(r.StopReason)}
		if r.Usage != nil {
			got.Tokens = int(aws.ToInt32(r.Usage.OutputTokens))
		}
		message, ok := r.Output.(*types.ConverseOutputMemberMessage)
		if !ok {
			return got, errors.New("the output is no message")
		}
		for _, block := range message.Value.Content {
			switch b := block.(type) {
			case *types.ContentBlockMemberText:
				got.Text += b.Value
			case *types.ContentBlockMemberToolUse:
				args, err := b.Value.Input.MarshalSmithyDocument()
				if err != nil {
					return got, err
				}
				got.Tools = append(got.Tools, aws.ToString(b.Value.Name)+"("+string(args)+")")
			}
		}
		return got, nil
	}
}

func bedrockGoStream(more func(*bedrockruntime.ConverseInput)) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		q := bedrockGoQuestion(prompt, more)
		r, err := bedrockGoClient(to).ConverseStream(ctx, &bedrockruntime.ConverseStreamInput{
			ModelId: q.ModelId, Messages: q.Messages, ToolConfig: q.ToolConfig, OutputConfig: q.OutputConfig,
		})
		if err != nil {
			return said{}, err
		}
		stream := r.GetStream()
		defer stream.Close()
		var got said
		var args strings.Builder
		name := ""
		for event := range stream.Events() {
			switch e := event.(type) {
			case *types.ConverseStreamOutputMemberContentBlockStart:
				if start, ok := e.Value.Start.(*types.ContentBlockStartMemberToolUse); ok {
					name = aws.ToString(start.Value.Name)
				}
			case *types.ConverseStreamOutputMemberContentBlockDelta:
				switch d := e.Value.Delta.(type) {
				case *types.ContentBlockDeltaMemberText:
					got.Text += d.Value
				case *types.ContentBlockDeltaMemberToolUse:
					args.WriteString(aws.ToString(d.Value.Input))
				}
			case *types.ConverseStreamOutputMemberContentBlockStop:
				if name != "" {
					got.Tools = append(got.Tools, name+"("+args.String()+")")
					name = ""
					args.Reset()
				}
			case *types.ConverseStreamOutputMemberMessageStop:
				got.Stop = string(e.Value.StopReason)
			case *types.ConverseStreamOutputMemberMetadata:
				if e.Value.Usage != nil {
					got.Tokens = int(aws.ToInt32(e.Value.Usage.OutputTokens))
				}
			}
		}
		return got, stream.Err()
	}
}

func bedrockGoRaised(err error) raised {
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return raised{}
	}
	out := raised{Class: fmt.Sprintf("%T", refused), Code: refused.ErrorCode(), Message: refused.ErrorMessage()}
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		out.Status = r.HTTPStatusCode()
	}
	return out
}
