package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	cohere "github.com/cohere-ai/cohere-go/v2"
	cohereclient "github.com/cohere-ai/cohere-go/v2/client"
	coherecore "github.com/cohere-ai/cohere-go/v2/core"
)

var cohereGo = sdk{
	name: "cohere-go", pkg: "github.com/cohere-ai/cohere-go/v2", language: "go", dialect: "cohere",
	asks:   []ask{{"rerank", cohereGoRerank}},
	raised: cohereGoRaised,
}

func cohereGoRerank(ctx context.Context, to provider, prompt string) (said, error) {
	client := cohereclient.NewClient(cohereclient.WithToken("dummy"), cohereclient.WithBaseURL(to.origin), cohereclient.WithHTTPClient(to.http))
	r, err := client.V2.Rerank(ctx, &cohere.V2RerankRequest{Model: "rerank-v3.5", Query: prompt, Documents: []string{"ships", "two cats", prompt}})
	if err != nil {
		return said{}, err
	}
	var got said
	for _, result := range r.Results { // the nearest first: the query itself
		got.Text += fmt.Sprintf("%d ", result.Index)
	}
	return got, nil
}

func cohereGoRaised(err error) raised {
	refused, ok := errors.AsType[*coherecore.APIError](err)
	if !ok {
		return raised{}
	}
	out := raised{Class: fmt.Sprintf("%T", err), Status: refused.StatusCode}
	// A status that the SDK knows has a type of its own, all of one form.
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && v.Elem().FieldByName("Body").IsValid() {
		if body, ok := v.Elem().FieldByName("Body").Interface().(map[string]any); ok {
			out.Message = fmt.Sprint(body["message"])
		}
		return out
	}
	out.Message = refused.Error()
	return out
}
