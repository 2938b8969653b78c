package mockmodel

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// other returns a rig whose calls go to a named endpoint of g's provider.
func (g *rig) other(name string) *rig {
	l := memnet.Listen(name + ":80")
	go g.s.ServeEndpoint(name, l)
	dial := func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) }
	return &rig{
		t: g.t, s: g.s, dial: dial, start: g.start, done: g.done,
		client: &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}},
	}
}

// TestEndpoints: what is listed at one endpoint is nothing to another, and a
// rule for one leaves the other alone.
func TestEndpoints(t *testing.T) {
	main, backup := instant("gpt-4o", 3), instant("gpt-4o", 3)
	main.Limits = Limits{RequestsPerMinute: 1}
	config := Config{Models: []Model{main}, Endpoints: []Endpoint{
		{Name: "backup", Models: []Model{backup}},
		{Name: "claude", Dialect: "anthropic"},
	}}
	dead := plain(t, "http_503")
	dead.Match.Endpoint = "claude"
	virtual(t, config, []faults.Rule{dead}, func(g *rig) {
		backup, claude := g.other("backup"), g.other("claude")
		body := ask{path: chatPath, body: chat("gpt-4o", "")}
		for _, c := range []struct {
			name   string
			at     *rig
			ask    ask
			status int
		}{
			{"the limit of the main endpoint has room for one", g, body, 200},
			{"and not for two", g, body, 429},
			{"the same model at another endpoint has no limit", backup, body, 200},
			{"an endpoint with a dialect speaks no other", claude, body, 404},
			{"a rule for an endpoint hits it", claude, ask{path: messagesPath, body: `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]}`, header: http.Header{"Anthropic-Version": {"x"}}}, 503},
			{"and it alone", g, ask{path: messagesPath, body: `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]}`, header: http.Header{"Anthropic-Version": {"x"}}}, 200},
		} {
			if r := c.at.send(c.ask); r.status != c.status {
				t.Errorf("%s: status %d, want %d: %s", c.name, r.status, c.status, r.body)
			}
			synctest.Wait() // so that the records are in order
		}
		var ends, names []string
		for _, r := range g.recs {
			ends = append(ends, r.Endpoint)
		}
		if got := strings.Join(ends, " "); got != "provider provider backup claude provider" {
			t.Errorf("the records name the endpoints %s", got)
		}
		if g.recs[2].Ordinal != 3 {
			t.Errorf("the attempt at the backup is number %d of its step, want 3: a step is one across endpoints", g.recs[2].Ordinal)
		}
		names = append(names, g.s.UnknownModels()...)
		if got := strings.Join(names, " "); got != "m claude/m" {
			t.Errorf("unknown models: %s", got)
		}
		if main, other := g.recs[0].QuotaKey, g.recs[2].QuotaKey; main != "openai/gpt-4o" || other != "" {
			t.Errorf("quota keys %q and %q", main, other)
		}
		backup.client.CloseIdleConnections()
		claude.client.CloseIdleConnections()
	})
}

// TestGoldenRoutes holds the bytes of routes of the plan.
func TestGoldenRoutes(t *testing.T) {
	zero, rate := instant("http", 0), instant("slow", 0)
	config := Config{Endpoints: []Endpoint{{Name: "crm", Dialect: "http", Models: []Model{zero, rate}, Routes: []Route{
		{Path: "/v1/lookup", Step: "search", JSON: map[string]any{"hits": []any{1, "é"}}},
		{Method: "DELETE", Path: "/items/{id}", Status: 204},
		{Method: "GET", Path: "/items/{id}", Model: "slow", Status: 203, Text: "one item", Headers: []Header{{"content-type", "text/csv"}, {"etag", `"7"`}}},
	}}}}
	for _, c := range []struct {
		name, method, path, body string
		rules                    []faults.Rule
	}{
		{"http_json", "POST", "/v1/lookup", `{"q":"x"}`, nil},
		{"http_text", "GET", "/items/7", "", nil},
		{"http_not_json", "POST", "/v1/lookup", "<xml/>", nil},
		{"http_empty", "POST", "/v1/lookup", "", []faults.Rule{plain(t, "empty_200")}},
		{"http_503", "POST", "/v1/lookup", "", []faults.Rule{plain(t, "http_503")}},
		{"http_rate_limit", "POST", "/v1/lookup", "", []faults.Rule{plain(t, "rate_limit")}},
		{"http_no_content", "DELETE", "/items/7", "", nil},
		{"http_method", "PATCH", "/items/7", "", nil},
		{"http_path", "GET", "/nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, c.rules, func(g *rig) {
				crm := g.other("crm")
				r, _ := http.NewRequest(c.method, "http://mock"+c.path, strings.NewReader(c.body))
				resp, err := crm.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				golden.Check(t, c.name+".golden", dump(replyOf(resp)))
				crm.client.CloseIdleConnections()
			})
		})
	}
}

func TestEndpointProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Endpoint
		want string
	}{
		{"a name of an address", Endpoint{Name: "origin"}, "endpoints.origin: the name is taken"},
		{"a name of a dialect", Endpoint{Name: "openai"}, "endpoints.openai: the name is taken"},
		{"a name with a dash", Endpoint{Name: "back-up"}, "endpoints.back-up: is no name for an endpoint"},
		{"a dialect that nobody speaks", Endpoint{Name: "x", Dialect: "klingon"}, `endpoints.x.dialect: "klingon" is not spoken here`},
		{"http without routes", Endpoint{Name: "x", Dialect: "http"}, "endpoints.x.routes: are missing"},
		{"routes without http", Endpoint{Name: "x", Routes: []Route{{Path: "/"}}}, "endpoints.x.routes: are answered only with dialect: http"},
		{"the main address again", Endpoint{Name: "x", Listen: "127.0.0.1:4010"}, "endpoints.x.listen: 127.0.0.1:4010 is another endpoint's address"},
		{"a path that is none", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "lookup"}}}, `endpoints.x.routes[0].path: "lookup" is no path`},
		{"a brace that another segment closes", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a{b/c}"}}}, `endpoints.x.routes[0].path: "/a{b/c}" is no path`},
		{"a brace before its own", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/}a{"}}}, "is no path"},
		{"two names in a segment", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/{a}-{b}"}}}, "is no path"},
		{"a name that is none", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/items/{}"}}}, "is no path"},
		{"a path with a query", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/items?all=1"}}}, "is no path"},
		{"a body where none can be", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a", Status: 204, Text: "x"}}}, "endpoints.x.routes[0].status: is 204, an answer without a body"},
		{"all that is left in the middle", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/{a...}/b"}}}, "must come last"},
		{"a route twice", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a"}, {Method: "POST", Path: "/a"}}}, "endpoints.x.routes[1]: answers POST /a, as a route before it does"},
		{"an error as an answer", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a", Status: 500}}}, "endpoints.x.routes[0].status: is 500"},
		{"a header of the provider's", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a", Headers: []Header{{"content-length", "3"}}}}}, "is written by the provider itself"},
		{"a header of two lines", Endpoint{Name: "x", Dialect: "http", Routes: []Route{{Path: "/a", Headers: []Header{{"x-a", "1\r\nx-b: 2"}}}}}, "has a line break"},
		{"a model", Endpoint{Name: "x", Models: []Model{{Name: "m", Slots: -1}}}, "endpoints.x.models.m.slots: is -1"},
	} {
		got := ""
		for _, p := range (Config{Listen: "127.0.0.1:4010", Endpoints: []Endpoint{c.e}}).Validate() {
			got += p.Path + ": " + p.Msg + "\n"
		}
		if !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %q, want one problem with %q", c.name, got, c.want)
		}
	}
}

// TestUnknownModels: where the plan asks for it, a model that the endpoint does
// not list is refused in the provider's words; one without a name is not.
func TestUnknownModels(t *testing.T) {
	config := Config{UnknownModels: "refuse", Models: []Model{instant("gpt-4o", 3)}, Endpoints: []Endpoint{{Name: "backup", Models: []Model{instant("other", 3)}}}}
	virtual(t, config, nil, func(g *rig) {
		backup := g.other("backup")
		claude := `{"model":"other","max_tokens":5,"messages":[{"role":"user","content":"x"}]}`
		for _, c := range []struct {
			name   string
			at     *rig
			ask    ask
			status int
			words  string
		}{
			{"a listed one", g, ask{path: chatPath, body: chat("gpt-4o", "")}, 200, ""},
			{"one that is not", g, ask{path: chatPath, body: chat("other", "")}, 404, "The model `other` does not exist"},
			{"in Anthropic's words", g, ask{path: messagesPath, body: claude}, 404, `"type":"not_found_error","message":"model: other"`},
			{"listed at another endpoint", backup, ask{path: chatPath, body: chat("other", "")}, 200, ""},
			{"not listed there", backup, ask{path: chatPath, body: chat("gpt-4o", "")}, 404, "The model `gpt-4o` does not exist"},
			{"a search that names none", g, ask{path: "/v1/search", body: `{"query":"x"}`}, 200, ""},
		} {
			if r := c.at.send(c.ask); r.status != c.status || !strings.Contains(r.body, c.words) {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
			}
			synctest.Wait()
		}
		if got := strings.Join(g.s.UnknownModels(), " "); got != "other backup/gpt-4o" {
			t.Errorf("unknown models: %s", got)
		}
		for _, r := range g.recs {
			if r.Status == 404 && r.Cause != journal.CauseValidation {
				t.Errorf("on record: %+v", r)
			}
		}
		backup.client.CloseIdleConnections()
	})
}

// TestSerialToolCalls: a call that takes one tool call at a time gets one.
func TestSerialToolCalls(t *testing.T) {
	config := Config{Answers: []Answer{{ToolCalls: []ToolCall{{Name: "a"}, {Name: "b"}}}}}
	tools := `,"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]`
	for more, want := range map[string]int{"": 2, `,"parallel_tool_calls":true`: 2, `,"parallel_tool_calls":false`: 1} {
		virtual(t, config, nil, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", tools+more)})
			if n := strings.Count(r.body, `"type":"function"`); n != want {
				t.Errorf("%s: %d calls, want %d: %s", more, n, want, r.body)
			}
		})
	}
}
