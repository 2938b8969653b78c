package mockmodel

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// What a real provider has said is cut as well: in the middle of the first
// character that it holds, wherever that stands. Where its calls of tools stand,
// nobody knows.
func TestCutsOfWhatIsPassedOn(t *testing.T) {
	real := cutConfig() // an event a token
	real.Answers = append([]Answer{{When: When{Contains: "accent"}, Text: "Un café, et une crêpe."}}, real.Answers...)
	asks := func(prompt, more string) string {
		return fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":%q}]%s}`, prompt, more)
	}
	for _, c := range []struct {
		name, body, ending string
		set                func(*faults.AnyCut)
		ends               string // of the body
		broken             bool
		state              string
	}{
		{"a character of a body", asks("accent", ""), "eof", func(f *faults.AnyCut) { f.Inside = faults.InsideCodePoint }, "Un caf\xc3", true, "cut:injected(ending@0)"},
		{"of a stream", asks("accent", streamed), "eof", func(f *faults.AnyCut) { f.Inside = faults.InsideCodePoint }, "f\xc3", false, "cut:injected(ending@0)"},
		{"the second one of a stream", asks("accent", streamed), "reset", func(f *faults.AnyCut) { f.Inside, f.AfterEvents = faults.InsideCodePoint, ptr(3) }, "cr\xc3", true, "cut:injected(ending@3)"},
		{"none", asks("x", streamed), "eof", func(f *faults.AnyCut) { f.Inside = faults.InsideCodePoint }, "data: [DONE]\n\n", false, "cut:missed(ending)"},
		{"arguments of a stream", asks("x", givenOpenAITools+streamed), "eof", func(f *faults.AnyCut) { f.Inside = faults.InsideToolArguments }, "data: [DONE]\n\n", false, "cut:missed(ending)"},
		{"arguments of a body", asks("x", givenOpenAITools), "eof", func(f *faults.AnyCut) { f.Inside = faults.InsideToolArguments }, "}", false, "cut:missed(ending)"},
		{"an error within an event", asks("x", streamed), "in_stream_error", func(f *faults.AnyCut) { f.AfterBytes = ptr(300) }, "}}\n\n", false, "cut:injected(ending@300)"},
	} {
		virtual(t, real, nil, func(g *rig) {
			p := passing(g, []faults.Rule{{Fault: newCut(t, c.ending, c.set)}}, nil)
			r := p.send(ask{path: chatPath, body: c.body})
			if state := states(p.last()); state != c.state || !strings.HasSuffix(r.body, c.ends) || (r.err != nil) != c.broken {
				t.Errorf("%s: %s, want %s: %v, %q", c.name, state, c.state, r.err, r.body)
			}
			if c.ending == "in_stream_error" {
				events := strings.SplitAfter(r.body, "\n\n")
				if n := len(events) - 2; !strings.HasPrefix(events[n], `data: {"error":`) || len(strings.Join(events[:n], "")) < 300 || len(strings.Join(events[:n-1], "")) >= 300 {
					t.Errorf("%s: %q", c.name, events)
				}
			}
			p.close()
		})
	}
}

// A recorded answer is cut like any other, and its signs of life are those of its
// dialect.
func TestCutsOfWhatIsRecorded(t *testing.T) {
	for _, c := range []struct {
		path, pattern, dialect, media, body, ping string
	}{
		{chatPath, chatPath, "openai", "text/event-stream", chat("gpt-4o", streamed), ssePing},
		{messagesPath, messagesPath, "anthropic", "text/event-stream", chat("m", `,"max_tokens":9`+streamed), "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
		{geminiList, "/v{version}/models/{model}:streamGenerateContent", "gemini", "application/json", geminiAsk(""), "\n"},
	} {
		x := Recording{Version: 1, Dialect: c.dialect, Path: c.pattern, Stream: true, Status: 200, TokensIn: 4, TokensOut: 8, Headers: []Header{{"Content-Type", c.media}}}
		for i := range 4 {
			x.Events = append(x.Events, Event{AtMS: float64(100 + 50*i), Text: fmt.Sprintf("data: {\"n\":\"%d é\"}\n\n", i)})
		}
		virtual(t, Config{}, nil, func(g *rig) {
			g.send(ask{path: c.path, body: c.body})
			x.Step = fmt.Sprintf("%x", g.last().StepHash)
		})
		recorded := func(g *rig, f *faults.AnyCut) *rig {
			return secondRig(g, Config{Answers: []Answer{{File: "f"}}}, []faults.Rule{{Fault: f}}, Options{Recorded: map[string][]Recording{"f": {x}}})
		}
		virtual(t, Config{}, nil, func(g *rig) {
			f := newCut(t, "keep_alive", func(f *faults.AnyCut) { f.Every, f.AfterEvents = 5*time.Second, ptr(2) })
			p := recorded(g, f)
			ctx, leave := context.WithTimeout(context.Background(), 12*time.Second)
			defer leave()
			resp, err := p.client.Do(p.request(ctx, ask{path: c.path, body: c.body}))
			if err != nil {
				t.Fatal(err)
			}
			r := replyOf(resp)
			if want := x.Events[0].Text + x.Events[1].Text + strings.Repeat(c.ping, 3); r.body != want {
				t.Errorf("%s: %q, want %q", c.dialect, r.body, want)
			}
			if rec := p.last(); rec.End != journal.AttemptStall || states(rec) != "cut:injected(ending@2)" {
				t.Errorf("%s: %s %s", c.dialect, rec.End, states(rec))
			}
			p.close()
		})
		if c.media != "text/event-stream" {
			continue
		}
		virtual(t, Config{}, nil, func(g *rig) {
			p := recorded(g, newCut(t, "eof", func(f *faults.AnyCut) { f.Inside, f.AfterEvents = faults.InsideCodePoint, ptr(2) }))
			r := p.send(ask{path: c.path, body: c.body})
			if want := x.Events[0].Text + x.Events[1].Text + "data: {\"n\":\"2 \xc3"; r.body != want || states(p.last()) != "cut:injected(ending@2)" {
				t.Errorf("%s: %q, want %q", c.dialect, r.body, want)
			}
			p.close()
		})
	}
}
