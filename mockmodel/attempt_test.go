package mockmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// The record of a call says all that the provider knew of it.
func TestRecord(t *testing.T) {
	m := instant("gpt-4o", 5)
	m.Price = Price{Input: 2.5, Output: 10}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		q := ask{path: chatPath, body: chat("gpt-4o", streamed+`,"max_tokens":9`), id: wire.ID{Phase: "spike", Index: 12, Tenant: "t2", OutputTokens: 6}, header: http.Header{
			"X-Stainless-Retry-Count": {"1"}, "X-Stainless-Read-Timeout": {"600"}, "X-Envoy-Attempt-Count": {"2"},
		}}
		<-time.After(time.Second)
		g.send(q)
		g.last()
		g.send(q)
		rec := g.last()
		if rec.BodyHash == 0 || rec.Principal == 0 || rec.StepHash == 0 || rec.TraceHash == 0 || rec.Source == "" || rec.Conn != 1 {
			t.Errorf("%+v", rec)
		}
		rec.BodyHash, rec.StepHash, rec.TraceHash, rec.Principal, rec.Source = 0, 0, 0, 0, ""
		want := journal.NewAttempt()
		want.ID, want.Key, want.Tenant = 2, journal.Key{Phase: "spike", Index: 12}, "t2"
		want.Carrier, want.CarriersSeen = journal.CarrierHeader, journal.CarrierHeader|journal.CarrierGateway|journal.CarrierTraceparent
		want.Conn, want.ConnSeq, want.Endpoint, want.Dialect, want.Kind = 1, 2, "provider", "openai", "chat"
		want.ModelAsked, want.ModelServed, want.Stream, want.MaxTokens, want.Ordinal = "gpt-4o", "gpt-4o", true, 9, 2
		want.BodyBytes, want.Messages = len(q.body), 1
		at := int64(time.Second)
		want.ArrivedNs, want.BodyNs, want.AdmittedNs, want.HeaderNs, want.FirstNs, want.LastNs, want.EndNs = at, at, at, at, at, at, at
		want.LateMaxNs, want.QueueNs, want.End, want.Status = 0, 0, journal.AttemptComplete, 200
		want.TokensIn, want.TokensPlanned, want.TokensEmitted, want.CostNanoUSD, want.MarkID = 6, 6, 6, 6*2500+6*10000, 2
		want.Emitted = []journal.Point{{TNs: at, Tokens: 6}}
		want.SDK, want.SDKRetry, want.SDKTimeoutNs, want.ProxyAttempt = "test/1", 1, int64(600*time.Second), 2
		if got, want := fmt.Sprintf("%+v", rec), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// busy is a writer on a machine that comes back late from each write.
type busy struct{ *httptest.ResponseRecorder }

func (w busy) Write(b []byte) (int, error) {
	defer func() { <-time.After(time.Second) }()
	return w.ResponseRecorder.Write(b)
}

// An answer has ended when its last bytes were on their way: the caller may try
// again before the provider runs again.
func TestEndIsWhenTheCallerCouldKnow(t *testing.T) {
	for _, c := range []struct{ name, fault, more string }{
		{"a body", "", ""}, {"a stream", "", streamed}, {"an error", "http_500", ""}, {"no terminal event", "eof_no_done", streamed},
	} {
		var rules []faults.Rule
		if c.fault != "" {
			rules = append(rules, plain(t, c.fault))
		}
		virtual(t, Config{Models: []Model{instant("m", 30)}}, rules, func(g *rig) {
			g.s.serve(busy{httptest.NewRecorder()}, g.request(context.Background(), ask{path: chatPath, body: chat("m", c.more)}))
			if rec := g.last(); rec.EndNs != 0 || g.elapsed() != time.Second || rec.LastNs > rec.EndNs {
				t.Errorf("%s: end at %v of %v: %+v", c.name, time.Duration(rec.EndNs), g.elapsed(), rec)
			}
		})
	}
}

// Whose call it is: by the carriers in their order; a stale id names nobody.
func TestIdentity(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		id := wire.ID{Run: codec.Run, Phase: "warm", Index: 5, Tenant: "t1", OutputTokens: 3}
		old := id
		old.Run = "otherrun"
		body := func(text string) string {
			b, _ := json.Marshal(map[string]any{"model": "m", "messages": []any{map[string]any{"role": "user", "content": []any{map[string]any{"type": "text", "text": "Hi"}, map[string]any{"type": "text", "text": text}}}, map[string]any{"role": "assistant", "content": wire.Marker(old)}}})
			return string(b)
		}
		var hashes []uint64
		for _, c := range []struct {
			name string
			q    ask
			key  string
			by   journal.Carriers
		}{
			{"a marker in the last user message", ask{path: chatPath, body: body("there " + wire.Marker(id))}, "warm/5", journal.CarrierMarker},
			{"a header over a marker", ask{path: chatPath, body: body("there " + wire.Marker(id)), id: wire.ID{Phase: "spike", Index: 9, Tenant: "t1"}}, "spike/9", journal.CarrierHeader},
			{"another run's marker", ask{path: chatPath, body: body("there " + wire.Marker(old))}, "anon", 0},
			{"none", ask{path: chatPath, body: body("there")}, "anon", 0},
		} {
			g.send(c.q)
			rec := g.last()
			if key := rec.Key.String(); key != c.key && !(c.key == "anon" && rec.Key.Phase == "anon") || rec.Carrier != c.by || rec.Stale != strings.HasPrefix(c.name, "another") || rec.Conflict != strings.HasPrefix(c.name, "a header") {
				t.Errorf("%s: %+v", c.name, rec)
			}
			hashes = append(hashes, rec.StepHash)
		}
		if hashes[0] != hashes[1] || hashes[0] != hashes[2] || hashes[0] != hashes[3] {
			t.Errorf("markers are no part of a step: %x", hashes)
		}
		if a, b := g.recs[2], g.recs[3]; a.Key != b.Key || a.Ordinal != 1 || b.Ordinal != 2 {
			t.Error("calls without an id are one step if their bodies are equal")
		}
	})
}

// The marker of a question is found behind what a user's turn holds beside
// text: the result of a tool in Anthropic's dialect, an image in OpenAI's.
func TestMarkerBehindMessagesWithoutText(t *testing.T) {
	question := `{"role":"user","content":"Where is it? ` + wire.Marker(wire.ID{Run: codec.Run, Phase: "warm", Index: 5, Tenant: "t1", OutputTokens: 3}) + `"}`
	for _, c := range []struct{ path, more string }{
		{messagesPath, `{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"find","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"in Rome"}]}`},
		{chatPath, `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}`},
	} {
		virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
			g.send(ask{path: c.path, body: `{"model":"m","max_tokens":9,"messages":[` + question + "," + c.more + `]}`})
			if rec := g.last(); rec.Key.String() != "warm/5" || rec.Carrier != journal.CarrierMarker {
				t.Errorf("%s: %+v", c.path, rec)
			}
		})
	}
}

// What a call gets depends on the seed and on the call, not on the order of
// arrival or on what else goes on.
func TestAnswersDoNotDependOnOrder(t *testing.T) {
	said := func(order []int64) map[int64]string {
		out := map[int64]string{}
		var mu sync.Mutex
		virtual(t, Config{}, nil, func(g *rig) {
			var wg sync.WaitGroup
			for _, i := range order {
				wg.Go(func() {
					r := g.send(ask{path: chatPath, body: chat("gpt-4o", ""), id: wire.ID{Phase: "warm", Index: i, Tenant: "t1", OutputTokens: 100}})
					mu.Lock()
					out[i] = doc(r.body).get("id").text() + wire.StripMarkers(textOf(t, r.body, false))
					mu.Unlock()
				})
			}
			wg.Wait()
		})
		return out
	}
	a, b := said([]int64{1, 2, 3, 4}), said([]int64{4, 3, 2, 1})
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%v\n%v", a, b)
	}
	if a[1] == a[2] {
		t.Error("two requests got the same answer")
	}
}
