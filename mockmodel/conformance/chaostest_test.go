package conformance

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
	"github.com/chaoskit/chaos/plans/chaostest"
)

// askOpenAI and askAnthropic ask one question with the stock retries of the SDK.
func askOpenAI(ctx context.Context, base string, c *http.Client) error {
	client := openai.NewClient(option.WithBaseURL(base), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(c))
	_, err := client.Chat.Completions.New(ctx, hello)
	return err
}

func askAnthropic(ctx context.Context, base string, c *http.Client) error {
	client := anthropic.NewClient(anthropicoption.WithBaseURL(base), anthropicoption.WithAPIKey("sk-dummy"), anthropicoption.WithHTTPClient(c))
	_, err := client.Messages.New(ctx, anthropic.MessageNewParams{
		Model: "claude", MaxTokens: 10, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("hello"))},
	})
	return err
}

// The SDKs keep a hint of two seconds and give up after their two retries, which
// a Go test sees in no time.
func TestSDKsInAGoTest(t *testing.T) {
	rows := []struct {
		words string
		ask   func(context.Context, *chaostest.Mock) error
	}{
		{"openai-go", func(ctx context.Context, m *chaostest.Mock) error { return askOpenAI(ctx, m.OpenAI(), m.Client()) }},
		{"anthropic-sdk-go", func(ctx context.Context, m *chaostest.Mock) error {
			return askAnthropic(ctx, m.Anthropic(), m.Client())
		}},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := chaostest.New(t, "rate_limit: {retry_after: 2s}, times: 1")
				began := time.Now()
				if err := row.ask(t.Context(), m); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took < 2*time.Second {
					t.Errorf("took %v", took)
				}
				m.Check(t, "retries.retry_after", "retries.attempts: {max: 2}")
			})
			synctest.Test(t, func(t *testing.T) {
				m := chaostest.New(t, "http_500")
				if err := row.ask(t.Context(), m); err == nil {
					t.Error("no error after three times 500")
				}
				m.Check(t, "retries.attempts: {max: 3}", "retries.first_delay: {min: 300ms}")
			})
		})
	}
}

// The name of a scope rides in the path of the base URL, to which the SDKs append.
func TestSDKsInAScope(t *testing.T) {
	for _, row := range []struct {
		words, path string
		ask         func(context.Context, string, *http.Client) error
	}{{"openai-go", "/v1", askOpenAI}, {"anthropic-sdk-go", "", askAnthropic}} {
		t.Run(row.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scope := mockmodel.New(mockmodel.Config{}, mockmodel.Options{})
				mock := mockmodel.New(mockmodel.Config{}, mockmodel.Options{Scope: func(name string) *mockmodel.Server {
					if name == "test_a" {
						return scope
					}
					return nil
				}})
				l := memnet.Listen("mock")
				go mock.Serve(l)
				tr := &http.Transport{DialContext: l.DialContext}
				if err := row.ask(t.Context(), "http://mock"+mockmodel.ScopePath+"test_a"+row.path, &http.Client{Transport: tr}); err != nil {
					t.Error(err)
				}
				if scope.Calls() != 1 || mock.Calls() != 0 {
					t.Errorf("%d calls in the scope, %d beside it", scope.Calls(), mock.Calls())
				}
				tr.CloseIdleConnections()
				if scope.Close() != nil || mock.Close() != nil {
					t.Error("cannot close")
				}
			})
		})
	}
}
