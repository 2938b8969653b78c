package mockmodel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// tries makes one call again and again until something else than want comes back
// or n calls were made, and returns how many got want, and the last record.
func (g *rig) tries(q ask, want, n int) (got int, last journal.Attempt) {
	for got < n {
		r := g.send(q)
		if last = g.last(); r.status != want {
			return got, last
		}
		got++
		<-time.After(time.Minute) // of virtual time
	}
	return got, last
}

// What no wait mends is refused for good, also where the dice of the single
// attempt would let it through; another model is another matter.
func TestWhatNoWaitMendsStaysRefused(t *testing.T) {
	for _, c := range []struct {
		fault, path, body string
		status            int
		lasts             bool
		hint              int64 // ns; -1: none
	}{
		{"poison_429", chatPath, chat("gpt-4o", ""), 429, true, journal.Never},
		{"quota_exhausted", chatPath, chat("gpt-4o", ""), 429, true, journal.Never},
		{"quota_exhausted", messagesPath, chat("gpt-4o", `,"max_tokens":9`), 429, true, journal.Never},
		{"quota_exhausted", geminiPath, geminiAsk(""), 429, true, int64(spentHint)},
		{"quota_exhausted", bedrockPath, bedrockAsk(""), 403, true, journal.Never},
		{"slow_down", chatPath, chat("gpt-4o", ""), 429, false, journal.Never},
	} {
		t.Run(c.fault+c.path, func(t *testing.T) {
			half := rule(t, c.fault, func(faults.Fault) {})
			half.Probability = ptr(faults.Share(0.5))
			virtual(t, Config{}, []faults.Rule{half}, func(g *rig) {
				q := ask{path: c.path, body: c.body, id: wire.ID{Phase: "spike", Index: 3, Tenant: "t1"}}
				_, first := g.tries(q, 200, 100)
				if first.Status != c.status || first.EarliestNs != journal.Never || first.RetryAfterNs != c.hint {
					t.Errorf("first refusal: %+v", first)
				}
				const most = 20
				got, _ := g.tries(q, c.status, most)
				if lasts := got == most; lasts != c.lasts {
					t.Errorf("after the first refusal %d of %d tries were refused", got, most)
				}
				if c.path != chatPath || !c.lasts {
					return
				}
				q.body = strings.Replace(q.body, "gpt-4o", "gpt-4o-mini", 1)
				if _, other := g.tries(q, c.status, 1); strings.Contains(states(other), "held") {
					t.Error("another model is held back too")
				}
			})
		})
	}
}

// A fault that a provider does not have does not strike there.
func TestFaultOfOneDialectLeavesOthersAlone(t *testing.T) {
	virtual(t, Config{}, []faults.Rule{plain(t, "slow_down")}, func(g *rig) {
		if r := g.send(ask{path: messagesPath, body: chat("gpt-4o", `,"max_tokens":9`)}); r.status != 200 || states(g.last()) != "" {
			t.Errorf("%d, rules %q", r.status, states(g.last()))
		}
	})
}

func TestSpentCredit(t *testing.T) {
	rules := []faults.Rule{rule(t, "quota_exhausted", func(f *faults.QuotaExhausted) { f.Code = "credit_balance_exhausted" })}
	for path, want := range map[string]string{
		chatPath:     `"type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"`,
		messagesPath: "Your credit balance is too low",
	} {
		virtual(t, Config{}, rules, func(g *rig) {
			if r := g.send(ask{path: path, body: chat("gpt-4o", `,"max_tokens":9`)}); !strings.Contains(r.body, want) {
				t.Errorf("%s: %s", path, r.body)
			}
		})
	}
}

// An account of Anthropic's goes on at midnight, UTC, where the next month begins.
func TestAnthropicsLimitsOnMoney(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, code, now, want string // status, type, and part of the message
	}{
		{"the cap of the tier", "insufficient_quota", "2026-08-14T10:00:00Z", "429 rate_limit_error set based on your organization's API tier. You will regain access on 2026-09-01 at 00:00 UTC."},
		{"the same, in another's name", "organization_usage_limit_exceeded", "2026-08-14T10:00:00Z", "429 rate_limit_error monthly API usage threshold"},
		{"a limit of its own, at the end of a year", "organization_spend_limit_exceeded", "2026-12-31T23:59:59Z", "400 invalid_request_error You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC."},
		{"a workspace's, where it is next month already, but not in UTC", "project_spend_limit_exceeded", "2026-02-01T01:00:00+02:00", "400 invalid_request_error specified workspace API usage limits. You will regain access on 2026-02-01"},
		{"without credit no day helps", "credit_balance_exhausted", "2026-08-14T10:00:00Z", "400 invalid_request_error Your credit balance is too low"},
	} {
		r := anthropicSpent(nil, c.code, at(c.now))
		status, rest, _ := strings.Cut(c.want, " ")
		name, part, _ := strings.Cut(rest, " ")
		if fmt.Sprint(r.status) != status || r.name() != name || !strings.Contains(r.message, part) || (r.details != "") != (r.status == 429) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
