package conformance

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
)

// withMock runs body with a client of the official SDK, stock retries, against
// a mock model on which the given faults hit every attempt. Time is virtual.
func withMock(t *testing.T, body func(context.Context, openai.Client), hitting ...faults.Fault) {
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
		l := memnet.Listen("mock")
		mock := mockmodel.New(mockmodel.Config{Models: []mockmodel.Model{{Name: "gpt-4o"}}}, mockmodel.Options{Faults: schedule})
		go mock.Serve(l)
		defer func() {
			if err := errors.Join(mock.Close(), mock.Err()); err != nil {
				t.Error(err)
			}
		}()
		tr := &http.Transport{DialContext: l.DialContext}
		defer tr.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		body(ctx, openai.NewClient(option.WithBaseURL("http://mock/v1"), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(&http.Client{Transport: tr})))
	})
}

var hello = openAIGoQuestion("hello")

// TestChat: an answer in one piece reads as the SDK's types say.
func TestChat(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		asked := hello
		asked.MaxCompletionTokens = openai.Int(20)
		c, err := client.Chat.Completions.New(ctx, asked)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Choices) != 1 {
			t.Fatalf("%d choices", len(c.Choices))
		}
		choice := c.Choices[0]
		if c.Model != "gpt-4o" || string(c.Object) != "chat.completion" || !strings.HasPrefix(c.ID, "chatcmpl-") || c.Created == 0 {
			t.Errorf("envelope: %s", c.RawJSON())
		}
		if choice.Message.Content == "" || string(choice.Message.Role) != "assistant" || choice.FinishReason == "" {
			t.Errorf("choice: %s", choice.RawJSON())
		}
		if u := c.Usage; u.CompletionTokens != 20 || u.PromptTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("usage: %s", u.RawJSON())
		}
	})
}

// TestChatStream: the SDK's own accumulator accepts every chunk, in order, and
// ends with a whole answer and its usage.
func TestChatStream(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		asked := hello
		asked.MaxCompletionTokens = openai.Int(20)
		asked.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
		stream := client.Chat.Completions.NewStreaming(ctx, asked)
		defer stream.Close()
		var acc openai.ChatCompletionAccumulator
		finished := 0
		for stream.Next() {
			if !acc.AddChunk(stream.Current()) {
				t.Errorf("the accumulator refuses %s", stream.Current().RawJSON())
			}
			if _, ok := acc.JustFinishedContent(); ok {
				finished++
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		if finished != 1 || len(acc.Choices) != 1 || acc.Choices[0].Message.Content == "" || acc.Choices[0].FinishReason == "" {
			t.Errorf("content finished %d times: %+v", finished, acc.Choices)
		}
		if acc.Usage.CompletionTokens != 20 || acc.Model != "gpt-4o" {
			t.Errorf("model %q, usage %+v", acc.Model, acc.Usage)
		}
	})
}

// TestEmbeddings: both encodings give the same unit vector, of the dimensions
// that were asked for.
func TestEmbeddings(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		vector := func(format openai.EmbeddingNewParamsEncodingFormat) []float64 {
			e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
				Model: openai.EmbeddingModelTextEmbedding3Small, Dimensions: openai.Int(64), EncodingFormat: format,
				Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Data) != 2 || e.Data[1].Index != 1 || len(e.Data[1].Embedding) != 64 || e.Usage.PromptTokens == 0 {
				t.Fatalf("%s: %.300s", format, e.RawJSON())
			}
			return e.Data[1].Embedding
		}
		plain, packed := vector(openai.EmbeddingNewParamsEncodingFormatFloat), vector(openai.EmbeddingNewParamsEncodingFormatBase64)
		length := 0.0
		for i := range plain {
			length += plain[i] * plain[i]
			// The watermark of an attempt stands in the last digits.
			if math.Abs(plain[i]-packed[i]) > 1e-4 {
				t.Fatalf("dimension %d: %v as floats, %v as base64", i, plain[i], packed[i])
			}
		}
		if math.Abs(length-1) > 1e-5 {
			t.Errorf("the vector has length %v", math.Sqrt(length))
		}
	})
}

// TestModels: the list names what the plan lists.
func TestModels(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		page, err := client.Models.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, m := range page.Data {
			found = found || m.ID == "gpt-4o"
		}
		if !found {
			t.Errorf("models: %s", page.RawJSON())
		}
	})
}

// TestErrors: every status arrives as the SDK's typed error, with the words of
// the provider, after as many attempts as the SDK makes.
func TestErrors(t *testing.T) {
	rows := []struct {
		fault    string
		status   int
		kind     string
		code     string
		attempts int
	}{
		{"http_400", 400, "invalid_request_error", "", 1},
		{"http_401", 401, "invalid_request_error", "invalid_api_key", 1},
		{"http_403", 403, "invalid_request_error", "unsupported_country_region_territory", 1},
		{"http_404", 404, "invalid_request_error", "model_not_found", 1},
		{"http_422", 422, "invalid_request_error", "", 1},
		{"http_409", 409, "invalid_request_error", "", 3},
		{"rate_limit", 429, "requests", "rate_limit_exceeded", 3},
		{"http_500", 500, "server_error", "", 3},
		{"http_503", 503, "service_unavailable_error", "server_is_overloaded", 3},
	}
	for _, row := range rows {
		t.Run(row.fault, func(t *testing.T) {
			withMock(t, func(ctx context.Context, client openai.Client) {
				attempts := 0
				count := option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
					attempts++
					return next(r)
				})
				_, err := client.Chat.Completions.New(ctx, hello, count)
				var refused *openai.Error
				if !errors.As(err, &refused) {
					t.Fatalf("%T: %v", err, err)
				}
				if refused.StatusCode != row.status || refused.Type != row.kind || refused.Code != row.code || refused.Message == "" {
					t.Errorf("status %d, type %q, code %q, message %q", refused.StatusCode, refused.Type, refused.Code, refused.Message)
				}
				if refused.Response.Header.Get("X-Request-Id") == "" {
					t.Errorf("no request id: %v", refused.Response.Header)
				}
				if attempts != row.attempts {
					t.Errorf("%d attempts, want %d", attempts, row.attempts)
				}
			}, fault(row.fault))
		})
	}
}

// TestInvalidRequest: what the API would refuse the mock refuses, in its words.
func TestInvalidRequest(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		_, err := client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: hello.Messages, MaxTokens: openai.Int(-1)})
		var refused *openai.Error
		if !errors.As(err, &refused) || refused.StatusCode != 400 || refused.Param != "max_tokens" {
			t.Errorf("%v", err)
		}
	})
}

// TestHint: the limit of 2 s is told in a header that the SDK reads, and it
// waits it out twice, to the letter.
func TestHint(t *testing.T) {
	withMock(t, func(ctx context.Context, client openai.Client) {
		start := time.Now()
		_, err := client.Chat.Completions.New(ctx, hello)
		var refused *openai.Error
		if !errors.As(err, &refused) || refused.Response.Header.Get("Retry-After") != "2" || time.Since(start) != 4*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	}, fault("rate_limit"))
}

// TestBrokenStreams is what the SDK makes of a stream that goes wrong: this is
// what a service on it has to live with.
func TestBrokenStreams(t *testing.T) {
	rows := []struct {
		words, fault string
		judge        func(error) bool
	}{
		{"an error in the stream is a typed error", "in_stream_error", func(err error) bool {
			var in *ssestream.StreamError
			return errors.As(err, &in)
		}},
		{"an end without [DONE] is no error: the cut is silent", "eof_no_done", func(err error) bool { return err == nil }},
		{"a reset is an error", "conn_reset_mid", func(err error) bool { return err != nil }},
		{"a stall lasts as long as the caller's own deadline", "stall_mid_stream", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			withMock(t, func(ctx context.Context, client openai.Client) {
				stream := client.Chat.Completions.NewStreaming(ctx, hello)
				defer stream.Close()
				text := ""
				for stream.Next() {
					for _, c := range stream.Current().Choices {
						text += c.Delta.Content
					}
				}
				if err := stream.Err(); !row.judge(err) {
					t.Errorf("the stream ended with %v", err)
				}
				if text == "" {
					t.Error("nothing came before the fault")
				}
			}, fault(row.fault))
		})
	}
}

// TestBrokenAnswers: the same for answers in one piece.
func TestBrokenAnswers(t *testing.T) {
	rows := []struct {
		words string
		fault faults.Fault
		judge func(*openai.ChatCompletion, error) bool
	}{
		{"an empty 200 is no error", fault("empty_200"), func(c *openai.ChatCompletion, err error) bool {
			return err == nil && len(c.Choices) == 1 && c.Choices[0].Message.Content == ""
		}},
		{"a reset in the body is an error, and not retried", fault("conn_reset_mid"), func(_ *openai.ChatCompletion, err error) bool { return err != nil }},
		{"a reset before the answer is retried, then an error", fault("conn_reset_pre"), func(_ *openai.ChatCompletion, err error) bool {
			return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
		}},
		{"a hang lasts as long as the caller's own deadline", fault("hang_before_headers"), func(_ *openai.ChatCompletion, err error) bool {
			return errors.Is(err, context.DeadlineExceeded)
		}},
		{"another model says so", &faults.WrongModel{Model: "gpt-4o-mini", Declared: true}, func(c *openai.ChatCompletion, err error) bool { return err == nil && c.Model == "gpt-4o-mini" }},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			withMock(t, func(ctx context.Context, client openai.Client) {
				if c, err := client.Chat.Completions.New(ctx, hello); !row.judge(c, err) {
					t.Errorf("%v, %v", c, err)
				}
			}, row.fault)
		})
	}
}
