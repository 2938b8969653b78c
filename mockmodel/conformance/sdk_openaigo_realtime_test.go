package conformance

import (
	"context"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/realtime"
)

// openAIGoRealtime is the Realtime client of openai-go.
var openAIGoRealtime = sdk{
	name: "openai-go Realtime", pkg: openAIGo.pkg, language: "go", dialect: "openai",
	asks:   []ask{{"realtime", openAIGoConverse()}, {"realtime tool", openAIGoConverse(realtimeTool)}},
	raised: openAIGoRaised,
}

var realtimeTool = realtime.RealtimeToolsConfigUnionParam{OfFunction: &realtime.RealtimeFunctionToolParam{
	Type: "function", Name: openai.String(toolName), Description: openai.String(toolDoes), Parameters: toolSchema(),
}}

// openAIGoConverse asks one question in a session of openai-go's Realtime client,
// and reads up to the end of the response.
func openAIGoConverse(tools ...realtime.RealtimeToolsConfigUnionParam) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client := openai.NewClient(option.WithBaseURL(to.origin+"/v1"), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(to.http))
		c, err := client.Realtime.Connect(ctx, realtime.RealtimeConnectionOptions{}, option.WithQuery("model", "gpt-4o"))
		if err != nil {
			return said{}, err
		}
		defer c.Abort()
		events := []realtime.RealtimeClientEventUnionParam{userSays(prompt), respondNow}
		if len(tools) > 0 {
			asked := realtime.RealtimeSessionCreateRequestParam{Tools: tools}
			events = append([]realtime.RealtimeClientEventUnionParam{realtime.RealtimeClientEventParamOfSessionUpdate(asked)}, events...)
		}
		for _, e := range events {
			if err := c.Send(ctx, e); err != nil {
				return said{}, err
			}
		}
		return openAIGoHear(ctx, c)
	}
}

// openAIGoHear reads a response: its deltas, and what its end says of it.
func openAIGoHear(ctx context.Context, c *realtime.RealtimeConnection) (got said, err error) {
	for {
		e, err := c.Recv(ctx)
		if err != nil {
			return got, err
		}
		switch e := e.AsAny().(type) {
		case realtime.ResponseTextDeltaEvent:
			got.Text += e.Delta
		case realtime.RealtimeErrorEvent:
			got.Stop = "error " + e.Error.Code // an event as others to the SDK
			return got, nil
		case realtime.ResponseDoneEvent:
			r := e.Response
			got.Stop, got.Tokens = string(r.Status), int(r.Usage.OutputTokens)
			for _, item := range r.Output {
				if item.Type == "function_call" {
					call := item.AsRealtimeConversationItemFunctionCall()
					got.Tools = append(got.Tools, call.Name+"("+call.Arguments+")")
				}
			}
			return got, nil
		}
	}
}
