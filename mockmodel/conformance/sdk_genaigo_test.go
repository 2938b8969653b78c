package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/genai"
)

var genAIGo = sdk{
	name: "genai-go", pkg: "google.golang.org/genai", language: "go", dialect: "gemini",
	asks: []ask{
		{"chat", genAIGoChat(nil)}, {"stream", genAIGoStream(nil)},
		{"tool", genAIGoChat(genAIGoForced)}, {"tool stream", genAIGoStream(genAIGoForced)},
		{"structured", genAIGoChat(genAIGoFormatted)}, {"structured stream", genAIGoStream(genAIGoFormatted)},
		{"embed", genAIGoEmbed},
	},
	raised: genAIGoRaised,
}

const geminiModel = "gemini-2.5-flash"

var genAIGoForced = &genai.GenerateContentConfig{
	Tools:      []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: toolName, Description: toolDoes, ParametersJsonSchema: toolSchema()}}}},
	ToolConfig: &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{Mode: genai.FunctionCallingConfigModeAny}},
}

var genAIGoFormatted = &genai.GenerateContentConfig{ResponseMIMEType: "application/json", ResponseJsonSchema: structuredSchema()}

func genAIGoClient(ctx context.Context, to provider) (*genai.Client, error) {
	return genai.NewClient(ctx, &genai.ClientConfig{
		APIKey: "dummy", Backend: genai.BackendGeminiAPI, HTTPClient: to.http, HTTPOptions: genai.HTTPOptions{BaseURL: to.origin},
	})
}

func genAIGoChat(config *genai.GenerateContentConfig) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := genAIGoClient(ctx, to)
		if err != nil {
			return said{}, err
		}
		r, err := client.Models.GenerateContent(ctx, geminiModel, genai.Text(prompt), config)
		if err != nil {
			return said{}, err
		}
		return genAIGoSaid(r), nil
	}
}

func genAIGoStream(config *genai.GenerateContentConfig) put {
	return func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := genAIGoClient(ctx, to)
		if err != nil {
			return said{}, err
		}
		var got said
		for r, err := range client.Models.GenerateContentStream(ctx, geminiModel, genai.Text(prompt), config) {
			if err != nil {
				return got, err
			}
			one := genAIGoSaid(r)
			got.Text += one.Text
			got.Tools = slices.Concat(got.Tools, one.Tools)
			if one.Stop != "" {
				got.Stop = one.Stop
			}
			got.Tokens = max(got.Tokens, one.Tokens)
		}
		return got, nil
	}
}

func genAIGoSaid(r *genai.GenerateContentResponse) said {
	var got said
	if r.UsageMetadata != nil {
		got.Tokens = int(r.UsageMetadata.CandidatesTokenCount)
	}
	for _, c := range r.Candidates {
		got.Stop = string(c.FinishReason)
		if c.Content == nil {
			continue
		}
		for _, p := range c.Content.Parts {
			if p.FunctionCall == nil {
				got.Text += p.Text
				continue
			}
			args, _ := json.Marshal(p.FunctionCall.Args) // it was JSON
			got.Tools = append(got.Tools, p.FunctionCall.Name+"("+string(args)+")")
		}
	}
	return got
}

func genAIGoEmbed(ctx context.Context, to provider, prompt string) (said, error) {
	client, err := genAIGoClient(ctx, to)
	if err != nil {
		return said{}, err
	}
	r, err := client.Models.EmbedContent(ctx, "gemini-embedding-001", genai.Text(prompt), nil)
	if err != nil {
		return said{}, err
	}
	return said{Text: fmt.Sprintf("%d dimensions", len(r.Embeddings[0].Values))}, nil
}

func genAIGoRaised(err error) raised {
	if refused, ok := errors.AsType[genai.APIError](err); ok {
		return raised{"genai.APIError", refused.Code, "", refused.Status, refused.Message}
	}
	return raised{}
}
