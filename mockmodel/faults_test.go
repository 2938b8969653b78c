package mockmodel

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// each runs f over memory in virtual time and over a real socket: what a
// caller sees of a dying connection must be the same.
func each(t *testing.T, c Config, rules []faults.Rule, f func(t *testing.T, g *rig)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { virtual(t, c, rules, func(g *rig) { f(t, g) }) })
	t.Run("socket", func(t *testing.T) { onSocket(t, c, rules, func(g *rig) { f(t, g) }) })
}

func TestResetBeforeAnyByte(t *testing.T) {
	each(t, Config{}, []faults.Rule{plain(t, "conn_reset_pre")}, func(t *testing.T, g *rig) {
		r := g.send(ask{path: chatPath, body: chat("m", "")})
		if !errors.Is(r.err, syscall.ECONNRESET) {
			t.Errorf("caller saw %d, %v", r.status, r.err)
		}
		rec := g.last()
		if rec.End != journal.AttemptReset || rec.Status != 0 || rec.Cause != journal.CauseFault || states(rec) != "conn_reset_pre:injected(connection)" || rec.BodyNs == journal.Never || rec.PeerClosedNs != journal.Never {
			t.Errorf("%+v", rec)
		}
	})
}

func TestResetInTheMiddle(t *testing.T) {
	rules := []faults.Rule{rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(3) })}
	for _, more := range []string{"", streamed} {
		each(t, Config{Models: []Model{instant("m", 40)}}, rules, func(t *testing.T, g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", more)})
			if !errors.Is(r.err, syscall.ECONNRESET) || r.status != 200 {
				t.Errorf("caller saw %d, %v", r.status, r.err)
			}
			if more != "" {
				if n := len(contents(strings.Split(r.body, "\n\n"), make([]time.Duration, 100))); n != 2 || strings.Contains(r.body, "finish_reason\":\"") {
					t.Errorf("%d frames of text: %s", n, r.body)
				}
			} else if strings.HasSuffix(r.body, "}") || !strings.Contains(r.body, `"content":"qzx`) {
				t.Errorf("body: %s", r.body)
			}
			if rec := g.last(); rec.End != journal.AttemptReset || rec.Status != 200 || states(rec) != "conn_reset_mid:injected(ending@3)" {
				t.Errorf("%+v", rec)
			}
		})
	}
}

// Positions: where an answer is cut, and which cuts miss because the answer is
// over before.
func TestPositions(t *testing.T) {
	const tokens = 5
	healthy := map[string]reply{}
	config := Config{Models: []Model{instant("gpt-4o", tokens)}}
	bodyOf := func(path, more string) string {
		if path == messagesPath {
			more += `,"max_tokens":100`
		}
		return chat("gpt-4o", more)
	}
	id := wire.ID{Phase: "warm", Index: 1, Tenant: "t1", OutputTokens: tokens}
	for _, path := range []string{chatPath, messagesPath} {
		virtual(t, config, nil, func(g *rig) { healthy[path] = g.send(ask{path: path, body: bodyOf(path, streamed), id: id}) })
	}
	for _, path := range []string{chatPath, messagesPath} {
		whole := healthy[path].body
		events := strings.SplitAfter(whole, "\n\n")
		events = events[:len(events)-1]
		for _, c := range []struct {
			unit string
			n    int
			want string // the body; "whole" is a miss
		}{
			{"events", 0, ""}, {"events", 1, events[0]}, {"events", 4, strings.Join(events[:4], "")},
			{"events", len(events) - 1, strings.Join(events[:len(events)-1], "")}, {"events", len(events), "whole"}, {"events", 1000, "whole"},
			{"bytes", 0, ""}, {"bytes", 1, whole[:1]}, {"bytes", 700, whole[:700]}, {"bytes", len(whole) - 1, whole[:len(whole)-1]}, {"bytes", len(whole), "whole"},
			{"tokens", tokens + 1, "whole"},
		} {
			cut := func(f *faults.Cut) {
				switch c.unit {
				case "events":
					f.AfterEvents = &c.n
				case "bytes":
					f.AfterBytes = &c.n
				default:
					f.AfterTokens = &c.n
				}
			}
			for _, fault := range []string{"eof_no_done", "conn_reset_mid"} {
				virtual(t, config, []faults.Rule{rule(t, fault, cut)}, func(g *rig) {
					r := g.send(ask{path: path, body: bodyOf(path, streamed), id: id})
					rec := g.last()
					want, state := c.want, fmt.Sprintf("%s:injected(ending@%d)", fault, c.n)
					if want == "whole" {
						want, state = whole, fault+":missed(ending)"
					}
					if r.body != want || states(rec) != state {
						t.Errorf("%s %s %s %d: %s; got %d bytes, want %d", path, fault, c.unit, c.n, states(rec), len(r.body), len(want))
					}
					if clean := r.err == nil; clean != (fault == "eof_no_done" || c.want == "whole") {
						t.Errorf("%s %s %s %d: caller saw %v", path, fault, c.unit, c.n, r.err)
					}
				})
			}
		}
	}
}

// An error inside a stream stands behind a whole frame, wherever it is asked for.
func TestInStreamErrorStandsBehindAFrame(t *testing.T) {
	for _, n := range []int{0, 1, 300, 600} {
		for _, kind := range []string{"overloaded", "server_error", "rate_limit"} {
			virtual(t, Config{Models: []Model{instant("m", 5)}}, []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterBytes, f.Type = &n, kind })}, func(g *rig) {
				r := g.send(ask{path: chatPath, body: chat("m", streamed)})
				frames := strings.Split(strings.TrimSuffix(r.body, "\n\n"), "\n\n")
				for i, f := range frames {
					data, _ := strings.CutPrefix(f, "data: ")
					isError := strings.HasPrefix(data, `{"error":{"message":"`)
					if !valid([]byte(data)) || isError != (i == len(frames)-1) {
						t.Errorf("after %d bytes, %s: frame %d is %s", n, kind, i, f)
					}
				}
				if rec := g.last(); rec.End != journal.AttemptInStreamError || rec.Status != 200 || rec.Code == "" || r.err != nil {
					t.Errorf("%+v %v", rec, r.err)
				}
			})
		}
	}
}

// All rules of a plan that has as many as it may are on record: one that is
// left out would look as if it had never been eligible.
func TestEveryRuleIsOnRecord(t *testing.T) {
	var rules []faults.Rule
	for i := range faults.RulesMax {
		rules = append(rules, plain(t, "empty_200", func(r *faults.Rule) { r.Name = fmt.Sprintf("r%d", i) }))
	}
	virtual(t, Config{Models: []Model{instant("m", 1)}}, rules, func(g *rig) {
		g.send(ask{path: chatPath, body: chat("m", "")})
		if n := len(g.last().Rules); n != faults.RulesMax || n > journal.RulesMax {
			t.Errorf("%d rules on record, the plan has %d and a record room for %d", n, faults.RulesMax, journal.RulesMax)
		}
	})
}

// What hides what: connection over all, validation over status, status over
// the answer, limits over the answer.
func TestOrderAtTheProvider(t *testing.T) {
	m := instant("m", 5)
	m.Limits = Limits{RequestsPerMinute: 1}
	c := Config{Models: []Model{m, instant("free", 5)}}
	all := []faults.Rule{
		plain(t, "eof_no_done"), plain(t, "empty_200"),
		rule(t, "trickle", func(f *faults.Trickle) { f.Interval = time.Second }),
		plain(t, "http_500", func(r *faults.Rule) { r.Match.Attempt = 1 }),
		plain(t, "conn_reset_pre", func(r *faults.Rule) { r.Match.Tenant = "t2" }),
	}
	body := func(model string) string { return chat(model, streamed) }
	for _, x := range []struct {
		name, body, tenant string
		calls              int
		want               string // states of the last call
		cause              journal.Cause
	}{
		{"connection masks all", body("free"), "t2", 1, "eof_no_done:masked(ending) empty_200:masked(mutation) trickle:masked(pace) http_500:masked(status) conn_reset_pre:injected(connection)", journal.CauseFault},
		{"a status masks the answer", body("free"), "t1", 1, "eof_no_done:masked(ending) empty_200:masked(mutation) trickle:masked(pace) http_500:injected(status)", journal.CauseFault},
		{"a 400 of our own hides a status", `{"model":"free"}`, "t1", 1, "http_500:masked(status) empty_200:masked(mutation) trickle:masked(pace)", journal.CauseValidation},
		{"an empty answer is too short to be cut", body("free"), "t1", 2, "eof_no_done:missed(ending) empty_200:injected(mutation) trickle:missed(pace)", journal.CauseFault},
		{"a limit hides the answer", body("m"), "t1", 3, "eof_no_done:masked(ending) empty_200:masked(mutation) trickle:masked(pace)", journal.CauseLimit},
	} {
		virtual(t, c, all, func(g *rig) {
			var rec journal.Attempt
			for range x.calls {
				g.send(ask{path: chatPath, body: x.body, id: wire.ID{Phase: "warm", Index: 1, Tenant: x.tenant, OutputTokens: 20}})
				rec = g.last()
			}
			got := strings.Fields(states(rec))
			want := strings.Fields(x.want)
			if len(got) != len(want) || rec.Cause != x.cause {
				t.Errorf("%s: %s, cause %s", x.name, states(rec), rec.Cause)
				return
			}
			for _, w := range want {
				if !strings.Contains(states(rec), w) {
					t.Errorf("%s: %s, want %s", x.name, states(rec), w)
				}
			}
		})
	}
}

// wrong_model: who answers shows in the watermark; whether the answer admits it
// is a parameter. The bill is that of who answers.
func TestWrongModel(t *testing.T) {
	big, small := instant("gpt-4o", 5), instant("gpt-4o-mini", 5)
	big.Price, small.Price = Price{Input: 2.5, Output: 10}, Price{Input: 0.15, Output: 0.6}
	for _, declared := range []bool{true, false} {
		virtual(t, Config{Models: []Model{big, small}}, []faults.Rule{rule(t, "wrong_model", func(f *faults.WrongModel) { f.Model, f.Declared = "gpt-4o-mini", declared })}, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("gpt-4o", ""), id: wire.ID{Phase: "warm", Index: 1, Tenant: "t1", OutputTokens: 5}})
			rec := g.last()
			if got := doc(r.body).get("model").text(); got != map[bool]string{true: "gpt-4o-mini", false: "gpt-4o"}[declared] {
				t.Errorf("the answer says %s", got)
			}
			if rec.ModelAsked != "gpt-4o" || rec.ModelServed != "gpt-4o-mini" || rec.CostNanoUSD != 6*150+5*600 {
				t.Errorf("%+v", rec)
			}
			checkMarks(t, textOf(t, r.body, false), rec, 5)
		})
	}
}
