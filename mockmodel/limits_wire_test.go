package mockmodel

import (
	"fmt"
	"testing"

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
