package mockmodel

import (
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

const rerankDocuments = `"query":"refund to my card","documents":["a parcel is lost","Refunds go to the card","gift cards"]`

// TestGoldenRerank holds the bytes of the three rerankers.
func TestGoldenRerank(t *testing.T) {
	m := instant("jina-reranker-v2-base-multilingual", 0)
	m.Limits = Limits{RequestsPerMinute: 600, TokensPerMinute: 60_000}
	config := Config{Models: []Model{m, instant("rerank-2.5", 0), instant("rerank-v3.5", 0)}}
	body := func(model, more string) string { return `{"model":"` + model + `",` + rerankDocuments + more + `}` }
	jinaBody, voyageBody := body("jina-reranker-v2-base-multilingual", `,"top_n":2,"return_documents":true`), body("rerank-2.5", `,"top_k":2,"return_documents":true`)
	cases := []gold{
		{name: "cohere_v2", ask: ask{path: "/v2/rerank", body: body("rerank-v3.5", `,"top_n":2,"return_documents":true`)}},
		{name: "jina", ask: ask{path: "/v1/rerank", body: jinaBody}},
		{name: "jina_bare", ask: ask{path: "/jina/v1/rerank", body: body("m", "")}},
		{name: "voyage", ask: ask{path: "/v1/rerank", body: voyageBody}},
		{name: "voyage_bare", ask: ask{path: "/voyage/v1/rerank", body: body("m", "")}},
	}
	for _, x := range []struct {
		name string
		ask  ask
	}{{"cohere_v2", cases[0].ask}, {"jina", cases[1].ask}, {"voyage", cases[3].ask}} {
		cases = append(cases, gold{name: x.name + "_empty_200", rules: []faults.Rule{plain(t, "empty_200")}, ask: x.ask},
			gold{name: x.name + "_rate_limit", rules: []faults.Rule{plain(t, "rate_limit")}, ask: x.ask})
		cases = append(cases, statuses(t, x.name, x.ask)...)
	}
	golds(t, config, cases)
}

// Whose call one to /v1/rerank is.
func TestWhoseRerank(t *testing.T) {
	for _, c := range []struct{ name, path, more, want string }{
		{"a model of Cohere", "/v1/rerank", `"model":"rerank-v3.5"`, "cohere"},
		{"an older one", "/v1/rerank", `"model":"rerank-english-v3.0"`, "cohere"},
		{"one that takes no top_k", "/v1/rerank", `"model":"rerank-multilingual-v3.0","top_k":1`, "cohere"},
		{"no model", "/v1/rerank", `"top_n":1`, "cohere"},
		{"a model of Jina", "/v1/rerank", `"model":"jina-reranker-v2-base-multilingual","top_n":1`, "jina"},
		{"a model of Voyage", "/v1/rerank", `"model":"rerank-2.5-lite"`, "voyage"},
		{"an older one of Voyage", "/v1/rerank", `"model":"rerank-lite-1"`, "voyage"},
		{"top_k where the model says nothing", "/v1/rerank", `"model":"m","top_k":1`, "voyage"},
		{"truncation where the model says nothing", "/v1/rerank", `"model":"m","truncation":true`, "voyage"},
		{"the second version is Cohere's alone", "/v2/rerank", `"model":"rerank-2.5"`, "cohere"},
		{"the path says Jina", "/jina/v1/rerank", `"model":"rerank-2.5"`, "jina"},
		{"the path says Voyage", "/voyage/v1/rerank", `"model":"jina-reranker-v2"`, "voyage"},
		{"the path says Cohere", "/cohere/v1/rerank", `"model":"jina-reranker-v2"`, "cohere"},
	} {
		m := instant("m", 0)
		m.Limits = Limits{RequestsPerMinute: 10}
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			got := g.send(ask{path: c.path, body: `{` + rerankDocuments + `,` + c.more + `}`})
			rec := g.last()
			if got.status != 200 || rec.Dialect != c.want || rec.Kind != "rerank" || rec.QuotaKey != "" && rec.QuotaKey != c.want+"/m" {
				t.Errorf("%s: %d %s, %s of %s, want %s", c.name, got.status, got.body, rec.QuotaKey, rec.Dialect, c.want)
			}
		})
	}
}

// An endpoint with a dialect asks nothing of the call.
func TestRerankEndpoint(t *testing.T) {
	for _, name := range []string{"cohere", "jina", "voyage"} {
		e := newEndpoint("reranker", nil)
		e.only = vendorNamed(name)
		r := (&rig{t: t}).request(t.Context(), ask{path: "/v1/rerank"})
		if f := find(r, e); f.route == nil || f.route.vendor != e.only || f.only != e.only {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// What each refuses, in its form.
func TestRerankRefuses(t *testing.T) {
	missing := func(field string) string {
		return `{"detail":[{"type":"missing","loc":["body","` + field + `"],"msg":"Field required"}]}`
	}
	value := func(field, want string) string {
		return `{"detail":[{"type":"value_error","loc":["body","` + field + `"],"msg":"Input should be ` + want + `"}]}`
	}
	many := `"documents":["x"` + strings.Repeat(`,"x"`, 1000) + `]`
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"Cohere: no JSON", "/v2/rerank", `{`, 400, `"message":"invalid request: the body is not valid JSON"}`},
		{"Cohere: no model", "/v2/rerank", `{"query":"x","documents":["y"]}`, 400, `"message":"invalid request: model is required"}`},
		{"Cohere: a field of others", "/v2/rerank", `{"model":"m","query":"x","documents":["y"],"top_k":1}`, 422, `"message":"unknown field: parameter 'top_k' is not a valid field. For proper usage, please refer to https://docs.cohere.com/reference/rerank"}`},
		{"Cohere: no documents", "/v1/rerank", `{"query":"x","documents":[]}`, 400, `"message":"invalid request: list of documents must not be empty"}`},
		{"Cohere: too many", "/v1/rerank", `{"query":"x",` + many + `}`, 400, "at most 1000 elements, got 1001"},
		{"Cohere: a document of numbers", "/v1/rerank", `{"query":"x","documents":["y",1]}`, 400, "documents[1] must be a string"},
		{"Cohere: a query of numbers", "/v1/rerank", `{"query":1,"documents":["y"]}`, 400, "query must be a string"},
		{"Jina: no JSON", "/jina/v1/rerank", `{`, 422, `{"detail":[{"type":"json_invalid","loc":["body"],"msg":"JSON decode error"}]}`},
		{"Jina: a list", "/jina/v1/rerank", `[]`, 422, `"type":"model_attributes_type"`},
		{"Jina: no model", "/jina/v1/rerank", `{}`, 422, missing("model")},
		{"Jina: no query", "/jina/v1/rerank", `{"model":"m"}`, 422, missing("query")},
		{"Jina: no documents", "/jina/v1/rerank", `{"model":"m","query":"x"}`, 422, missing("documents")},
		{"Jina: an empty list", "/jina/v1/rerank", `{"model":"m","query":"x","documents":[]}`, 422, `"type":"too_short"`},
		{"Jina: no top", "/jina/v1/rerank", `{"model":"m","query":"x","documents":["y"],"top_n":0}`, 422, value("top_n", "an integer above 0")},
		{"Voyage: no JSON", "/voyage/v1/rerank", `{`, 400, `{"detail":"The request body is not a valid JSON."}`},
		{"Voyage: no model", "/voyage/v1/rerank", `{}`, 400, `{"detail":"Argument 'model' is required."}`},
		{"Voyage: no documents", "/voyage/v1/rerank", `{"model":"m","query":"x"}`, 400, `{"detail":"Argument 'documents' is required."}`},
		{"Voyage: an empty list", "/voyage/v1/rerank", `{"model":"m","query":"x","documents":[]}`, 400, `{"detail":"Input cannot contain empty strings or empty lists."}`},
		{"Voyage: a document that is an object", "/voyage/v1/rerank", `{"model":"m","query":"x","documents":[{"text":"y"}]}`, 400, "Argument 'documents[0]' is invalid: it must be a string."},
		{"Voyage: truncation in words", "/voyage/v1/rerank", `{"model":"m","query":"x","documents":["y"],"truncation":"yes"}`, 400, "Argument 'truncation' is invalid"},
		{"Voyage: no top", "/voyage/v1/rerank", `{"model":"m","query":"x","documents":["y"],"top_k":1.5}`, 400, "Argument 'top_k' is invalid: it must be an integer above 0."},
		{"Cohere's chat", "/v2/chat", `{}`, 404, `"message":"Cohere's chat is not built in the chaos mock model yet: rerank is"}`},
		{"Cohere's embeddings", "/v1/embed", `{}`, 404, `"message":"Cohere's embed is not built in the chaos mock model yet: rerank is"}`},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			if got := g.send(ask{path: c.path, body: c.body}); got.status != c.status || !strings.Contains(got.body, c.want) {
				t.Errorf("%s: %d %s, want %d %s", c.name, got.status, got.body, c.status, c.want)
			}
		})
	}
}

// Each has limits of its own, whose hint is the first instant that lets a call in.
func TestRerankLimits(t *testing.T) {
	for _, c := range []struct {
		path, want string
		limits     Limits
	}{
		{"/v2/rerank", "You are limited to 60 API calls / minute.", Limits{RequestsPerMinute: 60}},
		{"/jina/v1/rerank", `"code":"RATE_REQUEST_LIMIT_EXCEEDED"`, Limits{RequestsPerMinute: 60}},
		{"/jina/v1/rerank", `"code":"RATE_TOKEN_LIMIT_EXCEEDED"`, Limits{TokensPerMinute: 20}},
		{"/voyage/v1/rerank", "You are limited to 60 requests per minute.", Limits{RequestsPerMinute: 60}},
		{"/voyage/v1/rerank", "You are limited to 30 tokens per minute.", Limits{TokensPerMinute: 30}},
	} {
		m := instant("m", 0)
		m.Limits = c.limits
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			q := ask{path: c.path, body: `{"model":"m",` + rerankDocuments + `}`}
			got := g.send(q)
			g.last()
			for range 100 {
				if got.status != 200 {
					break
				}
				got = g.send(q)
				g.last()
			}
			wait, err := time.ParseDuration(got.header.Get("Retry-After") + "s")
			if got.status != 429 || err != nil || !strings.Contains(got.body, c.want) {
				t.Fatalf("%s: %d %v %s", c.path, got.status, got.header, got.body)
			}
			<-time.After(wait)
			if got := g.send(q); got.status != 200 {
				t.Errorf("%s: %d after %v", c.path, got.status, wait)
			}
		})
	}
}

func FuzzRerank(f *testing.F) {
	fuzz(f, `{"model":"m",`+rerankDocuments+`,"top_n":1,"return_documents":true}`, `{"model":"jina-x","query":"x","documents":["y",{"text":"z"}]}`, `{"model":"rerank-2","query":"x","documents":["y"],"top_k":1,"truncation":false}`, `{"model":"m","query":"x","documents":[]}`)
}
