package mockmodel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// Faults that decide how long an answer is: what it says of its end, what its
// usage counts and what is billed agree.
func TestLengths(t *testing.T) {
	long := func(f *faults.Runaway) { f.Tokens = 100 }
	for _, c := range []struct {
		name, more     string
		rule           faults.Rule
		finish, state  string
		tokens, thinks int
	}{
		{"cut behind 7 of 20", "", rule(t, "length_cut", func(f *faults.LengthCut) { f.AfterTokens = 7 }), "length", "injected", 7, 0},
		{"an answer that is no longer", "", rule(t, "length_cut", func(f *faults.LengthCut) { f.AfterTokens = 20 }), "stop", "missed", 20, 0},
		{"the call's own limit comes first", `,"max_tokens":5`, rule(t, "length_cut", func(f *faults.LengthCut) { f.AfterTokens = 7 }), "length", "missed", 5, 0},
		{"thoughts up to the limit", `,"max_tokens":50`, plain(t, "reasoning_burn"), "length", "injected", 50, 50},
		{"thoughts without one", "", rule(t, "reasoning_burn", func(f *faults.ReasoningBurn) { f.Tokens = 30 }), "length", "injected", 30, 30},
		{"far past the limit, and done", `,"max_tokens":5`, rule(t, "loop", long), "stop", "injected", 100, 0},
		{"far past the limit, and cut off", `,"max_tokens":5`, rule(t, "runaway", long), "length", "injected", 100, 0},
		{"much text", `,"max_tokens":5`, rule(t, "huge_output", long), "stop", "injected", 100, 0},
	} {
		for _, stream := range []string{"", streamed + `,"stream_options":{"include_usage":true}`} {
			m := instant("m", 20)
			m.Price = Price{Output: 10}
			virtual(t, Config{Models: []Model{m}}, []faults.Rule{c.rule}, func(g *rig) {
				r := g.send(ask{path: chatPath, body: chat("m", c.more+stream), id: wire.ID{Phase: "warm", Index: 1, Tenant: "t1", OutputTokens: 20}})
				rec := g.last()
				for _, want := range []string{
					`"finish_reason":"` + c.finish + `"`, fmt.Sprintf(`"completion_tokens":%d,`, c.tokens), fmt.Sprintf(`"reasoning_tokens":%d,`, c.thinks),
				} {
					if !strings.Contains(r.body, want) {
						t.Errorf("%s: no %s in %s", c.name, want, r.body)
					}
				}
				if said := textOf(t, r.body, stream != ""); (said == "") != (c.thinks > 0) {
					t.Errorf("%s: says %q", c.name, said)
				}
				ended := false
				for _, m := range codec.FindMarks([]byte(textOf(t, r.body, stream != ""))) {
					ended = ended || m.End
				}
				if whole := c.thinks == 0 && (c.finish == "stop" || c.state == "missed"); ended != whole {
					t.Errorf("%s: the mark of the end: %v", c.name, ended)
				}
				if rec.TokensEmitted != c.tokens || rec.ReasoningTokens != c.thinks || rec.CostNanoUSD != int64(c.tokens)*10_000 || rec.Status != 200 {
					t.Errorf("%s: %+v", c.name, rec)
				}
				if got := states(rec); !strings.HasSuffix(got, ":"+c.state+"(mutation)") {
					t.Errorf("%s: %s, want %s", c.name, got, c.state)
				}
			})
		}
	}
}

// Thoughts of Anthropic's models are seen where the call asks for them, and are
// counted and billed where it does not.
func TestThoughtsAreShownWhereTheyAreAskedFor(t *testing.T) {
	const anthropicAsks = `,"thinking":{"type":"enabled","budget_tokens":1024}`
	const bedrockAsks = `,"inferenceConfig":{"maxTokens":1100},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}`
	for _, c := range []struct {
		name, path, body string
		shown            bool
	}{
		{"anthropic", messagesPath, chat("m", `,"max_tokens":1100`), false},
		{"anthropic, streamed", messagesPath, chat("m", `,"max_tokens":1100`+streamed), false},
		{"anthropic, asked for", messagesPath, chat("m", `,"max_tokens":1100`+anthropicAsks), true},
		{"anthropic, asked for and streamed", messagesPath, chat("m", `,"max_tokens":1100`+anthropicAsks+streamed), true},
		{"anthropic, switched off", messagesPath, chat("m", `,"max_tokens":1100,"thinking":{"type":"disabled"}`), false},
		{"bedrock", bedrockPath, bedrockAsk(`,"inferenceConfig":{"maxTokens":1100}`), false},
		{"bedrock, streamed", bedrockStream, bedrockAsk(`,"inferenceConfig":{"maxTokens":1100}`), false},
		{"bedrock, asked for", bedrockPath, bedrockAsk(bedrockAsks), true},
		{"bedrock, asked for and streamed", bedrockStream, bedrockAsk(bedrockAsks), true},
	} {
		virtual(t, Config{Models: []Model{instant("m", 20), instant(claudeOnBedrock, 20)}}, []faults.Rule{plain(t, "reasoning_burn")}, func(g *rig) {
			r := g.send(ask{path: c.path, body: c.body})
			shown := strings.Contains(r.body, `"type":"thinking"`) || strings.Contains(r.body, "reasoningContent")
			blocks := strings.Contains(r.body, `"type":"text"`) || strings.Contains(r.body, "content_block") || strings.Contains(r.body, "contentBlock")
			rec := g.last()
			if r.status != 200 || shown != c.shown || blocks && !c.shown || rec.ReasoningTokens != 1100 || rec.TokensEmitted != 1100 || states(rec) != "reasoning_burn:injected(mutation)" {
				t.Errorf("%s: %d, shown: %v, %d tokens, %s\n%.600s", c.name, r.status, shown, rec.TokensEmitted, states(rec), r.body)
			}
		})
	}
}
