package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/mockmodel"
)

// bedrockScript is a mock model that calls two tools at once.
func bedrockScript() mockmodel.Config {
	return mockmodel.Config{
		Models: []mockmodel.Model{{Name: converseModel, OutputTokens: 20, ReasoningTokens: 12}, {Name: "asleep", ColdStart: mockmodel.ColdStart{For: time.Hour}}},
		Answers: []mockmodel.Answer{
			{When: mockmodel.When{HasTool: "weather", Turn: 1}, Text: "Let me look.", ToolCalls: []mockmodel.ToolCall{
				{Name: "weather", Arguments: map[string]any{"city": "Köln \"am Rhein\""}}, {Name: "now"}}},
			{When: mockmodel.When{HasTool: "weather", Turn: 2}, Text: "It is sunny."},
		},
	}
}

const converseModel = "anthropic.claude-sonnet-5-5-v1:0"

func converseAsk(prompt string) *bedrockruntime.ConverseInput {
	return &bedrockruntime.ConverseInput{
		ModelId:         aws.String(converseModel),
		Messages:        []types.Message{{Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: prompt}}}},
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(2000)},
	}
}

// converseSaid is what an answer in one piece says.
func converseSaid(r *bedrockruntime.ConverseOutput) (said, error) {
	got := said{Stop: string(r.StopReason)}
	m, ok := r.Output.(*types.ConverseOutputMemberMessage)
	if !ok {
		return got, fmt.Errorf("the output is a %T", r.Output)
	}
	for _, block := range m.Value.Content {
		switch b := block.(type) {
		case *types.ContentBlockMemberText:
			got.Text += b.Value
		case *types.ContentBlockMemberToolUse:
			input, err := b.Value.Input.MarshalSmithyDocument()
			if err != nil {
				return got, err
			}
			got.Tools = append(got.Tools, aws.ToString(b.Value.Name)+"("+string(input)+")")
		}
	}
	return got, nil
}

// converseRead is what a stream says, by the blocks that it names.
func converseRead(stream *bedrockruntime.ConverseStreamEventStream) (said, error) {
	defer stream.Close()
	var got said
	calls := map[int32]int{} // block to tool
	for e := range stream.Events() {
		switch e := e.(type) {
		case *types.ConverseStreamOutputMemberContentBlockStart:
			if start, ok := e.Value.Start.(*types.ContentBlockStartMemberToolUse); ok {
				calls[*e.Value.ContentBlockIndex] = len(got.Tools)
				got.Tools = append(got.Tools, aws.ToString(start.Value.Name)+"(")
			}
		case *types.ConverseStreamOutputMemberContentBlockDelta:
			switch d := e.Value.Delta.(type) {
			case *types.ContentBlockDeltaMemberText:
				got.Text += d.Value
			case *types.ContentBlockDeltaMemberToolUse:
				got.Tools[calls[*e.Value.ContentBlockIndex]] += aws.ToString(d.Value.Input)
			}
		case *types.ConverseStreamOutputMemberContentBlockStop:
			if i, ok := calls[*e.Value.ContentBlockIndex]; ok {
				got.Tools[i] += ")"
			}
		case *types.ConverseStreamOutputMemberMessageStop:
			got.Stop = string(e.Value.StopReason)
		}
	}
	return got, stream.Err()
}

func withBedrock(t *testing.T, body func(context.Context, *bedrockruntime.Client), hitting ...faults.Fault) {
	t.Helper()
	withScript(t, bedrockScript(), func(ctx context.Context, origin string, client *http.Client) {
		body(ctx, bedrockGoClient(provider{origin: origin, http: client}))
	}, hitting...)
}

// bedrockStreamOf asks the same as a stream.
func bedrockStreamOf(ctx context.Context, client *bedrockruntime.Client, q *bedrockruntime.ConverseInput) (*bedrockruntime.ConverseStreamOutput, error) {
	return client.ConverseStream(ctx, &bedrockruntime.ConverseStreamInput{
		ModelId: q.ModelId, Messages: q.Messages, System: q.System, InferenceConfig: q.InferenceConfig, ToolConfig: q.ToolConfig, AdditionalModelRequestFields: q.AdditionalModelRequestFields,
	})
}

// TestBedrockReasons: thoughts come before the answer, and signed, in one piece
// and as a stream.
func TestBedrockReasons(t *testing.T) {
	q := converseAsk("How do I return an item?")
	q.System = []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "Be brief."}}
	q.AdditionalModelRequestFields = document.NewLazyDocument(map[string]any{"thinking": map[string]any{"type": "enabled", "budget_tokens": 1024}})
	withBedrock(t, func(ctx context.Context, client *bedrockruntime.Client) {
		r, err := client.Converse(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		content := r.Output.(*types.ConverseOutputMemberMessage).Value.Content
		thought, ok := content[0].(*types.ContentBlockMemberReasoningContent)
		if !ok || len(content) != 2 {
			t.Fatalf("%#v", content)
		}
		text, ok := thought.Value.(*types.ReasoningContentBlockMemberReasoningText)
		if !ok || *text.Value.Text == "" || *text.Value.Signature == "" {
			t.Fatalf("%#v", thought.Value)
		}
		if u := r.Usage; *u.OutputTokens != 32 || *u.TotalTokens != *u.InputTokens+*u.OutputTokens || *r.Metrics.LatencyMs < 500 {
			t.Errorf("%d in, %d out, %d in total, %d ms", *u.InputTokens, *u.OutputTokens, *u.TotalTokens, *r.Metrics.LatencyMs)
		}
		streamed, err := bedrockStreamOf(ctx, client, q)
		if err != nil {
			t.Fatal(err)
		}
		var got, signature string
		for e := range streamed.GetStream().Events() {
			delta, ok := e.(*types.ConverseStreamOutputMemberContentBlockDelta)
			if !ok {
				continue
			}
			if d, ok := delta.Value.Delta.(*types.ContentBlockDeltaMemberReasoningContent); ok {
				switch x := d.Value.(type) {
				case *types.ReasoningContentBlockDeltaMemberText:
					got += x.Value
				case *types.ReasoningContentBlockDeltaMemberSignature:
					signature += x.Value
				}
			}
		}
		if err := streamed.GetStream().Err(); err != nil || got != *text.Value.Text || signature == "" {
			t.Errorf("%v: thinks %q, signed %q, want %q", err, got, signature, *text.Value.Text)
		}
	})
}

// TestBedrockTools: the model calls two tools at once, and answers when it has
// their results.
func TestBedrockTools(t *testing.T) {
	schema := &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(map[string]any{"type": "object"})}
	var tools []types.Tool
	for _, name := range []string{"weather", "now"} {
		tools = append(tools, &types.ToolMemberToolSpec{Value: types.ToolSpecification{Name: aws.String(name), InputSchema: schema}})
	}
	for _, stream := range []bool{false, true} {
		withBedrock(t, func(ctx context.Context, client *bedrockruntime.Client) {
			q := converseAsk("What is the weather?")
			q.ToolConfig = &types.ToolConfiguration{Tools: tools, ToolChoice: &types.ToolChoiceMemberAuto{}}
			want := []string{`weather({"city":"Köln \"am Rhein\""})`, `now({})`}
			if stream {
				r, err := bedrockStreamOf(ctx, client, q)
				if err != nil {
					t.Fatal(err)
				}
				got, err := converseRead(r.GetStream())
				if err != nil || !reflect.DeepEqual(got.Tools, want) || got.Stop != "tool_use" || got.Text != "Let me look." {
					t.Errorf("%+v %v", got, err)
				}
				return
			}
			first, err := client.Converse(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := converseSaid(first); err != nil || !reflect.DeepEqual(got.Tools, want) || got.Stop != "tool_use" {
				t.Errorf("%+v %v", got, err)
			}
			m := first.Output.(*types.ConverseOutputMemberMessage).Value
			q.Messages = append(q.Messages, m)
			results := types.Message{Role: types.ConversationRoleUser}
			for _, block := range m.Content {
				if use, ok := block.(*types.ContentBlockMemberToolUse); ok {
					results.Content = append(results.Content, &types.ContentBlockMemberToolResult{Value: types.ToolResultBlock{
						ToolUseId: use.Value.ToolUseId, Content: []types.ToolResultContentBlock{&types.ToolResultContentBlockMemberText{Value: "sun"}}}})
				}
			}
			short := q.Messages
			q.Messages = append(short, types.Message{Role: types.ConversationRoleUser, Content: results.Content[:1]})
			var invalid *types.ValidationException
			if _, err := client.Converse(ctx, q); !errors.As(err, &invalid) || !strings.Contains(*invalid.Message, "Expected toolResult blocks at messages.2.content for the following Ids: tooluse_") {
				t.Errorf("one result is lost: %v", err)
			}
			q.Messages = append(short, results)
			second, err := client.Converse(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := converseSaid(second); got.Text != "It is sunny." || got.Stop != "end_turn" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestBedrockExceptions: what a call is refused with, and what a stream ends with,
// is the exception's own type.
func TestBedrockExceptions(t *testing.T) {
	inStream := func(kind string) faults.Fault {
		f := fault("in_stream_error").(*faults.InStreamError)
		f.Type = kind
		return f
	}
	for _, c := range []struct {
		name  string
		model string
		fault faults.Fault
		want  any // a pointer to where the exception goes
		ends  bool
	}{
		{"a model that failed", converseModel, fault("http_424"), new(*types.ModelErrorException), false},
		{"a model that is switched off", "asleep", nil, new(*types.ModelNotReadyException), false},
		{"a stream that is throttled", converseModel, inStream("rate_limit"), new(*types.ThrottlingException), true},
		{"a stream of a full service", converseModel, inStream("overloaded"), new(*types.ServiceUnavailableException), true},
		{"a stream that fails", converseModel, inStream("server_error"), new(*types.InternalServerException), true},
		{"a stream of a model that fails", converseModel, inStream("model_error"), new(*types.ModelStreamErrorException), true},
		{"a stream that finds the call invalid", converseModel, inStream("invalid_request"), new(*types.ValidationException), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hitting []faults.Fault
			if c.fault != nil {
				hitting = append(hitting, c.fault)
			}
			withBedrock(t, func(ctx context.Context, client *bedrockruntime.Client) {
				q := converseAsk("x")
				q.ModelId = aws.String(c.model)
				r, err := bedrockStreamOf(ctx, client, q)
				if c.ends {
					if err != nil {
						t.Fatal(err)
					}
					_, err = converseRead(r.GetStream())
				}
				if !errors.As(err, c.want) {
					t.Fatalf("%T: %v", err, err)
				}
				if m, ok := errors.AsType[*types.ModelStreamErrorException](err); ok && (m.OriginalMessage == nil || *m.OriginalStatusCode != 500) {
					t.Errorf("%+v", m)
				}
			}, hitting...)
		})
	}
}

// TestBedrockFrames: AWS's own decoder reads every frame and both of its sums, and
// its encoder writes the same bytes.
func TestBedrockFrames(t *testing.T) {
	withScript(t, bedrockScript(), func(ctx context.Context, origin string, client *http.Client) {
		body := `{"messages":[{"role":"user","content":[{"text":"x"}]}]}`
		r, err := http.NewRequestWithContext(ctx, "POST", origin+"/model/"+converseModel+"/converse-stream", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		stream, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		n := 0
		for in := bytes.NewReader(stream); ; n++ {
			m, err := eventstream.NewDecoder().Decode(in, nil)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("frame %d: %v", n, err)
			}
			if !json.Valid(m.Payload) || m.Headers.Get(":content-type").String() != "application/json" {
				t.Errorf("frame %d: %+v", n, m)
			}
			if err := eventstream.NewEncoder().Encode(&again, m); err != nil {
				t.Fatal(err)
			}
		}
		if n < 10 || !bytes.Equal(again.Bytes(), stream) {
			t.Errorf("%d frames; %d bytes are %d when AWS writes them", n, len(stream), again.Len())
		}
	})
}
