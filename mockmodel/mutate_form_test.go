package mockmodel

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// What an answer is called, and what it is: the bytes are those of the healthy one.
func TestWrongContentType(t *testing.T) {
	of := func(as string) faults.Rule {
		return rule(t, "wrong_content_type", func(f *faults.WrongContentType) { f.As = as })
	}
	for _, w := range streamWires {
		w.ask.id = framesID
		var healthy reply
		virtual(t, framesModels(6, 100), nil, func(g *rig) { healthy = g.send(w.ask) })
		for _, c := range []struct{ as, want string }{{"plain", "text/plain; charset=utf-8"}, {"json", "application/json"}} {
			virtual(t, framesModels(6, 100), []faults.Rule{of(c.as)}, func(g *rig) {
				got := g.send(w.ask)
				want, state := c.want, "injected"
				if w.name == "gemini array" && c.as == "json" {
					want, state = "application/json; charset=UTF-8", "missed"
				}
				if got.body != healthy.body || got.header.Get("Content-Type") != want || states(g.last()) != "wrong_content_type:"+state+"(mutation)" {
					t.Errorf("%s as %s: %q, %s\n got %q\nwant %q", w.name, c.as, got.header.Get("Content-Type"), states(g.recs[0]), got.body, healthy.body)
				}
			})
		}
		virtual(t, framesModels(6, 100), []faults.Rule{of("whole")}, func(g *rig) {
			got := g.send(w.ask)
			rec := g.last()
			if !valid([]byte(got.body)) || got.body[0] != '{' || !sameMedia(got.header.Get("Content-Type"), "application/json") || got.header.Get("Content-Length") == "" {
				t.Errorf("%s: %v %q", w.name, got.header, got.body)
			}
			if states(rec) != "wrong_content_type:injected(mutation)" || rec.TokensEmitted != 6 || !rec.Stream || got.at != healthy.at {
				t.Errorf("%s: %s, after %v instead of %v: %+v", w.name, states(rec), got.at, healthy.at, rec)
			}
		})
	}
}

// The end of a stream that only streams have comes before an answer in one piece;
// one that any answer can have goes with it. Its frames are what they are, whatever
// they are called.
func TestWrongContentTypeWithEndings(t *testing.T) {
	of := func(as string) faults.Rule {
		return rule(t, "wrong_content_type", func(f *faults.WrongContentType) { f.As = as })
	}
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		want  string
		end   journal.AttemptEnd
		begin string // of the body
	}{
		{"no [DONE]", []faults.Rule{of("whole"), plain(t, "eof_after_finish_no_done")}, "wrong_content_type:missed(mutation) eof_after_finish_no_done:injected(ending)", journal.AttemptEOF, "data: {"},
		{"a cut behind events", []faults.Rule{of("whole"), rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterEvents = ptr(2) })}, "wrong_content_type:missed(mutation) conn_reset_mid:injected(ending@2)", journal.AttemptReset, "data: {"},
		{"a cut behind bytes", []faults.Rule{of("whole"), rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterBytes = ptr(20) })}, "wrong_content_type:injected(mutation) conn_reset_mid:injected(ending@20)", journal.AttemptReset, `{"id":"chatcmpl-`},
		{"no blank line", []faults.Rule{of("plain"), plain(t, "eof_no_blank_line")}, "wrong_content_type:injected(mutation) eof_no_blank_line:injected(ending)", journal.AttemptEOF, "data: {"},
	} {
		virtual(t, framesModels(6, 100), c.rules, func(g *rig) {
			got := g.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
			if rec := g.last(); states(rec) != c.want || rec.End != c.end || !strings.HasPrefix(got.body, c.begin) {
				t.Errorf("%s: %s, %s: %q", c.name, states(rec), rec.End, got.body)
			}
		})
	}
}

// Answers without a choice, and with one that is empty: nothing is generated, and
// the prompt is billed.
func TestEmptyChoices(t *testing.T) {
	for _, c := range []struct {
		name, as string
		ask      ask
		want     string
	}{
		{"openai", "none", ask{path: chatPath, body: chat("gpt-4o", `,"n":2`)}, `"choices":[],"usage":{"prompt_tokens":`},
		{"openai stream", "none", ask{path: chatPath, body: chat("gpt-4o", streamed)}, "\"choices\":[]}\n\ndata: [DONE]\n\n"},
		{"openai responses", "none", ask{path: responsesPath, body: respond("gpt-4o", "")}, `"output":[]`},
		{"gemini", "none", ask{path: geminiPath, body: geminiAsk("")}, `{"usageMetadata":{"promptTokenCount":`},
		{"gemini events", "none", ask{path: geminiEvents, body: geminiAsk("")}, `data: {"usageMetadata":{"promptTokenCount":`},
		{"gemini array", "none", ask{path: geminiList, body: geminiAsk("")}, `[{"usageMetadata":{"promptTokenCount":`},
		{"openai", "no_content", ask{path: chatPath, body: chat("gpt-4o", `,"n":2`)}, `{"index":1,"message":{"role":"assistant","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}]`},
		{"openai stream", "no_content", ask{path: chatPath, body: chat("gpt-4o", streamed)}, `"delta":{},"logprobs":null,"finish_reason":"stop"}]`},
		{"azure", "no_content", ask{path: azureChat + azureDated, body: azureAsked + "}"}, `"violence":{"filtered":false,"severity":"safe"}}}],"usage"`},
		{"gemini", "no_content", ask{path: geminiPath, body: geminiAsk("")}, `{"candidates":[{"finishReason":"OTHER","index":0}],"usageMetadata"`},
		{"gemini events", "no_content", ask{path: geminiEvents, body: geminiAsk("")}, `data: {"candidates":[{"finishReason":"OTHER","index":0}],"usageMetadata"`},
		{"gemini array", "no_content", ask{path: geminiList, body: geminiAsk("")}, `[{"candidates":[{"finishReason":"OTHER","index":0}],"usageMetadata"`},
	} {
		r := rule(t, "empty_choices", func(f *faults.EmptyChoices) { f.As = c.as })
		virtual(t, filterModels(), []faults.Rule{r}, func(g *rig) {
			got := g.send(c.ask)
			rec := g.last()
			if !strings.Contains(got.body, c.want) || strings.Contains(got.body, "qzx") || got.status != 200 || got.err != nil {
				t.Errorf("%s, %s: %v %s", c.name, c.as, got.err, got.body)
			}
			if strings.HasPrefix(c.name, "gemini") && !strings.HasSuffix(c.name, "events") && !valid([]byte(got.body)) {
				t.Errorf("%s, %s: no JSON: %s", c.name, c.as, got.body)
			}
			if states(rec) != "empty_choices:injected(mutation)" || rec.TokensEmitted != 0 || rec.TokensIn == 0 || rec.CostNanoUSD != int64(rec.TokensIn)*1_000 || rec.End != journal.AttemptComplete {
				t.Errorf("%s, %s: %s, %+v", c.name, c.as, states(rec), rec)
			}
		})
	}
}

// One more event without a choice comes amid a stream, whose own are all there.
func TestEventWithoutChoices(t *testing.T) {
	for _, c := range []struct {
		after int
		state string
	}{{0, "injected"}, {3, "injected"}, {6, "missed"}} {
		r := rule(t, "empty_choices", func(f *faults.EmptyChoices) { f.As, f.AfterTokens = "chunk", c.after })
		for _, w := range streamWires {
			if w.name != "openai" && w.name != "azure" && w.name != "gemini events" && w.name != "gemini array" {
				continue
			}
			w.ask.id = framesID
			var healthy reply
			virtual(t, framesModels(6, 100), nil, func(g *rig) { healthy = g.send(w.ask) })
			virtual(t, framesModels(6, 100), []faults.Rule{r}, func(g *rig) {
				got := g.send(w.ask)
				own, frames := framesIn(w.name, healthy.body), framesIn(w.name, got.body)
				if states(g.last()) != "empty_choices:"+c.state+"(mutation)" {
					t.Errorf("%s behind %d: %s", w.name, c.after, states(g.recs[0]))
				}
				if c.state == "missed" {
					if got.body != healthy.body {
						t.Errorf("%s behind %d: changed all the same: %s", w.name, c.after, got.body)
					}
					return
				}
				i := 0
				for i < len(own) && i < len(frames) && own[i] == frames[i] {
					i++
				}
				if len(frames) != len(own)+1 || strings.Join(frames[i+1:], "") != strings.Join(own[i:], "") {
					t.Errorf("%s behind %d: %q\nof %q", w.name, c.after, frames, own)
					return
				}
				if extra := frames[i]; strings.Contains(extra, `"candidates"`) || strings.Contains(extra, `"index"`) || w.name[0] != 'g' && !strings.Contains(extra, `"choices":[]`) {
					t.Errorf("%s behind %d: %s", w.name, c.after, extra)
				}
				if w.name == "gemini array" && !valid([]byte(got.body)) {
					t.Errorf("no JSON: %s", got.body)
				}
				if w.name == "gemini array" { // what is not closed is no JSON
					return
				}
				if n := len(eventTexts(reply{header: healthy.header, body: strings.Join(frames[:i], "")}, w.text)); n != c.after+1 {
					t.Errorf("%s behind %d: behind %d pieces", w.name, c.after, n)
				}
			})
		}
	}
}

// Who leaves before the first word has met no answer in another form.
func TestWrongContentTypeThatNobodySaw(t *testing.T) {
	m := instant("m", 6)
	first := 2 * time.Second
	m.TTFT = &first
	virtual(t, Config{Models: []Model{m}}, []faults.Rule{rule(t, "wrong_content_type", func(f *faults.WrongContentType) { f.As = "whole" })}, func(g *rig) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", streamed)})); err == nil {
			t.Errorf("status %d", resp.StatusCode)
			resp.Body.Close()
		}
		if got := states(g.last()); got != "wrong_content_type:missed(mutation)" {
			t.Error(got)
		}
	})
}
