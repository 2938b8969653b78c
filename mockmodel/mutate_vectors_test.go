package mockmodel

import (
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
)

// Where an answer leaves nothing to spoil, the rule has missed.
func TestNothingToSpoilIsAMiss(t *testing.T) {
	one := func(more string) string { return `{"model":"m","input":"x"` + more + `}` }
	rank := `{"model":"rerank-v3.5","query":"q","documents":["a"]}`
	half := func(f *faults.EmbedWrongDim) { f.Dimensions = 4 }
	for _, c := range []struct {
		name       string
		rule       faults.Rule
		path, body string
		want       string // state of the rule
		says       string
	}{
		{"the length that was asked for", rule(t, "embed_wrong_dim", half), "/v1/embeddings", one(`,"dimensions":4`), "missed", `"index":0`},
		{"another length", rule(t, "embed_wrong_dim", half), "/v1/embeddings", one(`,"dimensions":5`), "injected", `"index":0`},
		{"half of one dimension", plain(t, "embed_wrong_dim"), "/v1/embeddings", one(`,"dimensions":1`), "injected", `"index":0`},
		{"one vector has no order", plain(t, "embed_order"), "/v1/embeddings", one(""), "missed", `"index":0`},
		{"the only vector can be missing", plain(t, "embed_short"), "/v1/embeddings", one(""), "injected", `"data":[]`},
		{"more are missing than there are", rule(t, "embed_short", func(f *faults.EmbedShort) { f.By = 9 }), "/v1/embeddings", one(""), "injected", `"data":[]`},
		{"a vector of Gemini can be missing", plain(t, "embed_short"), "/v1beta/models/m:embedContent", `{"content":{"parts":[{"text":"a"}]}}`, "injected", `{"embedding":{},`},
		{"a vector of Ollama can be missing", plain(t, "embed_short"), "/api/embeddings", `{"model":"m","prompt":"x"}`, "injected", `{"embedding":[]}`},
		{"a prediction can be missing", plain(t, "embed_short"), "/v1/projects/p/locations/l/publishers/google/models/m:predict", `{"instances":[{"content":"a"},{"content":"b"}]}`, "injected", `}]}`},
		{"no number in JSON", plain(t, "embed_nan"), "/v1/embeddings", one(`,"dimensions":2`), "injected", `"embedding":[null,null]`},
		{"Python's word for it", rule(t, "embed_nan", func(f *faults.EmbedNaN) { f.As = "python" }), "/v1/embeddings", one(`,"dimensions":2`), "injected", `"embedding":[NaN,NaN]`},
		{"no number in base64", rule(t, "embed_nan", func(f *faults.EmbedNaN) { f.As = "python" }), "/v1/embeddings", one(`,"dimensions":1,"encoding_format":"base64"`), "injected", `"embedding":"AADAfw=="`},
		{"no rank", plain(t, "rerank_empty"), "/v2/rerank", rank, "injected", `"results":[]`},
		{"a rank beyond", plain(t, "rerank_index_oob"), "/v2/rerank", rank, "injected", `"index":1`},
		{"a chat has no vectors", plain(t, "embed_short"), chatPath, chat("m", ""), "", "content"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, Config{}, []faults.Rule{c.rule}, func(g *rig) {
				r := g.send(ask{path: c.path, body: c.body})
				state := states(g.last())
				if r.status != 200 || !strings.Contains(state, c.want) || c.want == "" && state != "" || !strings.Contains(r.body, c.says) {
					t.Errorf("rule %q, want %q: %d %s", state, c.want, r.status, r.body)
				}
			})
		})
	}
}
