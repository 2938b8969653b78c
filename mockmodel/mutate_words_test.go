package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// saidIn returns the text of an OpenAI chat, whole or streamed.
func saidIn(t *testing.T, body string) string {
	t.Helper()
	var text strings.Builder
	for _, line := range strings.Split(body, "\n") {
		line = strings.TrimPrefix(line, "data: ")
		var c struct {
			Choices []struct{ Message, Delta struct{ Content string } }
		}
		if line == "" || line == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, x := range c.Choices {
			text.WriteString(x.Message.Content + x.Delta.Content)
		}
	}
	return text.String()
}

// The watermarks of a wrong answer say that its words are not those that were
// meant: what gives a user the outcome wrong. A right answer's do not.
func TestCanary(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		want  wire.Finding
	}{
		{"a right answer", nil, 0},
		{"other words", []faults.Rule{plain(t, "wrong_answer")}, wire.FoundEdited},
		{"another script", []faults.Rule{plain(t, "sticky_misroute")}, wire.FoundEdited},
	} {
		for _, tokens := range []int{1, 2, 3, 12, 63, 64, 65, 300} {
			for _, more := range []string{"", streamed} {
				virtual(t, Config{Models: []Model{instant("gpt-4o", tokens)}}, c.rules, func(g *rig) {
					id := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: tokens}
					text := saidIn(t, g.send(ask{path: chatPath, body: chat("gpt-4o", more), id: id}).body)
					marks := codec.NewMarks()
					marks.Write([]byte(text))
					found := marks.Summary()
					if len(found) != 1 || found[0].Found != c.want || !utf8.ValidString(text) {
						t.Errorf("%s of %d tokens%s: %+v in %q", c.name, tokens, more, found, text)
					}
					if rec := g.last(); rec.TokensEmitted != tokens || len(c.rules) > 0 && !strings.Contains(states(rec), "injected") {
						t.Errorf("%s of %d tokens%s: %d emitted, %s", c.name, tokens, more, rec.TokensEmitted, states(rec))
					}
				})
			}
		}
	}
}

// What no watermark vouches for is not made wrong: nobody could prove it.
func TestNoCanaryIsAMiss(t *testing.T) {
	scripted := []Answer{{Text: "No."}}
	for _, c := range []struct {
		name   string
		config Config
		more   string
	}{
		{"an answer of the plan", Config{Answers: scripted}, ""},
		{"watermarks are off", Config{Watermark: "off"}, ""},
		{"a structured output", Config{}, `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"a":{"type":"string"}}}}}`},
	} {
		for _, fault := range []string{"wrong_answer", "sticky_misroute"} {
			virtual(t, c.config, []faults.Rule{plain(t, fault)}, func(g *rig) {
				r := g.send(ask{path: chatPath, body: chat("gpt-4o", c.more)})
				if state := states(g.last()); r.status != 200 || state != fault+":missed(mutation)" {
					t.Errorf("%s: %d, %s", c.name, r.status, state)
				}
			})
		}
	}
}

// Who is sent to the bad server stays there.
func TestMisrouteIsSticky(t *testing.T) {
	sticky := plain(t, "sticky_misroute", func(r *faults.Rule) { r.Per, r.Probability = faults.PerTenant, ptr(faults.Share(0.5)) })
	virtual(t, Config{Models: []Model{instant("gpt-4o", 12)}}, []faults.Rule{sticky}, func(g *rig) {
		for _, tenant := range codec.Tenants {
			of := map[string]int{}
			for i := range int64(20) {
				g.send(ask{path: chatPath, body: chat("gpt-4o", ""), id: wire.ID{Phase: "spike", Index: i, Tenant: tenant}})
				of[states(g.last())]++
			}
			if len(of) != 1 {
				t.Errorf("tenant %s: %v", tenant, of)
			}
		}
	})
}
