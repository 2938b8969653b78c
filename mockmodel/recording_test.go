package mockmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// sse is an answer of an upstream provider: a stream of events.
func sse(events ...string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: " + strings.Join(events, "\n\ndata: ") + "\n\n"
}

// oneJSON is an answer of an upstream provider in one piece.
func oneJSON(status int, headers, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", status, headers, len(body), body)
}

// TestUpstreamBill: what a real provider's answer cost, as far as it says so;
// where it does not, an event of a stream is a token.
func TestUpstreamBill(t *testing.T) {
	cut := rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = nil; f.AfterEvents = ptr(3) })
	usage := `{"usage":{"prompt_tokens":20,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":4}}}`
	for _, c := range []struct {
		name, text, more                string
		rules                           []faults.Rule
		in, cached, out, reasoning, usd int
	}{
		{"in one piece", oneJSON(200, "", usage), "", nil, 20, 8, 9, 4, 12*1000 + 8*500 + 9*10_000},
		{"a stream that says it at its end", sse(`{"choices":[]}`, usage, "[DONE]"), streamed, nil, 20, 8, 9, 4, 12*1000 + 8*500 + 9*10_000},
		{"a stream that says nothing", sse(`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`, "[DONE]"), streamed, nil, 6, 0, 5, 0, 6*1000 + 5*10_000},
		{"a stream that is cut before it says", sse(`{"a":1}`, `{"a":2}`, `{"a":3}`, usage, "[DONE]"), streamed, []faults.Rule{cut}, 6, 0, 3, 0, 6*1000 + 3*10_000},
		{"an error costs nothing", oneJSON(400, "", `{"error":{}}`), "", nil, 6, 0, 0, 0, 0},
		{"more than there can be", oneJSON(200, "", `{"usage":{"prompt_tokens":9007199254740992,"completion_tokens":-7}}`), "", nil, 1 << 30, 0, 0, 0, 1 << 30 * 1000},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := secondRig(g, Config{
				Models:   []Model{{Name: "gpt-4o", Price: Price{Input: 1, Cached: 0.5, Output: 10}}},
				Upstream: []Upstream{{"openai", "http://real"}},
			}, c.rules, Options{Transport: answering(g, c.text)})
			p.send(ask{path: chatPath, body: chat("gpt-4o", c.more)})
			rec := p.last()
			if got := [5]int{rec.TokensIn, rec.TokensCached, rec.TokensEmitted, rec.ReasoningTokens, int(rec.CostNanoUSD)}; got != [5]int{c.in, c.cached, c.out, c.reasoning, c.usd} {
				t.Errorf("%s: %v tokens in, cached, out, of thoughts and nano-USD, want %v", c.name, got, [5]int{c.in, c.cached, c.out, c.reasoning, c.usd})
			}
			p.close()
		})
	}
}

// TestRecordingsHoldNoKeys: a provider that repeats the caller's key in its
// answer does not bring it into the recording.
func TestRecordingsHoldNoKeys(t *testing.T) {
	for _, c := range []struct{ name, text, more string }{
		{"in an error", oneJSON(401, "", `{"error":{"message":"Incorrect API key provided: secret-key, or other-secret, or query-secret."}}`), ""},
		{"in a stream", sse(`{"debug":"Bearer secret-key"}`), streamed},
		{"in a header", oneJSON(200, "X-Ratelimit-Key: secret-key\r\nSet-Cookie: a=secret-key\r\n", `{}`), ""},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			var kept []Recording
			p := beforeText(g, c.text, nil, func(x Recording) { kept = append(kept, x) })
			r := p.send(ask{path: chatPath + "?key=query-secret", body: chat("gpt-4o", c.more), header: http.Header{"X-Api-Key": {"other-secret"}}})
			p.last()
			if text := fmt.Sprintf("%+v", kept); len(kept) != 1 || strings.Contains(text, "secret") {
				t.Errorf("%s: %s", c.name, text)
			}
			if c.name != "in a header" && !strings.Contains(r.body, "secret-key") {
				t.Errorf("%s: the caller got another answer: %s", c.name, r.body)
			}
			p.close()
		})
	}
}

// TestSlowedAnswersAreNotRecorded: the times of a recording are the provider's,
// not those that a fault made.
func TestSlowedAnswersAreNotRecorded(t *testing.T) {
	slow := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = time.Second })
	trickle := rule(t, "trickle", func(f *faults.Trickle) { f.TokensPerSecond = 2 })
	for _, c := range []struct {
		name string
		rule faults.Rule
		more string
		want int
	}{
		{"an answer in one piece comes before it is slowed", slow, "", 1},
		{"a stream that begins late", slow, streamed, 0},
		{"a stream that trickles", trickle, streamed, 0},
	} {
		virtual(t, Config{Models: []Model{model("gpt-4o", 100*time.Millisecond, 10, 5)}}, nil, func(g *rig) {
			n := 0
			p := passing(g, []faults.Rule{c.rule}, func(Recording) { n++ })
			p.send(ask{path: chatPath, body: chat("gpt-4o", c.more)})
			if p.last(); n != c.want {
				t.Errorf("%s: %d recordings, want %d", c.name, n, c.want)
			}
			p.close()
		})
	}
}

// TestReplayOfErrorsAndHeaders: a recorded error is an error once more, with its
// hint on record and nothing to pay; the headers of a stream come with it.
func TestReplayOfErrorsAndHeaders(t *testing.T) {
	limited := Recording{Version: 1, Dialect: "openai", Path: chatPath, Status: 429, TokensIn: 9, Headers: []Header{{"Content-Type", "application/json"}, {"Retry-After", "2"}}, Events: []Event{{AtMS: 1, Text: `{"error":{}}`}}}
	stream := Recording{Version: 1, Dialect: "openai", Path: chatPath, Stream: true, Status: 200, TokensIn: 9, TokensOut: 3, Headers: []Header{{"Content-Type", "text/event-stream"}, {"X-Ratelimit-Remaining-Requests", "7"}}, Events: []Event{{AtMS: 1, Text: "data: 1\n\n"}}}
	none := Recording{Version: 1, Dialect: "openai", Path: chatPath, Status: 204, Events: []Event{{AtMS: 1}}}
	for _, c := range []struct {
		name, more string
		x          Recording
		header     string
		value      string
		usd, wait  int64
	}{
		{"a rate limit", "", limited, "Retry-After", "2", 0, int64(2 * time.Second)},
		{"a stream", streamed, stream, "X-Ratelimit-Remaining-Requests", "7", 9*1000 + 3*10_000, journal.Never},
		{"an answer without a body", "", none, "Content-Type", "application/json", 0, journal.Never},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			g.send(ask{path: chatPath, body: chat("gpt-4o", c.more)})
			c.x.Step = fmt.Sprintf("%x", g.last().StepHash)
			p := secondRig(g, Config{Models: []Model{{Name: "gpt-4o", Price: Price{Input: 1, Output: 10}}}, Answers: []Answer{{File: "f"}}}, nil, Options{Recorded: map[string][]Recording{"f": {c.x}}})
			r := p.send(ask{path: chatPath, body: chat("gpt-4o", c.more)})
			rec := p.last()
			if r.status != c.x.Status || r.err != nil || r.header.Get(c.header) != c.value {
				t.Errorf("%s: %d %v %v %s", c.name, r.status, r.err, r.header, r.body)
			}
			if rec.CostNanoUSD != c.usd || rec.RetryAfterNs != c.wait || rec.End != journal.AttemptComplete || rec.Status != c.x.Status || (rec.Cause == journal.CauseUpstream) != (rec.Status >= 400) {
				t.Errorf("%s: on record %s with status %d, cost %d, hint %d", c.name, rec.End, rec.Status, rec.CostNanoUSD, rec.RetryAfterNs)
			}
			p.close()
		})
	}
}

// TestJSONStreamsPass: a stream that is one JSON array, as Gemini sends it without
// alt=sse, is passed on element by element, billed, and given again as it came.
func TestJSONStreamsPass(t *testing.T) {
	const path = "/v1beta/models/gemini-pro:streamGenerateContent"
	body := `{"contents":[{"role":"user","parts":[{"text":"Braces } in \"strings\" { are none."}]}]}`
	virtual(t, Config{Models: []Model{model("gemini-pro", 100*time.Millisecond, 10, 5)}}, nil, func(g *rig) {
		var kept []Recording
		p := secondRig(g, Config{Upstream: []Upstream{{"gemini", "http://real"}}}, nil, Options{Transport: g.client.Transport, Record: func(x Recording) { kept = append(kept, x) }})
		first := func(p *rig) (at time.Duration, all string) {
			from := p.elapsed()
			resp, err := p.client.Do(p.request(context.Background(), ask{path: path, body: body}))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			buf := make([]byte, 4<<10)
			for !strings.Contains(all, "}") && err == nil {
				var n int
				n, err = resp.Body.Read(buf)
				all += string(buf[:n])
			}
			at = p.elapsed() - from
			rest := replyOf(resp)
			return at, all + rest.body
		}
		at, whole := first(p)
		if rec := p.last(); at > 150*time.Millisecond || !valid([]byte(whole)) || rec.TokensEmitted != 5 || rec.End != journal.AttemptComplete {
			t.Errorf("the first element came at %v, %d tokens, %s: %s", at, rec.TokensEmitted, rec.End, whole)
		}
		p.close()
		again := secondRig(g, Config{Answers: []Answer{{File: "f"}}}, nil, Options{Recorded: map[string][]Recording{"f": kept}})
		if at, text := first(again); at > 150*time.Millisecond || text != whole {
			t.Errorf("again, the first element came at %v: %s", at, text)
		}
		again.close()
	})
}

// TestWhatIsRecordedCanBeRead: an answer that a file of recordings cannot hold
// does not spoil the file.
func TestWhatIsRecordedCanBeRead(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"a stream without events", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"},
		{"an empty body", oneJSON(200, "", "")},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"a status of nobody's", oneJSON(999, "", "{}")},
		{"bytes that are no text", oneJSON(200, "", "\xff\x00")},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			var file strings.Builder
			p := beforeText(g, c.text, nil, func(x Recording) { _ = json.NewEncoder(&file).Encode(x) })
			p.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
			p.last()
			if _, err := ReadRecordings(strings.NewReader(file.String())); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			p.close()
		})
	}
}

// TestReplayBeforeValidation: what a real provider said to a call is what the call
// gets, whether or not the stand-in would have taken it.
func TestReplayBeforeValidation(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"a call without messages", `{"model":"gpt-4o"}`},
		{"a call that is no JSON", `{`},
		{"a model that the plan does not list", chat("other", "")},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			var kept []Recording
			p := beforeText(g, oneJSON(418, "", `{"says":"the real one"}`), nil, func(x Recording) { kept = append(kept, x) })
			p.send(ask{path: chatPath, body: c.body})
			p.last()
			p.close()
			again := secondRig(g, Config{UnknownModels: "refuse", Models: []Model{instant("gpt-4o", 1)}, Answers: []Answer{{File: "f"}}}, nil, Options{Recorded: map[string][]Recording{"f": kept}})
			if r := again.send(ask{path: chatPath, body: c.body}); r.status != 418 || r.body != `{"says":"the real one"}` {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
			}
			if rec := again.last(); rec.Cause != journal.CauseUpstream || rec.End != journal.AttemptComplete {
				t.Errorf("%s: on record %s %s", c.name, rec.Cause, rec.End)
			}
			again.close()
			empty := secondRig(g, Config{UnknownModels: "refuse", Answers: []Answer{{File: "f"}}}, []faults.Rule{plain(t, "empty_200")}, Options{Recorded: map[string][]Recording{"f": kept}})
			if r := empty.send(ask{path: chatPath, body: c.body}); r.status == 418 || r.err != nil {
				t.Errorf("%s, emptied: %d %s %v", c.name, r.status, r.body, r.err)
			}
			empty.close()
		})
	}
}
