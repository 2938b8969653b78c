package mockmodel

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

const qdrantPath = "/collections/help/points/"

// TestGoldenQdrant holds the bytes of Qdrant's API.
func TestGoldenQdrant(t *testing.T) {
	near := ask{path: qdrantPath + "query", body: `{"query":[0.5,-0.5,0.5,0.5],"limit":2,"with_payload":true}`}
	cases := []gold{
		{name: "qdrant_query", ask: near},
		{name: "qdrant_query_id", ask: ask{path: qdrantPath + "query", body: `{"query":3,"limit":1}`}},
		{name: "qdrant_query_nearest", ask: ask{path: qdrantPath + "query", body: `{"query":{"nearest":[1,0]},"using":"dense","filter":{"must":[]},"limit":1,"with_vector":true}`}},
		{name: "qdrant_query_nothing", ask: ask{path: qdrantPath + "query", body: `{"limit":2,"offset":18}`}},
		{name: "qdrant_search", ask: ask{path: qdrantPath + "search", body: `{"vector":{"name":"dense","vector":[0.5,-0.5,0.5,0.5]},"limit":1}`}},
		{name: "qdrant_batch", ask: ask{path: qdrantPath + "query/batch", body: `{"searches":[{"query":[1,0],"limit":1},{"query":1,"limit":1,"score_threshold":2}]}`}},
		{name: "qdrant_scroll", ask: ask{path: qdrantPath + "scroll", body: `{"limit":1,"offset":20}`}},
		{name: "qdrant_empty_200", rules: []faults.Rule{plain(t, "empty_200")}, ask: near},
		{name: "qdrant_rate_limit", rules: []faults.Rule{plain(t, "rate_limit")}, ask: near},
	}
	golds(t, Config{}, append(cases, statuses(t, "qdrant", near)...))
}

// What Qdrant refuses, in its words.
func TestQdrantRefuses(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"no JSON", "query", `{`, 400, "Format error in JSON body: the body is not valid JSON"},
		{"a list", "query", `[]`, 400, "Format error in JSON body: invalid type, expected struct"},
		{"a query of words", "query", `{"query":["a"]}`, 400, "Format error in JSON body: Expected some form of vector, id, or a type of query"},
		{"a query that is none", "query", `{"query":{"near":1}}`, 400, "Format error in JSON body: Expected some form of vector, id, or a type of query"},
		{"no limit", "query", `{"query":1,"limit":0}`, 422, "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]"},
		{"a limit in words", "query", `{"query":1,"limit":"1"}`, 400, "Format error in JSON body: limit: expected usize"},
		{"a point that is not there", "query", `{"query":99}`, 404, "Not found: No point with id 99 found"},
		{"a point with another id", "query", `{"query":"5c56c793-69f3-4fbf-87e6-c4bf54c28c26"}`, 404, "Not found: No point with id 5c56c793-69f3-4fbf-87e6-c4bf54c28c26 found"},
		{"fusion", "query", `{"query":{"fusion":"rrf"}}`, 422, "Validation error in JSON body: [query.fusion: is not built in the chaos mock model yet: a vector, an id and nearest are]"},
		{"prefetch", "query", `{"prefetch":[]}`, 422, "Validation error in JSON body: [prefetch: is not built in the chaos mock model yet]"},
		{"no vector", "search", `{"limit":1}`, 400, "Format error in JSON body: missing field `vector`"},
		{"no searches", "query/batch", `{}`, 400, "Format error in JSON body: missing field `searches`"},
		{"another operation", "recommend", `{}`, 404, "Not found: points/recommend is not built in the chaos mock model yet: points/query, points/query/batch, points/search and points/scroll are"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: qdrantPath + c.path, body: c.body})
			if text := doc(got.body).get("status").get("error").text(); got.status != c.status || text != c.want {
				t.Errorf("%s: %d %s, want %d %s", c.name, got.status, got.body, c.status, c.want)
			}
		})
	}
}

// Retrieval is a step of the kind search, whose limits tell when to come back.
func TestQdrantLimits(t *testing.T) {
	m := instant(searchModel, 0)
	m.Limits = Limits{RequestsPerMinute: 1}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		q := ask{path: qdrantPath + "query", body: `{"query":[1,0]}`}
		for i, want := range []struct {
			status int
			hint   string
		}{{200, ""}, {429, "60"}, {200, ""}} {
			got := g.send(q)
			if rec := g.last(); got.status != want.status || got.header.Get("Retry-After") != want.hint || rec.Kind != "search" || rec.QuotaKey != "qdrant/search" {
				t.Errorf("call %d: %d %v %+v", i+1, got.status, got.header, rec)
			}
			if want.hint != "" {
				<-time.After(time.Minute)
			}
		}
	})
}

// What stands beside the search is acknowledged.
func TestQdrantPages(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/collections", `{"result":{"collections":[]},"status":"ok","time":0.0}`},
		{"GET", "/collections/help", `"vectors":{"size":1536,"distance":"Cosine"}`},
		{"GET", "/collections/help/exists", `{"result":{"exists":true},"status":"ok","time":0.0}`},
		{"PUT", "/collections/help", `{"result":true,"status":"ok","time":0.0}`},
		{"PUT", "/collections/help/points", `{"result":{"operation_id":0,"status":"acknowledged"},"status":"ok","time":0.0}`},
		{"PUT", "/collections/help/points?wait=true", `"status":"completed"`},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			r, _ := http.NewRequest(c.method, "http://mock"+c.path, strings.NewReader(`{"points":[]}`))
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != 200 || !strings.Contains(got.body, c.want) {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
			}
			if g.s.Calls() != 0 {
				t.Error("a page is an attempt")
			}
		})
	}
}

func FuzzQdrant(f *testing.F) {
	fuzz(f, `{"query":[1,0.5],"limit":2,"with_payload":["a"],"with_vector":true}`, `{"searches":[{"query":1},{"query":{"nearest":[1]}}]}`, `{"vector":[1,0],"limit":1}`, `{"limit":3,"offset":4}`, `{"query":{"fusion":"rrf"}}`)
}
