package mockmodel

import (
	"strings"
	"testing"
)

// A vector of the plan is the embedding of the inputs that it is for, in every
// dialect; the others have their own.
func TestVectorAnswers(t *testing.T) {
	m := instant("m", 0)
	m.Dimensions = 3
	config := Config{Models: []Model{m}, Answers: []Answer{{When: When{Step: "embed", Contains: "refund"}, Vector: []float64{3, 4, 0.5}}}}
	for _, c := range []struct{ name, path, body, want string }{
		{"OpenAI, as it stands", "/v1/embeddings", `{"model":"m","input":["a refund","x"]}`, `"index":0,"embedding":[3,4,0.5]}`},
		{"OpenAI, cut and of length 1", "/v1/embeddings", `{"model":"m","input":"a refund","dimensions":2}`, `"embedding":[0.6,0.8]`},
		{"OpenAI, filled up", "/v1/embeddings", `{"model":"m","input":"a refund","dimensions":5}`, `"embedding":[3,4,0.5,0,0]`},
		{"Gemini", "/v1beta/models/m:embedContent", `{"content":{"parts":[{"text":"a refund"}]},"outputDimensionality":2}`, `"values":[0.6,0.8]`},
		{"Ollama", "/api/embed", `{"model":"m","input":"a refund"}`, `"embeddings":[[3,4,0.5]]`},
	} {
		virtual(t, config, nil, func(g *rig) {
			if got := g.send(ask{path: c.path, body: c.body}); got.status != 200 || !strings.Contains(got.body, c.want) || strings.Count(got.body, "[3,4") > 1 {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
}

// What is no answer to an embedding is refused with the way out.
func TestVectorAnswersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer Answer
		want   string
	}{
		{"for a chat", Answer{Vector: []float64{1}}, "answers[0].vector: answers embeddings alone: write when: {step: embed}"},
		{"none", Answer{When: When{Step: "embed"}, Text: "x"}, "answers[0].vector: is missing: the answer to an embedding is a vector"},
		{"beside a text", Answer{When: When{Step: "embed"}, Vector: []float64{1}, Text: "x"}, "answers[0].vector: contradicts text, json, tool_calls or file: an embedding is a vector, keep that alone"},
		{"with a tool", Answer{When: When{Step: "embed", HasTool: "x"}, Vector: []float64{1}}, "answers[0].when.step: embed has no system message, tools or turns: keep contains and model"},
		{"too large", Answer{When: When{Step: "embed"}, Vector: []float64{1e300}}, "answers[0].vector: holds 1e+300: give finite numbers of 32 bits"},
	} {
		got := Config{Answers: []Answer{c.answer}}.Validate()
		if len(got) != 1 || got[0].Path+": "+got[0].Msg != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}
