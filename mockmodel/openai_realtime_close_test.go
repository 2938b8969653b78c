package mockmodel

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// firstSeconds lets a rule hit what is asked at once, and no more.
func firstSeconds(r *faults.Rule) { r.To = ptr(10 * time.Second) }

// read reads events until one of that type, the end of a response or that of the
// socket; it tells their types in order and how it ended.
func (k *talk) read(last string) (kinds []string, end string) {
	for {
		e, err := k.next()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return kinds, strings.TrimSpace(closed.Error())
		case err != nil:
			return kinds, err.Error()
		}
		kind := e.get("type").text()
		kinds = append(kinds, kind)
		if kind == "response.done" || kind == "error" || kind == last {
			return kinds, kind
		}
	}
}

// A socket is closed with the code and the reason that the rule says, where it
// says; else the session goes on, and the next response is a whole one.
func TestSocketsAreClosed(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    func(*faults.WSClose)
		events int // of the response, before the end
		end    string
		open   bool // the session goes on
		was    journal.AttemptEnd
		hit    string
	}{
		{"an internal error", nil, 5, "websocket: close 1011 (internal server error): Internal error occurred.", false, journal.AttemptEOF, "injected(ending@10)"},
		{"against the policy", func(f *faults.WSClose) { f.How = "policy" }, 5, "websocket: close 1008 (policy violation)", false, journal.AttemptEOF, "injected(ending@10)"},
		{"the end of the session", func(f *faults.WSClose) { f.How = "going_away" }, 5, "websocket: close 1001 (going away): Your session hit the maximum duration of 60 minutes.", false, journal.AttemptEOF, "injected(ending@10)"},
		{"without a word", func(f *faults.WSClose) { f.How = "cut" }, 5, "websocket: close 1006 (abnormal closure): unexpected EOF", false, journal.AttemptEOF, "injected(ending@10)"},
		{"before the response", func(f *faults.WSClose) { f.AfterEvents = ptr(0) }, 0, "websocket: close 1011 (internal server error): Internal error occurred.", false, journal.AttemptEOF, "injected(ending@0)"},
		{"behind two events", func(f *faults.WSClose) { f.AfterEvents = ptr(2) }, 2, "websocket: close 1011 (internal server error): Internal error occurred.", false, journal.AttemptEOF, "injected(ending@2)"},
		{"behind all tokens that there are", func(f *faults.WSClose) { f.AfterTokens = ptr(100) }, 10, "response.done", true, journal.AttemptComplete, "missed(ending)"},
		{"an error, and no more", func(f *faults.WSClose) { f.How = "error_event" }, 6, "error", true, journal.AttemptInStreamError, "injected(ending@10)"},
		{"an error before the response", func(f *faults.WSClose) { f.How, f.AfterEvents = "error_event", ptr(0) }, 1, "error", true, journal.AttemptInStreamError, "injected(ending@0)"},
		{"all but its end", func(f *faults.WSClose) { f.How = "no_done" }, 9, "response.output_item.done", true, journal.AttemptEOF, "injected(ending)"},
	} {
		virtual(t, Config{Models: []Model{model("gpt-realtime", 0, 1000, 12)}}, []faults.Rule{rule(t, "ws_close", c.set, firstSeconds)}, func(g *rig) {
			k := g.talk(realtimePath, wire.ID{Phase: "warm", Index: 1, Tenant: "t1"})
			defer k.close()
			k.send(saysHello)
			k.until("conversation.item.done")
			k.send(asksNow)
			last := ""
			if c.end == "response.output_item.done" {
				last = c.end
			}
			kinds, end := k.read(last)
			kinds = slices.Compact(kinds) // of deltas
			rec := g.last()
			if end != c.end || len(kinds) != c.events || rec.End != c.was || states(rec) != "ws_close:"+c.hit {
				t.Errorf("%s: %d events %v, then %q; %s, %s", c.name, len(kinds), kinds, end, rec.End, states(rec))
			}
			if !c.open {
				return
			}
			<-time.After(10 * time.Second)
			k.send(asksNow)
			if kinds, end = k.read(""); kinds[0] != "response.created" || end != "response.done" || g.last().End != journal.AttemptComplete {
				t.Errorf("%s: the next response is %v, %q", c.name, kinds, end)
			}
		})
	}
}

// A socket that is half open says nothing, answers neither a ping nor a close, and
// is not closed on this side when the caller has left it.
func TestAHalfOpenSocketIsSilent(t *testing.T) {
	half := rule(t, "half_open", func(f *faults.HalfOpen) { f.AfterTokens = ptr(5) })
	virtual(t, Config{Models: []Model{model("gpt-realtime", 0, 1000, 12)}}, []faults.Rule{half}, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{Phase: "warm", Index: 1, Tenant: "t1"})
		k.send(saysHello)
		k.until("conversation.item.done")
		k.send(asksNow)
		<-time.After(time.Second) // it has fallen silent
		heard := 0
		k.ws.SetPongHandler(func(string) error { heard++; return nil })
		k.ws.SetPingHandler(func(string) error { heard++; return nil })
		if err := k.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
			t.Error(err)
		}
		k.send(saysHello)
		_ = k.ws.SetReadDeadline(time.Now().Add(3 * realtimePing))
		var kinds []string
		for {
			e, err := k.next()
			if err != nil {
				if !strings.Contains(err.Error(), "timeout") {
					t.Error(err)
				}
				break
			}
			kinds = append(kinds, e.get("type").text())
		}
		if said := len(kinds) - 1; heard > 0 || said < 4 || kinds[said] != "response.output_text.delta" || slices.Contains(kinds, "conversation.item.done") {
			t.Errorf("%d pings and pongs, events %v", heard, kinds)
		}
		k.close()
		if rec := g.last(); rec.End != journal.AttemptStall || states(rec) != "half_open:injected(ending@5)" {
			t.Errorf("%s, %s", rec.End, states(rec))
		}
		g.s.held.mu.Lock()
		defer g.s.held.mu.Unlock()
		if n := len(g.s.held.conns); n != 1 {
			t.Errorf("%d connections are kept", n)
		}
	})
}
