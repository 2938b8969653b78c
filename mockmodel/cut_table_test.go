package mockmodel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Every position of cut, with every ending of it, in every form of a stream, over
// real sockets: what comes is the beginning of the stream that nothing struck, up
// to the very place that the rule promises, and then the ending.

// cutForm is a form of a stream, and where its text begins.
type cutForm struct {
	file   string
	mark   string // ends an event; "": a length stands before it
	text   int    // events before the first of the text
	call   int    // events before the first of the arguments, behind a text of three tokens
	pieces bool   // arguments come in pieces
	fails  int    // events that are the error in the stream
	ping   string // the sign of life; "": the dialect has none
}

const ssePing = ": keep-alive\n\n"

var cutForms = []cutForm{
	{"openai-stream", "\n\n", 1, 5, true, 1, ssePing},
	{"openai-responses-stream", "\n\n", 4, 11, true, 2, ssePing},
	{"azure-stream", "\n\n", 2, 6, true, 1, ssePing},
	{"anthropic-stream", "\n\n", 3, 8, true, 1, "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
	{"gemini-stream", "\r\n\r\n", 0, 3, false, 1, ssePing},
	{"gemini-array", "}\n", 0, 3, false, 1, "\n"},
	{"ollama-stream", "\n", 0, 3, false, 1, ""},
	{"bedrock-stream", "", 1, 6, true, 1, ""},
}

// cutPosition is a place, and how it shows.
type cutPosition struct {
	name   string
	set    func(*faults.AnyCut)
	tools  bool                       // the answer calls one
	events func(cutForm) int          // that are whole
	tail   func(cutForm) string       // how what comes of the next one ends; "": nothing comes
	bytes  int                        // of the body, where something else is promised than events
	exists func(cutForm, string) bool // with that ending
}

var (
	anyEnding = func(cutForm, string) bool { return true }
	noTail    = func(cutForm) string { return "" }
	half      = func(cutForm) string { return faults.Character[:2] }
)

// follows says of an ending whether something comes behind the cut.
func follows(ending string) bool { return faults.EndingKind(ending).Follows() }

var cutPositions = []cutPosition{
	{"no tokens", func(f *faults.AnyCut) { f.AfterTokens = ptr(0) }, false, func(c cutForm) int { return map[bool]int{true: 0, false: c.opened()}[c.text == 0] }, noTail, 0, anyEnding},
	{"three tokens", func(f *faults.AnyCut) { f.AfterTokens = ptr(3) }, false, func(c cutForm) int { return c.text + 3 }, noTail, 0, anyEnding},
	{"no events", func(f *faults.AnyCut) { f.AfterEvents = ptr(0) }, false, func(cutForm) int { return 0 }, noTail, 0, anyEnding},
	{"four events", func(f *faults.AnyCut) { f.AfterEvents = ptr(4) }, false, func(cutForm) int { return 4 }, noTail, 0, anyEnding},
	{"twenty bytes", func(f *faults.AnyCut) { f.AfterBytes = ptr(20) }, false, func(cutForm) int { return 0 }, noTail, 20, anyEnding},
	{"in a character", func(f *faults.AnyCut) { f.Inside = faults.InsideCodePoint }, false, func(c cutForm) int { return c.text }, half, 0, func(_ cutForm, e string) bool { return !follows(e) }},
	{"in a character behind three tokens", func(f *faults.AnyCut) { f.Inside, f.AfterTokens = faults.InsideCodePoint, ptr(3) }, false, func(c cutForm) int { return c.text + 3 }, half, 0, func(_ cutForm, e string) bool { return !follows(e) }},
	{"in a character behind four events", func(f *faults.AnyCut) { f.Inside, f.AfterEvents = faults.InsideCodePoint, ptr(4) }, false, func(cutForm) int { return 4 }, half, 0, func(_ cutForm, e string) bool { return !follows(e) }},
	{"in arguments", func(f *faults.AnyCut) { f.Inside = faults.InsideToolArguments }, true, func(c cutForm) int { return c.call + map[bool]int{true: 3}[c.pieces] }, func(c cutForm) string {
		return map[bool]string{false: `{"by":"custo`}[c.pieces]
	}, 0, func(c cutForm, e string) bool { return c.pieces || !follows(e) }},
}

// opened returns how many events a form sends before the first token is there.
func (c cutForm) opened() int {
	return map[string]int{"openai-responses-stream": 2, "azure-stream": 1, "anthropic-stream": 3, "bedrock-stream": 1}[c.file]
}

// split returns the events of a body, and what is left.
func (c cutForm) split(b []byte) (events []string, rest string) {
	for len(b) > 0 {
		n := 0
		switch at := bytes.Index(b, []byte(c.mark)); {
		case c.mark == "" && len(b) >= 4:
			n = int(binary.BigEndian.Uint32(b))
		case c.mark != "" && at >= 0:
			n = at + len(c.mark)
		}
		if n == 0 || n > len(b) {
			break
		}
		events, b = append(events, string(masked(b[:n]))), b[n:]
	}
	return events, string(masked(b))
}

// cutConfig says a token every 5 ms, which is an event each, without marks.
func cutConfig() Config {
	c := faultConfig()
	c.Watermark = "off"
	for i := range c.Models {
		c.Models[i].TokensPerSecond = ptr(200.0)
	}
	return c
}

func TestEveryCutOfAStream(t *testing.T) {
	for _, c := range cutForms {
		w := faultWires[slices.IndexFunc(faultWires, func(w faultWire) bool { return w.file == c.file })]
		whole := map[bool][]string{}
		for _, tools := range []bool{false, true} {
			onSocket(t, cutConfig(), nil, func(g *rig) { whole[tools], _ = c.split([]byte(g.send(cutAsk(w, tools)).body)) })
		}
		for _, p := range cutPositions {
			for _, ending := range []string{"eof", "reset", "stall", "half_open", "in_stream_error", "keep_alive"} {
				t.Run(c.file+"/"+p.name+"/"+ending, func(t *testing.T) {
					f := newCut(t, ending, p.set)
					if problems := f.Validate(); len(problems) > 0 {
						if p.exists(c, ending) {
							t.Errorf("refused: %v", problems)
						}
						return
					}
					onSocket(t, cutConfig(), []faults.Rule{{Fault: f}}, func(g *rig) {
						x := g.cutOff(cutAsk(w, p.tools), ending)
						exists := p.exists(c, ending) && (ending != "keep_alive" || c.ping != "")
						if got := states(x.rec); exists != (got == fmt.Sprintf("cut:injected(ending@%d)", f.Effect(faults.Dice{}).Ending.After.N)) || !exists && got != "" {
							t.Fatalf("exists: %v, and is on record as %q", exists, got)
						}
						if exists {
							c.check(t, p, ending, x, whole[p.tools])
						}
					})
				})
			}
		}
	}
}

func newCut(t *testing.T, ending string, set func(*faults.AnyCut)) *faults.AnyCut {
	t.Helper()
	e, _ := faults.Lookup("cut")
	f := e.New().(*faults.AnyCut)
	f.Ending = faults.EndingKind(ending)
	if ending == "keep_alive" {
		f.Every = time.Minute // one comes, and then a read has its deadline
	}
	set(f)
	return f
}

func cutAsk(w faultWire, tools bool) ask {
	q := w.ask
	q.id = wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 12}
	if tools {
		q.body = strings.TrimSuffix(q.body, "}") + w.more + "}"
	}
	return q
}

// check compares what came with the stream that nothing struck.
func (c cutForm) check(t *testing.T, p cutPosition, ending string, x cutAnswer, whole []string) {
	t.Helper()
	body, own := x.body, ""
	if ending == "keep_alive" {
		if own = c.ping; !bytes.HasSuffix(body, []byte(own)) {
			t.Fatalf("no sign of life at the end: %q", body)
		}
	}
	body = bytes.TrimSuffix(body, []byte(own))
	got, rest := c.split(body)
	want := p.events(c)
	if ending == "in_stream_error" {
		n := len(got) - c.fails
		if c.file == "gemini-array" { // its end is part of no event
			n = len(got)
			if at := strings.LastIndex(rest, "}"); at < 0 || !strings.Contains(rest, `"error"`) {
				n, rest = n-1, strings.TrimSuffix(rest, "]\n")
			}
		}
		if n < 0 || !strings.Contains(strings.Join(got[n:], "")+rest, "rror") && c.mark != "" {
			t.Fatalf("no error at the end: %q", body)
		}
		got, rest = got[:n], ""
	}
	if p.bytes > 0 && follows(ending) {
		want = 1 // the end of the event in which they lie
	}
	if len(got) != want || len(whole) <= want || !slices.Equal(got, whole[:len(got)]) {
		t.Errorf("%d events, want %d of\n%q\ngot\n%q", len(got), want, whole, got)
	}
	switch tail := p.tail(c); {
	case p.bytes > 0 && !follows(ending):
		if len(x.body) != p.bytes || !strings.HasPrefix(whole[0], rest) {
			t.Errorf("%d bytes, want %d: %q", len(x.body), p.bytes, x.body)
		}
	case tail == "" && rest != "", tail != "" && !strings.HasSuffix(rest, tail):
		t.Errorf("behind %d events came %q, whose end should be %q", len(got), rest, tail)
	case tail == faults.Character[:2]:
		from := map[bool]int{true: 12}[c.mark == ""] // lengths and their sum, of which the character is a part
		if !strings.HasPrefix(whole[want][from:], strings.TrimSuffix(rest, tail)[from:]) {
			t.Errorf("%q is no beginning of %q and a character", rest, whole[want])
		}
	case tail != "":
		if !strings.HasPrefix(whole[want], rest) {
			t.Errorf("%q is no beginning of %q", rest, whole[want])
		}
	case p.name == "in arguments":
		if last := got[len(got)-1]; !strings.Contains(last, `"usto"`) { // the third piece of six: {"by ":"c usto mer" ,"id ":7}
			t.Errorf("the arguments are not cut in their middle, but behind %q", last)
		}
	}
}

// cutAnswer is what a client without a library has read.
type cutAnswer struct {
	body []byte // without the form of chunks
	last bool   // the last chunk came
	rec  journal.Attempt

	promised int // by Content-Length; -1: nothing
}

// cutOff makes a call, reads until the provider is done with the answer, and
// holds it to the ending: how a read ends, and what happens when the caller shuts
// its side.
func (g *rig) cutOff(q ask, ending string) cutAnswer {
	g.t.Helper()
	conn, err := g.dial(context.Background())
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	if err := g.request(context.Background(), q).Write(conn); err != nil {
		g.t.Fatal(err)
	}
	all, err := g.readUntilRest(conn)
	head, sent, _ := bytes.Cut(all, []byte("\r\n\r\n"))
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		g.t.Fatalf("%s", all)
	}
	x := cutAnswer{promised: promisedIn(head)}
	if bytes.Contains(head, []byte("chunked")) {
		x.body, x.last = unchunked(g.t, sent)
	} else {
		x.body = sent
	}
	silent := slices.Contains([]string{"stall", "half_open", "keep_alive"}, ending)
	chunked := bytes.Contains(head, []byte("chunked"))
	switch deadline := errors.Is(err, os.ErrDeadlineExceeded); {
	case x.last: // whole, as HTTP counts; the connection would be used again
		if ending != "eof" && ending != "in_stream_error" && ending != "keep_alive" { // the last where it does not exist
			g.t.Errorf("ended in order: %v", err)
		}
	case ending == "reset" && !errors.Is(err, syscall.ECONNRESET),
		ending == "eof" && (chunked || err != io.EOF), silent && !deadline, ending == "in_stream_error":
		g.t.Errorf("the read ended with %v", err)
	}
	if silent && !x.last {
		g.shutsItsSide(conn, ending)
	}
	conn.Close()
	x.rec = g.last()
	return x
}

// shutsItsSide lets the caller end its side, on which the provider ends its own,
// but where the connection is half open.
func (g *rig) shutsItsSide(conn net.Conn, ending string) {
	g.t.Helper()
	_ = conn.(*net.TCPConn).CloseWrite()
	for { // the attempt is over
		g.mu.Lock()
		n := len(g.recs)
		g.mu.Unlock()
		if n > 0 {
			break
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) && ending == "half_open" {
			g.t.Fatalf("half open, and yet a read ended with %v", err)
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
	wait := given
	if ending == "half_open" {
		wait = quiet
	}
	_ = conn.SetReadDeadline(time.Now().Add(wait))
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) != (ending == "half_open") {
		g.t.Errorf("%s: when the caller had shut its side, a read ended with %v", ending, err)
	}
}

// readUntilRest reads until the connection ends, the last chunk has come, or the
// provider stands in a wait for the caller to leave or for the next sign of life.
func (g *rig) readUntilRest(conn net.Conn) ([]byte, error) {
	var all []byte
	buf := make([]byte, 64<<10)
	rests := false
	for {
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
		n, err := conn.Read(buf)
		all = append(all, buf[:n]...)
		switch {
		case err == nil && bytes.HasSuffix(all, []byte("\r\n0\r\n\r\n")):
			return all, nil
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded) || rests:
			return all, err
		default: // a read that begins at rest sees all that was sent before
			rests = g.s.waits[waitLeft].Load()+g.s.waits[waitPing].Load() > 0
		}
	}
}

// unchunked takes the form of chunks off, all of which have to be whole.
func unchunked(t *testing.T, b []byte) (body []byte, last bool) {
	t.Helper()
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\r\n"))
		var n int
		if _, err := fmt.Sscanf(string(line), "%x", &n); err != nil || len(rest) < n+2 {
			t.Fatalf("no whole chunk: %q", b)
		}
		body, b, last = append(body, rest[:n]...), rest[n+2:], n == 0
	}
	return body, last
}
