package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	cohere "github.com/cohere-ai/cohere-go/v2"
	cohereclient "github.com/cohere-ai/cohere-go/v2/client"

	"github.com/chaoskit/chaos/faults"
)

// withCohere gives a client that tries once.
func withCohere(t *testing.T, body func(context.Context, *cohereclient.Client), hitting ...faults.Fault) {
	t.Helper()
	withScript(t, script(), func(ctx context.Context, origin string, client *http.Client) {
		body(ctx, cohereclient.NewClient(cohereclient.WithToken("dummy"), cohereclient.WithBaseURL(origin), cohereclient.WithHTTPClient(client), cohereclient.WithMaxAttempts(1)))
	}, hitting...)
}

// TestCohereRerank: both versions of the API rank alike; the first gives the
// documents back, and takes objects.
func TestCohereRerank(t *testing.T) {
	texts := []string{"a parcel is lost", "Refunds go to the card", "gift cards"}
	withCohere(t, func(ctx context.Context, client *cohereclient.Client) {
		second, err := client.V2.Rerank(ctx, &cohere.V2RerankRequest{Model: "rerank-v3.5", Query: "refund to my card", Documents: texts, TopN: cohere.Int(2)})
		if err != nil {
			t.Fatal(err)
		}
		if len(second.Results) != 2 || second.Results[0].Index != 1 || second.Results[0].RelevanceScore <= second.Results[1].RelevanceScore || second.Id == nil || *second.Meta.BilledUnits.SearchUnits != 1 {
			t.Errorf("%s", second)
		}
		q := &cohere.RerankRequest{Query: "refund to my card", TopN: cohere.Int(2), ReturnDocuments: cohere.Bool(true)}
		for i, text := range texts {
			item := &cohere.RerankRequestDocumentsItem{String: text}
			if i == 1 {
				item = &cohere.RerankRequestDocumentsItem{RerankDocument: cohere.RerankDocument{"text": text}}
			}
			q.Documents = append(q.Documents, item)
		}
		first, err := client.Rerank(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(first.Results) != 2 || first.Results[0].Index != 1 || first.Results[0].Document.Text != texts[1] || first.Meta.ApiVersion.Version != "1" {
			t.Errorf("%s", first)
		}
	})
}

// TestCohereErrors: each status that the SDK has a type for is raised as one.
func TestCohereErrors(t *testing.T) {
	for name, want := range map[string]any{
		"http_400": new(*cohere.BadRequestError), "http_401": new(*cohere.UnauthorizedError), "http_403": new(*cohere.ForbiddenError),
		"http_404": new(*cohere.NotFoundError), "http_422": new(*cohere.UnprocessableEntityError), "rate_limit": new(*cohere.TooManyRequestsError),
		"http_500": new(*cohere.InternalServerError), "http_503": new(*cohere.ServiceUnavailableError), "http_504": new(*cohere.GatewayTimeoutError),
	} {
		withCohere(t, func(ctx context.Context, client *cohereclient.Client) {
			_, err := client.V2.Rerank(ctx, &cohere.V2RerankRequest{Model: "rerank-v3.5", Query: "x", Documents: []string{"y"}})
			if !errors.As(err, want) {
				t.Fatalf("%s: %T %v", name, err, err)
			}
			body := reflect.ValueOf(want).Elem().Elem().FieldByName("Body").Interface()
			if m, ok := body.(map[string]any); !ok || fmt.Sprint(m["message"]) == "" || m["id"] == nil {
				t.Errorf("%s: %v", name, body)
			}
		}, fault(name))
	}
}
