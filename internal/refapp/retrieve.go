package refapp

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// What retrieval asks for, and how much of it.
const (
	embedModel  = "text-embedding-3-small"
	rerankModel = "rerank-v3.5"
	searchIndex = "search" // whose breaker and budget the vector search uses
	dimensions  = 64       // few, as what is searched is small
	candidates  = 8        // documents that search gives and rerank orders
	documents   = 3        // documents that the chat model is given
	queryMax    = 32 << 10 // about what an embedding model takes, 8191 tokens
)

// A document is what search returns.
type document struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// retrieve finds documents for the question: embed, search, rerank. Where a
// step fails it returns what it has: without embed or search nothing, without
// rerank the order of the search.
func (a *App) retrieve(ctx context.Context, rq *request) ([]document, *failure) {
	s := step{attempts: a.policy.RetrievalAttempts}
	if d := a.policy.RetrievalTimeout; d > 0 {
		s.timeout, s.until, s.floor = d/2, time.Now().Add(d), d/8
	}
	vector, f := a.embed(ctx, rq, s)
	if f != nil {
		return nil, f
	}
	docs, f := a.search(ctx, rq, s, vector)
	if f != nil || len(docs) == 0 {
		return nil, f
	}
	order, f := a.rerank(ctx, rq, s, docs)
	if f != nil {
		return docs[:min(len(docs), documents)], f
	}
	best := make([]document, 0, documents)
	for _, i := range order {
		best = append(best, docs[i])
	}
	return best, nil
}

// embed returns the vector as it stands in the answer: nobody here counts with
// it.
func (a *App) embed(ctx context.Context, rq *request, s step) (vector json.RawMessage, _ *failure) {
	s.name, s.model, s.path = "embed", embedModel, "/embeddings"
	s.body = mustJSON(map[string]any{"model": embedModel, "input": rq.question, "dimensions": dimensions, "encoding_format": "float"})
	s.read = func(resp *http.Response, _ func()) *failure {
		var e struct {
			Data []struct {
				Embedding json.RawMessage `json:"embedding"`
			} `json:"data"`
		}
		if f := decode(resp, &e); f != nil {
			return f
		}
		if len(e.Data) == 0 || len(e.Data[0].Embedding) <= len("[]") || e.Data[0].Embedding[0] != '[' {
			return unfit("answer without a vector")
		}
		vector = e.Data[0].Embedding
		return nil
	}
	f := a.do(ctx, rq, s)
	return vector, f
}

func (a *App) search(ctx context.Context, rq *request, s step, vector json.RawMessage) (docs []document, _ *failure) {
	s.name, s.model, s.path = "search", searchIndex, "/search"
	s.body = mustJSON(map[string]any{"query_vector": vector, "top_k": candidates})
	s.read = func(resp *http.Response, _ func()) *failure {
		var e struct {
			Documents []document `json:"documents"`
		}
		f := decode(resp, &e)
		docs = e.Documents
		return f
	}
	f := a.do(ctx, rq, s)
	return docs, f
}

// rerank returns the positions of the best documents, the best first.
func (a *App) rerank(ctx context.Context, rq *request, s step, docs []document) (order []int, _ *failure) {
	texts := make([]string, len(docs))
	for i, d := range docs {
		texts[i] = d.Text
	}
	s.name, s.model, s.path = "rerank", rerankModel, "/rerank"
	s.body = mustJSON(map[string]any{"model": rerankModel, "query": rq.question, "documents": texts, "top_n": documents})
	s.read = func(resp *http.Response, _ func()) *failure {
		var e struct {
			Results []struct {
				Index int `json:"index"`
			} `json:"results"`
		}
		if f := decode(resp, &e); f != nil {
			return f
		}
		order = order[:0]
		for _, r := range e.Results {
			if r.Index < 0 || r.Index >= len(docs) || len(order) == documents {
				return unfit("answer names documents that were not sent")
			}
			order = append(order, r.Index)
		}
		if len(order) == 0 {
			return unfit("empty answer")
		}
		return nil
	}
	f := a.do(ctx, rq, s)
	return order, f
}

// decode reads a bounded JSON answer. An empty one does not parse.
func decode(resp *http.Response, into any) *failure {
	body, err := io.ReadAll(io.LimitReader(resp.Body, searchMax+1))
	if err != nil {
		return unfit("answer cut short: " + clip(err.Error(), 80))
	}
	if len(body) > searchMax {
		return unfit("answer too long")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unfit("malformed answer")
	}
	return nil
}

// withDocuments puts the documents before the conversation, which stays as the
// user wrote it.
func withDocuments(messages []json.RawMessage, docs []document) []json.RawMessage {
	if len(docs) == 0 {
		return messages
	}
	var text strings.Builder
	text.WriteString("Use these documents where they help.\n")
	for _, d := range docs {
		text.WriteString("[" + d.ID + "] " + d.Text + "\n")
	}
	system := mustJSON(map[string]string{"role": "system", "content": text.String()})
	return append([]json.RawMessage{system}, messages...)
}
