package mockmodel

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// answering is an upstream provider that answers every connection with the same
// bytes and closes it, as soon as the head of a call has come.
func answering(g *rig, text string) http.RoundTripper {
	l := memnet.Listen("real:80")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				head, buf := "", make([]byte, 4<<10)
				for !strings.Contains(head, "\r\n\r\n") {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					head += string(buf[:n])
				}
				_, _ = io.WriteString(c, text)
				if c.(*memnet.Conn).CloseWrite() == nil {
					_, _ = io.Copy(io.Discard, c) // so that nothing is reset
				}
			}()
		}
	}()
	g.t.Cleanup(func() { _ = l.Close() })
	return &http.Transport{DisableCompression: true, DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.Dial(ctx) }}
}

// beforeText is a provider that passes calls on to one that answers with text.
func beforeText(g *rig, text string, rules []faults.Rule, record func(Recording)) *rig {
	return secondRig(g, Config{
		Models:   []Model{{Name: "gpt-4o", Price: Price{Input: 1, Output: 10}}},
		Upstream: []Upstream{{"openai", "http://real/v1"}},
	}, rules, Options{Transport: answering(g, text), Record: record})
}

// TestOddUpstreams: whatever a provider answers, the caller gets it or sees that
// it broke off, and the provider before it lives on.
func TestOddUpstreams(t *testing.T) {
	const json = "Content-Type: application/json\r\n"
	cut := func(text string) string { return "HTTP/1.1 200 OK\r\n" + json + "Content-Length: 100\r\n\r\n" + text }
	for _, c := range []struct {
		name, page, text string
		status           int
		body             string
		broken           bool
	}{
		{"an interim answer before that of a call", "", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n" + json + "Content-Length: 2\r\n\r\n{}", 200, "{}", false},
		{"an interim answer before that of a page", "/v1/models", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n" + json + "Content-Length: 2\r\n\r\n{}", 200, "{}", false},
		{"no content", "", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false},
		{"nothing new", "", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, "", false},
		{"another protocol", "", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 502, "upstream_unreachable", false},
		{"no HTTP", "", "SSH-2.0\r\n\r\n", 502, "upstream_unreachable", false},
		{"half an answer", "", cut(`{"a":`), 0, "", true},
		{"half a page", "/v1/models", cut(`{"a":`), 0, "", true},
		{"half a page in chunks", "/v1/models", "HTTP/1.1 200 OK\r\n" + json + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", 200, `{"a":`, true},
		{"trailers", "", "HTTP/1.1 200 OK\r\n" + json + "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n", 200, "{}", false},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := beforeText(g, c.text, nil, nil)
			q := p.request(context.Background(), ask{path: chatPath, body: chat("gpt-4o", "")})
			if c.page != "" {
				q, _ = http.NewRequest("GET", "http://mock"+c.page, nil)
			}
			var r reply
			if resp, err := p.client.Do(q); err != nil {
				r.err = err
			} else {
				r = replyOf(resp)
			}
			if r.status != c.status || (r.err != nil) != c.broken || !strings.Contains(r.body, c.body) {
				t.Errorf("%s: %d, %v: %s", c.name, r.status, r.err, r.body)
			}
			synctest.Wait()
			for _, rec := range p.recs {
				if whole := rec.End == journal.AttemptComplete; whole == c.broken {
					t.Errorf("%s: on record %s %s", c.name, rec.End, rec.Code)
				}
			}
			p.close()
		})
	}
}

// TestUpstreamTooLarge: an answer that is not kept whole is not passed on as a
// whole one.
func TestUpstreamTooLarge(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		p := beforeText(g, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"+strings.Repeat("x", upstreamBodyMax+1), nil, nil)
		if r := p.send(ask{path: chatPath, body: chat("gpt-4o", "")}); r.err == nil {
			t.Errorf("%d with %d bytes", r.status, len(r.body))
		}
		if rec := p.last(); rec.End != journal.AttemptReset || rec.Code != "upstream_too_large" {
			t.Errorf("on record: %s %s", rec.End, rec.Code)
		}
		p.close()
	})
}

// TestUpstreamStreamOfKnownLength: a stream whose provider has said how long it
// is ends where a fault says, and holds the error that a fault adds.
func TestUpstreamStreamOfKnownLength(t *testing.T) {
	events := "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n"
	text := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " + strconv.Itoa(len(events)) + "\r\n\r\n" + events
	for _, c := range []struct {
		rule faults.Rule
		want string
		end  journal.AttemptEnd
	}{
		{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = nil; f.AfterEvents = ptr(1) }), "data: {\"a\":1}\n\n", journal.AttemptEOF},
		{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) }), `data: {"error"`, journal.AttemptInStreamError},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := beforeText(g, text, []faults.Rule{c.rule}, nil)
			r := p.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
			if rec := p.last(); r.err != nil || !strings.Contains(r.body, c.want) || rec.End != c.end {
				t.Errorf("%v, on record %s: %s", r.err, rec.End, r.body)
			}
			p.close()
		})
	}
}

// TestExpectIsOurs: that a caller waits for 100 Continue is over when its body is
// here; the provider is not made to wait for it once more.
func TestExpectIsOurs(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("gpt-4o", 3)}}, nil, func(g *rig) {
		spy := &seen{RoundTripper: g.client.Transport}
		g.client.Transport = spy
		p := passing(g, nil, nil)
		p.send(ask{path: chatPath, body: chat("gpt-4o", ""), header: http.Header{"Expect": {"100-continue"}}})
		if v := spy.last.Get("Expect"); v != "" {
			t.Errorf("the provider was sent Expect: %s", v)
		}
		p.close()
	})
}

// TestPagesWithBodies: the body of what is no inference is passed on, and a
// provider that answers before it has read it leaves the connection whole.
func TestPagesWithBodies(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		p := beforeText(g, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}", nil, nil)
		c, err := p.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		half := strings.Repeat("x", 50_000)
		fmt.Fprintf(c, "POST /v1/files HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n%s", 2*len(half), half)
		<-time.After(time.Second)
		fmt.Fprint(c, half+"GET /v1/models HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n")
		all, _ := io.ReadAll(c)
		if n := strings.Count(string(all), "HTTP/1.1 413 "); n != 2 {
			t.Errorf("%d answers to two calls: %s", n, all)
		}
		p.close()
	})
}

// TestNoSocketsUpstream: what is not passed on is refused by name, and not
// answered by the stand-in instead.
func TestNoSocketsUpstream(t *testing.T) {
	for _, more := range [][]Upstream{nil, {{"anthropic", "http://real"}}} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := secondRig(g, Config{Upstream: append([]Upstream{{"openai", "http://real"}}, more...)}, nil, Options{Transport: g.client.Transport})
			r, _ := http.NewRequest("GET", "http://mock/v1/realtime?model=m", nil)
			for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				r.Header.Set(k, v)
			}
			resp, err := p.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != 400 || !strings.Contains(got.body, "upstream") {
				t.Errorf("%d %s", got.status, got.body)
			}
			p.close()
		})
	}
}

// TestEmptyAnswersUpstream: an answer of our own in front of a real provider
// takes no part of a model that is busy.
func TestEmptyAnswersUpstream(t *testing.T) {
	m := model("gpt-4o", time.Second, 10, 5)
	m.Slots, m.Throughput, m.PrefillTokensPerSecond = 2, 15, 10
	for _, stream := range []string{"", streamed} {
		virtual(t, Config{}, nil, func(g *rig) {
			p := secondRig(g, Config{Models: []Model{m}, Upstream: []Upstream{{"openai", "http://real"}}}, []faults.Rule{plain(t, "empty_200")}, Options{Transport: g.client.Transport})
			for range 2 {
				if r := p.send(ask{path: chatPath, body: chat("gpt-4o", stream)}); r.status != 200 || r.err != nil {
					t.Errorf("%d %v %s", r.status, r.err, r.body)
				}
			}
			ctx, leave := context.WithTimeout(context.Background(), time.Millisecond)
			defer leave()
			_, _ = p.client.Do(p.request(ctx, ask{path: chatPath, body: chat("gpt-4o", stream)}))
			p.close()
		})
	}
}

// TestHopByHop: what belongs to a connection stays on it, however it is listed.
func TestHopByHop(t *testing.T) {
	in := http.Header{
		"Connection": {"close, X-One", "x-two"}, "X-One": {"1"}, "X-Two": {"2"}, "Keep-Alive": {"5"}, "Te": {"trailers"}, "Upgrade": {"x"},
		"Proxy-Authorization": {"secret"}, "X-Chaos-Request": {"r"}, "Authorization": {"Bearer k"}, "X-Mine": {"a", "b"},
	}
	if got := fmt.Sprint(passedOn(in)); got != "map[Authorization:[Bearer k] X-Mine:[a b]]" {
		t.Error(got)
	}
}

// TestCloseHangsUpOnTheProvider: no connection to a real provider is left.
func TestCloseHangsUpOnTheProvider(t *testing.T) {
	closed := make(chan struct{}, 10)
	real := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "{}") }))
	real.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}
	real.Start()
	defer real.Close()
	onSocket(t, Config{Upstream: []Upstream{{"openai", real.URL}}}, nil, func(g *rig) {
		if r := g.send(ask{path: chatPath, body: chat("gpt-4o", "")}); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Error("a connection is open after Close")
	}
}
