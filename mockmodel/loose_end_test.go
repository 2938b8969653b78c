package mockmodel

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// What a stream that says everything lacks at its end, per form of stream: the
// healthy stream with one thing replaced, and nothing else.
func TestLooseEnds(t *testing.T) {
	const all = "\x00" // the events from that word on to the end of the stream
	lacks := func(no bool, line bool) faults.Rule {
		return rule(t, "eof_no_blank_line", func(f *faults.NoBlankLine) { f.NoDone, f.LineEnd = no, line })
	}
	for _, c := range []struct {
		name string
		rule faults.Rule
		// by form: what of the healthy stream, its last occurrence, becomes what.
		// A form that is not here is a miss, and its stream the healthy one.
		want map[string][2]string
	}{
		{"no blank line", lacks(false, false), map[string][2]string{
			"openai": {"[DONE]\n\n", "[DONE]"}, "azure": {"[DONE]\n\n", "[DONE]"}, "anthropic": {"}\n\n", "}"},
			"openai responses": {"}\n\n", "}"}, "gemini events": {"}\r\n\r\n", "}"}, "ollama": {"}\n", "}"},
		}},
		{"a line end, and no blank line", lacks(false, true), map[string][2]string{
			"openai": {"[DONE]\n\n", "[DONE]\n"}, "azure": {"[DONE]\n\n", "[DONE]\n"}, "anthropic": {"}\n\n", "}\n"},
			"openai responses": {"}\n\n", "}\n"}, "gemini events": {"}\r\n\r\n", "}\r\n"},
		}},
		{"no terminal event, and no blank line behind the one before", lacks(true, false), map[string][2]string{
			"openai": {"\n\ndata: [DONE]\n\n", ""}, "azure": {"\n\ndata: [DONE]\n\n", ""}, "anthropic": {"\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", ""},
			"openai responses": {"}\n\n", "}"}, "gemini events": {"}\r\n\r\n", "}"}, "ollama": {"}\n", "}"},
		}},
		{"a finish reason, no terminal event", plain(t, "eof_after_finish_no_done"), map[string][2]string{
			"openai": {"data: [DONE]\n\n", ""}, "azure": {"data: [DONE]\n\n", ""}, "anthropic": {"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", ""},
			"gemini array": {"\n]", ""}, "bedrock": {"metadata" + all, ""},
		}},
		{"a terminal event, no finish reason", plain(t, "done_no_finish"), map[string][2]string{
			"openai": {`{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}`, ""}, "azure": {`{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"`, ""},
			"anthropic": {"event: message_delta", "event: message_stop"}, "gemini events": {`,"finishReason":"STOP"`, ""}, "gemini array": {`,"finishReason":"STOP"`, ""},
			"ollama": {`,"done_reason":"stop"`, ""}, "bedrock": {"messageStop", "metadata"},
		}},
	} {
		e, _ := faults.Lookup(c.rule.Fault.Name())
		for _, w := range streamWires {
			dialect, _, _ := strings.Cut(w.name, " ")
			if !strings.Contains(strings.Join(e.Dialects, " "), dialect) {
				continue
			}
			w.ask.id = framesID
			var healthy reply
			virtual(t, framesModels(5, 0), nil, func(g *rig) { healthy = g.send(w.ask) })
			virtual(t, framesModels(5, 0), []faults.Rule{c.rule}, func(g *rig) {
				got := g.send(w.ask)
				rec := g.last()
				change, hits := c.want[w.name]
				want, state := healthy.body, c.rule.Fault.Name()+":missed(ending)"
				if hits {
					want, state = loosened(t, c.name+", "+w.name, healthy.body, change[0], change[1]), c.rule.Fault.Name()+":injected(ending)"
				}
				if got.body != want || got.err != nil || states(rec) != state {
					t.Errorf("%s, %s: %s %v\n got %q\nwant %q", c.name, w.name, states(rec), got.err, got.body, want)
				}
				if end := rec.End; hits && c.name[0] != 'a' && end != journal.AttemptEOF || !hits && end != journal.AttemptComplete || c.rule.Fault.Name() == "done_no_finish" && end != journal.AttemptComplete {
					t.Errorf("%s, %s: ended %s", c.name, w.name, end)
				}
			})
		}
	}
}

// loosened is a stream without an event or a member: what stands there, at its
// last occurrence, is replaced. Where it is in the middle of an event, all of
// that event goes.
func loosened(t *testing.T, name, body, old, new string) string {
	t.Helper()
	if word, to, isEvent := strings.Cut(old, "\x00"); isEvent || strings.HasPrefix(old, "message") {
		return withoutFrames(t, name, body, word, new+to)
	}
	i := strings.LastIndex(body, old)
	if i < 0 {
		t.Fatalf("%s: no %q in %q", name, old, body)
	}
	switch {
	case strings.HasPrefix(new, "event: "): // up to there
		return body[:i] + body[strings.LastIndex(body, new):]
	case strings.HasPrefix(old, `{"index"`): // all of its event
		from := strings.LastIndex(body[:i], "data: ")
		return body[:from] + body[i+strings.Index(body[i:], "\n\n")+2:]
	}
	return body[:i] + new + body[i+len(old):]
}

// withoutFrames takes the frame of Bedrock's with an event of that name out.
func withoutFrames(t *testing.T, name, body, word, _ string) (out string) {
	t.Helper()
	for b := body; b != ""; {
		n := int(b[2])<<8 | int(b[3])
		if !strings.Contains(b[:n], word) {
			out += b[:n]
		}
		b = b[n:]
	}
	if out == body {
		t.Fatalf("%s: no event %s", name, word)
	}
	return out
}

// A parser that keeps to the standard drops the event that is not ended: with
// no_done the usage, which is the last but one of OpenAI's.
func TestWhatTheMissingBlankLineCosts(t *testing.T) {
	for _, noDone := range []bool{false, true} {
		virtual(t, framesModels(5, 0), []faults.Rule{rule(t, "eof_no_blank_line", func(f *faults.NoBlankLine) { f.NoDone = noDone })}, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true}`)})
			usage, done := false, false
			for s := wire.NewScanner(strings.NewReader(r.body), 1<<20); ; {
				f, err := s.Next()
				if err == io.EOF {
					break
				}
				usage = usage || strings.Contains(f.Data, `"usage":{`)
				done = done || f.Data == "[DONE]"
			}
			if usage == noDone || done {
				t.Errorf("no_done %v: usage %v, done %v", noDone, usage, done)
			}
		})
	}
}

// A caller who leaves before the end has not met it.
func TestLooseEndsThatNobodySaw(t *testing.T) {
	virtual(t, framesModels(5, 1), []faults.Rule{plain(t, "done_no_finish")}, func(g *rig) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("gpt-4o", streamed)})); err == nil {
			replyOf(resp)
		}
		if got := states(g.last()); got != "done_no_finish:missed(ending)" {
			t.Error(got)
		}
	})
}
