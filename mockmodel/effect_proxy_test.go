package mockmodel

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// What a proxy answers in the provider's place: no header of the provider's, no
// slot taken, nothing billed, and the record names it.
func TestPagesOfAProxy(t *testing.T) {
	priced := instant("gpt-4o", 5)
	priced.Price = Price{Input: 2.5, Output: 10}
	for _, c := range []struct {
		fault, code string
		status      int
		html        bool
	}{
		{"html_502", codePage, 502, true}, {"cf_520", codePage, 520, true}, {"html_200", codePage, 200, true}, {"empty_body_200", codeNothing, 200, false},
	} {
		for _, more := range []string{"", streamed} {
			each(t, Config{Models: []Model{priced}}, []faults.Rule{plain(t, c.fault), plain(t, "empty_200")}, func(t *testing.T, g *rig) {
				r := g.send(ask{path: chatPath, body: chat("gpt-4o", more)})
				if r.status != c.status || r.err != nil || strings.HasPrefix(r.body, "<!DOCTYPE html>") != c.html || valid([]byte(r.body)) {
					t.Errorf("%s: caller saw %d %v %q", c.fault, r.status, r.err, r.body)
				}
				if !c.html && (r.body != "" || r.header.Get("Content-Length") != "0") {
					t.Errorf("%s: %q, Content-Length %q", c.fault, r.body, r.header.Get("Content-Length"))
				}
				for name := range r.header {
					if strings.HasPrefix(name, "Openai-") || strings.HasPrefix(name, "X-") {
						t.Errorf("%s: a proxy sends no %s", c.fault, name)
					}
				}
				rec := g.last()
				want := c.fault + ":injected(status) empty_200:masked(mutation)"
				if rec.Status != c.status || rec.Code != c.code || rec.Cause != journal.CauseFault || rec.End != journal.AttemptComplete ||
					rec.CostNanoUSD != 0 || rec.TokensEmitted != 0 || rec.AdmittedNs != journal.Never || states(rec) != want {
					t.Errorf("%s: %s %+v", c.fault, states(rec), rec)
				}
			})
		}
	}
}

// A call that is said not to fit is refused again until the rule ends, in the
// words of its dialect, and costs nothing.
func TestContextExceeded(t *testing.T) {
	for _, c := range []struct{ path, body, want string }{
		{chatPath, chat("m", streamed), `"code":"context_length_exceeded"`},
		{"/v1/responses", respond("m", ""), `Your input exceeds the context window`},
		{messagesPath, chat("m", `,"max_tokens":9`), `prompt is too long: 1006 tokens > 1000 maximum`},
		{geminiPath, geminiAsk(""), `exceeds the maximum number of tokens allowed (1000)`},
		{bedrockPath, bedrockAsk(""), `The model returned the following errors: prompt is too long`},
	} {
		rules := []faults.Rule{rule(t, "context_exceeded", func(f *faults.ContextExceeded) { f.Window = 1000 }, func(r *faults.Rule) { p := faults.Share(0.3); r.Probability = &p })}
		virtual(t, Config{Models: []Model{instant("m", 5)}}, rules, func(g *rig) {
			refused := 0
			for i := range int64(20) {
				q := ask{path: c.path, body: c.body, id: wire.ID{Phase: "warm", Index: i, Tenant: "t1", OutputTokens: 5}}
				r := g.send(q)
				rec := g.last()
				if r.status == http.StatusOK {
					continue
				}
				refused++
				if r.status != http.StatusBadRequest || !strings.Contains(r.body, c.want) || rec.Status != 400 || rec.Code == "" || rec.CostNanoUSD != 0 || states(rec) != "context_exceeded:injected(status)" {
					t.Errorf("%s: %d %s %s", c.path, r.status, r.body, states(rec))
				}
				r = g.send(q)
				if rec := g.last(); r.status != http.StatusBadRequest {
					t.Errorf("%s: %d for the same once more, which is no shorter: %s", c.path, r.status, states(rec))
				}
			}
			if refused == 0 || refused == 20 {
				t.Errorf("%s: %d of 20 refused", c.path, refused)
			}
		})
	}
}
