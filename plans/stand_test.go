package plans

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// standRig is a mock with its API, in memory and virtual time.
type standRig struct {
	t      *testing.T
	api    *api
	client *http.Client
	file   *journal.MemSink // what a run folder would hold
}

func onStand(t *testing.T, rules string, f func(*standRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &standRig{t: t, file: &journal.MemSink{}}
		meter := newMeter()
		opt := StandOptions{
			Name: "mock", Seed: 1, Version: "test", Unlisted: Instant(), epoch: journal.NewEpoch(), sinks: []journal.Sink{meter},
		}
		if rules != "" {
			var err error
			if opt.Faults, err = ParseRules("rule", rules); err != nil {
				t.Fatal(err)
			}
		}
		sc := newScopes(opt, g.file)
		own := opt
		own.scopes, own.sinks = sc.find, append(slices.Clone(own.sinks), g.file)
		stand, err := NewStand(own)
		if err != nil {
			t.Fatal(err)
		}
		l := memnet.Listen("127.0.0.1:4010")
		served := make(chan error, 1)
		go func() { served <- stand.Serve(l) }()
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.Dial(ctx) }}
		g.client = &http.Client{Transport: transport}
		g.api = newAPI(stand, sc, meter, urlsOf("127.0.0.1:4010", ""), "test")
		f(g)
		transport.CloseIdleConnections()
		if err := sc.close(); err != nil {
			t.Error(err)
		}
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
}

// ask asks the model below a path, and returns the status.
func (g *standRig) ask(below, text, name string) int {
	g.t.Helper()
	r, err := http.NewRequest("POST", "http://127.0.0.1:4010"+below+"/v1/chat/completions", strings.NewReader(fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":%q}]}`, text)))
	if err != nil {
		g.t.Fatal(err)
	}
	if name != "" {
		r.Header.Set("x-chaos-request", name)
	}
	resp, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// call calls the API.
func (g *standRig) call(method, path, body string, header ...string) (int, string) {
	r := httptest.NewRequest(method, "http://127.0.0.1:4011"+path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestAPI(t *testing.T) {
	many := strings.Repeat("x", apiBodyMost+1)
	rows := []struct {
		words, method, path, body string
		header                    []string
		status                    int
		says                      string
	}{
		{"it is well", "GET", "/_chaos/health", "", nil, 200, `"openai": "http://127.0.0.1:4010/v1"`},
		{"the rules", "GET", "/_chaos/faults", "", nil, 200, `"{rate_limit: {retry_after: 3s}, times: 1}"`},
		{"other rules, as a list", "PUT", "/_chaos/faults", "[{http_503: {}}]", nil, 200, `"{http_503: {}}"`},
		{"other rules, as JSON", "PUT", "/_chaos/faults", `{"faults": [{"http_503": {}, "probability": 0.5}]}`, nil, 200, "probability: 0.5"},
		{"other rules, as lines", "PUT", "/_chaos/faults", "- http_503: {}\n- http_500: {}\n", nil, 200, "{http_500: {}}"},
		{"no rules", "PUT", "/_chaos/faults", "[]", nil, 200, `"faults": []`},
		{"a rule with a wrong value", "PUT", "/_chaos/faults", "[{http_503: {}, probability: 40}]", nil, 400, "did you mean 40%?"},
		{"the path to it", "PUT", "/_chaos/faults", "[{http_503: {}, probability: 40}]", nil, 400, `"path": "[0].probability"`},
		{"a rule of a load", "PUT", "/_chaos/faults", "{faults: [{http_503: {}, during: spike}]}", nil, 400, `"path": "faults[0].during"`},
		{"two rules of one fault", "PUT", "/_chaos/faults", "[{http_503: {}}, {http_503: {}}]", nil, 400, "has no name"},
		{"no YAML", "PUT", "/_chaos/faults", "[{", nil, 400, "this is not YAML"},
		{"nothing", "PUT", "/_chaos/faults", "", nil, 400, "is empty"},
		{"too much", "PUT", "/_chaos/faults", many, nil, 413, "more than"},
		{"a parameter that is nearly one", "GET", "/_chaos/journal?snce=3", "", nil, 400, "did you mean since?"},
		{"a number that is none", "GET", "/_chaos/journal?since=-3", "", nil, 400, "whole numbers"},
		{"another method", "DELETE", "/_chaos/faults", "", nil, 405, "takes GET or PUT"},
		{"another path", "GET", "/_chaos/nothing", "", nil, 404, "/_chaos/health"},
		{"a scope that nobody opened", "GET", "/_chaos/scopes/mine/verdicts", "", nil, 404, "never opened"},
		{"a scope with a name that cannot ride in a path", "POST", "/_chaos/scopes", "{name: My scope}", nil, 400, "lower-case"},
		{"a scope with an unknown key", "POST", "/_chaos/scopes", "{fault: []}", nil, 400, "did you mean faults?"},
		{"a scope with an answer that says nothing", "POST", "/_chaos/scopes", "{answers: [{when: {contains: x}}]}", nil, 400, `"path": "answers[0]"`},
		{"a scope with an assertion that is nearly one", "POST", "/_chaos/scopes", "{assertions: [retries.atempts]}", nil, 400, "did you mean retries.attempts?"},
		{"a page whose name was made to point here", "GET", "/_chaos/health", "", []string{"Host", "evil.example:4011"}, 403, "not this machine"},
		{"a page of this machine", "POST", "/_chaos/reset", "", []string{"Origin", "http://localhost:3000"}, 403, "web pages"},
		{"a page that hides its origin", "POST", "/_chaos/reset", "", []string{"Origin", "null"}, 403, "web pages"},
		{"an image of a page", "GET", "/_chaos/health", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "web pages"},
		{"a person who typed the address", "GET", "/_chaos/health", "", []string{"Sec-Fetch-Site", "none", "Host", "localhost:4011"}, 200, "ok"},
		{"loopback of version 6", "GET", "/_chaos/health", "", []string{"Host", "[::1]:4011"}, 200, "ok"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			onStand(t, "rate_limit: {retry_after: 3s}, times: 1", func(g *standRig) {
				status, body := g.call(row.method, row.path, row.body, row.header...)
				if status != row.status || !strings.Contains(body, row.says) {
					t.Errorf("%d %s\nwant %d with %s", status, body, row.status, row.says)
				}
			})
		})
	}
}

// Scopes do not see each other: each has its own ordinals, faults and journal.
func TestScopesSideBySide(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		for _, name := range []string{"one", "two"} {
			if status, body := g.call("POST", "/_chaos/scopes", "{name: "+name+", faults: [{rate_limit: {retry_after: 2s}, times: 1}], assertions: [retries.retry_after]}"); status != 201 {
				t.Fatal(body)
			}
		}
		got := []int{g.ask("/_scopes/one", "hi", ""), g.ask("/_scopes/two", "hi", ""), g.ask("", "hi", "")}
		<-time.After(2 * time.Second)
		got = append(got, g.ask("/_scopes/one", "hi", ""))
		<-time.After(time.Second)
		got = append(got, g.ask("/_scopes/two", "hi", ""))
		if want := []int{429, 429, 200, 200, 200}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v: the same body in two scopes is two steps", got, want)
		}
		for _, name := range []string{"one", "two"} {
			var r Result
			_, body := g.call("DELETE", "/_chaos/scopes/"+name, "")
			if err := json.Unmarshal([]byte(body), &r); err != nil || r.Verdict != "pass" || r.Join.Attempts != 2 {
				t.Errorf("%s: %s, %v", name, body, err)
			}
		}
		if status, _ := g.call("GET", "/_chaos/scopes/one/journal", ""); status != 404 {
			t.Errorf("a scope that ended answers %d", status)
		}
	})
}

func TestTheJournalOfTheAPIGoesOnWhereACallerStopped(t *testing.T) {
	onStand(t, "http_503: {}, times: 1", func(g *standRig) {
		g.ask("", "hi", "checkout")
		g.ask("", "hi", "checkout")
		_, all := g.call("GET", "/_chaos/journal", "")
		lines := strings.Split(strings.TrimSpace(all), "\n")
		if len(lines) != 4 { // the start, the rule, two attempts
			t.Fatalf("%d lines:\n%s", len(lines), all)
		}
		_, rest := g.call("GET", "/_chaos/journal?since=3", "")
		_, first := g.call("GET", "/_chaos/journal?limit=1", "")
		if rest != lines[3]+"\n" || first != lines[0]+"\n" {
			t.Errorf("after 3: %q\nfirst: %q", rest, first)
		}
		for _, want := range []string{`"request":"checkout/0"`, `"status":503`, `"rules":[{"name":"http_503","state":"injected"`} {
			if !strings.Contains(lines[2], want) {
				t.Errorf("%s\nlacks %s", lines[2], want)
			}
		}
	})
}

func TestALiveChangeIsOnRecordAndJudged(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		g.ask("", "one", "")
		g.call("PUT", "/_chaos/faults", "[{rate_limit: {retry_after: 2s}}]")
		g.ask("", "two", "")
		g.ask("", "two", "")
		g.call("PUT", "/_chaos/faults", "[]")
		r := g.api.stand.Judge(nil)
		if r.Verdict != "fail" || len(r.Faults) != 1 || r.Faults[0].Injected+r.Faults[0].Held != 2 || r.Faults[0].Fault != "rate_limit" {
			t.Errorf("%s, %+v", r.Verdict, r.Faults)
		}
		var kinds []string
		for _, m := range g.file.Marks() {
			kinds = append(kinds, string(m.Kind))
		}
		if want := "run.start rule.on rule.off"; strings.Join(kinds, " ") != want {
			t.Errorf("marks: %v, want %s", kinds, want)
		}
		if status, _ := g.call("POST", "/_chaos/reset", ""); status != 200 || len(g.api.stand.Attempts()) != 0 {
			t.Errorf("reset: %d, %d attempts", status, len(g.api.stand.Attempts()))
		}
	})
}

// In the journal of a run, scopes are told apart by name, and their attempts and
// rules have names of their own; equal rules are one.
func TestScopesInTheJournalOfARun(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		g.call("POST", "/_chaos/scopes", "{name: one, faults: [{http_503: {}}]}")
		g.call("POST", "/_chaos/scopes", "{name: two, faults: [{http_503: {}}]}")
		g.call("POST", "/_chaos/scopes", "{name: three, faults: [{http_503: {}, times: 1}]}")
		for _, below := range []string{"/_scopes/one", "/_scopes/two", "/_scopes/three", ""} {
			g.ask(below, "hi", "")
		}
		g.ask("/_scopes/one", "hi", "checkout")
		synctest.Wait()
		ids, keys, rules := map[uint64]bool{}, map[string]bool{}, map[string]bool{}
		for _, a := range g.file.Attempts() {
			ids[a.ID], keys[a.Key.Phase] = true, true
			for _, h := range a.Rules {
				rules[h.Name] = true
			}
		}
		if len(ids) != 5 || len(keys) != 5 || !keys["one"] || !keys["one:checkout"] || !keys["anon"] {
			t.Errorf("ids %v, keys %v", ids, keys)
		}
		if len(rules) != 2 {
			t.Errorf("rules %v: two scopes have the same one, the third another", rules)
		}
		j := g.file.Journal(g.api.stand.opt.header())
		j.Cut = false
		r := newResult("", &Plan{}, assertions.Standard(), j)
		if len(r.Faults) != 2 || r.Faults[0].Injected+r.Faults[1].Injected != 4 {
			t.Errorf("faults of the run: %+v", r.Faults)
		}
	})
}

func TestAScopeThatIsOpenedAgainIsAnotherOneInTheRun(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		for range 2 {
			g.call("POST", "/_chaos/scopes", "{name: test_a, faults: [{http_503: {}}]}")
			g.ask("/_scopes/test_a", "hi", "")
			g.call("DELETE", "/_chaos/scopes/test_a", "")
		}
		a := g.file.Attempts()
		if len(a) != 2 || a[0].Key.Phase != "test_a" || a[1].Key.Phase != "test_a#2" || a[0].ID == a[1].ID {
			t.Errorf("%+v", a)
		}
		j := g.file.Journal(g.api.stand.opt.header())
		j.Cut = false
		one := assertions.Spec{ID: "retries.attempts", Args: &assertions.RetryAttempts{Max: 1}}
		if r := newResult("", &Plan{}, []assertions.Spec{one}, j); r.Verdict != "pass" {
			t.Errorf("%s: the second scope is taken to try again what failed in the first", r.Verdict)
		}
	})
}

func TestScopesAreBounded(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		for i := range scopesMost {
			if status, body := g.call("POST", "/_chaos/scopes", ""); status != 201 {
				t.Fatalf("scope %d: %d %s", i+1, status, body)
			}
		}
		if status, body := g.call("POST", "/_chaos/scopes", ""); status != 503 || !strings.Contains(body, "DELETE /_chaos/scopes/NAME") {
			t.Errorf("one more: %d %s", status, body)
		}
		if status, body := g.call("POST", "/_chaos/scopes", "{name: s1}"); status == 201 {
			t.Errorf("a name twice: %d %s", status, body)
		}
		<-time.After(scopeIdle - time.Minute)
		g.ask("/_scopes/s7", "hi", "")
		<-time.After(time.Minute)
		g.api.scopes.sweep(time.Now())
		if left := g.api.scopes.list(); len(left) != 1 || left[0].name != "s7" {
			t.Errorf("%d scopes are left; only the one that was used may be", len(left))
		}
		if status, body := g.call("POST", "/_chaos/scopes", "{name: s7}"); status != 409 || !strings.Contains(body, "the name is taken") {
			t.Errorf("a name twice: %d %s", status, body)
		}
	})
}

func TestWhatIsKeptInMemoryIsBounded(t *testing.T) {
	r := newRecent(3)
	for i := range 8 {
		r.Attempt(&journal.Attempt{ID: uint64(i)})
	}
	kept, _ := r.since(0)
	var ids []uint64
	for _, k := range kept {
		ids = append(ids, k.record.ID)
	}
	if !slices.Equal(ids, []uint64{5, 6, 7}) || r.journal(journal.Header{Alone: true}).Lost != 5 {
		t.Errorf("kept %v, lost %d; want the newest 3, and 5 lost", ids, r.lost)
	}
	for range 2 * marksMost {
		r.Mark(&journal.Mark{Kind: journal.MarkRuleOn})
		r.Mark(&journal.Mark{Kind: journal.MarkBarrierRelease})
	}
	_, marks := r.since(0)
	if ons := slices.DeleteFunc(slices.Clone(marks), func(m keptMark) bool { return m.record.Kind != journal.MarkRuleOn }); len(marks) != marksMost || len(ons) < marksMost-1 {
		t.Errorf("%d marks, %d of rules: want what there was of rules kept longest", len(marks), len(ons))
	}
}

func TestMetrics(t *testing.T) {
	m := newMeter()
	m.Attempt(&journal.Attempt{Dialect: "openai", Kind: "chat", ModelServed: "gpt-4o", Status: 200, Cause: "none", TokensIn: 10, TokensEmitted: 20, CostNanoUSD: 250_000, LateMaxNs: 1_500_000})
	m.Attempt(&journal.Attempt{Dialect: "openai", Kind: "chat", ModelServed: "a \"name\"\\ of\ntwo lines \xff", Status: 429, Cause: "fault", Rules: []journal.RuleHit{
		{Name: "storm", State: journal.RuleInjected, Slot: "status"}, {Name: "storm", State: journal.RuleInjected, Slot: "delay"}, {Name: "other", State: journal.RulePassed},
	}})
	golden.Check(t, "metrics.txt", m.text(gauges{inFlight: 2, scopes: 1, uptimeNs: 3e9, version: "v1"}))
}

func TestMetricsAreBounded(t *testing.T) {
	m := newMeter()
	for i := range 5000 {
		m.Attempt(&journal.Attempt{Dialect: "openai", ModelServed: fmt.Sprint("model-", i), Status: i, Rules: []journal.RuleHit{{Name: fmt.Sprint("rule-", i), State: journal.RuleInjected}}})
	}
	var n int64
	for _, c := range m.attempts {
		n += c
	}
	if len(m.models) != meterModels || len(m.attempts) > meterSeries+1 || len(m.injected) > meterRules+1 || n != 5000 {
		t.Errorf("%d models, %d series, %d rules, %d attempts", len(m.models), len(m.attempts), len(m.injected), n)
	}
}

func TestParseRules(t *testing.T) {
	rows := []struct {
		words, text string
		want        string // the rule, or what the error says
	}{
		{"without braces", "rate_limit: {retry_after: 3s}, probability: 0.3", "{rate_limit: {retry_after: 3s}, probability: 0.3}"},
		{"with braces", "{rate_limit: {retry_after: 3s}}", "{rate_limit: {retry_after: 3s}}"},
		{"a fault alone", "http_503", "{http_503: {}}"},
		{"white space around it", "  http_503 ", "{http_503: {}}"},
		{"lines", "http_503: {}\nprobability: 30%\n", "{http_503: {}, probability: 0.3}"},
		{"JSON", `{"http_503": {}, "times": 2}`, "{http_503: {}, times: 2}"},
		{"a list", "[{http_503: {}}]", "is a list, but must be"},
		{"a fault that is nearly one, alone", "htp_503", "1:1: htp_503: unknown fault; did you mean http_503?"},
		{"a column without braces is the user's", "http_503: {}, probabilty: 1", "1:15: probabilty: unknown key"},
		{"two documents", "http_503: {}\n---\nhttp_500: {}", "two documents"},
		{"an alias", "http_503: {}, match: {model: *x}", "unknown anchor"},
		{"no fault", "probability: 0.3", "names no fault"},
		{"a tenant", "http_503: {}, match: {tenant: \"1\"}", "match.tenant: goes with the load"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			rules, err := ParseRules("--fault", row.text)
			switch {
			case err != nil && !strings.Contains(err.Error(), row.want):
				t.Errorf("%v\nwant %s", err, row.want)
			case err == nil && (len(rules) != 1 || rules[0].String() != row.want):
				t.Errorf("%v, want %s", rules, row.want)
			}
		})
	}
}

// Whatever a caller of the API sends, it is refused or it is valid.
func FuzzParseStand(f *testing.F) {
	for _, s := range []string{"", "{name: a, faults: [{http_503: {}}]}", `{"answers":[{"text":"x"}],"seed":3}`, "models: {a: {ttft: 1s}}", "[", "a: &b 1", "---\n---", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseStand("the body", []byte(s))
		if err == nil && len(c.Faults) > 0 {
			if _, problems := faults.NewSchedule(1, c.Faults, nil, nil); len(problems) > 0 {
				t.Errorf("%q was taken, and is wrong: %v", s, problems)
			}
		}
		if rules, err := ParseRules("rule", s); err == nil {
			if _, err := ParseRules("rule", rules[0].String()); err != nil {
				t.Errorf("%q is printed as %s, which is refused: %v", s, rules[0], err)
			}
		}
	})
}
