package loadgen

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// TestAnswersOnTheWire shows what becomes of answers as bytes on a real
// socket.
func TestAnswersOnTheWire(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	anthropicStart := "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
	anthropicText := "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"four\\ntwo\"}}\n\n"
	ping := "event: ping\ndata: {\"type\": \"ping\"}\n\n"
	anthropicEnd := "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":5}}\n\n" +
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	tests := []struct {
		words  string
		format string
		body   bool // asks for a body, not a stream
		bytes  string
		end    func(*net.TCPConn)
		want   string // outcome, end, terminal event, chunks, bytes, finish, usage
	}{
		{"a stream of OpenAI to its end, with usage", "", false, sse(roleDelta, delta("4"), delta("2"), finishDelta, usageDelta, doneFrame) + lastChunk, eof, "full server [DONE] chunks=2 bytes=2 stop 9/2"},
		{"the same with CRLF, comments and a byte order mark", "", false, sse("\ufeff: keep-alive\r\n\r\n", strings.ReplaceAll(delta("42"), "\n", "\r\n"), ": ping\r\n\r\n", "data: [DONE]\r\n\r\n") + lastChunk, eof, "full server [DONE] chunks=1 bytes=2  -1/-1"},
		{"frames that are split and joined as they like", "", false, sse("da", "ta: "+strings.TrimPrefix(delta("4"), "data: ")[:20], strings.TrimPrefix(delta("4"), "data: ")[20:]+delta("2")+"data: [DO", "NE]\n\n") + lastChunk, eof, "full server [DONE] chunks=2 bytes=2  -1/-1"},
		{"no space behind data:", "", false, sse(strings.Replace(delta("42"), "data: ", "data:", 1), "data:[DONE]\n\n") + lastChunk, eof, "full server [DONE] chunks=1 bytes=2  -1/-1"},
		{"a clean end without [DONE]", "", false, sse(roleDelta, delta("4")) + lastChunk, eof, "truncated server  chunks=1 bytes=1  -1/-1"},
		{"a clean end with a finish reason, but without [DONE]", "", false, sse(delta("4"), finishDelta) + lastChunk, eof, "truncated server  chunks=1 bytes=1 stop -1/-1"},
		{"the connection ends in a chunk", "", false, sse(roleDelta, delta("4")), eof, "truncated eof  chunks=1 bytes=1  -1/-1"},
		{"a reset in the middle", "", false, sse(roleDelta, delta("4")), reset, "truncated reset"},
		{"an error inside the stream", "", false, sse(delta("4"), `data: {"error":{"message":"overloaded","type":"server_error","code":null}}`+"\n\n") + lastChunk, eof, "error server  chunks=1 bytes=1  -1/-1"},
		{"an error inside the stream, and the connection stays open", "", false, sse(delta("4"), `data: {"error":"boom"}`+"\n\n"), hold, "error client_hangup  chunks=1 bytes=1  -1/-1"},
		{"an event that is no JSON", "", false, sse(delta("4"), "data: {\"choices\":[{\n\n", doneFrame) + lastChunk, eof, "error server  chunks=1 bytes=1  -1/-1"},
		{"no choices at all", "", false, sse(`data: {"choices":[]}`+"\n\n", doneFrame) + lastChunk, eof, "empty server [DONE] chunks=0 bytes=0  -1/-1"},
		{"only a role, then the end", "", false, sse(roleDelta, finishDelta, doneFrame) + lastChunk, eof, "empty server [DONE] chunks=0 bytes=0 stop -1/-1"},
		{"only space", "", false, sse(delta(" \n"), doneFrame) + lastChunk, eof, "empty server [DONE] chunks=1 bytes=2  -1/-1"},
		{"a tool call in pieces", "", false, sse(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}}]}`+"\n\n", `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}`+"\n\n", doneFrame) + lastChunk, eof, "full server [DONE] chunks=2 bytes=0  -1/-1"},
		{"a body of OpenAI", "", true, jsonAnswer(`{"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"42","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`), eof, "full server body_end chunks=1 bytes=2 stop 9/2"},
		{"a refusal", "", true, jsonAnswer(`{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}`), eof, "full server body_end chunks=1 bytes=0 stop -1/-1"},
		{"an empty answer of status 200", "", true, jsonAnswer(`{"choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}`), eof, "empty server body_end chunks=0 bytes=0 stop -1/-1"},
		{"no choices", "", true, jsonAnswer(`{"choices":[]}`), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"an error in a body of status 200", "", true, jsonAnswer(`{"error":{"message":"boom"}}`), eof, "error server body_end chunks=0 bytes=0  -1/-1"},
		{"HTML of a proxy", "", true, jsonAnswer(`<html>`), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"a body that is shorter than announced", "", true, ok + "Content-Length: 100\r\n\r\n{\"choices\":", eof, "truncated eof  chunks=0 bytes=0  -1/-1"},
		{"a body that ends in the middle of its JSON, though as long as announced", "", true, ok + "Content-Length: 85\r\n\r\n" + `{"choices":[{"message":{"content":"42"},"finish_reason":"stop"}],"usage":{"prompt_tok`, eof, "truncated server  chunks=1 bytes=2 stop -1/-1"},
		{"the same, before there is any content", "", true, jsonAnswer(`{"id":"c1","choices":[{"mess`), eof, "truncated server  chunks=0 bytes=0  -1/-1"},
		{"the same of Anthropic", "anthropic", true, jsonAnswer(`{"content":[{"type":"text","text":"42"}],"stop_re`), eof, "truncated server  chunks=1 bytes=2  -1/-1"},
		{"the same, where a path finds the text", "json", true, jsonAnswer(`{"answer":"42",`), eof, "truncated server  chunks=0 bytes=0  -1/-1"},
		{"a body that is JSON and something else", "", true, jsonAnswer(`{"choices":[{"message":{"content":"42"}}]} trailing`), eof, "error server body_end chunks=1 bytes=2  -1/-1"},
		{"a body that is no JSON, though it begins so", "", true, jsonAnswer(`{choices:[]}`), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"no body at all", "", true, jsonAnswer(" "), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"[DONE] with something behind it, as the SDKs take it", "", false, sse(delta("42"), "data: [DONE] \n\n") + lastChunk, eof, "full server [DONE] chunks=1 bytes=2  -1/-1"},
		{"a tool call without an id", "", true, jsonAnswer(`{"choices":[{"message":{"content":null,"tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}`), eof, "full server body_end chunks=1 bytes=0  -1/-1"},
		{"an event stream whose content type has a broken parameter", "", false, strings.Replace(sse(delta("42"), doneFrame), "event-stream", "event-stream; charset", 1) + lastChunk, eof, "full server [DONE] chunks=1 bytes=2  -1/-1"},
		{"a compressed answer that nobody asked for", "", true, strings.Replace(jsonAnswer("\x1f\x8b\x08"), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"a stream was asked for and a body came", "", false, jsonAnswer(`{"choices":[{"message":{"content":"42"}}]}`), eof, "full server body_end chunks=1 bytes=2  -1/-1"},
		{"a body was asked for and a stream came", "", true, sse(delta("42"), doneFrame) + lastChunk, eof, "full server [DONE] chunks=1 bytes=2  -1/-1"},
		{"a stream of Anthropic to its end", "anthropic", false, sse(anthropicStart, ping, anthropicText, ping, anthropicEnd) + lastChunk, eof, "full server message_stop chunks=1 bytes=8 end_turn 9/5"},
		{"a stream of Anthropic without message_stop", "anthropic", false, sse(anthropicStart, anthropicText) + lastChunk, eof, "truncated server  chunks=1 bytes=8  9/1"},
		{"an error inside a stream of Anthropic", "anthropic", false, sse(anthropicStart, anthropicText, "event: error\ndata: {\"type\":\"error\",\"error\":{\"details\":null,\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n") + lastChunk, eof, "error server  chunks=1 bytes=8  9/1"},
		{"only thinking", "anthropic", false, sse(anthropicStart, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n", anthropicEnd) + lastChunk, eof, "empty server message_stop chunks=1 bytes=0 end_turn 9/5"},
		{"a message of Anthropic", "anthropic", true, jsonAnswer(`{"type":"message","model":"claude","content":[{"type":"text","text":"4"},{"type":"text","text":"2"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":5}}`), eof, "full server body_end chunks=2 bytes=2 end_turn 9/5"},
		{"a tool call of Anthropic", "anthropic", true, jsonAnswer(`{"content":[{"type":"tool_use","id":"t","name":"f","input":{"text":{}}}],"stop_reason":"tool_use"}`), eof, "full server body_end chunks=1 bytes=0 tool_use -1/-1"},
		{"a refusal of Anthropic", "anthropic", true, jsonAnswer(`{"content":[],"stop_reason":"refusal"}`), eof, "full server body_end chunks=0 bytes=0 refusal -1/-1"},
		{"text as it is", "text", true, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nforty two", eof, "full server body_end chunks=1 bytes=9  -1/-1"},
		{"text up to the end of the connection", "text", true, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nforty two", eof, "full server body_end chunks=1 bytes=9  -1/-1"},
		{"a page of nothing but space, as a heartbeat is", "text", true, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + strings.Repeat(" \n", 400), eof, "empty server body_end"},
		{"an answer behind a page of space", "text", true, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + strings.Repeat(" \n", 400) + "42", eof, "full server body_end"},
		{"text in an event stream", "text", false, sse("data: forty\n\n", "data:  two\n\n") + lastChunk, eof, "full server body_end chunks=2 bytes=9  -1/-1"},
		{"text in an event stream with [DONE]", "text", false, sse("data: forty two\n\n", doneFrame) + lastChunk, eof, "full server [DONE] chunks=1 bytes=9  -1/-1"},
		{"an answer by path", "json", true, jsonAnswer(`{"answer":"42","answers":"no"}`), eof, "full server body_end chunks=1 bytes=2  -1/-1"},
		{"an answer that is an object", "json", true, jsonAnswer(`{"answer":{"b":1,"a":[2.5,true,null]}}`), eof, "full server body_end chunks=1 bytes=27  -1/-1"},
		{"an answer that is null", "json", true, jsonAnswer(`{"answer":null}`), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"a path that finds nothing", "json", true, jsonAnswer(`{"text":"42"}`), eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"a stream, where a path is to find the text in a body", "json", false, sse(delta("42"), doneFrame) + lastChunk, eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"no content and none announced", "", true, "HTTP/1.1 204 No Content\r\n\r\n", eof, "empty server body_end chunks=0 bytes=0  -1/-1"},
		{"a rate limit", "", false, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n" + `{"error":{"code":"rate_limit_exceeded","type":"requests"}}`[:57], eof, "rejected server  chunks=0 bytes=0  -1/-1"},
		{"a redirect", "", false, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", eof, "error server  chunks=0 bytes=0  -1/-1"},
		{"a reset instead of an answer", "", false, "", reset, "error reset"},
		{"the end of the connection instead of an answer", "", false, "", eof, "error eof"},
		{"the end of the connection in the headers", "", false, ok, eof, "error eof"},
		{"no HTTP", "", false, "SSH-2.0-OpenSSH_9.6\r\n", eof, "error server"},
	}
	for _, test := range tests {
		t.Run(test.words, func(t *testing.T) {
			t.Parallel()
			url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) {
				_, _ = conn.Write([]byte(test.bytes))
				test.end(conn)
			})
			rec := send(t.Context(), testClient(t, url, ofFormat(test.format)), func(a *Arrival) { a.Stream = !test.body })
			if got := brief(rec); got != test.want && !strings.HasPrefix(got, test.want+" ") {
				t.Errorf("%s\nwant %s\nreason %q, err %q, stream error %q, excerpt %q", got, test.want, rec.OutcomeReason, rec.Err, rec.StreamError, rec.Excerpt)
			}
			checkOrder(t, rec)
		})
	}
}

// brief says what became of a request.
func brief(r journal.Request) string {
	return fmt.Sprintf("%s %s %s chunks=%d bytes=%d %s %d/%d", r.Outcome, r.EndBy, r.TerminalKind, r.Chunks, r.ContentBytes, r.Finish, r.UsageIn, r.UsageOut)
}

// checkOrder checks that the stamps of a record are in their order.
func checkOrder(t *testing.T, r journal.Request) {
	t.Helper()
	last, name := r.DueNs, "due"
	for _, s := range []struct {
		name string
		ns   int64
	}{{"sent", r.SentNs}, {"conn", r.ConnNs}, {"header", r.HeaderNs}, {"first", r.FirstNs}, {"last", r.LastNs}, {"end", r.EndNs}} {
		if s.ns == journal.Never {
			continue
		}
		if s.ns < last {
			t.Errorf("%s %d is before %s %d", s.name, s.ns, name, last)
		}
		last, name = s.ns, s.name
	}
	if r.EndNs == journal.Never {
		t.Error("no end")
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	rec := send(t.Context(), testClient(t, "http://"+l.Addr().String()))
	if rec.Outcome != journal.OutcomeError || rec.EndBy != journal.EndRefused || rec.Dropped != "" || rec.SentNs == journal.Never || rec.ConnNs != journal.Never {
		t.Errorf("%+v", rec)
	}
}

// A timeout on a real socket; the exact stamps are tested in virtual time.
func TestTimeoutOnTheWire(t *testing.T) {
	for _, bytes := range []string{"", "HTTP/1.1 200 OK\r\n", sse(delta("4"))} {
		url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) {
			_, _ = conn.Write([]byte(bytes))
			hold(conn) // returns when the client hangs up, and so the test ends
		})
		rec := send(t.Context(), testClient(t, url, func(o *ClientOptions) { o.Timeout = 30 * time.Millisecond }))
		if rec.Outcome != journal.OutcomeTimeout || rec.EndBy != journal.EndClientTimeout || rec.EndNs < rec.DeadlineNs {
			t.Errorf("after %q: %s %s at %d of %d", bytes, rec.Outcome, rec.EndBy, rec.EndNs, rec.DeadlineNs)
		}
	}
}

func TestHugeBodyIsBounded(t *testing.T) {
	url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) {
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\""))
		piece := []byte(strings.Repeat("x", 1<<16))
		for {
			if _, err := conn.Write(piece); err != nil {
				return // the client has hung up
			}
		}
	})
	c := testClient(t, url)
	rec := send(t.Context(), c, body)
	if rec.Outcome != journal.OutcomeTruncated || rec.EndBy != journal.EndClientHangup || !strings.Contains(rec.OutcomeReason, "16 MiB") {
		t.Errorf("%s %s %q", rec.Outcome, rec.EndBy, rec.OutcomeReason)
	}
	if len(rec.Excerpt) > journal.ExcerptMax {
		t.Errorf("excerpt of %d bytes", len(rec.Excerpt))
	}
}

func TestWhatIsSent(t *testing.T) {
	var got *http.Request
	var sent string
	url := rawServer(t, func(conn *net.TCPConn, r *http.Request) {
		got = r
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: r1\r\nSet-Cookie: secret\r\nX-Degraded: cached\r\nRetry-After: 2\r\nContent-Length: 2\r\n\r\n{}"))
	})
	c := testClient(t, url, func(o *ClientOptions) {
		o.Request.Headers = []Header{{"authorization", "Bearer key-{{.Tenant}}"}, {"host", "{{.Tenant}}.service.internal"}}
		o.Prompt = func(Arrival) string { sent = "say \"hi\""; return sent }
	})
	c.SetMarker(true)
	rec := send(t.Context(), c)
	id := wire.ID{Run: "aaaaaaaa", Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 64}
	want := map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer key-t1", "X-Chaos-Request": id.String(), "Traceparent": testCodec.Traceparent(id),
		"Accept-Encoding": "", "User-Agent": "chaos",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if got.Host != "t1.service.internal" || got.Method != "POST" || got.URL.Path != "/v1/chat/completions" {
		t.Errorf("%s %s to host %s", got.Method, got.URL, got.Host)
	}
	if rec.PromptHash != wire.Fold64([]byte(sent)) {
		t.Error("the hash is not that of the prompt without its marker")
	}
	if all := journal.CarrierHeader | journal.CarrierGateway | journal.CarrierTraceparent | journal.CarrierMarker; rec.CarriersSent != all {
		t.Errorf("carriers %b, want %b", rec.CarriersSent, all)
	}
	if len(rec.Headers) != 4 || rec.Headers["x-request-id"] != "r1" || rec.Headers["x-degraded"] != "cached" {
		t.Errorf("headers %v", rec.Headers)
	}
	if rec.RetryAfterNs != int64(2*time.Second) {
		t.Errorf("retry after %d", rec.RetryAfterNs)
	}
}
