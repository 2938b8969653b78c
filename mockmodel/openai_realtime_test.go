package mockmodel

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

const realtimePath = "/v1/realtime?model=gpt-realtime"

// talk is a caller of the Realtime API, with a transcript of what was said.
type talk struct {
	t      *testing.T
	g      *rig
	ws     *websocket.Conn
	said   strings.Builder
	broken bool // events need not be JSON
}

// talk opens a session as the request of the id.
func (g *rig) talk(path string, id wire.ID) *talk {
	g.t.Helper()
	d := websocket.Dialer{NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return g.dial(ctx) }}
	h := http.Header{"Authorization": {"Bearer secret-key"}, "User-Agent": {"test/1"}}
	if id.Phase != "" {
		id.Run = codec.Run
		codec.SetHeaders(h, id)
	}
	ws, _, err := d.Dial("ws://mock"+path, h)
	if err != nil {
		g.t.Fatal(err)
	}
	return &talk{t: g.t, g: g, ws: ws}
}

func (k *talk) send(event string) {
	k.t.Helper()
	k.said.WriteString("> " + event + "\n")
	if err := k.ws.WriteMessage(websocket.TextMessage, []byte(event)); err != nil {
		k.t.Fatal(err)
	}
}

// until reads events up to one of the type, and returns it.
func (k *talk) until(kind string) doc {
	k.t.Helper()
	for {
		e, err := k.next()
		if err != nil {
			k.t.Fatalf("instead of %s: %v\n%s", kind, err, k.said.String())
		}
		if e.get("type").text() == kind {
			return e
		}
	}
}

// next reads the next event.
func (k *talk) next() (doc, error) {
	_, raw, err := k.ws.ReadMessage()
	if err != nil {
		k.said.WriteString("< closed: " + err.Error() + "\n")
		return "", err
	}
	k.said.WriteString("< " + string(raw) + "\n")
	whole := json.Valid(raw)
	if !whole && !k.broken || bytes.ContainsRune(raw, '\n') {
		k.t.Errorf("event %q", raw)
	}
	if !whole {
		return "", nil
	}
	return doc(raw), nil
}

func (k *talk) close() { _ = k.ws.Close() }

const (
	saysHello = `{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"How do I return an item?"}]}}`
	asksNow   = `{"type":"response.create","event_id":"mine"}`
)

func realtimeConfig() Config {
	m := instant("gpt-realtime", 6)
	m.Limits = Limits{RequestsPerMinute: 600, TokensPerMinute: 60_000}
	return Config{Models: []Model{m}, Answers: []Answer{{When: When{HasTool: "now", Turn: 1}, Text: "Let me look.", ToolCalls: []ToolCall{{Name: "now", Arguments: map[string]any{"zone": "UTC"}}}}}}
}

// TestGoldenRealtime holds whole sessions of the Realtime API.
func TestGoldenRealtime(t *testing.T) {
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	tool := `{"type":"session.update","session":{"type":"realtime","instructions":"Be\nbrief.","tools":[{"type":"function","name":"now","parameters":{"type":"object"}}]}}`
	type said struct{ send, until string }
	plainTalk := []said{{saysHello, "conversation.item.done"}, {asksNow, "response.done"}}
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		talk  []said
	}{
		{"realtime", nil, plainTalk},
		{"realtime_tools", nil, []said{{tool, "session.updated"}, {saysHello, "conversation.item.done"}, {asksNow, "response.done"},
			{`{"type":"conversation.item.create","item":{"id":"result","type":"function_call_output","call_id":"any","output":"noon"}}`, "conversation.item.done"}, {asksNow, "response.done"}}},
		{"realtime_cut", nil, []said{{saysHello, "conversation.item.done"}, {`{"type":"response.create","response":{"max_output_tokens":3,"metadata":{"a": "b"},"conversation":"none"}}`, "response.done"}}},
		{"realtime_input", nil, []said{{`{"type":"response.create","response":{"conversation":"none","instructions":"x","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"y"}]}]}}`, "response.done"}}},
		{"realtime_items", nil, []said{{saysHello, "conversation.item.done"}, {`{"type":"conversation.item.create","previous_item_id":"root","item":{"id":"first","type":"message","role":"system","content":[{"type":"input_text","text":"x"}]}}`, "conversation.item.done"},
			{`{"type":"conversation.item.retrieve","item_id":"first"}`, "conversation.item.retrieved"}, {`{"type":"conversation.item.delete","item_id":"first"}`, "conversation.item.deleted"}}},
		{"realtime_empty_200", []faults.Rule{plain(t, "empty_200")}, plainTalk},
		{"realtime_rate_limit", []faults.Rule{plain(t, "rate_limit")}, plainTalk},
		{"realtime_http_500", []faults.Rule{plain(t, "http_500")}, plainTalk},
		{"realtime_http_400", []faults.Rule{plain(t, "http_400")}, []said{{saysHello, "conversation.item.done"}, {asksNow, "error"}}},
		{"realtime_in_stream_error", []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}, plainTalk},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, realtimeConfig(), c.rules, func(g *rig) {
				k := g.talk(realtimePath, spike)
				defer k.close()
				k.until("session.created")
				for _, s := range c.talk {
					k.send(s.send)
					k.until(s.until)
				}
				golden.Check(t, c.name+".golden", k.said.String())
			})
		})
	}
}

// A response is an attempt like any other: on record, limited, and one step
// with its retry in another session.
func TestRealtimeResponsesAreAttempts(t *testing.T) {
	id := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	virtual(t, realtimeConfig(), nil, func(g *rig) {
		var step uint64
		for i := range 2 {
			k := g.talk(realtimePath, id)
			k.until("session.created")
			if g.s.Calls() != i {
				t.Errorf("a session is no attempt: %d", g.s.Calls())
			}
			k.send(saysHello)
			k.send(asksNow)
			done := k.until("response.done").get("response")
			k.close()
			rec := g.last()
			if rec.Key.String() != "spike/7" || rec.Ordinal != i+1 || rec.Dialect != "openai" || rec.Kind != "chat" || rec.ModelAsked != "gpt-realtime" || !rec.Stream ||
				rec.TokensEmitted != 6 || rec.End != journal.AttemptComplete || rec.Messages != 1 || rec.LimitRemaining != int64(599-i) || rec.Principal == 0 {
				t.Errorf("%+v", rec)
			}
			if i > 0 && rec.StepHash != step {
				t.Errorf("step %x, the first time %x", rec.StepHash, step)
			}
			step = rec.StepHash
			if n, _ := done.get("usage").get("output_tokens").integer(); n != 6 {
				t.Errorf("%s", done)
			}
		}
	})
}

// The next response knows what was said before.
func TestRealtimeConversationGrows(t *testing.T) {
	virtual(t, realtimeConfig(), nil, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{})
		defer k.close()
		for turn := range 3 {
			k.send(saysHello)
			k.send(asksNow)
			done := k.until("response.done").get("response")
			rec := g.last()
			if rec.Messages != 2*turn+1 || done.get("status").text() != "completed" {
				t.Errorf("turn %d: %d messages, %s", turn, rec.Messages, done)
			}
		}
	})
}

// Every fault does to a socket what it does to an answer.
func TestRealtimeFaults(t *testing.T) {
	slow := Config{Models: []Model{model("gpt-realtime", time.Second, 1, 6)}}
	for _, c := range []struct {
		words  string
		rule   faults.Rule
		end    journal.AttemptEnd
		deltas int // that were seen
		closed int // code of the close frame; 0: none came, -1: the session is open
		state  string
	}{
		{"a reset before anything", plain(t, "conn_reset_pre"), journal.AttemptReset, 0, 0, "conn_reset_pre:injected(connection)"},
		{"a reset in the middle", rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(2) }), journal.AttemptReset, 2, 0, "conn_reset_mid:injected(ending@2)"},
		{"an end without an end", rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) }), journal.AttemptEOF, 2, websocket.CloseNormalClosure, "eof_no_done:injected(ending@2)"},
		{"an end in place of the last event", rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens, f.AfterEvents = nil, ptr(14) }), journal.AttemptEOF, 6, websocket.CloseNormalClosure, "eof_no_done:injected(ending@14)"},
		{"an end after events", rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens, f.AfterEvents = nil, ptr(6) }), journal.AttemptEOF, 2, websocket.CloseNormalClosure, "eof_no_done:injected(ending@6)"},
		{"a hang", plain(t, "hang_before_headers"), journal.AttemptStall, 0, -1, "hang_before_headers:injected(connection)"},
		{"a stall", rule(t, "stall_mid_stream", func(f *faults.Cut) { f.AfterTokens = ptr(2) }), journal.AttemptStall, 2, -1, "stall_mid_stream:injected(ending@2)"},
		{"a late first token", rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.Factor, f.By = 0, time.Minute }), journal.AttemptComplete, 6, -1, "slow_ttft:injected(delay)"},
	} {
		t.Run(c.words, func(t *testing.T) {
			virtual(t, slow, []faults.Rule{c.rule}, func(g *rig) {
				k := g.talk(realtimePath, wire.ID{})
				defer k.close()
				k.until("session.created")
				k.send(saysHello)
				k.until("conversation.item.done")
				k.send(asksNow)
				deltas, code := 0, -1
				for {
					_ = k.ws.SetReadDeadline(time.Now().Add(2 * time.Minute))
					e, err := k.next()
					if err != nil {
						if closed, ok := err.(*websocket.CloseError); ok {
							code = closed.Code
						} else if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
							code = 0
						}
						break
					}
					if e.get("type").text() == "response.output_text.delta" {
						deltas++
					}
					if e.get("type").text() == "response.done" {
						break
					}
				}
				if code == websocket.CloseAbnormalClosure {
					code = 0
				}
				if deltas != c.deltas || code != c.closed {
					t.Errorf("%d deltas, closed with %d", deltas, code)
				}
				k.close()
				if rec := g.last(); rec.End != c.end || states(rec) != c.state {
					t.Errorf("%s %s: %+v", rec.End, states(rec), rec)
				}
			})
		})
	}
}

// The caller may end a response, in the middle or before it has begun, and goes
// on in the same session.
func TestRealtimeCancel(t *testing.T) {
	m := model("gpt-realtime", time.Second, 1, 6)
	m.Slots = 1
	for _, c := range []struct {
		words  string
		after  time.Duration
		queued bool
		said   string
		tokens int
	}{
		{"between tokens", 2500 * time.Millisecond, false, "incomplete", 2},
		{"before the first token", 500 * time.Millisecond, false, "", 0},
		{"in the queue", 500 * time.Millisecond, true, "", 0},
	} {
		t.Run(c.words, func(t *testing.T) {
			virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
				if c.queued {
					busy := g.talk(realtimePath, wire.ID{})
					defer busy.close()
					busy.send(saysHello)
					busy.send(asksNow)
					busy.until("response.created")
				}
				k := g.talk(realtimePath, wire.ID{Phase: "warm", Index: 1, Tenant: "t1"})
				defer k.close()
				k.send(saysHello)
				k.send(asksNow)
				<-time.After(c.after)
				k.send(`{"type":"response.create","event_id":"second"}`)
				if e := k.until("error").get("error"); e.get("code").text() != "conversation_already_has_active_response" || e.get("event_id").text() != "second" {
					t.Errorf("%s", e)
				}
				k.send(`{"type":"response.cancel","response_id":"resp_another"}`)
				if e := k.until("error").get("error"); e.get("code").text() != "response_cancel_not_active" {
					t.Errorf("%s", e)
				}
				k.send(`{"type":"response.cancel"}`)
				done := k.until("response.done").get("response")
				if done.get("status").text() != "cancelled" || done.get("status_details").get("reason").text() != "client_cancelled" || done.get("output").first().get("status").text() != c.said {
					t.Errorf("%s", done)
				}
				if n, _ := done.get("usage").get("output_tokens").integer(); n != c.tokens {
					t.Errorf("%d tokens said: %s", n, done)
				}
				if rec := g.last(); rec.End != journal.AttemptPeerClosed || rec.TokensEmitted != c.tokens {
					t.Errorf("%+v", rec)
				}
				k.send(`{"type":"response.cancel"}`)
				k.until("error")
				k.send(asksNow)
				if done := k.until("response.done").get("response"); done.get("status").text() != "completed" {
					t.Errorf("%s", done)
				}
			})
		})
	}
}

// What is wrong with an event is told, and the session goes on.
func TestRealtimeErrors(t *testing.T) {
	session := func(more string) string {
		return `{"type":"session.update","event_id":"e","session":{"type":"realtime"` + more + `}}`
	}
	item := func(item string) string {
		return `{"type":"conversation.item.create","event_id":"e","item":` + item + `}`
	}
	response := func(more string) string { return `{"type":"response.create","event_id":"e","response":{` + more + `}}` }
	rows := []struct{ words, event, code, param, message string }{
		{"no JSON", `{`, "invalid_json", "", "could not parse"},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "invalid_json", "", "could not parse"},
		{"no object", `[]`, "invalid_type", "event", "an object"},
		{"no type", `{"event_id":"e"}`, "missing_required_parameter", "type", "'type'"},
		{"an unknown type", `{"type":"session.begin","event_id":"e"}`, "invalid_value", "type", "Invalid value: 'session.begin'. Supported values are: 'session.update', 'input_audio_buffer.append'"},
		{"audio", `{"type":"input_audio_buffer.append","event_id":"e","audio":"AAAA"}`, "invalid_value", "type", "is not built in the chaos mock model yet"},
		{"no session", `{"type":"session.update","event_id":"e"}`, "missing_required_parameter", "session", ""},
		{"a session without type", `{"type":"session.update","event_id":"e","session":{}}`, "missing_required_parameter", "session.type", ""},
		{"a transcription", `{"type":"session.update","event_id":"e","session":{"type":"transcription"}}`, "unsupported_parameter", "session.type", "not built"},
		{"a parameter of the beta", session(`,"modalities":["text"]`), "unknown_parameter", "session.modalities", "Unknown parameter: 'session.modalities'."},
		{"spoken answers", session(`,"output_modalities":["audio"]`), "unsupported_parameter", "session.output_modalities", "not built"},
		{"another model", session(`,"model":"other"`), "invalid_value", "session.model", "cannot be changed"},
		{"too many tokens", session(`,"max_output_tokens":4097`), "integer_above_max_value", "session.max_output_tokens", "'session.max_output_tokens'"},
		{"tokens as a word", session(`,"max_output_tokens":"many"`), "invalid_type", "session.max_output_tokens", ""},
		{"a tool without a name", session(`,"tools":[{"type":"function"}]`), "missing_required_parameter", "session.tools[0].name", "'session.tools[0].name'"},
		{"instructions that are a list", session(`,"instructions":[]`), "invalid_type", "session.instructions", ""},
		{"no item", `{"type":"conversation.item.create","event_id":"e"}`, "missing_required_parameter", "item", ""},
		{"an item without type", item(`{"role":"user"}`), "missing_required_parameter", "item.type", ""},
		{"an item of another type", item(`{"type":"x"}`), "invalid_value", "item", "Supported values are"},
		{"a message without content", item(`{"type":"message","role":"user"}`), "missing_required_parameter", "item.content", ""},
		{"spoken words", item(`{"type":"message","role":"user","content":[{"type":"input_audio","audio":"AAAA"}]}`), "unsupported_parameter", "item.content[0].type", "not built"},
		{"behind an item that is not there", `{"type":"conversation.item.create","event_id":"e","previous_item_id":"x","item":{"type":"message","role":"user","content":"x"}}`, "item_create_invalid_previous_item_id", "previous_item_id", "'x' does not exist"},
		{"deleting what is not there", `{"type":"conversation.item.delete","event_id":"e","item_id":"x"}`, "item_delete_invalid_item_id", "item_id", ""},
		{"asking for what is not there", `{"type":"conversation.item.retrieve","event_id":"e","item_id":"x"}`, "item_retrieve_invalid_item_id", "item_id", ""},
		{"cancelling nothing", `{"type":"response.cancel","event_id":"e"}`, "response_cancel_not_active", "", "no active response"},
		{"a response with an unknown parameter", response(`"temperature":1`), "unknown_parameter", "response.temperature", ""},
		{"a response that speaks", response(`"output_modalities":["audio"]`), "unsupported_parameter", "response.output_modalities", ""},
		{"a response of no tokens", response(`"max_output_tokens":0`), "integer_below_min_value", "response.max_output_tokens", ""},
		{"a response to a wrong item", response(`"input":[{"type":"message","role":"user"}]`), "missing_required_parameter", "response.input.content", ""},
		{"a choice that is none", session(`,"tools":[{"type":"function","name":"x"}],"tool_choice":{"type":"function","name":"y"}`), "", "session.tool_choice", "not found"},
	}
	virtual(t, realtimeConfig(), nil, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{})
		defer k.close()
		for _, c := range rows {
			k.send(c.event)
			e := k.until("error").get("error")
			if e.get("code").text() != c.code || e.get("param").text() != c.param || !strings.Contains(e.get("message").text(), c.message) || e.get("type").text() != "invalid_request_error" {
				t.Errorf("%s: %s", c.words, e)
			}
			if has := strings.Contains(c.event, `"event_id":"e"`); has != (e.get("event_id").text() == "e") {
				t.Errorf("%s: about %s", c.words, e.get("event_id"))
			}
		}
		k.send(asksNow)
		k.until("response.done")
		if g.s.Calls() != 1 {
			t.Errorf("%d attempts", g.s.Calls())
		}
	})
}

// What cannot become a session is refused before it is one.
func TestRealtimeHandshake(t *testing.T) {
	upgrade := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	beta := upgrade.Clone()
	beta.Set("OpenAI-Beta", "realtime=v1")
	for _, c := range []struct {
		words, method, path string
		header              http.Header
		status              int
		want                string
	}{
		{"no WebSocket", "GET", realtimePath, nil, 400, "Expected a WebSocket handshake"},
		{"another method", "POST", realtimePath, nil, 405, "Not allowed to POST"},
		{"no model", "GET", "/v1/realtime", upgrade, 400, `"code":"missing_model"`},
		{"a transcription", "GET", "/v1/realtime?intent=transcription", upgrade, 400, "'intent' is not built"},
		{"a telephone call", "GET", "/v1/realtime?call_id=x", upgrade, 400, "'call_id' is not built"},
		{"the beta", "GET", realtimePath, beta, 400, `"code":"beta_api_shape_disabled"`},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			r, _ := http.NewRequest(c.method, "http://mock"+c.path, nil)
			r.Header = c.header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != c.status || !strings.Contains(got.body, c.want) || g.s.Calls() != 0 {
				t.Errorf("%s: %d %s", c.words, got.status, got.body)
			}
		})
	}
}

// Sessions are bounded: in what is said at once, kept, and in time.
func TestRealtimeBounds(t *testing.T) {
	t.Run("a huge event ends the session", func(t *testing.T) {
		virtual(t, Config{}, nil, func(g *rig) {
			k := g.talk(realtimePath, wire.ID{})
			defer k.close()
			k.until("session.created")
			_ = k.ws.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), realtimeMessageMax+1))
			if _, err := k.next(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
				t.Error(err)
			}
		})
	})
	t.Run("so many items", func(t *testing.T) {
		virtual(t, Config{}, nil, func(g *rig) {
			k := g.talk(realtimePath, wire.ID{})
			defer k.close()
			for range realtimeItemsMax {
				k.send(saysHello)
				k.until("conversation.item.done")
			}
			k.send(saysHello)
			if e := k.until("error").get("error"); e.get("code").text() != "conversation_too_long" {
				t.Errorf("%s", e)
			}
		})
	})
	t.Run("an hour", func(t *testing.T) {
		virtual(t, Config{}, nil, func(g *rig) {
			k := g.talk(realtimePath, wire.ID{})
			defer k.close()
			if e := k.until("error").get("error"); e.get("code").text() != "session_expired" || g.elapsed() != realtimeLasts {
				t.Errorf("after %v: %s", g.elapsed(), e)
			}
			if _, err := k.next(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Error(err)
			}
		})
	})
	t.Run("a caller that gives no sign of life", func(t *testing.T) {
		virtual(t, Config{}, nil, func(g *rig) {
			k := g.talk(realtimePath, wire.ID{})
			defer k.close()
			k.ws.SetPingHandler(func(string) error { return nil })
			k.until("session.created")
			if _, err := k.next(); err == nil || g.elapsed() != realtimeSilence {
				t.Errorf("after %v: %v", g.elapsed(), err)
			}
		})
	})
}

// A caller that leaves in the middle has hung up; closing the server ends its
// sessions too.
func TestRealtimeEnds(t *testing.T) {
	slow := Config{Models: []Model{model("gpt-realtime", time.Second, 1, 6)}}
	virtual(t, slow, nil, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{})
		k.send(saysHello)
		k.send(asksNow)
		<-time.After(2500 * time.Millisecond)
		k.close()
		if rec := g.last(); rec.End != journal.AttemptPeerClosed || rec.PeerClosedNs != int64(2500*time.Millisecond) || rec.TokensEmitted != 2 {
			t.Errorf("%+v", rec)
		}
		k = g.talk(realtimePath, wire.ID{})
		defer k.close()
		k.send(saysHello)
		k.send(asksNow)
		<-time.After(time.Second / 2)
		g.s.Close()
		if rec := g.last(); rec.End != journal.AttemptRunEnd {
			t.Errorf("%+v", rec)
		}
		synctest.Wait()
	})
}

// The same on a socket, whose resets are real.
func TestRealtimeOnASocket(t *testing.T) {
	rules := []faults.Rule{rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(2) }, func(r *faults.Rule) { r.Match.Tenant = "t2" })}
	onSocket(t, realtimeConfig(), rules, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{Phase: "warm", Index: 1, Tenant: "t1"})
		k.send(saysHello)
		k.send(asksNow)
		k.until("response.done")
		k.close()
		if rec := g.last(); rec.End != journal.AttemptComplete {
			t.Errorf("%+v", rec)
		}
		k = g.talk(realtimePath, wire.ID{Phase: "warm", Index: 2, Tenant: "t2"})
		defer k.close()
		k.send(saysHello)
		k.send(asksNow)
		for {
			if _, err := k.next(); err != nil {
				if !strings.Contains(err.Error(), "reset") {
					t.Error(err)
				}
				break
			}
		}
		if rec := g.last(); rec.End != journal.AttemptReset {
			t.Errorf("%+v", rec)
		}
	})
}

// FuzzRealtime gives a session any events. Each is taken or refused, in events
// that are JSON on one line.
func FuzzRealtime(f *testing.F) {
	for _, events := range []string{saysHello + "\n" + asksNow, `{"type":"session.update","session":{"type":"realtime","tools":[{"type":"function","name":"now"}],"max_output_tokens":5,"reasoning":{"effort":"low"}}}`,
		`{"type":"conversation.item.create","previous_item_id":"root","item":{"id":"a","type":"function_call","call_id":"c","name":"n","arguments":"{}"}}` + "\n" + `{"type":"conversation.item.delete","item_id":"a"}`,
		`{"type":"response.create","response":{"input":[{"type":"message","role":"user","content":"x"}],"metadata":{ "a":"b" },"conversation":"none","tools":null}}` + "\n" + `{"type":"response.cancel"}`} {
		f.Add([]byte(events))
	}
	zero := 0.0
	s := New(Config{Models: []Model{{Name: "m", TTFT: new(time.Duration), TokensPerSecond: &zero, OutputTokens: 3}}}, Options{})
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, events []byte) {
		r, err := http.NewRequest("GET", "http://mock/v1/realtime?model=m", nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		x := &realtime{s: s, at: s.endpoints[0], r: r, ctx: ctx, model: "m", id: "ABCDEFGHIJKLMNOPQRSTUVWX", settings: map[string]doc{}, out: make(chan outgoing)}
		x.write = func(event []byte) error {
			if !json.Valid(event) || bytes.ContainsRune(event, '\n') {
				t.Errorf("%q: event %q", events, event)
			}
			return nil
		}
		for event := range bytes.Lines(events) {
			if err := x.take(event); err != nil {
				t.Fatalf("%q: %v", event, err)
			}
			for x.turn != nil {
				select {
				case o := <-x.out:
					x.turn.id, x.turn.over = o.request, o.last
					o.done <- x.write(o.event)
				case <-x.turn.done:
					if err := x.endTurn(); err != nil {
						t.Fatalf("%q: %v", event, err)
					}
				}
			}
		}
		size := 0
		for _, i := range x.items {
			size += len(i.json)
		}
		if size != x.bytes {
			t.Errorf("%q: %d bytes of items, counted %d", events, size, x.bytes)
		}
	})
}

// A session of a scope has the scope's fate, and ends with it.
func TestRealtimeInAScope(t *testing.T) {
	virtual(t, realtimeConfig(), nil, func(g *rig) {
		sink := &journal.MemSink{}
		scope := scoped(t, g, sink, plain(t, "http_503"))
		k := g.talk("/_scopes/mine"+realtimePath, wire.ID{})
		defer k.close()
		k.until("session.created")
		k.send(asksNow)
		if done := k.until("response.done").get("response"); done.get("status").text() != "failed" {
			t.Errorf("%s", done)
		}
		if err := scope.Close(); err != nil {
			t.Error(err)
		}
		if _, err := k.next(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Error(err)
		}
		if n := len(sink.Attempts()); n != 1 || g.s.Calls() != 0 {
			t.Errorf("%d attempts in the scope, %d beside it", n, g.s.Calls())
		}
	})
}
