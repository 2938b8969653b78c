package mockmodel

import (
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// filterForms are the calls that a filter is tried on, whole and streamed.
var filterForms = []struct {
	name string
	ask  ask
	// What an answer says that a filter has ended, and what becomes of a prompt that it
	// refuses.
	ended, refused string
	status         int  // of the refusal
	shown          bool // what came before the filter is shown
	in             int64
}{
	{"openai", ask{path: chatPath, body: chat("gpt-4o", "")}, `"finish_reason":"content_filter"`, `"code":"invalid_prompt"`, 400, true, 1},
	{"openai stream", ask{path: chatPath, body: chat("gpt-4o", streamed)}, `"finish_reason":"content_filter"`, `"code":"invalid_prompt"`, 400, true, 1},
	{"openai responses", ask{path: responsesPath, body: respond("gpt-4o", "")}, `"status":"incomplete","completed_at":null,"error":null,"incomplete_details":{"reason":"content_filter"}`, `"code":"invalid_prompt"`, 400, true, 1},
	{"openai responses stream", ask{path: responsesPath, body: respond("gpt-4o", streamed)}, `event: response.incomplete`, `"code":"invalid_prompt"`, 400, true, 1},
	{"azure", ask{path: azureChat + azureDated, body: azureAsked + "}"}, `"violence":{"filtered":true`, `"innererror":{"code":"ResponsibleAIPolicyViolation"`, 400, false, 1},
	{"azure stream", ask{path: azureChat + azureDated, body: azureStreams}, `"violence":{"filtered":true`, `"innererror":{"code":"ResponsibleAIPolicyViolation"`, 400, true, 1},
	{"anthropic", ask{path: messagesPath, body: chat("gpt-4o", `,"max_tokens":100`)}, `"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal"`, `"content":[],"stop_reason":"refusal"`, 200, true, 1},
	{"anthropic stream", ask{path: messagesPath, body: chat("gpt-4o", `,"max_tokens":100`+streamed)}, `"stop_reason":"refusal"`, `"stop_reason":"refusal"`, 200, true, 1},
	{"gemini", ask{path: geminiPath, body: geminiAsk("")}, `{"candidates":[{"finishReason":"SAFETY"`, `{"promptFeedback":{"blockReason":"SAFETY"`, 200, false, 1},
	{"gemini events", ask{path: geminiEvents, body: geminiAsk("")}, `{"candidates":[{"finishReason":"SAFETY"`, `data: {"promptFeedback":{"blockReason":"SAFETY"`, 200, true, 1},
	{"gemini array", ask{path: geminiList, body: geminiAsk("")}, `{"candidates":[{"finishReason":"SAFETY"`, `[{"promptFeedback":{"blockReason":"SAFETY"`, 200, true, 1},
	{"bedrock", ask{path: bedrockPath, body: bedrockAsk("")}, `"stopReason":"content_filtered"`, `"stopReason":"guardrail_intervened"`, 200, true, 0},
	{"bedrock stream", ask{path: bedrockStream, body: bedrockAsk("")}, `"stopReason":"content_filtered"`, `"stopReason":"guardrail_intervened"`, 200, true, 0},
}

// filterModels have a price of 1 a million tokens in, and 10 out.
func filterModels() Config {
	c := framesModels(12, 0)
	for i := range c.Models {
		c.Models[i].Price = Price{Input: 1, Output: 10}
	}
	return c
}

// A filter ends an answer: it says so, has the mark of its end where it is shown, as
// it is complete, and what was generated is billed, shown or not.
func TestContentFilterEndsAnAnswer(t *testing.T) {
	for _, after := range []int{5, 0, 12} {
		for _, w := range filterForms {
			r := rule(t, "content_filter", func(f *faults.ContentFilter) { f.AfterTokens = after })
			w.ask.id = wire.ID{Phase: "warm", Index: 1, Tenant: "t1", OutputTokens: 12}
			virtual(t, filterModels(), []faults.Rule{r}, func(g *rig) {
				got := g.send(w.ask)
				rec := g.last()
				strikes, ended := after < 12, false
				for _, m := range codec.FindMarks([]byte(got.body)) {
					ended = ended || m.End
				}
				if strings.Contains(got.body, w.ended) != strikes || ended != (!strikes || w.shown && after > 0) || got.status != 200 {
					t.Errorf("%s behind %d: %d, ended %v: %s", w.name, after, got.status, ended, got.body)
				}
				want := "content_filter:injected(mutation)"
				if !strikes {
					want = "content_filter:missed(mutation)"
				}
				if states(rec) != want || rec.TokensEmitted != after || rec.CostNanoUSD != int64(rec.TokensIn)*1_000+int64(after)*10_000 || rec.End != journal.AttemptComplete {
					t.Errorf("%s behind %d: %s, %+v", w.name, after, states(rec), rec)
				}
			})
		}
	}
}

// A filter refuses a prompt, in the way of the dialect; the prompt is billed where
// the model was asked.
func TestContentFilterRefusesAPrompt(t *testing.T) {
	for _, w := range filterForms {
		r := rule(t, "content_filter", func(f *faults.ContentFilter) { f.Where = "prompt" })
		virtual(t, filterModels(), []faults.Rule{r}, func(g *rig) {
			got := g.send(w.ask)
			rec := g.last()
			if got.status != w.status || !strings.Contains(got.body, w.refused) || strings.Contains(got.body, "qzx") || strings.Contains(got.body, w.ended) && w.ended != w.refused && w.name[0] != 'a' {
				t.Errorf("%s: %d %s", w.name, got.status, got.body)
			}
			if says := strings.Contains(got.body, "Sorry") || w.name == "bedrock stream" && strings.Contains(got.body, "contentBlockDelta"); says != (w.name[0] == 'b') {
				t.Errorf("%s: the words of a guardrail: %v", w.name, says)
			}
			if rec.TokensIn == 0 || rec.CostNanoUSD != int64(rec.TokensIn)*1_000*w.in || states(rec) != "content_filter:injected(mutation)" || rec.Cause != journal.CauseFault {
				t.Errorf("%s: %s, %+v", w.name, states(rec), rec)
			}
		})
	}
}

// A refusal of a prompt takes as long as a first token, a slow one's too; who leaves
// before has not met it.
func TestContentFilterTakesItsTime(t *testing.T) {
	m := instant("m", 12)
	first := 2 * time.Second
	m.TTFT = &first
	rules := []faults.Rule{
		rule(t, "content_filter", func(f *faults.ContentFilter) { f.Where = "prompt" }),
		rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 3 * time.Second }),
	}
	virtual(t, Config{Models: []Model{m}}, rules, func(g *rig) {
		r := g.send(ask{path: chatPath, body: chat("m", "")})
		if r.status != 400 || r.at != 5*time.Second {
			t.Errorf("%d after %v", r.status, r.at)
		}
		if got := states(g.last()); got != "content_filter:injected(mutation) slow_ttft:injected(delay)" {
			t.Error(got)
		}
	})
	virtual(t, Config{Models: []Model{m}}, rules[:1], func(g *rig) {
		g.client.Timeout = time.Second
		if r := g.send(ask{path: chatPath, body: chat("m", "")}); r.err == nil {
			t.Errorf("%d %s", r.status, r.body)
		}
		if got := states(g.last()); got != "content_filter:missed(mutation)" {
			t.Error(got)
		}
	})
}

// Where the end of the context has a name of its own, an answer cut there says it;
// one that max_tokens has cut does not, whatever the rule.
func TestContextWindowEndsAnAnswer(t *testing.T) {
	window := rule(t, "length_cut", func(f *faults.LengthCut) { f.AfterTokens, f.Limit = 7, "context_window" })
	for _, c := range []struct {
		name, path, body, want string
	}{
		{"anthropic", messagesPath, chat("gpt-4o", `,"max_tokens":100`), `"stop_reason":"model_context_window_exceeded"`},
		{"anthropic stream", messagesPath, chat("gpt-4o", `,"max_tokens":100`+streamed), `"stop_reason":"model_context_window_exceeded"`},
		{"bedrock", bedrockPath, bedrockAsk(""), `"stopReason":"model_context_window_exceeded"`},
		{"openai", chatPath, chat("gpt-4o", ""), `"finish_reason":"length"`},
		{"a limit that comes first", messagesPath, chat("gpt-4o", `,"max_tokens":5`), `"stop_reason":"max_tokens"`},
	} {
		virtual(t, framesModels(12, 0), []faults.Rule{window}, func(g *rig) {
			if r := g.send(ask{path: c.path, body: c.body}); !strings.Contains(r.body, c.want) {
				t.Errorf("%s: no %s in %s", c.name, c.want, r.body)
			}
		})
	}
}
