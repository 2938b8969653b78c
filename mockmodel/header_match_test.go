package mockmodel

import (
	"net/http"
	"testing"

	"github.com/chaoskit/chaos/faults"
)

// A rule finds the headers of a call as they came over the wire, however the
// caller wrote their names.
func TestARuleMatchesHeadersOfTheCall(t *testing.T) {
	gold := rule(t, "http_503", func(*faults.HTTPStatus) {}, func(r *faults.Rule) {
		r.Match.Header = []faults.HeaderMatch{{Name: "x-TIER", Value: "gold*"}}
	})
	onSocket(t, Config{}, []faults.Rule{gold}, func(g *rig) {
		for tier, want := range map[string]int{"golden": 503, "iron": 200, "": 200} {
			q := ask{path: "/v1/chat/completions", body: `{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}`, header: http.Header{}}
			if tier != "" {
				q.header["X-tier"] = []string{tier}
			}
			if r := g.send(q); r.status != want {
				t.Errorf("X-Tier %q: status %d, want %d: %v", tier, r.status, want, r.err)
			}
		}
	})
}
