package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ollama/ollama/api"
	"github.com/openai/openai-go/v3"
	"google.golang.org/genai"
)

// three ask for the vectors of three texts, which a fault may mix up.
var three = map[string]put{
	openAIGo.name: openAIGoThree, openAIGoAzure.name: asAzure(openAIGoThree),
	genAIGo.name: func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := genAIGoClient(ctx, to)
		if err != nil {
			return said{}, err
		}
		r, err := client.Models.EmbedContent(ctx, "gemini-embedding-001", slices.Concat(genai.Text(prompt), genai.Text("b"), genai.Text("c")), nil)
		if err != nil {
			return said{}, err
		}
		var sizes []string
		for _, v := range r.Embeddings {
			sizes = append(sizes, vector(v.Values))
		}
		return vectors(sizes), nil
	},
	ollamaGo.name: func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := ollamaGoClient(to)
		if err != nil {
			return said{}, err
		}
		r, err := client.Embed(ctx, &api.EmbedRequest{Model: "nomic-embed-text", Input: []string{prompt, "b", "c"}})
		if err != nil {
			return said{}, err
		}
		var sizes []string
		for _, v := range r.Embeddings {
			sizes = append(sizes, vector(v))
		}
		return vectors(sizes), nil
	},
}

func vectors(of []string) said { return said{Text: "vectors " + strings.Join(of, ", ")} }

// vector tells a vector by its length and the first of its values.
func vector[F float32 | float64](v []F) string {
	if len(v) == 0 {
		return "of nothing"
	}
	return fmt.Sprintf("of %d from %.3f", len(v), v[0])
}

func openAIGoThree(ctx context.Context, to provider, prompt string) (said, error) {
	client := openAIGoClient(to)
	e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: openai.EmbeddingModelTextEmbedding3Small, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{prompt, "b", "c"}},
	})
	if err != nil {
		return said{}, err
	}
	var sizes []string
	for _, v := range e.Data {
		sizes = append(sizes, fmt.Sprintf("%d: %s", v.Index, vector(v.Embedding)))
	}
	return vectors(sizes), nil
}
