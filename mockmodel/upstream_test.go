package mockmodel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// secondRig is another provider in the bubble of g.
func secondRig(g *rig, c Config, rules []faults.Rule, o Options) *rig {
	g.t.Helper()
	if p := c.Validate(); len(p) > 0 {
		g.t.Fatal(p)
	}
	schedule, problems := faults.NewSchedule(42, rules, nil, nil)
	if len(problems) > 0 {
		g.t.Fatal(problems)
	}
	l := memnet.Listen("second:80")
	dial := func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) }
	p := &rig{t: g.t, dial: dial, start: time.Now(), done: make(chan struct{}, 1000)}
	p.client = &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}}
	o.Epoch, o.Codec, o.Sink, o.Faults, o.Seed = journal.NewEpoch(), codec, p, schedule, 42
	p.s = New(c, o)
	go p.s.Serve(l)
	return p
}

// passing is a provider before g that passes calls on to it.
func passing(g *rig, rules []faults.Rule, record func(Recording)) *rig {
	return secondRig(g, Config{
		Models:   []Model{{Name: "gpt-4o", Price: Price{Input: 1, Output: 10}}},
		Upstream: []Upstream{{"openai", "http://real/v1"}, {"anthropic", "http://real"}},
	}, rules, Options{Transport: g.client.Transport, Record: record})
}

// seen are the headers that the real provider saw; its own are those of the answer.
type seen struct {
	http.RoundTripper
	last http.Header
	url  string
}

func (s *seen) RoundTrip(r *http.Request) (*http.Response, error) {
	s.last, s.url = r.Header.Clone(), r.URL.String()
	return s.RoundTripper.RoundTrip(r)
}

// TestPassThrough: calls and answers pass through as they are, whatever they
// are, and are on record.
func TestPassThrough(t *testing.T) {
	real := Config{Models: []Model{model("gpt-4o", 100*time.Millisecond, 20, 12)}}
	for _, c := range []struct {
		name string
		ask  ask
	}{
		{"an answer in one piece", ask{path: chatPath, body: chat("gpt-4o", "")}},
		{"a stream", ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true}`)}},
		{"another dialect", ask{path: messagesPath, body: `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}`}},
		{"a call that the provider refuses", ask{path: chatPath, body: `{"model":"gpt-4o"}`}},
		{"a call that is no JSON", ask{path: chatPath, body: `{`}},
		{"embeddings", ask{path: "/v1/embeddings", body: `{"model":"e","input":"x","dimensions":3}`}},
	} {
		virtual(t, real, nil, func(g *rig) {
			spy := &seen{RoundTripper: g.client.Transport}
			g.client.Transport = spy
			p := passing(g, nil, nil)
			c.ask.header = http.Header{"Accept-Encoding": {"gzip"}, "X-Chaos-Odd": {"1"}, "X-Mine": {"2"}}
			got := p.send(c.ask)
			if h := spy.last; h.Get("Authorization") != "Bearer secret-key" || h.Get("X-Mine") != "2" || h.Get("X-Chaos-Odd") != "" || strings.Contains(h.Get("Accept-Encoding"), "gzip") {
				t.Errorf("%s: the provider got the headers %v", c.name, h)
			}
			if !strings.HasPrefix(spy.url, "http://real"+c.ask.path) {
				t.Errorf("%s: the call went to %s", c.name, spy.url)
			}
			direct := g.send(c.ask)
			direct.header.Del("Date")
			got.header.Del("Date")
			// Ids are drawn from the ordinal of the call.
			id := func(r reply) string {
				return strings.NewReplacer(strings.TrimPrefix(r.header.Get("X-Request-Id"), "req_"), "ID", strings.TrimPrefix(r.header.Get("Request-Id"), "req_")+" ", "ID").Replace(r.body)
			}
			if got.status != direct.status || len(got.body) != len(direct.body) || got.header.Get("Content-Type") != direct.header.Get("Content-Type") || len(got.header) != len(direct.header) {
				t.Errorf("%s: passed through %s\ndirectly %s\n%s", c.name, dump(got), dump(direct), id(got))
			}
			rec := p.last()
			if rec.Status != direct.status || rec.End != journal.AttemptComplete || (rec.Cause == journal.CauseUpstream) != (rec.Status >= 400) || rec.Cause == journal.CauseFault {
				t.Errorf("%s: on record %+v", c.name, rec)
			}
			if rec.Kind == "chat" && rec.Status == 200 && rec.Dialect == "openai" && (rec.TokensEmitted != 12 || rec.CostNanoUSD != int64(rec.TokensIn)*1000+12*10_000) {
				t.Errorf("%s: %d tokens, %d in, cost %d", c.name, rec.TokensEmitted, rec.TokensIn, rec.CostNanoUSD)
			}
			p.close()
		})
	}
}

// TestPassThroughFaults: faults hit calls that are passed on, with the bytes of
// the real provider around them.
func TestPassThroughFaults(t *testing.T) {
	for _, c := range []struct {
		name, body string
		rule       faults.Rule
		reaches    int // calls that the real provider gets
		status     int
		broken     bool
		words      string
		at         time.Duration
		state      string
	}{
		{"a status", "", plain(t, "http_503"), 0, 503, false, "server_is_overloaded", 0, "http_503:injected(status)"},
		{"a rate limit", "", plain(t, "rate_limit"), 0, 429, false, "rate_limit_exceeded", 0, "rate_limit:injected(status)"},
		{"an empty answer", "", plain(t, "empty_200"), 0, 200, false, `"content":""`, 0, "empty_200:injected(mutation)"},
		{"a reset before any byte", "", plain(t, "conn_reset_pre"), 0, 0, true, "", 0, "conn_reset_pre:injected(connection)"},
		{"a slow first token", "", rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 2 * time.Second }), 1, 200, false, `"finish_reason":"stop"`, 2700 * time.Millisecond, "slow_ttft:injected(delay)"},
		{"a reset in the middle of an answer", "", rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = nil; f.AfterBytes = ptr(100) }), 1, 200, true, "", 0, "conn_reset_mid:injected(ending@100)"},
		{"an end behind two events", streamed, rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = nil; f.AfterEvents = ptr(2) }), 1, 200, false, "", 0, "eof_no_done:injected(ending@2)"},
		{"events in one write, which is the provider's own business", streamed, rule(t, "frame_coalesce", func(f *faults.FrameCoalesce) { f.Events = 100 }), 1, 200, false, "data: [DONE]", 0, "frame_coalesce:missed(mutation)"},
		{"an error behind three events", streamed, rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(3) }), 1, 200, false, `data: {"error":{`, 0, "in_stream_error:injected(ending@3)"},
	} {
		virtual(t, Config{Models: []Model{model("gpt-4o", 100*time.Millisecond, 20, 12)}}, nil, func(g *rig) {
			p := passing(g, []faults.Rule{c.rule}, nil)
			r := p.send(ask{path: chatPath, body: chat("gpt-4o", c.body)})
			if r.status != c.status || (r.err != nil) != c.broken || !strings.Contains(r.body, c.words) || c.at > 0 && r.at != c.at {
				t.Errorf("%s: %d at %v, %v: %s", c.name, r.status, r.at, r.err, r.body)
			}
			rec := p.last()
			if states(rec) != c.state {
				t.Errorf("%s: %s, want %s", c.name, states(rec), c.state)
			}
			synctest.Wait()
			if n := g.s.Calls(); n != c.reaches {
				t.Errorf("%s: the provider got %d calls, want %d", c.name, n, c.reaches)
			}
			p.close()
		})
	}
}

// TestUpstreamGone: a provider that is not there is a 502 in its own words, and
// no secret of its address is told.
func TestUpstreamGone(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		p := secondRig(g, Config{Upstream: []Upstream{{"openai", "http://real"}}}, nil, Options{Transport: failing{}})
		r := p.send(ask{path: chatPath + "?key=secret", body: chat("gpt-4o", "")})
		if r.status != 502 || !strings.Contains(r.body, `"code":"upstream_unreachable"`) || !strings.Contains(r.body, "no route to host") || strings.Contains(r.body, "secret") {
			t.Errorf("%d %s", r.status, r.body)
		}
		p.close()
	})
}

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}

// TestUpstreamCut: what breaks off there breaks off here.
func TestUpstreamCut(t *testing.T) {
	cut := rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = nil; f.AfterBytes = ptr(600) })
	for _, stream := range []string{"", streamed} {
		virtual(t, Config{Models: []Model{model("gpt-4o", 0, 20, 60)}}, []faults.Rule{cut}, func(g *rig) {
			p := passing(g, nil, nil)
			if r := p.send(ask{path: chatPath, body: chat("gpt-4o", stream)}); r.err == nil {
				t.Errorf("%d %s", r.status, r.body)
			}
			if rec := p.last(); rec.End != journal.AttemptReset || rec.Code != "upstream_cut" || rec.Cause != journal.CauseUpstream {
				t.Errorf("on record: %s %s", rec.End, rec.Code)
			}
			p.close()
		})
	}
}

// TestPagesPass: what is no inference is passed on too.
func TestPagesPass(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("only-there", 3)}}, nil, func(g *rig) {
		p := passing(g, nil, nil)
		for path, want := range map[string]string{"/v1/models": "only-there", "/openai/v1/models": "only-there", "/openai/v1/files": "Invalid URL (GET /v1/files)"} {
			r, _ := http.NewRequest("GET", "http://mock"+path, nil)
			resp, err := p.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); !strings.Contains(got.body, want) {
				t.Errorf("%s: %s", path, got.body)
			}
		}
		if n := p.s.Calls(); n != 0 {
			t.Errorf("%d calls on record", n)
		}
		p.close()
	})
}

// TestReplay: what was recorded is given again, byte for byte and as fast, to
// the same call; the n-th attempt gets the n-th answer.
func TestReplay(t *testing.T) {
	first := plain(t, "http_503")
	first.Match.Attempt = 1
	first.Match.Model = "limited"
	real := Config{Models: []Model{model("gpt-4o", 300*time.Millisecond, 10, 9), model("limited", 0, 0, 3)}}
	asks := []ask{
		{path: chatPath, body: chat("gpt-4o", "")},
		{path: chatPath, body: chat("gpt-4o", streamed)},
		{path: messagesPath, body: `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}`},
		{path: "/v1/embeddings", body: `{"model":"e","input":"x","dimensions":3}`},
		{path: chatPath, body: `{"model":"limited","messages":[{"role":"user","content":"again"}]}`},
		{path: chatPath, body: `{"model":"limited","messages":[{"role":"user","content":"again"}]}`},
	}
	var file bytes.Buffer
	type came struct {
		status int
		body   string
		took   time.Duration
	}
	var want []came
	virtual(t, real, []faults.Rule{first}, func(g *rig) {
		enc := json.NewEncoder(&file)
		p := passing(g, nil, func(x Recording) { _ = enc.Encode(x) })
		for _, q := range asks {
			from := p.elapsed()
			r := p.send(q)
			want = append(want, came{r.status, r.body, r.at - from})
			p.last()
		}
		p.close()
	})
	if text := file.String(); strings.Contains(text, "secret") || strings.Contains(text, "How do I return") {
		t.Errorf("the recording holds a key or a prompt: %s", text)
	}
	list, err := ReadRecordings(&file)
	if err != nil || len(list) != len(asks) {
		t.Fatalf("%d recordings, %v", len(list), err)
	}
	config := Config{Answers: []Answer{{File: "x.jsonl"}, {Text: "not recorded"}}}
	virtual(t, Config{}, nil, func(g *rig) {
		p := secondRig(g, config, nil, Options{Recorded: map[string][]Recording{"x.jsonl": list}})
		for i, q := range asks {
			from := p.elapsed()
			r := p.send(q)
			if got := (came{r.status, r.body, r.at - from}); got.status != want[i].status || got.body != want[i].body || !near(got.took, want[i].took) {
				t.Errorf("call %d: %+v\nwas recorded as %+v", i+1, got, want[i])
			}
			p.last()
		}
		if r := p.send(ask{path: chatPath, body: `{"model":"gpt-4o","messages":[{"role":"user","content":"something else"}]}`}); !strings.Contains(r.body, "not recorded") {
			t.Errorf("another call: %s", r.body)
		}
		p.close()
	})
}

// TestReplayFaults: a recorded answer fails as any other does, and slow faults
// stretch its times.
func TestReplayFaults(t *testing.T) {
	x := Recording{Version: 1, Dialect: "openai", Path: chatPath, Stream: true, Status: 200, TokensIn: 4, TokensOut: 8, Headers: []Header{{"Content-Type", "text/event-stream"}}}
	for i := range 4 {
		x.Events = append(x.Events, Event{AtMS: float64(100 + 50*i), Text: fmt.Sprintf("data: {\"n\":%d}\n\n", i)})
	}
	body := chat("gpt-4o", streamed)
	virtual(t, Config{}, nil, func(g *rig) {
		g.send(ask{path: chatPath, body: body})
		x.Step = fmt.Sprintf("%x", g.last().StepHash)
	})
	ms := time.Millisecond
	for _, c := range []struct {
		name   string
		rules  []faults.Rule
		at     []time.Duration
		end    journal.AttemptEnd
		tokens int
	}{
		{"as it was", nil, []time.Duration{100 * ms, 150 * ms, 200 * ms, 250 * ms}, journal.AttemptComplete, 8},
		{"a late first token", []faults.Rule{rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = time.Second })}, []time.Duration{1100 * ms, 1150 * ms, 1200 * ms, 1250 * ms}, journal.AttemptComplete, 8},
		{"tokens that trickle", []faults.Rule{rule(t, "trickle", func(f *faults.Trickle) { f.TokensPerSecond = 2 })}, []time.Duration{100 * ms, 600 * ms, 1100 * ms, 1600 * ms}, journal.AttemptComplete, 8},
		{"an end in the middle", []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, []time.Duration{100 * ms, 150 * ms}, journal.AttemptEOF, 4},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := secondRig(g, Config{Answers: []Answer{{File: "f"}}}, c.rules, Options{Recorded: map[string][]Recording{"f": {x}}})
			_, at, err := p.arrivals(ask{path: chatPath, body: body})
			if !slices.Equal(at, c.at) || err != nil {
				t.Errorf("%s: events at %v, %v; want %v", c.name, at, err, c.at)
			}
			if rec := p.last(); rec.End != c.end || rec.TokensEmitted != c.tokens || rec.TokensIn != 4 {
				t.Errorf("%s: %s, %d tokens", c.name, rec.End, rec.TokensEmitted)
			}
			p.close()
		})
	}
}

func TestReadRecordings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no JSON", "{", "recording 1: "},
		{"another version", `{"v":2,"status":200,"events":[{"t_ms":1}]}`, "recording 1: has version 2, and this chaos reads version 1"},
		{"no answer", `{"v":1,"status":200,"events":[{"t_ms":1}]}` + "\n" + `{"v":1,"status":200}`, "recording 2: holds no answer"},
		{"an interim answer", `{"v":1,"status":103,"events":[{"t_ms":1}]}`, "recording 1: holds no answer"},
		{"an event before the call", `{"v":1,"status":200,"events":[{"t_ms":-1}]}`, "recording 1: has an event that did not come within a day"},
		{"an event that never came", `{"v":1,"status":200,"events":[{"t_ms":1e300}]}`, "recording 1: has an event that did not come within a day"},
		{"fewer tokens than none", `{"v":1,"status":200,"tokens_out":-1,"events":[{"t_ms":1}]}`, "recording 1: has a number of tokens that no answer has"},
	} {
		_, err := ReadRecordings(strings.NewReader(c.text))
		if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) && c.want != "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestUsageIn(t *testing.T) {
	for _, c := range []struct {
		name, data                 string
		in, cached, out, reasoning int
	}{
		{"OpenAI", `{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`, 3, 0, 4, 0},
		{"OpenAI's last event", "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n", 3, 0, 4, 0},
		{"Responses", "event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n", 3, 0, 4, 0},
		{"Anthropic's start", "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n", 3, 0, 1, 0},
		{"Anthropic's end", "event: message_delta\ndata: {\"usage\":{\"output_tokens\":4}}\n\n", 0, 0, 4, 0},
		{"Gemini", `{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}`, 3, 0, 4, 0},
		{"Ollama", `{"done":true,"prompt_eval_count":3,"eval_count":4}`, 3, 0, 4, 0},
		{"OpenAI with details", `{"usage":{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":3}}}`, 9, 5, 7, 3},
		{"Anthropic with a cache, whose tokens stand beside the others", `{"usage":{"input_tokens":3,"cache_read_input_tokens":20,"cache_creation_input_tokens":10,"output_tokens":4}}`, 33, 20, 4, 0},
		{"Gemini with thoughts, which stand beside the answer", `{"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":5,"candidatesTokenCount":4,"thoughtsTokenCount":6}}`, 9, 5, 10, 6},
		{"Bedrock with a cache", `{"usage":{"inputTokens":3,"cacheReadInputTokens":2,"cacheWriteInputTokens":1,"outputTokens":4}}`, 6, 2, 4, 0},
		{"no usage", `{"choices":[{"text":"tokens"}]}`, 0, 0, 0, 0},
		{"null", `{"usage":null,"token":1}`, 0, 0, 0, 0},
		{"no JSON", `tokens {`, 0, 0, 0, 0},
	} {
		if u, _ := usageIn([]byte(c.data)); u != (usage{c.in, c.cached, c.out, c.reasoning}) {
			t.Errorf("%s: %+v, want %d (%d cached) and %d (%d of thoughts)", c.name, u, c.in, c.cached, c.out, c.reasoning)
		}
	}
}

func TestEventEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		kind eventKind
		data string
		want int
	}{
		{"a whole event", eventsSSE, "data: x\n\nda", 9},
		{"with CRLF", eventsSSE, "data: x\r\n\r\nda", 11},
		{"half an event", eventsSSE, "data: x\n", 0},
		{"a line", eventsLine, "{}\n{", 3},
		{"half a line", eventsLine, "{}", 0},
		{"a frame", eventsBinary, "\x00\x00\x00\x10............xx", 16},
		{"half a frame", eventsBinary, "\x00\x00\x00\x20....", 0},
		{"an element of an array", eventsArray, `[{"a":{"b":"}\""}},{`, 18},
		{"half an element", eventsArray, `[{"a":{"b":"}}"}`, 0},
		{"the end of an array", eventsArray, "\n]", 0},
		{"no frame", eventsBinary, "\x00\x00\x00\x01....", 0},
	} {
		if got := c.kind.end([]byte(c.data)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// A session of the Realtime API cannot be passed on, and says so instead of
// answering for a provider that was not asked.
func TestSessionsDoNotPass(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		p := passing(g, nil, nil)
		defer p.close()
		r, _ := http.NewRequest("GET", "http://mock"+realtimePath, nil)
		resp, err := p.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := replyOf(resp); got.status != 400 || !strings.Contains(got.body, "is not built yet") || p.s.Calls() != 0 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}
