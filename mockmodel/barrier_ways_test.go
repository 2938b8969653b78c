package mockmodel

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// TestBarrierInASession: responses of the Realtime API wait as calls do, one that
// is cancelled frees its place, and its session goes on.
func TestBarrierInASession(t *testing.T) {
	virtual(t, realtimeConfig(), []faults.Rule{plain(t, "http_500", gathered(faults.Barrier{Wait: 2, Patience: ptr(time.Minute)}))}, func(g *rig) {
		one, two := g.talk(realtimePath, wire.ID{Phase: "warm", Index: 1}), g.talk(realtimePath, wire.ID{Phase: "warm", Index: 2})
		defer one.close()
		defer two.close()
		for _, k := range []*talk{one, two} {
			k.send(saysHello)
			k.until("conversation.item.done")
		}
		one.send(asksNow)
		<-time.After(time.Second)
		one.send(`{"type":"response.cancel"}`)
		if done := one.until("response.done").get("response"); done.get("status").text() != "cancelled" {
			t.Errorf("%s", done)
		}
		two.send(asksNow)
		<-time.After(time.Second)
		one.send(asksNow)
		for _, k := range []*talk{one, two} {
			if done := k.until("response.done").get("response"); done.get("status").text() != "failed" || g.elapsed() != 2*time.Second {
				t.Errorf("at %v: %s", g.elapsed(), done)
			}
		}
		if got, want := g.opened(), []string{"http_500: 2 of 2 full at 2s, provider"}; !slices.Equal(got, want) {
			t.Errorf("opened %q, want %q", got, want)
		}
	})
}

// TestBarrierBeforeARealProvider: what is passed on is held before the real
// provider sees it.
func TestBarrierBeforeARealProvider(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("gpt-4o", 12)}}, nil, func(g *rig) {
		p := passing(g, []faults.Rule{plain(t, "eof_no_done", gathered(faults.Barrier{Wait: 2, Patience: ptr(time.Minute)}))}, nil)
		defer p.close()
		body := chat("gpt-4o", streamed)
		got := make(chan []string)
		go func() {
			got <- p.come([]caller{{path: chatPath, body: body}, {comes: 2 * time.Second, path: chatPath, body: body}})
		}()
		<-time.After(time.Second)
		if n := g.s.Calls(); n != 0 {
			t.Errorf("the provider got %d calls while the first was held", n)
		}
		if got, want := <-got, []string{"200 at 2s", "200 at 2s"}; !slices.Equal(got, want) || g.s.Calls() != 2 {
			t.Errorf("%q, want %q; the provider got %d calls", got, want, g.s.Calls())
		}
	})
}

// TestBarrierInEveryDialect: each dialect's calls wait, and fail in its own words.
func TestBarrierInEveryDialect(t *testing.T) {
	body := `"messages":[{"role":"user","content":"hi"}]`
	calls := map[string]caller{
		"openai":    {path: chatPath, body: `{"model":"m",` + body + `}`},
		"responses": {path: "/v1/responses", body: `{"model":"m","input":"hi"}`},
		"embed":     {path: "/v1/embeddings", body: `{"model":"m","input":"hi"}`},
		"anthropic": {path: messagesPath, body: `{"model":"m","max_tokens":9,` + body + `}`},
		"gemini":    {path: "/v1beta/models/m:generateContent", body: `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
		"ollama":    {path: "/api/chat", body: `{"model":"m",` + body + `}`},
		"bedrock":   {path: "/model/m/converse", body: `{"messages":[{"role":"user","content":[{"text":"hi"}]}]}`},
		"rerank":    {path: "/v2/rerank", body: `{"model":"m","query":"q","documents":["a"]}`},
	}
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{plain(t, "http_503", gathered(faults.Barrier{Wait: 2}))}, func(g *rig) {
				later := c
				later.comes = time.Second
				got := g.come([]caller{c, later})
				if want := []string{"503 at 1s", "503 at 1s"}; !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				for _, rec := range g.recs {
					if rec.Cause != journal.CauseFault || !strings.HasPrefix(states(rec), "http_503:injected") {
						t.Errorf("%s: %+v", states(rec), rec)
					}
				}
			})
		})
	}
}
