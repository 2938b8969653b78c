package loadgen

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

var testCodec = &wire.Codec{Run: "aaaaaaaa", Phases: []string{"warm", "spike"}, Tenants: []string{"t1", "t2"}, Models: []string{"gpt-4o", "gpt-4o-mini"}}

// testClient makes a client of url that waits as long as it takes.
func testClient(t testing.TB, url string, change ...func(*ClientOptions)) *Client {
	t.Helper()
	opt := ClientOptions{
		URL: url, Codec: testCodec, Epoch: journal.NewEpoch(), Timeout: time.Minute,
		Prompt: func(Arrival) string { return "what is the answer?" },
	}
	for _, f := range change {
		f(&opt)
	}
	c, problems := NewClient(opt)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	t.Cleanup(c.Close)
	return c
}

func ofFormat(name string) func(*ClientOptions) {
	return func(o *ClientOptions) {
		o.Response.Format = name
		if name == formatJSON {
			o.Response.Answer = "$.answer"
		}
	}
}

// testArrival is a streamed request that is due now.
func testArrival(c *Client) Arrival {
	return Arrival{Key: own, PromptOf: own, DueNs: c.opt.Epoch.Now(), TraceRow: -1, Tenant: "t1", Mix: "short", Model: "gpt-4o", Stream: true, OutputTokens: 64}
}

// send sends one request and returns its record.
func send(ctx context.Context, c *Client, change ...func(*Arrival)) journal.Request {
	a := testArrival(c)
	for _, f := range change {
		f(&a)
	}
	rec := journal.NewRequest()
	rec.Key, rec.Tenant, rec.DueNs, rec.Stream, rec.ModelAsked = a.Key, a.Tenant, a.DueNs, a.Stream, a.Model
	rec.DeadlineNs = a.DueNs + int64(c.opt.Timeout)
	c.Do(ctx, a, &rec)
	return rec
}

func body(a *Arrival) { a.Stream = false }

// rawServer answers on a real socket with bytes that no HTTP server would
// send. answer is called with the request read to its end.
func rawServer(t testing.TB, answer func(conn *net.TCPConn, r *http.Request)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				answer(conn.(*net.TCPConn), r)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/v1/chat/completions"
}

// Ways in which a raw answer ends.
func hold(conn *net.TCPConn)  { _, _ = io.Copy(io.Discard, conn) } // until the client hangs up
func reset(conn *net.TCPConn) { _ = conn.SetLinger(0); _ = conn.Close() }
func eof(*net.TCPConn)        {}

// sse is the head and the frames of an event stream in one chunked body,
// without the chunk that ends it.
func sse(frames ...string) string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, f := range frames {
		b.WriteString(chunk(f))
	}
	return b.String()
}

func chunk(s string) string {
	const hex = "0123456789abcdef"
	n := len(s)
	return string([]byte{hex[n>>12&15], hex[n>>8&15], hex[n>>4&15], hex[n&15]}) + "\r\n" + s + "\r\n"
}

// lastChunk ends a chunked body.
const lastChunk = "0\r\n\r\n"

// jsonAnswer is a whole answer of status 200.
func jsonAnswer(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + lastChunk
}

// delta is a chunk of an OpenAI stream with text.
func delta(text string) string {
	return `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":` +
		string(appendJSON(nil, text)) + `},"logprobs":null,"finish_reason":null}]}` + "\n\n"
}

const (
	roleDelta   = `data: {"model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}` + "\n\n"
	finishDelta = `data: {"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n\n"
	usageDelta  = `data: {"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}` + "\n\n"
	doneFrame   = "data: [DONE]\n\n"
)
