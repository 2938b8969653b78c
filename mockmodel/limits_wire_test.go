package mockmodel

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// Failed calls count at OpenAI, and nowhere else: an injected error and a call
// that is refused as invalid each take a request of the minute.
func TestFailedCallsCount(t *testing.T) {
	m := instant("m", 1)
	m.Limits = Limits{RequestsPerMinute: 60}
	for _, c := range []struct {
		path, header string
		left         []string // told with the error and with the next answer
	}{
		{chatPath, "X-Ratelimit-Remaining-Requests", []string{"59", "57"}},
		{messagesPath, "Anthropic-Ratelimit-Requests-Remaining", []string{"60", "59"}},
	} {
		virtual(t, Config{Models: []Model{m}}, []faults.Rule{plain(t, "http_500")}, func(g *rig) {
			r := g.send(ask{path: c.path, body: chat("m", `,"max_tokens":5`)})
			if got := r.header.Get(c.header); r.status != 500 || got != c.left[0] {
				t.Errorf("%s: %d with %s left, want %s", c.path, r.status, got, c.left[0])
			}
			g.s.SetFaults(nil)
			if r := g.send(ask{path: c.path, body: chat("m", `,"max_tokens":"five"`)}); r.status != 400 {
				t.Errorf("%s: %d", c.path, r.status)
			}
			r = g.send(ask{path: c.path, body: chat("m", `,"max_tokens":5`)})
			if got := r.header.Get(c.header); r.status != 200 || got != c.left[1] {
				t.Errorf("%s: %d with %s left, want %s", c.path, r.status, got, c.left[1])
			}
		})
	}
}

// An account without credit is refused in the words of the provider, and no
// wait is told, as none helps.
func TestCreditRunsOut(t *testing.T) {
	m := instant("m", 10)
	m.Price = Price{Input: 0, Output: 1} // 10 tokens are 10,000 nano-USD
	m.Limits = Limits{CreditUSD: 0.00002}
	for _, c := range []struct {
		path, code string
		status     int
	}{{chatPath, "credit_balance_exhausted", 429}, {messagesPath, "invalid_request_error", 400}} {
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			for i, want := range []int{200, 200, c.status, c.status} {
				r := g.send(ask{path: c.path, body: chat("m", `,"max_tokens":10`)})
				rec := g.last()
				if r.status != want {
					t.Errorf("%s: call %d: %d %s", c.path, i+1, r.status, r.body)
				}
				if want != 200 && (rec.Code != c.code || rec.Cause != journal.CauseLimit || rec.EarliestNs != journal.Never || r.header.Get("Retry-After") != "") {
					t.Errorf("%s: %v %+v", c.path, r.header, rec)
				}
			}
		})
	}
}

// The same model at two providers is two quotas.
func TestProvidersHaveQuotasOfTheirOwn(t *testing.T) {
	m := instant("m", 1)
	m.Limits = Limits{RequestsPerMinute: 1}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for _, c := range []struct {
			path, quota string
			status      int
		}{{chatPath, "openai/m", 200}, {chatPath, "openai/m", 429}, {messagesPath, "anthropic/m", 200}, {messagesPath, "anthropic/m", 429}} {
			r := g.send(ask{path: c.path, body: chat("m", `,"max_tokens":5`)})
			if rec := g.last(); r.status != c.status || rec.QuotaKey != c.quota {
				t.Errorf("%s: %d on %s, want %d", c.path, r.status, rec.QuotaKey, c.status)
			}
		}
	})
}

// What an answer has said is taken from the bucket of output when it ends, and
// the headers tell input, output and the sum of them.
func TestInputAndOutputAreTold(t *testing.T) {
	m := instant("m", 30)
	m.Limits = Limits{InputTokensPerMinute: 600, OutputTokensPerMinute: 60}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for i := range 2 {
			r := g.send(ask{path: messagesPath, body: chat("m", `,"max_tokens":50`)})
			rec := g.last()
			input, output := 600-(i+1)*rec.TokensIn, 60-30*i
			for name, want := range map[string]int{"Input-Tokens": input, "Output-Tokens": output, "Tokens": input + output} {
				if got := r.header.Get("Anthropic-Ratelimit-" + name + "-Remaining"); got != fmt.Sprint(want) {
					t.Errorf("call %d: %s left of %s, want %d", i+1, got, name, want)
				}
			}
		}
		if r := g.send(ask{path: messagesPath, body: chat("m", `,"max_tokens":1`)}); r.status != 429 || r.header.Get("Retry-After") != "1" {
			t.Errorf("no output is left: %d %v", r.status, r.header)
		}
	})
}

// What the prefix cache held is given back to the bucket of input.
func TestCachedInputIsGivenBack(t *testing.T) {
	m := instant("m", 1)
	m.PrefixCache = 10_000
	m.Limits = Limits{InputTokensPerMinute: 5000}
	long := fmt.Sprintf(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":%q}]}`, strings.Repeat("How do I return an item? ", 60))
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		left := 5000
		for i := range 3 {
			r := g.send(ask{path: messagesPath, body: long})
			rec := g.last()
			if got, want := r.header.Get("Anthropic-Ratelimit-Input-Tokens-Remaining"), fmt.Sprint(left-rec.TokensIn); got != want {
				t.Errorf("call %d: %s left, want %s", i+1, got, want)
			}
			if (rec.TokensCached > 100) != (i > 0) {
				t.Errorf("call %d: %d of %d tokens from the cache", i+1, rec.TokensCached, rec.TokensIn)
			}
			left += rec.TokensCached - rec.TokensIn
		}
	})
}

// toldInBody is the wait of a RetryInfo in the details of an error; -1: none.
func toldInBody(t *testing.T, body string) time.Duration {
	t.Helper()
	var e struct {
		Error struct{ Details []struct{ RetryDelay string } }
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	for _, d := range e.Error.Details {
		if d.RetryDelay != "" {
			wait, err := time.ParseDuration(d.RetryDelay)
			if err != nil {
				t.Fatal(err)
			}
			return wait
		}
	}
	return -1
}

// Over the wire, for the families whose hints are not OpenAI's: who waits
// exactly as long as it was told, or as is on record where nothing is told, is
// let in at that instant and not 50 ms before it. An injected limit tells its
// hint in the same place.
func TestWaitsOfFamiliesOverTheWire(t *testing.T) {
	const (
		azure  = "/openai/deployments/m/chat/completions?api-version=2024-10-21"
		google = "/v1beta/models/m:generateContent"
		amazon = "" // a dialect that is not there yet: OpenAI's, with the limits of Bedrock
	)
	bedrock := openAI
	bedrock.twin, bedrock.hintMS, bedrock.limited, bedrock.quota = &twinBedrock, false, bedrockLimited, bedrockQuota
	for _, c := range []struct {
		name   string
		path   string
		limits Limits
		begin  time.Duration // of the first call
		header bool          // the hint is a header
		body   bool          // the hint is in the body
		words  string
	}{
		{"azure, a second", azure, Limits{RequestsPerMinute: 300}, 250 * time.Millisecond, true, false, "Please retry after 1 seconds."},
		{"azure, ten seconds", azure, Limits{RequestsPerMinute: 6}, 1700 * time.Millisecond, true, false, "Please retry after 9 seconds."},
		{"azure, a minute", azure, Limits{TokensPerMinute: 40}, 250 * time.Millisecond, true, false, "Please retry after 60 seconds."},
		{"gemini, a minute", google, Limits{RequestsPerMinute: 3}, 12345678 * time.Microsecond, false, true, "Please retry in 47.654322s."},
		{"gemini, a day", google, Limits{RequestsPerDay: 3}, time.Second, false, true, "Please retry in 86399s."},
		{"bedrock, requests", amazon, Limits{RequestsPerMinute: 7}, time.Second, false, false, "Too many requests, please wait"},
		{"bedrock, tokens", amazon, Limits{TokensPerMinute: 100}, time.Second, false, false, "Too many tokens, please wait"},
	} {
		m := instant("m", 5)
		m.Limits = c.limits
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			q := ask{path: c.path, body: chat("m", `,"max_tokens":20`)}
			switch c.path {
			case google:
				q.body = `{"contents":[{"role":"user","parts":[{"text":"How do I return an item?"}]}]}`
			case amazon:
				g.s.endpoints[0].routes = []route{{"POST", chatPath, "chat", &bedrock, readOpenAIChat}}
				q.path = chatPath
			}
			<-time.After(c.begin)
			let := 0
			r := g.send(q)
			for ; r.status == 200 && let < 100; let++ {
				<-g.done
				r = g.send(q)
			}
			rec := g.last()
			if let == 0 || r.status != 429 || !strings.Contains(r.body, c.words) || (r.header.Get("Retry-After") != "") != c.header || (toldInBody(t, r.body) >= 0) != c.body {
				t.Fatalf("%s: %d were let in, then %d %v %s", c.name, let, r.status, r.header, r.body)
			}
			wait := time.Duration(rec.EarliestNs - rec.ArrivedNs)
			switch {
			case c.header:
				wait = told(t, r)
			case c.body:
				wait = toldInBody(t, r.body)
			}
			if said := c.header || c.body; (rec.RetryAfterNs == int64(wait)) != said || (rec.HintRaw != "") != said || wait != time.Duration(rec.EarliestNs-rec.ArrivedNs) {
				t.Errorf("%s: told %v, on record %q %d, free at %d", c.name, wait, rec.HintRaw, rec.RetryAfterNs, rec.EarliestNs)
			}
			until := g.elapsed() + wait
			<-time.After(until - 50*time.Millisecond - g.elapsed())
			if r := g.send(q); r.status != 429 {
				t.Errorf("%s: let in 50 ms early", c.name)
			}
			<-time.After(until - g.elapsed())
			if r := g.send(q); r.status != 200 {
				t.Errorf("%s: refused when the wait of %v was over: %s", c.name, wait, r.body)
			}
			schedule, problems := faults.NewSchedule(42, []faults.Rule{plain(t, "rate_limit")}, nil, nil)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			synctest.Wait() // the record of the last call may still be on its way
			for len(g.done) > 0 {
				<-g.done
			}
			g.s.SetFaults(schedule)
			r = g.send(q)
			rec = g.last()
			if where := r.header.Get("Retry-After"); r.status != 429 || rec.RetryAfterNs != int64(2*time.Second) || (where == "2") == c.body || c.body && toldInBody(t, r.body) != 2*time.Second {
				t.Errorf("%s: injected: %d %v %s, on record %q %d", c.name, r.status, r.header, r.body, rec.HintRaw, rec.RetryAfterNs)
			}
		})
	}
}
