package mockmodel

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// framesIn are the frames of a stream as they are, line ends and all.
func framesIn(w string, body string) (out []string) {
	kind := eventsSSE
	switch w {
	case "bedrock":
		kind = eventsBinary
	case "gemini array":
		kind = eventsArray
	case "ollama":
		kind = eventsLine
	}
	for b := []byte(body); len(b) > 0; {
		n := kind.end(b)
		if n == 0 {
			n = len(b)
		}
		out, b = append(out, string(b[:n])), b[n:]
	}
	return out
}

// jsonOf is what stands in a frame in the place of its JSON.
func jsonOf(frame string) string {
	if isEvent([]byte(frame)) {
		return frame[eventPrelude+int(frame[7]) : len(frame)-eventSum]
	}
	_, data, _ := strings.Cut(frame, "{")
	return "{" + strings.TrimRight(data, "\r\n")
}

// Exactly one event of a stream is broken, in every form of stream and in every
// way, at the position that was asked for; its frame is whole. All others are
// those of the healthy stream.
func TestInvalidJSONInAStream(t *testing.T) {
	for _, w := range streamWires {
		w.ask.id = framesID
		var healthy reply
		virtual(t, framesModels(6, 100), nil, func(g *rig) { healthy = g.send(w.ask) })
		whole := framesIn(w.name, healthy.body)
		for _, how := range []string{"truncated", "trailing_comma", "nan", "python", "control"} {
			if w.name == "gemini array" && how == "truncated" || w.name == "ollama" && how == "control" {
				continue // the frames cannot be told apart then
			}
			for _, at := range []string{"behind three tokens", "behind two events", "behind the end"} {
				r := rule(t, "invalid_json", func(f *faults.InvalidJSON) {
					switch f.How = how; at {
					case "behind three tokens":
						f.AfterTokens = ptr(3)
					case "behind two events":
						f.AfterEvents = ptr(2)
					default:
						f.AfterTokens = ptr(6)
					}
				})
				name := w.name + ", " + how + ", " + at
				virtual(t, framesModels(6, 100), []faults.Rule{r}, func(g *rig) {
					got := g.send(w.ask)
					frames, changed := framesIn(w.name, got.body), -1
					if len(frames) != len(whole) || got.err != nil || got.status != 200 {
						t.Errorf("%s: %d frames instead of %d, %v: %q", name, len(frames), len(whole), got.err, got.body)
						return
					}
					for i := range frames {
						if frames[i] == whole[i] {
							continue
						}
						if changed >= 0 {
							t.Errorf("%s: events %d and %d are changed", name, changed, i)
						}
						changed = i
						if js := jsonOf(frames[i]); json.Valid([]byte(js)) {
							t.Errorf("%s: %q is JSON", name, js)
						}
						if w.name == "bedrock" {
							if _, rest, err := eventFramesOf([]byte(frames[i])); err != nil || rest != 0 {
								t.Errorf("%s: the frame is broken too: %v", name, err)
							}
						}
					}
					want, state := "injected", journal.AttemptComplete
					if at == "behind the end" {
						want = "missed"
					}
					rec := g.last()
					if got := states(rec); got != "invalid_json:"+want+"(mutation)" || rec.End != state || (changed >= 0) != (want == "injected") {
						t.Errorf("%s: event %d, %s, %s", name, changed, got, rec.End)
					}
					if at == "behind two events" && changed < 2 {
						t.Errorf("%s: event %d is the one", name, changed)
					}
					if at == "behind three tokens" && changed >= 0 && w.name != "gemini array" {
						before := 3
						if w.name == "ollama" && how == "nan" {
							before = 6 // no line but the last has a number
						}
						if n := len(eventTexts(reply{header: healthy.header, body: strings.Join(whole[:changed], "")}, w.text)); n != before {
							t.Errorf("%s: %d pieces of text before it", name, n)
						}
					}
				})
			}
		}
	}
}

// What a caller is told of usage, and what is on the bill.
func TestUsageWrong(t *testing.T) {
	usage := `,"stream_options":{"include_usage":true}`
	of := func(kind string, factor float64) faults.Rule {
		return rule(t, "usage_wrong", func(f *faults.UsageWrong) { f.Kind, f.Factor = kind, factor })
	}
	for _, c := range []struct {
		name, more, want, not, state string
		rule                         faults.Rule
		end                          journal.AttemptEnd
	}{
		{"missing", "", `"finish_reason":"stop"`, "usage", "injected(mutation)", of("missing", 2), journal.AttemptComplete},
		{"missing in a stream", streamed + usage, "[DONE]", `"usage"`, "injected(mutation)", of("missing", 2), journal.AttemptComplete},
		{"missing where none was asked for", streamed, "[DONE]", `"usage"`, "missed(mutation)", of("missing", 2), journal.AttemptComplete},
		{"zero", "", `"completion_tokens":0,"total_tokens":0`, "", "injected(mutation)", of("zero", 2), journal.AttemptComplete},
		{"zero in a stream", streamed + usage, `"completion_tokens":0,"total_tokens":0`, "", "injected(mutation)", of("zero", 2), journal.AttemptComplete},
		{"half as high", "", `"completion_tokens":3,`, "", "injected(mutation)", of("inflated", 0.5), journal.AttemptComplete},
		{"three times as high", streamed + usage, `"completion_tokens":18,`, "", "injected(mutation)", of("inflated", 3), journal.AttemptComplete},
		{"never", streamed + usage, `"finish_reason":"stop"`, `"usage":{`, "injected(ending)", of("never", 2), journal.AttemptEOF},
		{"never, where none was asked for", streamed, "[DONE]", `"usage"`, "missed(ending)", of("never", 2), journal.AttemptComplete},
	} {
		m := instant("m", 6)
		m.Price = Price{Output: 10}
		virtual(t, Config{Models: []Model{m}}, []faults.Rule{c.rule}, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", c.more)})
			rec := g.last()
			if !strings.Contains(r.body, c.want) || c.not != "" && strings.Contains(r.body, c.not) || r.err != nil {
				t.Errorf("%s: %v %s", c.name, r.err, r.body)
			}
			if got := states(rec); got != "usage_wrong:"+c.state || rec.End != c.end {
				t.Errorf("%s: %s, %s", c.name, got, rec.End)
			}
			if rec.TokensEmitted != 6 || rec.TokensIn == 0 || rec.CostNanoUSD != 60_000 {
				t.Errorf("%s: the bill is %+v", c.name, rec)
			}
		})
	}
}

// A member that is null in all that was sent has not been missed by anybody.
func TestUsageThatWasNotDueYet(t *testing.T) {
	rules := []faults.Rule{rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(3) }), plain(t, "usage_wrong")}
	virtual(t, framesModels(6, 0), rules, func(g *rig) {
		r := g.send(ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true}`)})
		if got := states(g.last()); got != "conn_reset_mid:injected(ending@3) usage_wrong:missed(mutation)" || strings.Contains(r.body, "usage") {
			t.Errorf("%s: %s", got, r.body)
		}
	})
}

// The event with the final usage never comes, in any form of stream: what came is
// the beginning of the healthy stream, and ends in order.
func TestUsageThatNeverComes(t *testing.T) {
	r := rule(t, "usage_wrong", func(f *faults.UsageWrong) { f.Kind = "never" })
	begins := map[string]string{
		"azure": `"usage":{`, "openai responses": "event: response.completed", "anthropic": "event: message_delta", "ollama": `"done":true`, "bedrock": "metadata",
		"gemini events": `"finishReason"`, "gemini array": `"finishReason"`,
	}
	for _, w := range streamWires {
		w.ask.id = framesID
		var healthy reply
		virtual(t, framesModels(6, 0), nil, func(g *rig) { healthy = g.send(w.ask) })
		virtual(t, framesModels(6, 0), []faults.Rule{r}, func(g *rig) {
			got := g.send(w.ask)
			rec := g.last()
			word, tells := begins[w.name]
			if !tells { // without include_usage
				if got.body != healthy.body || states(rec) != "usage_wrong:missed(ending)" {
					t.Errorf("%s: %s %q", w.name, states(rec), got.body)
				}
				return
			}
			rest, is := strings.CutPrefix(healthy.body, got.body)
			if !is || rest == "" || strings.Contains(got.body, word) || !strings.Contains(framesIn(w.name, rest)[0], word) {
				t.Errorf("%s: %q is missing", w.name, rest)
			}
			if got.err != nil || states(rec) != "usage_wrong:injected(ending)" || rec.End != journal.AttemptEOF {
				t.Errorf("%s: %v, %s, %s", w.name, got.err, states(rec), rec.End)
			}
		})
	}
}

// Members that are left out change nothing else; what shows is what told something.
func TestMissingFields(t *testing.T) {
	of := func(names ...string) faults.Rule {
		return rule(t, "missing_fields", func(f *faults.MissingFields) { f.Fields = names })
	}
	for _, c := range []struct {
		name, path, body string
		rule             faults.Rule
		gone             []string
		state            string
	}{
		{"each of OpenAI's", chatPath, chat("gpt-4o", ""), of("usage", "id", "role", "model", "object", "created", "finish_reason", "index"), []string{`"usage"`, `"id"`, `"role"`, `"model"`, `"object"`, `"created"`, `"finish_reason"`, `"index"`}, "injected"},
		{"each in a stream", chatPath, chat("gpt-4o", streamed), of("role", "delta", "index", "finish_reason"), []string{`"role"`, `"delta"`, `"index"`, `"finish_reason"`}, "injected"},
		{"what a whole answer does not have", chatPath, chat("gpt-4o", ""), of("delta"), nil, "missed"},
		{"what Anthropic does not have", messagesPath, chat("gpt-4o", `,"max_tokens":50`), of("created"), nil, "missed"},
		{"a stop reason", messagesPath, chat("gpt-4o", `,"max_tokens":50`+streamed), of("finish_reason"), []string{`"stop_reason"`}, "injected"},
		{"ids of vectors", "/v1/embeddings", `{"model":"gpt-4o","input":["a","b"],"dimensions":3}`, of("index", "usage"), []string{`"index"`, `"usage"`}, "injected"},
	} {
		var healthy reply
		virtual(t, framesModels(6, 0), nil, func(g *rig) { healthy = g.send(ask{path: c.path, body: c.body}) })
		virtual(t, framesModels(6, 0), []faults.Rule{c.rule}, func(g *rig) {
			r := g.send(ask{path: c.path, body: c.body})
			for _, gone := range c.gone {
				if strings.Contains(r.body, gone) || !strings.Contains(healthy.body, gone) {
					t.Errorf("%s: %s is there: %s", c.name, gone, r.body)
				}
			}
			for i, f := range framesOf(r.header.Get("Content-Type"), r.body) {
				if !json.Valid([]byte(f)) {
					t.Errorf("%s: event %d is no JSON: %s", c.name, i, f)
				}
			}
			if c.state == "missed" && r.body != healthy.body {
				t.Errorf("%s: changed all the same: %s", c.name, r.body)
			}
			if got := states(g.last()); got != "missing_fields:"+c.state+"(mutation)" {
				t.Errorf("%s: %s", c.name, got)
			}
		})
	}
}

// A body that a fault edits and another one cuts is cut behind the same words,
// and only a change that is sent has shown.
func TestEditedBodyIsCut(t *testing.T) {
	gone := func(names ...string) faults.Rule {
		return rule(t, "missing_fields", func(f *faults.MissingFields) { f.Fields = names })
	}
	cut := rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(3) })
	c := Config{Models: []Model{instant("m", 20)}, Watermark: "off"}
	said := func(r reply) string { _, text, _ := strings.Cut(r.body, `"content":"`); return text }
	var plain reply
	virtual(t, c, []faults.Rule{cut}, func(g *rig) { plain = g.send(ask{path: chatPath, body: chat("m", "")}) })
	for _, x := range []struct {
		rule  faults.Rule
		state string
	}{{gone("id", "model"), "injected"}, {gone("usage"), "missed"}} {
		virtual(t, c, []faults.Rule{cut, x.rule}, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", "")})
			if said(r) != said(plain) || said(r) == "" {
				t.Errorf("cut behind %q, want %q", said(r), said(plain))
			}
			if got := states(g.last()); got != "conn_reset_mid:injected(ending@3) missing_fields:"+x.state+"(mutation)" {
				t.Error(got)
			}
		})
	}
}

// Recorded answers are edited too, where their events are JSON; what is none is left
// alone.
func TestRecordedJSONIsEdited(t *testing.T) {
	x := Recording{Version: 1, Dialect: "openai", Path: chatPath, Stream: true, Status: 200, TokensIn: 9, TokensOut: 3, Headers: []Header{{"Content-Type", "text/event-stream"}}, Events: []Event{
		{AtMS: 1, Text: "data: {\"id\":\"a\", \"usage\": {\"total_tokens\": 4}}\n\n"}, {AtMS: 2, Text: "data: {\"usage\":\n\n"}, {AtMS: 3, Text: ": {\n\n"}, {AtMS: 4, Text: "data: [DONE]\n\n"},
	}}
	virtual(t, Config{}, nil, func(g *rig) {
		g.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
		x.Step = fmt.Sprintf("%x", g.last().StepHash)
		again := secondRig(g, Config{Answers: []Answer{{File: "f"}}}, []faults.Rule{rule(t, "usage_wrong", func(f *faults.UsageWrong) { f.Kind = "inflated" })}, Options{Recorded: map[string][]Recording{"f": {x}}})
		got := again.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
		want := "data: {\"id\":\"a\", \"usage\": {\"total_tokens\": 40}}\n\ndata: {\"usage\":\n\n: {\n\ndata: [DONE]\n\n"
		if rec := again.last(); got.body != want || states(rec) != "usage_wrong:injected(mutation)" || rec.TokensIn != 9 {
			t.Errorf("%s: %q", states(rec), got.body)
		}
		again.close()
	})
}
