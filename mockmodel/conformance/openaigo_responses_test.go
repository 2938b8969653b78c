package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
)

// script is a mock model that says what the tests ask for.
func script() mockmodel.Config {
	return mockmodel.Config{
		Models: []mockmodel.Model{{Name: "gpt-4o", OutputTokens: 20}, {Name: "o3", OutputTokens: 20, ReasoningTokens: 12}},
		Answers: []mockmodel.Answer{
			{When: mockmodel.When{HasTool: "weather", Turn: 1}, Text: "Let me look.", ToolCalls: []mockmodel.ToolCall{
				{Name: "weather", Arguments: map[string]any{"city": "Paris"}}, {Name: "now"}}},
			{When: mockmodel.When{HasTool: "weather", Turn: 2}, Text: "It is sunny."},
			{When: mockmodel.When{Step: "moderation", Contains: "harm"}, JSON: map[string]any{"flagged": true, "category_scores": map[string]any{"violence": 0.93}}},
			{When: mockmodel.When{Contains: "refund"}, JSON: map[string]any{"intent": "refund", "sure": true}},
		},
	}
}

// withScript is withMock with a configuration, and gives the base URL's origin
// and the HTTP client.
func withScript(t *testing.T, c mockmodel.Config, body func(ctx context.Context, origin string, client *http.Client), hitting ...faults.Fault) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rules := make([]faults.Rule, len(hitting))
		for i, f := range hitting {
			rules[i].Fault = f
		}
		schedule, problems := faults.NewSchedule(1, rules, nil, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if p := c.Validate(); len(p) > 0 {
			t.Fatal(p)
		}
		l := memnet.Listen("mock")
		mock := mockmodel.New(c, mockmodel.Options{Faults: schedule})
		go mock.Serve(l)
		defer func() {
			if err := errors.Join(mock.Close(), mock.Err()); err != nil {
				t.Error(err)
			}
		}()
		tr := &http.Transport{DialContext: l.DialContext, DialTLSContext: l.DialContext}
		defer tr.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		body(ctx, "http://mock", &http.Client{Transport: tr})
	})
}

// withOpenAI gives a client of openai-go of such a mock model.
func withOpenAI(t *testing.T, body func(context.Context, openai.Client), hitting ...faults.Fault) {
	t.Helper()
	withScript(t, script(), func(ctx context.Context, origin string, client *http.Client) {
		body(ctx, openai.NewClient(option.WithBaseURL(origin+"/v1"), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(client)))
	}, hitting...)
}

func asked(text string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: "gpt-4o", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(text)}}
}

var weatherTools = []responses.ToolUnionParam{
	responses.ToolParamOfFunction("weather", map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}, true),
	responses.ToolParamOfFunction("now", map[string]any{"type": "object"}, false),
}

// streamedResponse reads a stream to its end: the last response that it told of, and
// the types of its events.
func streamedResponse(t *testing.T, s *ssestream.Stream[responses.ResponseStreamEventUnion]) (last responses.Response, text string, kinds []string, err error) {
	t.Helper()
	defer s.Close()
	for s.Next() {
		e := s.Current()
		if e.SequenceNumber != int64(len(kinds)) {
			t.Errorf("event %d has the number %d", len(kinds), e.SequenceNumber)
		}
		kinds = append(kinds, e.Type)
		complete(t, e.Type, e)
		if e.JSON.Response.Valid() {
			last = e.Response
		}
		if e.Type == "response.output_text.delta" {
			text += e.Delta
		}
	}
	return last, text, kinds, s.Err()
}

// TestResponse: an answer in one piece, and the same as a stream, read as the
// SDK's types say.
func TestResponse(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		params := asked("How do I return an item?")
		params.Metadata = shared.Metadata{"a": "b"}
		params.Instructions = openai.String("Be\nbrief.")
		whole, err := client.Responses.New(ctx, params)
		if err != nil {
			t.Fatal(err)
		}
		complete(t, "response", whole)
		if whole.Status != "completed" || whole.OutputText() == "" || whole.Usage.OutputTokens != 20 || whole.Metadata["a"] != "b" || whole.Instructions.OfString != "Be\nbrief." {
			t.Errorf("%s", whole.RawJSON())
		}
		last, text, kinds, err := streamedResponse(t, client.Responses.NewStreaming(ctx, params))
		if err != nil || kinds[len(kinds)-1] != "response.completed" || text == "" || last.OutputText() != text || last.Usage.OutputTokens != 20 {
			t.Errorf("%v: %v, %q, %s", err, kinds, text, last.RawJSON())
		}
	})
}

// TestResponseCutShort: max_output_tokens ends an answer, and it says so.
func TestResponseCutShort(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		params := asked("x")
		params.MaxOutputTokens = openai.Int(16)
		whole, err := client.Responses.New(ctx, params)
		if err != nil || whole.Status != "incomplete" || whole.IncompleteDetails.Reason != "max_output_tokens" || whole.Usage.OutputTokens != 16 {
			t.Errorf("%v: %s", err, whole.RawJSON())
		}
		last, _, kinds, err := streamedResponse(t, client.Responses.NewStreaming(ctx, params))
		if err != nil || kinds[len(kinds)-1] != "response.incomplete" || last.Status != "incomplete" {
			t.Errorf("%v: %v, %s", err, kinds, last.RawJSON())
		}
	})
}

// TestResponseTools: the model calls two tools at once, and answers when it has
// their results, whether the conversation is sent again or referred to.
func TestResponseTools(t *testing.T) {
	for _, stream := range []bool{false, true} {
		withOpenAI(t, func(ctx context.Context, client openai.Client) {
			get := func(p responses.ResponseNewParams) responses.Response {
				if stream {
					r, _, _, err := streamedResponse(t, client.Responses.NewStreaming(ctx, p))
					if err != nil {
						t.Fatal(err)
					}
					return r
				}
				r, err := client.Responses.New(ctx, p)
				if err != nil {
					t.Fatal(err)
				}
				complete(t, "response", r)
				return *r
			}
			params := asked("Weather in Paris?")
			params.Tools = weatherTools
			first := get(params)
			if len(first.Output) != 3 {
				t.Fatalf("%s", first.RawJSON())
			}
			var results responses.ResponseInputParam
			for _, item := range first.Output[1:] {
				call := item.AsFunctionCall()
				if call.CallID == "" || !json.Valid([]byte(call.Arguments)) || call.Status != "completed" {
					t.Errorf("%s", item.RawJSON())
				}
				results = append(results, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
					CallID: openai.String(call.CallID), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("sunny")}}})
			}
			referring := responses.ResponseNewParams{Model: "gpt-4o", Tools: weatherTools, PreviousResponseID: openai.String(first.ID), Input: responses.ResponseNewParamsInputUnion{OfInputItemList: results}}
			if second := get(referring); second.OutputText() != "It is sunny." || second.PreviousResponseID != first.ID {
				t.Errorf("%s", second.RawJSON())
			}
			whole := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("Weather in Paris?", "user")}
			for _, item := range first.Output {
				whole = append(whole, param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(item.RawJSON())))
			}
			again := responses.ResponseNewParams{Model: "gpt-4o", Tools: weatherTools, Input: responses.ResponseNewParamsInputUnion{OfInputItemList: append(whole, results...)}}
			if second := get(again); second.OutputText() != "It is sunny." {
				t.Errorf("%s", second.RawJSON())
			}
		})
	}
}

// TestResponseStructured: an answer of the plan arrives as the object that it
// is.
func TestResponseStructured(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		params := asked("I want a refund")
		params.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("intent", map[string]any{"type": "object"})
		r, err := client.Responses.New(ctx, params)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Intent string
			Sure   bool
		}
		if err := json.Unmarshal([]byte(r.OutputText()), &got); err != nil || got.Intent != "refund" || !got.Sure {
			t.Errorf("%v: %s", err, r.RawJSON())
		}
		complete(t, "response", r)
	})
}

// TestResponseThoughts: a model that thinks shows it where it is asked to, and
// bills it always.
func TestResponseThoughts(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		params := asked("x")
		params.Model = "o3"
		params.Reasoning = shared.ReasoningParam{Effort: "low", Summary: "auto"}
		r, _, kinds, err := streamedResponse(t, client.Responses.NewStreaming(ctx, params))
		if err != nil {
			t.Fatal(err)
		}
		thoughts := r.Output[0].AsReasoning()
		if len(thoughts.Summary) != 1 || thoughts.Summary[0].Text == "" || thoughts.EncryptedContent == "" || r.Usage.OutputTokensDetails.ReasoningTokens != 12 {
			t.Errorf("%v: %s", kinds, r.RawJSON())
		}
		params.Reasoning.Summary = ""
		r, _, _, err = streamedResponse(t, client.Responses.NewStreaming(ctx, params))
		if err != nil || len(r.Output[0].AsReasoning().Summary) != 0 || r.Usage.OutputTokensDetails.ReasoningTokens != 12 {
			t.Errorf("%v: %s", err, r.RawJSON())
		}
	})
}

// TestResponseErrors: every class of error arrives as the SDK's typed error.
func TestResponseErrors(t *testing.T) {
	for _, row := range []struct {
		fault, kind, code string
		status            int
	}{
		{"http_400", "invalid_request_error", "", 400},
		{"http_401", "invalid_request_error", "invalid_api_key", 401},
		{"http_403", "invalid_request_error", "unsupported_country_region_territory", 403},
		{"http_404", "invalid_request_error", "model_not_found", 404},
		{"http_409", "invalid_request_error", "", 409},
		{"http_422", "invalid_request_error", "", 422},
		{"rate_limit", "requests", "rate_limit_exceeded", 429},
		{"http_500", "server_error", "", 500},
		{"http_503", "service_unavailable_error", "server_is_overloaded", 503},
	} {
		withOpenAI(t, func(ctx context.Context, client openai.Client) {
			_, whole := client.Responses.New(ctx, asked("x"))
			_, _, _, streamed := streamedResponse(t, client.Responses.NewStreaming(ctx, asked("x")))
			for _, err := range []error{whole, streamed} {
				var refused *openai.Error
				if !errors.As(err, &refused) || refused.StatusCode != row.status || refused.Type != row.kind || refused.Code != row.code || refused.Message == "" {
					t.Errorf("%s: %T %v", row.fault, err, err)
				}
			}
		}, fault(row.fault))
	}
}

// TestBrokenResponses is what the SDK makes of a stream that goes wrong.
func TestBrokenResponses(t *testing.T) {
	for _, row := range []struct {
		words, fault string
		judge        func(error) bool
	}{
		{"an error in the stream is a typed error", "in_stream_error", func(err error) bool {
			var in *ssestream.StreamError
			return errors.As(err, &in)
		}},
		{"an end without response.completed is no error: the cut is silent", "eof_no_done", func(err error) bool { return err == nil }},
		{"a reset is an error", "conn_reset_mid", func(err error) bool { return err != nil }},
		{"a stall lasts as long as the caller's own deadline", "stall_mid_stream", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(row.words, func(t *testing.T) {
			withOpenAI(t, func(ctx context.Context, client openai.Client) {
				_, text, kinds, err := streamedResponse(t, client.Responses.NewStreaming(ctx, asked("x")))
				if !row.judge(err) || text == "" || kinds[len(kinds)-1] == "response.completed" {
					t.Errorf("%v behind %v", err, kinds)
				}
			}, fault(row.fault))
		})
	}
}

// TestChatIsComplete: the chat completions have every member that the SDK's
// types require, too.
func TestChatIsComplete(t *testing.T) {
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		asked := hello
		asked.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "weather"})}
		whole, err := client.Chat.Completions.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		complete(t, "chat", whole)
		asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
		stream := client.Chat.Completions.NewStreaming(ctx, asked)
		defer stream.Close()
		for stream.Next() {
			complete(t, "chunk", stream.Current())
		}
		if stream.Err() != nil {
			t.Error(stream.Err())
		}
	})
}

// TestResponseGenerated: where the plan says nothing, structured outputs and
// arguments are generated from their schemas.
func TestResponseGenerated(t *testing.T) {
	schema := map[string]any{"type": "object", "additionalProperties": false, "required": []string{"city", "days"}, "properties": map[string]any{
		"city": map[string]any{"type": "string", "enum": []string{"Paris", "Rome"}}, "days": map[string]any{"type": "integer", "minimum": 1, "maximum": 7}}}
	fits := func(raw string) bool {
		var got struct {
			City string
			Days int
		}
		return json.Unmarshal([]byte(raw), &got) == nil && (got.City == "Paris" || got.City == "Rome") && got.Days >= 1 && got.Days <= 7
	}
	withOpenAI(t, func(ctx context.Context, client openai.Client) {
		params := asked("Where to?")
		params.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("trip", schema)
		r, _, _, err := streamedResponse(t, client.Responses.NewStreaming(ctx, params))
		if err != nil || !fits(r.OutputText()) {
			t.Errorf("%v: %s", err, r.RawJSON())
		}
		params = asked("Where to?")
		params.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("book", schema, true)}
		params.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{OfToolChoiceMode: openai.Opt(responses.ToolChoiceOptionsRequired)}
		whole, err := client.Responses.New(ctx, params)
		if err != nil || len(whole.Output) != 1 || !fits(whole.Output[0].AsFunctionCall().Arguments) {
			t.Errorf("%v: %s", err, whole.RawJSON())
		}
	})
}
