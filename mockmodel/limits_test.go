package mockmodel

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// told is the wait that a refusal tells its caller, as the SDKs read it.
func told(t *testing.T, r reply) time.Duration {
	t.Helper()
	wait, _, ok := wire.ParseRetryAfter(r.header, time.Now())
	if !ok {
		t.Fatalf("no usable hint in %v", r.header)
	}
	return wait
}

// A caller that waits as long as it was told is let in at that instant. Hints
// are rounded up to what the provider tells, so that one is let in at the true
// instant too, and not 50 ms before it.
func TestNaturalLimitTellsTheTruth(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		limits           Limits
	}{
		{"openai requests", chatPath, chat("m", ""), Limits{RequestsPerMinute: 7}},
		{"openai tokens", chatPath, chat("m", `,"max_tokens":100`), Limits{TokensPerMinute: 333}},
		{"anthropic requests", messagesPath, chat("m", `,"max_tokens":100`), Limits{RequestsPerMinute: 6}},
		{"anthropic tokens", messagesPath, chat("m", `,"max_tokens":100`), Limits{TokensPerMinute: 6}},
		{"anthropic input", messagesPath, chat("m", `,"max_tokens":100`), Limits{InputTokensPerMinute: 50}},
		{"anthropic output", messagesPath, chat("m", `,"max_tokens":100`), Limits{OutputTokensPerMinute: 2}},
		{"openai requests a day", chatPath, chat("m", ""), Limits{RequestsPerDay: 17}},
		{"rerank", "/v1/rerank", `{"model":"m","query":"x","documents":["y"]}`, Limits{RequestsPerMinute: 5}},
		{"rerank tokens", "/v1/rerank", `{"model":"m","query":"x","documents":["y"]}`, Limits{RequestsPerMinute: 900, TokensPerMinute: 6}},
		{"search", "/v1/search", `{"model":"m","query":"x"}`, Limits{RequestsPerMinute: 11}},
	} {
		m := instant("m", 0)
		m.OutputTokens = 1
		m.Limits = c.limits
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			let := 0
			var r reply
			for r = g.send(ask{path: c.path, body: c.body}); r.status == 200; r = g.send(ask{path: c.path, body: c.body}) {
				if let++; let > 100 {
					t.Fatalf("%s: never limited", c.name)
				}
				<-g.done
			}
			rec := g.last()
			wait := told(t, r)
			if r.status != 429 || rec.Cause != journal.CauseLimit || !strings.HasSuffix(rec.QuotaKey, "/m") || rec.RetryAfterNs != int64(wait) || rec.HintRaw == "" {
				t.Fatalf("%s: %d, %v, %+v", c.name, r.status, wait, rec)
			}
			if c.name == "rerank tokens" && !strings.Contains(r.body, "limited to 6 tokens / minute") {
				t.Errorf("%s: %s", c.name, r.body)
			}
			if early := rec.EarliestNs - rec.ArrivedNs; early > int64(wait) || early <= 0 || int64(wait)-early > int64(time.Second) {
				t.Errorf("%s: told %v, the truth is %v", c.name, wait, time.Duration(early))
			}
			hint := g.elapsed() + wait
			<-time.After(time.Duration(rec.EarliestNs) - 50*time.Millisecond - g.elapsed())
			if early := g.send(ask{path: c.path, body: c.body}); early.status != 429 {
				t.Errorf("%s: let in 50 ms before the limit was over", c.name)
			}
			<-time.After(hint - g.elapsed())
			if r := g.send(ask{path: c.path, body: c.body}); r.status != 200 {
				t.Errorf("%s: refused when the hint of %v had run out: %s", c.name, wait, r.body)
			}
		})
	}
}

// The headers count down with the bucket, on success too, and say when it is full.
func TestLimitHeadersOnSuccess(t *testing.T) {
	m := instant("m", 1)
	m.Limits = Limits{RequestsPerMinute: 60, TokensPerMinute: 600}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for i := range 3 {
			r := g.send(ask{path: chatPath, body: chat("m", `,"max_tokens":50`)})
			for name, want := range map[string]string{
				"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": strconv.Itoa(59 - i), "x-ratelimit-reset-requests": fmt.Sprintf("%ds", i+1),
				"x-ratelimit-limit-tokens": "600", "x-ratelimit-remaining-tokens": strconv.Itoa(550 - 50*i), "x-ratelimit-reset-tokens": fmt.Sprintf("%ds", 5*(i+1)),
			} {
				if got := r.header.Get(name); got != want {
					t.Errorf("call %d: %s: %s, want %s", i+1, name, got, want)
				}
			}
			if rec := g.last(); rec.LimitRemaining != int64(59-i) || rec.QuotaKey != "openai/m" {
				t.Errorf("record: %+v", rec)
			}
		}
	})
}

// Whatever becomes of a call, it is on the quota of its model: else a retry
// that hangs would look like one at another quota.
func TestEveryCallHasItsQuota(t *testing.T) {
	m := instant("m", 1)
	m.Limits = Limits{RequestsPerMinute: 1}
	for _, c := range []struct{ name, body, fault, want string }{
		{"an answer", chat("m", ""), "", "openai/m"},
		{"an error", chat("m", ""), "http_500", "openai/m"},
		{"a dead connection", chat("m", ""), "conn_reset_pre", "openai/m"},
		{"an invalid call", chat("m", `,"max_tokens":0`), "", "openai/m"},
		{"a model without limits", chat("n", ""), "", ""},
	} {
		var rules []faults.Rule
		if c.fault != "" {
			rules = append(rules, plain(t, c.fault))
		}
		virtual(t, Config{Models: []Model{m, instant("n", 1)}}, rules, func(g *rig) {
			g.send(ask{path: chatPath, body: c.body})
			if rec := g.last(); rec.QuotaKey != c.want {
				t.Errorf("%s: quota key %q, want %q", c.name, rec.QuotaKey, c.want)
			}
		})
	}
}

// A call that needs more tokens than the bucket holds can never succeed: no hint.
func TestPoisonedCall(t *testing.T) {
	m := instant("m", 1)
	m.Limits = Limits{TokensPerMinute: 100}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		r := g.send(ask{path: chatPath, body: chat("m", `,"max_tokens":101`)})
		if r.status != 429 || r.header.Get("Retry-After") != "" || !strings.Contains(r.body, "Request too large for m") {
			t.Errorf("%d %v %s", r.status, r.header, r.body)
		}
		if rec := g.last(); rec.EarliestNs != journal.Never || rec.RetryAfterNs != journal.Never || rec.Code != "rate_limit_exceeded" {
			t.Errorf("%+v", rec)
		}
	})
}

// Slots are given in order of arrival; who does not fit into the queue is
// refused at once in the provider's words.
func TestSlotsAndQueue(t *testing.T) {
	m := model("m", time.Second, 0, 1)
	m.Slots, m.Queue = 2, ptr(3)
	for _, c := range []struct {
		path, code string
		status     int
	}{{chatPath, "server_is_overloaded", 503}, {messagesPath, "overloaded_error", 529}} {
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			got := make([]reply, 7)
			for i := range got {
				go func() {
					got[i] = g.send(ask{path: c.path, body: chat("m", fmt.Sprintf(`,"max_tokens":9,"seed":%d`, i))})
				}()
				synctest.Wait()
			}
			for range got {
				<-g.done
			}
			synctest.Wait()
			for i, want := range []time.Duration{1, 1, 2, 2, 3, 0, 0} {
				status := 200
				if want == 0 {
					status = c.status
				}
				if got[i].at != want*time.Second || got[i].status != status {
					t.Errorf("%s: call %d: %d at %v, want %d at %v", c.path, i+1, got[i].status, got[i].at, status, want*time.Second)
				}
			}
			for _, rec := range g.recs {
				if rec.Status != 200 && (rec.Cause != journal.CauseCapacity || rec.Code != c.code || rec.AdmittedNs != journal.Never) {
					t.Errorf("refused: %+v", rec)
				}
				if rec.Status == 200 && rec.QueueNs != rec.AdmittedNs {
					t.Errorf("queue %d, admitted at %d", rec.QueueNs, rec.AdmittedNs)
				}
			}
		})
	}
}

// A slot that comes at the very instant at which its caller leaves is handed on.
func TestSlotForALeaver(t *testing.T) {
	m := model("m", 0, 0, 1)
	m.Slots, m.Queue = 1, ptr(1)
	s := newStation(m.withDefaults())
	s.enter(0)
	_, w := s.enter(0)
	s.leave(1) // gives the slot to w, whose caller is leaving
	left := work{st: s, waiter: w}
	left.leave(1)
	if n := s.inFlight(); n != 0 {
		t.Errorf("%d slots lost", n)
	}
}

// Who leaves the queue frees its place, and never gets a slot.
func TestLeavingTheQueue(t *testing.T) {
	m := model("m", time.Second, 0, 1)
	m.Slots, m.Queue = 1, ptr(2)
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		go g.send(ask{path: chatPath, body: chat("m", "")})
		synctest.Wait()
		ctx, leave := context.WithCancel(context.Background())
		go g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", `,"seed":2`)}))
		synctest.Wait()
		third := make(chan reply, 1)
		go func() { third <- g.send(ask{path: chatPath, body: chat("m", `,"seed":3`)}) }()
		synctest.Wait()
		<-time.After(400 * time.Millisecond)
		leave()
		rec := g.last()
		if rec.End != journal.AttemptPeerClosed || rec.PeerClosedNs != int64(400*time.Millisecond) || rec.QueueNs != rec.PeerClosedNs || rec.Status != 0 || rec.AdmittedNs != journal.Never {
			t.Errorf("who left: %+v", rec)
		}
		if r := <-third; r.at != 2*time.Second {
			t.Errorf("the next one was served at %v", r.at)
		}
		if n := g.s.endpoints[0].station("m").inFlight(); n != 0 {
			t.Errorf("%d slots lost", n)
		}
	})
}

// An honest injected limit: a retry of the step before the hint has run out is
// limited again and told what is left; when it has run out, the step has dice
// of its own again.
func TestHonestRateLimit(t *testing.T) {
	first := rule(t, "rate_limit", func(f *faults.RateLimit) { f.RetryAfter = faults.Hint{Kind: faults.HintSeconds, For: 2 * time.Second} })
	first.Match.Attempt = 0
	half := faults.Share(0.5)
	first.Probability = &half
	first.Per = faults.PerAttempt
	virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{first}, func(g *rig) {
		// Find a step whose first attempt is chosen and whose next three are not.
		var q ask
		for i := range int64(1000) {
			q = ask{path: chatPath, body: chat("m", ""), id: wire.ID{Phase: "warm", Index: i, Tenant: "t1", OutputTokens: 1}}
			if chosen(g, q, 4) == "1000" {
				break
			}
		}
		r := g.send(q)
		if rec := g.last(); r.status != 429 || told(t, r) != 2*time.Second || rec.EarliestNs != int64(2*time.Second) || states(rec) != "rate_limit:injected(status)" {
			t.Fatalf("first: %d %+v", r.status, rec)
		}
		<-time.After(500 * time.Millisecond)
		r = g.send(q)
		if rec := g.last(); r.status != 429 || told(t, r) != 1500*time.Millisecond || r.header.Get("Retry-After") != "2" || states(rec) != "rate_limit:held(status)" || rec.Ordinal != 2 || rec.EarliestNs != int64(2*time.Second) {
			t.Errorf("too early: %d %v %+v", r.status, r.header, rec)
		}
		<-time.After(1500*time.Millisecond - 1)
		if r = g.send(q); r.status != 429 || told(t, r) != time.Millisecond {
			t.Errorf("1 ns too early: %d %v", r.status, r.header)
		}
		<-g.done
		<-time.After(1)
		r = g.send(q)
		if rec := g.last(); r.status != 200 || states(rec) != "rate_limit:passed" || rec.Ordinal != 4 {
			t.Errorf("on time: %d %s", r.status, states(rec))
		}
		// Another step of the same request was never held.
		q.body = chat("m", `,"seed":1`)
		if r := g.send(q); r.status == 429 && states(g.last()) == "rate_limit:held" {
			t.Error("a limit holds the retries of its step only")
		}
	})
}

// chosen says, as zeros and ones, which of the first n attempts of a step the
// rules choose, without making them.
func chosen(g *rig, q ask, n int) string {
	out := ""
	for i := range n {
		c := faults.Call{
			Phase: q.id.Phase, Index: q.id.Index, HasKey: true, Tenant: q.id.Tenant, Model: "m", Dialect: "openai", Kind: "chat",
			StepHash: stepHash("chat", doc(q.body)), Ordinal: i + 1,
		}
		if g.s.faults.Load().Decide(c).Effect.Slots() != 0 {
			out += "1"
		} else {
			out += "0"
		}
	}
	return out
}

// Providers limit each model on its own: a limit does not hold back a fallback
// to another model, and that one's dice do not lift it.
func TestHonestRateLimitIsTheModels(t *testing.T) {
	half := faults.Share(0.5)
	limit := plain(t, "rate_limit", func(r *faults.Rule) { r.Probability = &half })
	virtual(t, Config{Models: []Model{instant("m", 1), instant("small", 1)}}, []faults.Rule{limit}, func(g *rig) {
		q := ask{path: chatPath, body: chat("m", ""), id: wire.ID{Phase: "warm", Tenant: "t1", OutputTokens: 1}}
		for chosen(g, q, 4) != "1000" {
			q.id.Index++
		}
		for i, c := range []struct{ model, state string }{
			{"m", "rate_limit:injected(status)"}, {"small", "rate_limit:passed"}, {"m", "rate_limit:held(status)"}, {"small", "rate_limit:passed"},
		} {
			q.body = chat(c.model, "")
			g.send(q)
			if rec := g.last(); states(rec) != c.state || rec.Ordinal != i+1 {
				t.Errorf("attempt %d, at %s: %s, ordinal %d", i+1, c.model, states(rec), rec.Ordinal)
			}
		}
	})
}

// A limit that ran out while its answer was delayed is given anew, and holds.
func TestDelayedRateLimitIsHonest(t *testing.T) {
	slow := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 3 * time.Second })
	virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{plain(t, "rate_limit"), slow}, func(g *rig) {
		for i, c := range []struct{ sent, earliest time.Duration }{{0, 5 * time.Second}, {4 * time.Second, 9 * time.Second}, {8 * time.Second, 13 * time.Second}} {
			<-time.After(c.sent - g.elapsed())
			r := g.send(ask{path: chatPath, body: chat("m", "")})
			if rec := g.last(); told(t, r) != 2*time.Second || rec.EarliestNs != int64(c.earliest) {
				t.Errorf("attempt %d: told %v, free at %v, want %v", i+1, told(t, r), time.Duration(rec.EarliestNs), c.earliest)
			}
		}
	})
}

func TestHints(t *testing.T) {
	seconds := func(d time.Duration) faults.Hint { return faults.Hint{Kind: faults.HintSeconds, For: d} }
	for _, c := range []struct {
		name    string
		set     func(*faults.RateLimit)
		after   string // header
		ms      string
		wait    int64 // recorded
		earlier int64 // EarliestNs
	}{
		{"2s", func(f *faults.RateLimit) {}, "2", "2000", int64(2 * time.Second), int64(2 * time.Second)},
		{"1.5s", func(f *faults.RateLimit) { f.RetryAfter = seconds(1500 * time.Millisecond) }, "1.5", "1500", int64(1500 * time.Millisecond), int64(1500 * time.Millisecond)},
		{"-1s", func(f *faults.RateLimit) { f.RetryAfter = seconds(-time.Second) }, "-1", "-1000", -1, -1},
		{"soon", func(f *faults.RateLimit) { f.RetryAfter = faults.Hint{Kind: faults.HintText} }, "soon", "", -1, -1},
		{"none", func(f *faults.RateLimit) { f.RetryAfter = faults.Hint{} }, "", "", -1, -1},
		{"no ms", func(f *faults.RateLimit) { f.RetryAfterMS = ptr(false) }, "2", "", int64(2 * time.Second), int64(2 * time.Second)},
		{"dishonest", func(f *faults.RateLimit) { f.Honest = false }, "2", "2000", int64(2 * time.Second), -1},
		{"a lie", func(f *faults.RateLimit) { f.Lie = 3 * time.Second }, "2", "2000", int64(2 * time.Second), int64(5 * time.Second)},
		{"date", func(f *faults.RateLimit) { f.RetryAfter = faults.Hint{Kind: faults.HintDate, For: 2 * time.Second} }, "Sat, 01 Jan 2000 00:00:02 GMT", "", int64(2 * time.Second), int64(2 * time.Second)},
	} {
		virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{rule(t, "rate_limit", c.set)}, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", "")})
			rec := g.last()
			if r.header.Get("Retry-After") != c.after || r.header.Get("Retry-After-Ms") != c.ms || rec.HintRaw != c.after || rec.RetryAfterNs != c.wait || rec.EarliestNs != c.earlier {
				t.Errorf("%s: retry-after %q, ms %q, recorded %q %d, earliest %d", c.name, r.header.Get("Retry-After"), r.header.Get("Retry-After-Ms"), rec.HintRaw, rec.RetryAfterNs, rec.EarliestNs)
			}
		})
	}
}

// A limit that lies repeats its hint until it really ends.
func TestLyingRateLimit(t *testing.T) {
	lie := rule(t, "rate_limit", func(f *faults.RateLimit) { f.Lie = 3 * time.Second }, func(r *faults.Rule) { r.Match.Attempt = 0 })
	half := faults.Share(0.5)
	lie.Probability = &half
	virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{lie}, func(g *rig) {
		var q ask
		for i := range int64(1000) {
			q = ask{path: chatPath, body: chat("m", ""), id: wire.ID{Phase: "warm", Index: i, Tenant: "t1", OutputTokens: 1}}
			if chosen(g, q, 4) == "1000" {
				break
			}
		}
		for i, want := range []int{429, 429, 429, 200} { // at 0, 2, 4 and 6 s: the limit lasts 5 s
			r := g.send(q)
			if r.status != want || want == 429 && told(t, r) != 2*time.Second {
				t.Errorf("attempt %d: %d %v", i+1, r.status, r.header)
			}
			<-time.After(2 * time.Second)
		}
	})
}

// SetFaults replaces the rules and what they promised.
func TestSetFaults(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{plain(t, "rate_limit")}, func(g *rig) {
		q := ask{path: chatPath, body: chat("m", "")}
		for i, want := range []int{http.StatusTooManyRequests, http.StatusOK} {
			if r := g.send(q); r.status != want {
				t.Errorf("call %d: %d", i+1, r.status)
			}
			g.s.SetFaults(nil)
		}
	})
}
