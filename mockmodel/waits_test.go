package mockmodel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/internal/wire"
)

// standing is a way to get an attempt into a wait.
type standing struct {
	model func(m *Model)
	rules []faults.Rule
	calls []string // bodies, all of which leave together
	after time.Duration
	start func(t *testing.T, g *rig, ctx context.Context) // instead of calls
	// left and closed are how the attempts end when the caller hangs up and when
	// the server closes.
	left, closed []journal.AttemptEnd
	upstream     http.RoundTripper
}

// transport answers the calls that are passed on.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const (
	peerClosed = journal.AttemptPeerClosed
	runEnd     = journal.AttemptRunEnd
)

// standings has a row for each kind of wait.
func standings(t *testing.T) [waitKinds]standing {
	one, many := chat("m", ""), chat("m", streamed)
	late := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 5 * time.Second })
	slow := func(m *Model) { m.TTFT, m.TokensPerSecond = ptr(5*time.Second), ptr(1.0) }
	upstream := transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: 2, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{"Content-Type": jsonType}}, nil
	})
	say := func(events ...string) func(*testing.T, *rig, context.Context) {
		return func(t *testing.T, g *rig, ctx context.Context) { deafTalk(g, ctx, events) }
	}
	rows := [waitKinds]standing{
		waitBody: {start: func(t *testing.T, g *rig, ctx context.Context) {
			g.spoken(ctx, "POST "+chatPath+" HTTP/1.1\r\nHost: mock\r\nContent-Length: 100\r\n\r\n{")
		}},
		waitPage: {start: func(t *testing.T, g *rig, ctx context.Context) {
			g.spoken(ctx, "POST /v1/messages/count_tokens HTTP/1.1\r\nHost: mock\r\nAnthropic-Version: 2023-06-01\r\nContent-Length: 100\r\n\r\n{")
		}, left: none, closed: none},
		waitStatus: {calls: []string{one}, rules: []faults.Rule{plain(t, "http_500"), late}},
		waitOthers: {calls: []string{one, one}, rules: []faults.Rule{plain(t, "http_500", gathered(faults.Barrier{Wait: 3}))}},
		waitUpstream: {calls: []string{one}, upstream: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})},
		waitRelay:  {calls: []string{one}, rules: []faults.Rule{late}, upstream: upstream},
		waitSlot:   {calls: []string{one, one}, model: func(m *Model) { slow(m); m.Slots = 1 }},
		waitWarm:   {calls: []string{one}, model: func(m *Model) { m.ColdStart.For, m.ColdStart.After = 5*time.Second, time.Hour }},
		waitTurn:   {calls: []string{one, one}, model: func(m *Model) { m.PrefillTokensPerSecond = 1 }},
		waitPrompt: {calls: []string{one}, model: func(m *Model) { m.PrefillTokensPerSecond = 1 }},
		waitToken:  {calls: []string{one}, model: slow},
		waitBatch:  {calls: []string{one}, model: func(m *Model) { slow(m); m.Throughput = 10 }, after: 6 * time.Second},
		waitPacer:  {calls: []string{many}, model: slow, after: 7 * time.Second},
		waitReader: {model: func(m *Model) { m.OutputTokens = 1_000_000 }, start: func(t *testing.T, g *rig, ctx context.Context) {
			body := chat("m", `,"max_tokens":1000000`)
			g.spoken(ctx, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n%s", chatPath, len(body), body))
		}},
		waitGrace:   {calls: []string{many}, rules: []faults.Rule{plain(t, "conn_reset_mid")}},
		waitPause:   {calls: []string{many}, rules: []faults.Rule{rule(t, "frame_split", func(f *faults.FrameSplit) { f.Pause = 10 * time.Second })}},
		waitLeft:    {calls: []string{one, many}, rules: []faults.Rule{plain(t, "hang_before_headers")}, left: []journal.AttemptEnd{journal.AttemptStall, journal.AttemptStall}},
		waitHeaders: {calls: []string{many}, rules: []faults.Rule{rule(t, "slow_headers", func(f *faults.SlowHeaders) { f.By = time.Minute })}},
		waitPing:    {calls: []string{many}, rules: []faults.Rule{rule(t, "cut", func(f *faults.AnyCut) { f.Ending = faults.EndingKeepAlive })}, after: time.Minute, left: []journal.AttemptEnd{journal.AttemptStall}},
		waitNobody: {model: func(m *Model) { slow(m); m.OnHangup = hangupFinish }, start: func(t *testing.T, g *rig, ctx context.Context) {
			short, leave := context.WithTimeout(ctx, time.Second)
			t.Cleanup(leave)
			_, _ = g.client.Do(g.request(short, ask{path: chatPath, body: one}))
		}, closed: []journal.AttemptEnd{peerClosed}},
		waitEvent: {start: say(), left: none, closed: none},
		waitTaken: {start: say(slices.Repeat([]string{`{"type":"session.update","session":{"type":"realtime"}}`}, 4000)...), left: none, closed: none},
		waitSent:  {model: func(m *Model) { m.OutputTokens = 1_000_000 }, start: say(`{"type":"response.create"}`)},
		waitBye: {start: say(`{"type":"response.create"}`), rules: []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(0) })},
			left: []journal.AttemptEnd{journal.AttemptEOF}, closed: []journal.AttemptEnd{journal.AttemptEOF}},
	}
	for i := range rows {
		row := &rows[i]
		n := max(1, len(row.calls))
		if row.left == nil {
			row.left = slices.Repeat([]journal.AttemptEnd{peerClosed}, n)
		}
		if row.closed == nil {
			row.closed = slices.Repeat([]journal.AttemptEnd{runEnd}, n)
		}
	}
	return rows
}

var none = []journal.AttemptEnd{}

// spoken sends bytes on a connection of its own, reads nothing, and hangs up
// when ctx ends.
func (g *rig) spoken(ctx context.Context, bytes string) {
	conn, err := g.dial(ctx)
	if err != nil {
		g.t.Error(err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, bytes)
	<-ctx.Done()
}

// deafTalk opens a session, says events and reads nothing but the handshake.
func deafTalk(g *rig, ctx context.Context, events []string) {
	conn, err := g.dial(ctx)
	if err != nil {
		g.t.Error(err)
		return
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /v1/realtime?model=m HTTP/1.1\r\nHost: mock\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil); err != nil || resp.StatusCode != 101 {
		g.t.Errorf("handshake: %v %v", resp, err)
		return
	}
	for _, e := range events {
		// RFC 6455 5.2: a text frame, masked with zeros.
		frame := append([]byte{0x81, 0x80 | byte(len(e)), 0, 0, 0, 0}, e...)
		if _, err := conn.Write(frame); err != nil {
			return
		}
	}
	<-ctx.Done()
}

// counted is a listener that knows which of its connections are open.
type counted struct {
	*memnet.Listener
	mu   sync.Mutex
	open int
}

type countedConn struct {
	*memnet.Conn
	once sync.Once
	l    *counted
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.add(1)
	return &countedConn{Conn: c.(*memnet.Conn), l: l}, nil
}

func (l *counted) add(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open += n
	return l.open
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.l.add(-1) })
	return c.Conn.Close()
}

// TestEveryWaitEnds: at each wait of the provider the caller hangs up, and at
// each the server is closed. Nothing is left: no goroutine, no connection,
// nobody in a wait, and the attempt's record says how it ended.
func TestEveryWaitEnds(t *testing.T) {
	for kind, row := range standings(t) {
		for _, closes := range []bool{false, true} {
			name := waitTable[kind].name + " and the caller hangs up"
			if closes {
				name = waitTable[kind].name + " and the server closes"
			} else if waitTable[kind].ends == byServer {
				continue
			}
			t.Run(name, func(t *testing.T) {
				if waitTable[kind].name == "" || row.calls == nil && row.start == nil {
					t.Fatalf("wait %d is not in the tables", kind)
				}
				synctest.Test(t, func(t *testing.T) { row.test(t, waitKind(kind), closes) })
			})
		}
	}
}

func (x *standing) test(t *testing.T, kind waitKind, closes bool) {
	m := instant("m", 20)
	if x.model != nil {
		x.model(&m)
	}
	c := Config{Models: []Model{m}}
	if x.upstream != nil {
		c.Upstream = []Upstream{{Dialect: "openai", URL: "http://real.example"}}
	}
	l := &counted{Listener: memnet.Listen("mock:80")}
	g := newRig(t, c, x.rules, l, func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) })
	for i := range g.s.upstreams {
		g.s.upstreams[i].client.Transport = x.upstream
	}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var callers sync.WaitGroup
	for _, body := range x.calls {
		callers.Go(func() { g.callUntil(ctx, body) })
	}
	if x.start != nil {
		callers.Go(func() { x.start(t, g, ctx) })
	}
	synctest.Wait()
	if x.after > 0 || kind == waitNobody {
		<-time.After(max(x.after, 2*time.Second))
		synctest.Wait()
	}
	if g.s.waits[kind].Load() == 0 {
		t.Errorf("nobody stands in the wait: %s", g.s.waits.String())
	}
	before := g.elapsed()
	want := x.left
	if closes {
		want = x.closed
		_ = g.s.Close()
	}
	leave()
	callers.Wait()
	synctest.Wait()
	g.client.CloseIdleConnections()
	synctest.Wait()
	patience := map[waitKind]time.Duration{waitTaken: realtimeBye, waitSent: realtimeBye} // as an end is being written
	if took := g.elapsed() - before; took > patience[kind] {
		t.Errorf("it took %v", took)
	}
	if s := g.s.waits.String(); s != "" {
		t.Errorf("left in waits: %s", s)
	}
	if n := l.add(0); n != 0 {
		t.Errorf("%d connections left open", n)
	}
	if s := working(); s != "" {
		t.Errorf("left at work: %s", s)
	}
	var ends []journal.AttemptEnd
	for _, rec := range g.recs {
		ends = append(ends, rec.End)
	}
	if !slices.Equal(ends, want) && len(ends)+len(want) > 0 {
		t.Errorf("on record: %v, want %v", ends, want)
	}
	g.close()
}

// callUntil makes a call and reads its answer until ctx ends.
func (g *rig) callUntil(ctx context.Context, body string) {
	resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: body, id: wire.ID{Phase: "warm", Index: 1}}))
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	<-ctx.Done()
}

// working names the goroutines of the provider that carry something out.
func working() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, g := range strings.Split(string(buf), "\n\n") {
		for _, of := range []string{"(*attempt)", "(*pacer)", "(*realtime", "(*work)", "http1.(*conn)"} {
			if strings.Contains(g, of) && !strings.Contains(g, "working(") {
				return g
			}
		}
	}
	return ""
}

// String names the waits in which somebody stands.
func (w *waits) String() string {
	var names []string
	for kind := range w {
		if n := w[kind].Load(); n != 0 {
			names = append(names, fmt.Sprintf("%s %d", waitTable[kind].name, n))
		}
	}
	return strings.Join(names, ", ")
}

// TestWaitsKeepNoTimer: the one function that waits for time leaves its timer
// stopped, however the wait ended.
func TestWaitsKeepNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w waits
		ctx, leave := context.WithCancel(context.Background())
		timer, on := w.until(ctx, waitToken, nil, time.Second)
		if !on || timer.Stop() {
			t.Errorf("a wait that came to its end: %v, or its timer runs", on)
		}
		leave()
		if timer, on = w.until(ctx, waitToken, timer, time.Hour); on || timer.Stop() {
			t.Errorf("a wait that was left: %v, or its timer runs", on)
		}
		if s := w.String(); s != "" {
			t.Error(s)
		}
	})
}
