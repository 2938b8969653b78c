package mockmodel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
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

// rig is a provider with a client, in memory and virtual time or on a socket.
type rig struct {
	t      *testing.T
	s      *Server
	client *http.Client
	dial   func(ctx context.Context) (net.Conn, error)
	start  time.Time

	mu    sync.Mutex
	recs  []journal.Attempt
	marks []journal.Mark
	done  chan struct{} // one per record
}

func (g *rig) Request(*journal.Request) {}
func (g *rig) Mark(m *journal.Mark) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.marks = append(g.marks, *m)
}
func (g *rig) Attempt(a *journal.Attempt) {
	if strings.Contains(fmt.Sprintf("%+v", *a), "secret") {
		g.t.Errorf("the API key is on record: %+v", *a)
	}
	g.mu.Lock()
	g.recs = append(g.recs, *a)
	g.mu.Unlock()
	g.done <- struct{}{}
}

// codec of all tests.
var codec = &wire.Codec{Run: "testrun2", Phases: []string{"warm", "spike"}, Tenants: []string{"t1", "t2"}, Models: []string{"gpt-4o", "gpt-4o-mini"}}

// virtual runs f in a bubble of virtual time with a provider in memory.
func virtual(t *testing.T, c Config, rules []faults.Rule, f func(g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("mock:80")
		g := newRig(t, c, rules, l, func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) })
		f(g)
		g.close()
	})
}

// onSocket runs f with a provider on a loopback socket.
func onSocket(t *testing.T, c Config, rules []faults.Rule, f func(g *rig)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	g := newRig(t, c, rules, l, func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", l.Addr().String()) })
	f(g)
	g.close()
}

func newRig(t *testing.T, c Config, rules []faults.Rule, l net.Listener, dial func(context.Context) (net.Conn, error)) *rig {
	t.Helper()
	if p := c.Validate(); len(p) > 0 {
		t.Fatal(p)
	}
	schedule, problems := faults.NewSchedule(42, rules, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	g := &rig{t: t, dial: dial, start: time.Now(), done: make(chan struct{}, 10_000)}
	g.client = &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}}
	g.s = New(c, Options{Epoch: journal.NewEpoch(), Codec: codec, Sink: g, Faults: schedule, Seed: 42})
	go g.s.Serve(l)
	return g
}

func (g *rig) close() {
	g.client.CloseIdleConnections()
	if err := g.s.Close(); err != nil {
		g.t.Error(err)
	}
	if err := g.s.Err(); err != nil {
		g.t.Error(err)
	}
}

// elapsed is the time since the provider began.
func (g *rig) elapsed() time.Duration { return time.Since(g.start) }

// ask is a call to the provider.
type ask struct {
	path, body string
	id         wire.ID // zero: none
	header     http.Header
}

// request makes the HTTP request of a call.
func (g *rig) request(ctx context.Context, q ask) *http.Request {
	g.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "POST", "http://mock"+q.path, strings.NewReader(q.body))
	if err != nil {
		g.t.Fatal(err)
	}
	for k, v := range q.header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer secret-key")
	r.Header.Set("User-Agent", "test/1")
	if strings.HasPrefix(q.path, "/v1/messages") {
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	if q.id.Phase != "" {
		q.id.Run = codec.Run
		codec.SetHeaders(r.Header, q.id)
	}
	return r
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of the call, or of reading the body
	at     time.Duration
}

// send makes a call and reads all of the answer.
func (g *rig) send(q ask) reply {
	g.t.Helper()
	resp, err := g.client.Do(g.request(context.Background(), q))
	if err != nil {
		return reply{err: err, at: g.elapsed()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body), err, g.elapsed()}
}

// last waits for the next record and returns the latest.
func (g *rig) last() journal.Attempt {
	<-g.done
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.recs[len(g.recs)-1]
}

// arrivals reads a stream and notes when each frame came, on the clock of the
// rig.
func (g *rig) arrivals(q ask) (frames []string, at []time.Duration, err error) {
	g.t.Helper()
	resp, err := g.client.Do(g.request(context.Background(), q))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	var rest []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buf)
		rest = append(rest, buf[:n]...)
		for {
			frame, more, found := bytes.Cut(rest, []byte("\n\n"))
			if !found {
				break
			}
			frames, at = append(frames, string(frame)), append(at, g.elapsed())
			rest = more
		}
		if err == io.EOF {
			return frames, at, nil
		}
		if err != nil {
			return frames, at, err
		}
	}
}

// rule makes a rule of a fault from the catalogue; set fills in parameters.
func rule[F faults.Fault](t testing.TB, name string, set func(F), more ...func(*faults.Rule)) faults.Rule {
	t.Helper()
	e, ok := faults.Lookup(name)
	if !ok {
		t.Fatalf("no fault %s", name)
	}
	f := e.New()
	if set != nil {
		set(f.(F))
	}
	r := faults.Rule{Fault: f}
	for _, m := range more {
		m(&r)
	}
	return r
}

// plain is a rule of a fault with its defaults.
func plain(t testing.TB, name string, more ...func(*faults.Rule)) faults.Rule {
	t.Helper()
	return rule[faults.Fault](t, name, nil, more...)
}

// model is a model with times.
func model(name string, ttft time.Duration, rate float64, tokens int) Model {
	return Model{Name: name, TTFT: &ttft, TokensPerSecond: &rate, OutputTokens: tokens}
}

func instant(name string, tokens int) Model { return model(name, 0, 0, tokens) }

func ptr[T any](v T) *T { return &v }

// chat is the body of a chat call; more are members, each with a leading comma.
func chat(modelName, more string) string {
	return fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"How do I return an item?"}]%s}`, modelName, more)
}

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
	streamed     = `,"stream":true`
)

// states prints the rules of a record as "name:state(slot@at)".
func states(rec journal.Attempt) string {
	var out []string
	for _, h := range rec.Rules {
		s := h.Name + ":" + string(h.State)
		if h.Slot != "" {
			s += "(" + h.Slot
			if h.At >= 0 {
				s += fmt.Sprintf("@%d", h.At)
			}
			s += ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// dump prints an answer as a golden file has it: status, headers in order, body.
func dump(r reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", r.status)
	var names []string
	for name := range r.header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", strings.ToLower(name), strings.Join(r.header[name], ", "))
	}
	fmt.Fprintf(&b, "\n%s", r.body)
	if r.err != nil {
		fmt.Fprintf(&b, "\n<error: %v>\n", r.err)
	}
	return b.String()
}

// replyOf reads all of a response.
func replyOf(resp *http.Response) reply {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(body), err: err}
}

// textOf takes the text out of an answer of OpenAI's chat.
func textOf(t *testing.T, body string, stream bool) string {
	t.Helper()
	if !stream {
		return doc(body).get("choices").first().get("message").get("content").text()
	}
	var b strings.Builder
	for _, frame := range strings.Split(body, "\n\n") {
		if data, ok := strings.CutPrefix(frame, "data: {"); ok {
			b.WriteString(doc("{" + data).get("choices").first().get("delta").get("content").text())
		}
	}
	return b.String()
}

func (d doc) first() doc {
	for v := range d.items {
		return v
	}
	return ""
}
