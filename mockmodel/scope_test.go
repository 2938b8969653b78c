package mockmodel

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// scoped opens a scope with rules of its own at a rig.
func scoped(t *testing.T, g *rig, sink journal.Sink, rules ...faults.Rule) *Server {
	t.Helper()
	schedule, problems := faults.NewSchedule(42, rules, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	scope := New(Config{Models: []Model{instant("m", 1)}}, Options{Epoch: g.s.opt.Epoch, Codec: codec, Sink: sink, Faults: schedule, Seed: 42})
	g.s.opt.Scope = func(name string) *Server {
		if name == "mine" {
			return scope
		}
		return nil
	}
	return scope
}

func TestAScopeHasAFateOfItsOwn(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
		sink := &journal.MemSink{}
		scope := scoped(t, g, sink, plain(t, "http_503"))
		rows := []struct {
			words, path string
			status      int
		}{
			{"beside it all is well", chatPath, 200},
			{"in it the rule hits", "/_scopes/mine" + chatPath, 503},
			{"in another dialect too", "/_scopes/mine/v1/messages", 503},
			{"a path that it does not have", "/_scopes/mine/v1/nothing", 404},
			{"a scope that nobody opened", "/_scopes/theirs" + chatPath, 404},
			{"no scope at all", "/_scopes/", 404},
		}
		for _, row := range rows {
			body := chat("m", "")
			if strings.HasSuffix(row.path, "messages") {
				body = `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}`
			}
			r := g.send(ask{path: row.path, body: body, header: http.Header{"Anthropic-Version": {"2023-06-01"}}})
			if r.status != row.status {
				t.Errorf("%s: %d %s, want %d", row.words, r.status, r.body, row.status)
			}
		}
		if err := scope.Close(); err != nil {
			t.Error(err)
		}
		if n := len(sink.Attempts()); n != 2 {
			t.Errorf("the scope has %d attempts on record, want 2", n)
		}
		if n := g.s.Calls(); n != 1 {
			t.Errorf("the server beside it counts %d calls, want its own 1", n)
		}
	})
}

func TestAScopeThatEndsEndsItsCalls(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		sink := &journal.MemSink{}
		scope := scoped(t, g, sink, plain(t, "hang_before_headers"))
		done := make(chan reply)
		go func() { done <- g.send(ask{path: "/_scopes/mine" + chatPath, body: chat("m", "")}) }()
		<-time.After(time.Second)
		if err := scope.Close(); err != nil {
			t.Error(err)
		}
		if r := <-done; r.err == nil {
			t.Errorf("the call was answered %d", r.status)
		}
		if a := sink.Attempts(); len(a) != 1 || a[0].End != journal.AttemptRunEnd {
			t.Errorf("on record: %+v", a)
		}
		if r := g.send(ask{path: chatPath, body: chat("m", "")}); r.status != 200 {
			t.Errorf("the server beside it answered %d, %v", r.status, r.err)
		}
	})
}

// A rule is known by its name: where others are put before it while calls go on,
// what it promised still holds, and of what is gone nothing does.
func TestSetFaultsKeepsWhatARulePromised(t *testing.T) {
	limited := plain(t, "rate_limit", func(r *faults.Rule) { r.Times = 1 })
	held := plain(t, "rate_limit")
	virtual(t, Config{Models: []Model{instant("m", 1)}}, []faults.Rule{limited}, func(g *rig) {
		q := ask{path: chatPath, body: chat("m", "")}
		if r := g.send(q); r.status != 429 {
			t.Fatalf("first: %d", r.status)
		}
		never := faults.Share(0)
		empty := plain(t, "http_500", func(r *faults.Rule) { r.Probability = &never })
		held.Probability = &never
		schedule, problems := faults.NewSchedule(42, []faults.Rule{empty, held}, nil, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		g.s.SetFaults(schedule)
		if r := g.send(q); r.status != 429 {
			t.Errorf("at once, under the rule of the same name: %d, want 429: its hint has not run out", r.status)
		}
	})
}

// sinkFunc is a sink of attempts.
type sinkFunc func(*journal.Attempt)

func (sinkFunc) Request(*journal.Request)     {}
func (sinkFunc) Mark(*journal.Mark)           {}
func (f sinkFunc) Attempt(a *journal.Attempt) { f(a) }

// Who finds a call neither open nor on record would think that there was none.
func TestACallIsOpenUntilItIsOnRecord(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
		var open bool
		g.s.opt.Sink = sinkFunc(func(a *journal.Attempt) { open = slices.Contains(g.s.InFlight(), a.ID) })
		g.send(ask{path: chatPath, body: chat("m", "")})
		synctest.Wait()
		if !open {
			t.Error("the call was not open any more when it was written down")
		}
		if left := g.s.InFlight(); len(left) != 0 {
			t.Errorf("open when all is done: %v", left)
		}
	})
}
