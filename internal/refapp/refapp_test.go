package refapp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	full    = "hello from gpt-4o"
	smaller = "hello from gpt-4o-mini"
)

// chatRows are the ways in which the primary model can fail: what users get,
// and what the provider is asked. Times are exact: backoff 250 ms then 500 ms,
// deadline 8 s of which 2 s are kept for the smaller model, 4 s per attempt
// until content, 2 s of silence in a stream.
var chatRows = []struct {
	words   string
	primary []string
	mini    []string
	only    string // "json" or "sse" where the fault exists in one of them
	status  int
	kind    string
	text    string
	calls   string
}{
	{"a healthy model answers once", nil, nil, "", 200, "", full, "0s gpt-4o"},
	{"a 503 is retried after the backoff", []string{"503"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"the second wait is twice as long", []string{"503", "500"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o, 750ms gpt-4o"},
	{"after three attempts the smaller model is asked at once", []string{"503", "503", "503"}, nil, "", 200, SmallerModel, smaller,
		"0s gpt-4o, 250ms gpt-4o, 750ms gpt-4o, 750ms gpt-4o-mini"},
	{"the smaller model is retried once at most, then the message comes", []string{"503", "503", "503"}, []string{"always", "503"}, "", 200, Message, unavailable,
		"0s gpt-4o, 250ms gpt-4o, 750ms gpt-4o, 750ms gpt-4o-mini, 1s gpt-4o-mini"},
	{"Retry-After is waited for", []string{"429 retry-after=2"}, nil, "", 200, "", full, "0s gpt-4o, 2s gpt-4o"},
	{"Retry-After shorter than the backoff does not shorten it", []string{"429 retry-after=0.1"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"a hint on a 503 counts as well", []string{"503 retry-after=1"}, nil, "", 200, "", full, "0s gpt-4o, 1s gpt-4o"},
	{"a hint beyond the deadline is not waited for, nor shortened", []string{"429 retry-after=30"}, nil, "", 200, SmallerModel, smaller, "0s gpt-4o, 0s gpt-4o-mini"},
	{"a second hint that no longer fits goes to the smaller model", []string{"429 retry-after=2", "429 retry-after=3"}, nil, "", 200, SmallerModel, smaller,
		"0s gpt-4o, 2s gpt-4o, 2s gpt-4o-mini"},
	{"without money no wait helps", []string{"429 code=insufficient_quota"}, nil, "", 200, SmallerModel, smaller, "0s gpt-4o, 0s gpt-4o-mini"},
	{"x-should-retry: false is obeyed", []string{"503 x-should-retry=false"}, nil, "", 200, SmallerModel, smaller, "0s gpt-4o, 0s gpt-4o-mini"},
	{"408 and 409 are retried", []string{"408", "409"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o, 750ms gpt-4o"},
	{"a 400 is the caller's: no retry, no other model", []string{"400 code=bad"}, nil, "", 400, "", "", "0s gpt-4o"},
	{"a 401 is ours: no retry, but another model", []string{"401"}, nil, "", 200, SmallerModel, smaller, "0s gpt-4o, 0s gpt-4o-mini"},
	{"a connection that breaks is retried", []string{"reset"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"a hang ends after 4 s, and there is no time left for more than the smaller model", []string{"hang"}, nil, "", 200, SmallerModel, smaller,
		"0s gpt-4o, 4s left gpt-4o, 4s gpt-4o-mini"},
	{"when both hang the message comes at the deadline", []string{"hang"}, []string{"hang"}, "", 200, Message, unavailable,
		"0s gpt-4o, 4s left gpt-4o, 4s gpt-4o-mini, 8s left gpt-4o-mini"},
	{"the smaller model is tried again while a second is left", []string{"hang"}, []string{"slow 2500ms 503"}, "", 200, SmallerModel, smaller,
		"0s gpt-4o, 4s left gpt-4o, 4s gpt-4o-mini, 6.75s gpt-4o-mini"},
	{"an answer that says nothing is none", []string{"empty"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"nor is an empty body", []string{"nobody"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"a cut answer is retried before anybody saw it", []string{"cut"}, nil, "", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"JSON without finish_reason is cut", []string{"unfinished"}, nil, "json", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"a stream that has said why it ended is whole, [DONE] or not", []string{"unended"}, nil, "sse", 200, "", full, "0s gpt-4o"},
	{"a stream whose connection breaks is cut", []string{"crash"}, nil, "sse", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"an error in the stream is a failure", []string{"error"}, nil, "sse", 200, "", full, "0s gpt-4o, 250ms gpt-4o"},
	{"a stalled stream ends after 2 s of silence, comments or not", []string{"stall"}, nil, "sse", 200, "", full, "0s gpt-4o, 2s left gpt-4o, 2.25s gpt-4o"},
	{"garbage is not asked for again where it came from: the smaller model is", []string{"always", "garbage"}, nil, "", 200, SmallerModel, smaller, "0s gpt-4o, 0s gpt-4o-mini"},
	{"garbage of both is not shown", []string{"garbage"}, []string{"garbage"}, "", 200, Message, unavailable, "0s gpt-4o, 0s gpt-4o-mini"},
	{"a model that the provider chose itself is disclosed", []string{"wrong"}, nil, "", 200, SmallerModel, "", "0s gpt-4o"},
}

func TestChat(t *testing.T) {
	for _, row := range chatRows {
		for _, transport := range []string{"json", "sse"} {
			if row.only != "" && row.only != transport {
				continue
			}
			t.Run(row.words+"/"+transport, func(t *testing.T) {
				script := map[string][]string{"gpt-4o": row.primary, "gpt-4o-mini": row.mini}
				inVirtualTime(t, exact("resilient"), script, func(r *rig) {
					g := r.ask(transport == "sse", "what is chaos?")
					synctest.Wait()
					model, text, end := g.read()
					if g.status != row.status || g.kind() != row.kind || g.err != nil {
						t.Errorf("got status %d, degraded %q, %v: %s", g.status, g.kind(), g.err, g.body)
					}
					if row.text != "" && text != row.text {
						t.Errorf("text %q, want %q", text, row.text)
					}
					if transport == "sse" && row.status == 200 && end != "done" {
						t.Errorf("stream ended with %q:\n%s", end, g.body)
					}
					if row.kind == SmallerModel && row.text != "" && model != "gpt-4o-mini" {
						t.Errorf("declares model %q", model)
					}
					if calls := r.provider.lines("gpt"); calls != row.calls {
						t.Errorf("calls %s\n want %s", calls, row.calls)
					}
				})
			})
		}
	}
}

// TestNaive is the same service without any of it.
func TestNaive(t *testing.T) {
	six := strings.TrimSuffix(strings.Repeat("0s gpt-4o, ", 6), ", ")
	rows := []struct {
		words   string
		primary []string
		stream  bool
		status  int
		text    string
		end     string
		calls   string
	}{
		{"retries five times at once, hint or not", []string{"always", "429 retry-after=2"}, false, 500, "", "", six},
		{"a 400 too", []string{"always", "400"}, false, 500, "", "", six},
		{"an answer that says nothing is handed on", []string{"empty"}, false, 200, "", "", "0s gpt-4o"},
		{"an empty body as well", []string{"nobody"}, false, 200, "", "", "0s gpt-4o"},
		{"so is an empty stream", []string{"empty"}, true, 200, "", "done", "0s gpt-4o"},
		{"a cut stream gets a clean end", []string{"cut"}, true, 200, "hello ", "done", "0s gpt-4o"},
		{"a broken connection gets a clean end", []string{"crash"}, true, 200, "hello ", "done", "0s gpt-4o"},
		{"garbage is handed on", []string{"garbage"}, true, 200, "hello ฝ ro ว gpt-4o", "done", "0s gpt-4o"},
		{"a wrong model is not disclosed", []string{"wrong"}, false, 200, "hello from gpt-4o", "", "0s gpt-4o"},
		{"five failures and then a good answer is a good answer", []string{"500", "500", "500", "500", "500"}, true, 200, "hello from gpt-4o", "done", six},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			inVirtualTime(t, exact("naive"), map[string][]string{"gpt-4o": row.primary}, func(r *rig) {
				g := r.ask(row.stream, "what is chaos?")
				_, text, end := g.read()
				if g.status != row.status || text != row.text || end != row.end || g.kind() != "" || g.err != nil {
					t.Errorf("got status %d, text %q, end %q, degraded %q, %v", g.status, text, end, g.kind(), g.err)
				}
				if calls := r.provider.lines("gpt"); calls != row.calls {
					t.Errorf("calls %s\n want %s", calls, row.calls)
				}
			})
		})
	}
}

// TestRetrieval is what happens when the documents cannot be found.
func TestRetrieval(t *testing.T) {
	rows := []struct {
		words  string
		script map[string][]string
		kind   string
		calls  string
		docs   string // as the model is given them
	}{
		{"health: four steps in order, the documents as rerank orders them", nil, "",
			"0s embed, 0s search, 0s rerank, 0s gpt-4o", `[d4] four\n[d1] one\n`},
		{"one failure of a step is retried", map[string][]string{"embed": {"503"}}, "",
			"0s embed, 250ms embed, 250ms search, 250ms rerank, 250ms gpt-4o", `[d4] four`},
		{"two are not: no documents, and the answer says so", map[string][]string{"embed": {"503", "503"}}, RetrievalSkipped,
			"0s embed, 250ms embed, 250ms gpt-4o", ""},
		{"an empty vector is a failure", map[string][]string{"embed": {"empty", "empty"}}, RetrievalSkipped,
			"0s embed, 250ms embed, 250ms gpt-4o", ""},
		{"without search there are none either", map[string][]string{"search": {"hang", "hang"}}, RetrievalSkipped,
			"0s embed, 0s search, 1s left search, 1.25s search, 2s left search, 2s gpt-4o", ""},
		{"without rerank the order of the search has to do", map[string][]string{"rerank": {"429 retry-after=9"}}, RetrievalSkipped,
			"0s embed, 0s search, 0s rerank, 0s gpt-4o", `[d1] one\n[d2] two\n[d3] three\n`},
		{"of two kinds the worse is named", map[string][]string{"embed": {"400"}, "gpt-4o": {"401"}}, SmallerModel,
			"0s embed, 0s gpt-4o, 0s gpt-4o-mini", ""},
		{"also where the provider chose the model itself", map[string][]string{"embed": {"400"}, "gpt-4o": {"wrong"}}, SmallerModel,
			"0s embed, 0s gpt-4o", ""},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			inVirtualTime(t, exact("resilient"), row.script, func(r *rig) {
				g := r.ask(false, "what is chaos?")
				synctest.Wait()
				if g.status != 200 || g.kind() != row.kind {
					t.Errorf("got status %d, degraded %q (%s)", g.status, g.kind(), g.header.Get(HeaderReason))
				}
				if calls := r.provider.lines(""); calls != row.calls {
					t.Errorf("calls %s\n want %s", calls, row.calls)
				}
				chat := r.provider.bodies[len(r.provider.bodies)-1]
				if has := strings.Contains(chat, "documents"); has != (row.docs != "") || !strings.Contains(chat, row.docs) {
					t.Errorf("the model was given %s", chat)
				}
			})
		})
	}
}

// TestLongStream: what is longer than is held is relayed as it comes; when it
// then breaks the user is told, and nobody is asked again.
func TestLongStream(t *testing.T) {
	rows := []struct {
		words, script, end string
		calls              string
	}{
		{"whole", "long ok", "done", "0s gpt-4o"},
		{"cut", "long cut", "error", "0s gpt-4o"},
		{"stalled", "long stall", "error", "0s gpt-4o, 2s left gpt-4o"},
		{"ended with a reason, but without [DONE]", "long unended", "done", "0s gpt-4o"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			inVirtualTime(t, exact("resilient"), map[string][]string{"gpt-4o": {row.script}}, func(r *rig) {
				g := r.ask(true, "tell me a long story")
				synctest.Wait()
				_, text, end := g.read()
				if end != row.end || g.err != nil || len(text) < 100000 {
					t.Errorf("ended with %q after %d bytes, %v", end, len(text), g.err)
				}
				if calls := r.provider.lines("gpt"); calls != row.calls {
					t.Errorf("calls %s\n want %s", calls, row.calls)
				}
			})
		})
	}
}

// TestConnections: an answer is taken to its end, so that the next call finds
// the connection; a body that stays open after [DONE] delays it by a second.
func TestConnections(t *testing.T) {
	inVirtualTime(t, exact("resilient"), nil, func(r *rig) {
		for i := range 10 {
			if g := r.ask(i%2 == 0, fmt.Sprint("question ", i)); g.status != 200 || g.kind() != "" {
				t.Errorf("status %d, degraded %q", g.status, g.kind())
			}
		}
		if r.provider.conns != 1 {
			t.Errorf("%d connections for calls one after the other", r.provider.conns)
		}
	})
	inVirtualTime(t, exact("resilient"), map[string][]string{"gpt-4o": {"linger"}}, func(r *rig) {
		if g := r.ask(true, "q"); g.status != 200 || g.took != time.Second {
			t.Errorf("status %d after %v", g.status, g.took)
		}
	})
}

// TestIdleCaller: the write deadline of an answer is not that of the next one on
// the connection.
func TestIdleCaller(t *testing.T) {
	inVirtualTime(t, exact("resilient"), nil, func(r *rig) {
		for range 3 {
			r.ask(true, "q")
			time.Sleep(writeTimeout + time.Second)
			if g := r.ask(true, "q", func(req *http.Request) { req.Header.Set("Authorization", "none") }); g.status != 401 {
				t.Errorf("status %d, %v", g.status, g.err)
			}
		}
	})
}

// TestCallerLeaves: the provider is let go at once, or never.
func TestCallerLeaves(t *testing.T) {
	for mode, want := range map[string]string{
		"resilient": "0s gpt-4o, 1s left gpt-4o",
		"naive":     "0s gpt-4o, 5s left gpt-4o", // when the app is closed, at 5 s
	} {
		t.Run(mode, func(t *testing.T) {
			inVirtualTime(t, exact(mode), map[string][]string{"gpt-4o": {"hang"}}, func(r *rig) {
				r.user.Timeout = time.Second
				if g := r.ask(true, "are you there?"); g.err == nil {
					t.Fatalf("got an answer: %s", g.body)
				}
				time.Sleep(4 * time.Second)
				if mode == "naive" && r.app.inFlight.Load() != 1 {
					t.Error("naive stopped working for a caller who left")
				}
				r.app.Close()
				synctest.Wait()
				if calls := r.provider.lines("gpt"); calls != want {
					t.Errorf("calls %s\n want %s", calls, want)
				}
			})
		})
	}
}

// TestLeavesDuringBackoff: a wait ends when the caller leaves.
func TestLeavesDuringBackoff(t *testing.T) {
	inVirtualTime(t, exact("resilient"), map[string][]string{"gpt-4o": {"429 retry-after=3"}}, func(r *rig) {
		r.user.Timeout = time.Second
		r.ask(true, "are you there?")
		synctest.Wait()
		if n := r.app.inFlight.Load(); n != 0 {
			t.Errorf("%d in flight after the caller left", n)
		}
		time.Sleep(5 * time.Second)
		if calls := r.provider.lines("gpt"); calls != "0s gpt-4o" {
			t.Errorf("calls %s", calls)
		}
	})
}

// TestNaiveHasNoDeadline: it gives up a call that takes long, and asks again as
// often as it may, however long the user waits.
func TestNaiveHasNoDeadline(t *testing.T) {
	slow := []string{"slow 30m", "slow 30m", "slow 30m", "slow 30m", "slow 30m", "slow 30m"}
	inVirtualTime(t, exact("naive"), map[string][]string{"gpt-4o": slow}, func(r *rig) {
		if g := r.ask(false, "take your time"); g.status < 500 || g.took != 54*time.Second {
			t.Errorf("status %d after %v", g.status, g.took)
		}
		synctest.Wait()
		if calls := r.provider.lines("gpt"); calls != "0s gpt-4o, 9s left gpt-4o, 9s gpt-4o, 18s left gpt-4o, 18s gpt-4o, 27s left gpt-4o, 27s gpt-4o, 36s left gpt-4o, 36s gpt-4o, 45s left gpt-4o, 45s gpt-4o, 54s left gpt-4o" {
			t.Errorf("calls %s", calls)
		}
	})
}

// TestShedding: beyond the limit requests are refused at once and told when to
// come back; those in flight are served.
func TestShedding(t *testing.T) {
	cfg := exact("resilient", func(p *Policy) { p.InFlight = 2 })
	inVirtualTime(t, cfg, map[string][]string{"gpt-4o": {"always", "slow 1s"}}, func(r *rig) {
		answers := make(chan got, 3)
		for i := range 3 {
			go func() { answers <- r.ask(false, fmt.Sprint("question ", i)) }()
			synctest.Wait()
		}
		shed := <-answers
		if shed.status != 503 || shed.header.Get("Retry-After") != "1" || shed.took != 0 || shed.header.Get(HeaderRequestID) == "" {
			t.Errorf("shed: status %d, headers %v after %v", shed.status, shed.header, shed.took)
		}
		for range 2 {
			if g := <-answers; g.status != 200 || g.took != time.Second {
				t.Errorf("served: status %d after %v", g.status, g.took)
			}
		}
	})
}

// TestPool: no more calls at a time than there are workers.
func TestPool(t *testing.T) {
	for _, size := range []int{1, 64} {
		cfg := exact("resilient")
		cfg.PoolSize = size
		inVirtualTime(t, cfg, map[string][]string{"gpt-4o": {"always", "slow 100ms"}}, func(r *rig) {
			answers := make(chan got)
			for i := range 10 {
				go func() { answers <- r.ask(false, fmt.Sprint("question ", i)) }()
			}
			var last time.Duration
			for range 10 {
				g := <-answers
				last = max(last, g.took)
			}
			if want := map[int]time.Duration{1: time.Second, 64: 100 * time.Millisecond}[size]; last != want {
				t.Errorf("%d workers took %v for 10 calls of 100 ms, want %v", size, last, want)
			}
			if r.provider.peak > size {
				t.Errorf("%d calls at a time with %d workers", r.provider.peak, size)
			}
		})
	}
}

// TestAuth: no tenant, no service; every answer carries a request id.
func TestAuth(t *testing.T) {
	inVirtualTime(t, exact("resilient"), nil, func(r *rig) {
		for _, key := range []string{"", "Bearer", "Bearer key-", "Bearer sk-live", "Basic key-t1", "Bearer key-a b", "Bearer key-" + strings.Repeat("x", 33)} {
			g := r.ask(false, "who am I?", func(req *http.Request) { req.Header.Set("Authorization", key) })
			if g.status != 401 || g.header.Get(HeaderRequestID) == "" || !strings.Contains(g.body, "invalid_api_key") {
				t.Errorf("key %q: status %d, %s", key, g.status, g.body)
			}
		}
		if calls := r.provider.lines(""); calls != "" {
			t.Errorf("the provider was called for strangers: %s", calls)
		}
		g := r.ask(false, "mine?", func(req *http.Request) { req.Header.Set(HeaderRequestID, "my-own") })
		if g.header.Get(HeaderRequestID) != "my-own" {
			t.Errorf("request id %q", g.header.Get(HeaderRequestID))
		}
	})
}

// TestBadRequests are refused in words, with a request id.
func TestBadRequests(t *testing.T) {
	inVirtualTime(t, exact("resilient"), nil, func(r *rig) {
		for _, row := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", "/v1/chat/completions", `{`, 400},
			{"POST", "/v1/chat/completions", `[]`, 400},
			{"POST", "/v1/chat/completions", `{"messages":[]}`, 400},
			{"POST", "/v1/chat/completions", `{"messages":[{"role":"user","content":""}]}`, 400},
			{"POST", "/v1/chat/completions", `{"messages":[{"role":"user","content":"x"}],"stream":"yes"}`, 400},
			{"POST", "/v1/chat/completions", `{"messages":"` + strings.Repeat("x", bodyMax) + `"}`, 413},
			{"POST", "/v1/completions", `{}`, 404},
			{"GET", "/v1/chat/completions", ``, 404},
			{"POST", "/admin/kill", `{"on":true}`, 404}, // no admin token was set
			{"POST", "/v1/chat/completions", `{"messages":[{"role":"user","content":[{"type":"text","text":"parts"}]}]}`, 200},
		} {
			req, _ := http.NewRequest(row.method, "http://app"+row.path, strings.NewReader(row.body))
			req.Header.Set("Authorization", "Bearer key-t1")
			if g := r.send(req); g.status != row.status || g.header.Get(HeaderRequestID) == "" {
				t.Errorf("%s %s %.60s: status %d, want %d: %.200s", row.method, row.path, row.body, g.status, row.status, g.body)
			}
		}
	})
}

// TestKillSwitch: while it is on, users get the message and the provider
// nothing; only the admin turns it.
func TestKillSwitch(t *testing.T) {
	cfg := exact("resilient")
	cfg.AdminToken = "sesame"
	inVirtualTime(t, cfg, nil, func(r *rig) {
		turn := func(token, body string) int {
			req, _ := http.NewRequest("POST", "http://app/admin/kill", strings.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+token)
			return r.send(req).status
		}
		if s := turn("guess", `{"on":true}`); s != 401 {
			t.Errorf("a stranger turned the switch: %d", s)
		}
		if s := turn("sesame", `{}`); s != 400 {
			t.Errorf("an order without a word: %d", s)
		}
		if s := turn("sesame", `{"on":true}`); s != 200 {
			t.Errorf("the admin could not: %d", s)
		}
		for _, stream := range []bool{true, false} {
			g := r.ask(stream, "hello?")
			if model, text, _ := g.read(); g.kind() != Message || text != unavailable || model != "none" {
				t.Errorf("killed: %d %q %q %q", g.status, g.kind(), text, model)
			}
		}
		if calls := r.provider.lines(""); calls != "" {
			t.Errorf("the provider was called: %s", calls)
		}
		turn("sesame", `{"on":false}`)
		if g := r.ask(false, "hello?"); g.kind() != "" {
			t.Errorf("still degraded: %q", g.kind())
		}
	})
}

// TestCache: the same question of the same tenant is answered again, disclosed,
// and without the provider; another tenant's never; an old answer only when no
// model is left.
func TestCache(t *testing.T) {
	script := map[string][]string{}
	inVirtualTime(t, exact("resilient"), script, func(r *rig) {
		as := func(tenant string) func(*http.Request) {
			return func(req *http.Request) { req.Header.Set("Authorization", "Bearer key-"+tenant) }
		}
		steps := []struct {
			words, tenant, question, kind string
			stream                        bool
			calls                         int // to the chat models
		}{
			{"asked for the first time", "t1", "q", "", false, 1},
			{"asked again", "t1", "q", Cached, false, 0},
			{"asked again as a stream", "t1", "q", Cached, true, 0},
			{"asked by another tenant", "t2", "q", "", true, 1},
			{"another question", "t1", "r", "", false, 1},
		}
		before := 0
		for _, s := range steps {
			g := r.ask(s.stream, s.question, as(s.tenant))
			_, text, _ := g.read()
			after := strings.Count(r.provider.lines("gpt"), "gpt")
			if g.kind() != s.kind || after-before != s.calls || text != "hello from gpt-4o" {
				t.Errorf("%s: degraded %q, %d calls, %q", s.words, g.kind(), after-before, text)
			}
			before = after
		}
		time.Sleep(time.Hour) // past CacheFresh
		down := []string{"always", "503"}
		r.provider.mu.Lock()
		script["gpt-4o"], script["gpt-4o-mini"] = down, down
		r.provider.mu.Unlock()
		if g := r.ask(false, "q"); g.kind() != Cached {
			t.Errorf("an old answer was not used when all models were down: %q", g.kind())
		}
		if g := r.ask(false, "never asked"); g.kind() != Message {
			t.Errorf("degraded %q", g.kind())
		}
	})
}

// TestBadAnswersAreNotCached: neither a smaller model's answer nor one without
// documents is given again as if it were whole.
func TestBadAnswersAreNotCached(t *testing.T) {
	for _, script := range []map[string][]string{{"gpt-4o": {"401"}}, {"embed": {"400"}}, {"gpt-4o": {"wrong"}}} {
		inVirtualTime(t, exact("resilient"), script, func(r *rig) {
			if g := r.ask(false, "q"); g.kind() == "" {
				t.Fatal("not degraded")
			}
			if g := r.ask(false, "q"); g.kind() != "" {
				t.Errorf("degraded %q", g.kind())
			}
		})
	}
}

// TestBaggage: every provider call carries the caller's baggage, the caller's
// trace with a span of its own, and none of the caller's secrets.
func TestBaggage(t *testing.T) {
	const trace = "0123456789abcdef0123456789abcdef"
	inVirtualTime(t, exact("resilient"), map[string][]string{"gpt-4o": {"503"}}, func(r *rig) {
		r.ask(true, "q", func(req *http.Request) {
			req.Header.Set("x-chaos-request", "abc.spike.7.t1.120.ffff")
			req.Header.Set("x-chaos-request-hop", "1")
			req.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
			req.Header.Set("cookie", "secret")
		})
		spans := map[string]bool{}
		for i, h := range r.provider.heads {
			tp := h.Get("traceparent")
			if h.Get("x-chaos-request") != "abc.spike.7.t1.120.ffff" || h.Get("x-chaos-request-hop") != "1" || !strings.HasPrefix(tp, "00-"+trace+"-") || !validTraceparent(tp) {
				t.Errorf("call %d: %v", i, h)
			}
			if h.Get("cookie") != "" || strings.Contains(h.Get("authorization"), "key-t1") {
				t.Errorf("call %d leaks the caller's secrets: %v", i, h)
			}
			spans[tp] = true
		}
		if len(spans) != 5 {
			t.Errorf("%d spans in 5 calls", len(spans))
		}
	})
}

// TestClosed: a closed app refuses, and Close may be called twice.
func TestClosed(t *testing.T) {
	inVirtualTime(t, exact("resilient"), nil, func(r *rig) {
		r.app.Close()
		if g := r.ask(false, "q"); g.status != 503 {
			t.Errorf("status %d", g.status)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, cfg := range []Config{
		{Provider: "http://p/v1", Mode: "brave"},
		{Provider: ""},
		{Provider: "127.0.0.1:4010/v1"},
		{Provider: "ftp://p/v1"},
		{Provider: "http://p/v1", PoolSize: -1},
	} {
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "refapp: ") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, m := range Modes() {
		if m.Name == "" || m.Summary == "" || m.Policy == nil {
			t.Errorf("mode %+v lacks something", m)
		}
	}
}
