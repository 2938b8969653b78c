package mockmodel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// TestRefusedConnections: the chosen call is reset, so is every new connection
// in the time after it, unread and without a record; after that, and once the
// faults are off, they are taken again.
func TestRefusedConnections(t *testing.T) {
	refuse := rule(t, "conn_refuse", func(f *faults.ConnRefuse) { f.For = 200 * time.Millisecond }, func(r *faults.Rule) { r.Match.Model = "m" })
	for _, c := range []struct {
		name   string
		wait   time.Duration // since the call that was chosen
		off    bool          // the faults are taken away first
		served bool
	}{
		{"at once", 0, false, false},
		{"just before it ends", 199 * time.Millisecond, false, false},
		{"when it ends", 200 * time.Millisecond, false, true},
		{"at once, the faults being off", 0, true, true},
	} {
		virtual(t, Config{Models: []Model{instant("m", 1), instant("other", 1)}}, []faults.Rule{refuse}, func(g *rig) {
			if r := g.send(ask{path: chatPath, body: chat("m", "")}); !errors.Is(r.err, syscall.ECONNRESET) {
				t.Errorf("%s: the chosen call: %v", c.name, r.err)
			}
			if rec := g.last(); rec.End != journal.AttemptReset || states(rec) != "conn_refuse:injected(connection)" {
				t.Errorf("%s: %s %s", c.name, rec.End, states(rec))
			}
			<-time.After(c.wait)
			if c.off {
				g.s.SetFaults(nil)
			}
			r := g.send(ask{path: chatPath, body: chat("other", "")})
			synctest.Wait()
			if served := r.err == nil && r.status == 200; served != c.served || (g.s.Refused() == 0) != c.served || len(g.recs) == 2 != c.served {
				t.Errorf("%s: %v, %d refused, %d records", c.name, r.err, g.s.Refused(), len(g.recs))
			}
		})
	}
}

// TestHalfOpenStaysOpen: on a socket, a caller who closes its side sees no end
// of a half-open connection, and sees one of a connection that only stalls.
func TestHalfOpenStaysOpen(t *testing.T) {
	for _, c := range []struct {
		fault string
		set   func(faults.Fault)
		open  bool
	}{
		{"half_open", nil, true},
		{"half_open", func(f faults.Fault) { f.(*faults.HalfOpen).AfterTokens = ptr(3) }, true},
		{"hang_before_headers", nil, false},
		{"stall_mid_stream", nil, false},
	} {
		onSocket(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{rule(t, c.fault, c.set)}, func(g *rig) {
			conn, err := g.dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := g.request(context.Background(), ask{path: chatPath, body: chat("m", streamed)}).Write(conn); err != nil {
				t.Fatal(err)
			}
			for !resting("waitGone") {
				_ = conn.SetReadDeadline(time.Now().Add(quiet))
				_, _ = conn.Read(make([]byte, 4096))
			}
			_ = conn.(*net.TCPConn).CloseWrite()
			if rec := g.last(); rec.End != journal.AttemptStall {
				t.Errorf("%s: ended %s", c.fault, rec.End)
			}
			_ = conn.SetReadDeadline(time.Now().Add(10 * quiet))
			_, err = io.Copy(io.Discard, conn)
			if open := errors.Is(err, os.ErrDeadlineExceeded); open != c.open {
				t.Errorf("%s: the connection ended with %v", c.fault, err)
			}
			if !c.open {
				return
			}
			_ = g.s.Close()
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err = io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: open behind the end of the provider", c.fault)
			}
		})
	}
}

// TestHeldIsBounded: of more connections than may be kept the rest is closed,
// and all are with the server.
func TestHeldIsBounded(t *testing.T) {
	var h held
	var kept []net.Conn
	add := func() (end net.Conn) {
		a, b := net.Pipe()
		h.add(a)
		return b
	}
	for range heldMax {
		kept = append(kept, add())
	}
	if _, err := add().Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("one too many: %v", err)
	}
	h.close()
	kept = append(kept, add())
	for i, c := range kept {
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("connection %d of a server that is closed: %v", i, err)
		}
	}
}

// TestHeadersComeLate: of a stream too, whose tokens keep their pace behind
// them, and which slow_ttft sends at once.
func TestHeadersComeLate(t *testing.T) {
	for _, c := range []struct {
		fault         string
		rule          faults.Rule
		headers, last time.Duration
	}{
		{"slow_headers", rule(t, "slow_headers", func(f *faults.SlowHeaders) { f.By = 10 * time.Second }), 10 * time.Second, 14 * time.Second},
		{"late_success", rule(t, "late_success", func(f *faults.LateSuccess) { f.After = 10 * time.Second }), 10 * time.Second, 14 * time.Second},
		{"slow_ttft", rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 10 * time.Second }), 0, 14 * time.Second},
	} {
		for _, more := range []string{streamed, ""} {
			virtual(t, Config{Models: []Model{model("m", time.Second, 1, 3)}}, []faults.Rule{c.rule}, func(g *rig) {
				resp, err := g.client.Do(g.request(context.Background(), ask{path: chatPath, body: chat("m", more)}))
				if err != nil {
					t.Fatal(err)
				}
				headers := g.elapsed()
				r := replyOf(resp)
				want := c.headers
				if more == "" {
					want = c.last
				}
				if !near(headers, want) || !near(g.elapsed(), c.last) || r.err != nil || r.status != 200 {
					t.Errorf("%s %s: headers after %v, end after %v, %v", c.fault, more, headers, g.elapsed(), r.err)
				}
				if rec := g.last(); states(rec) != c.fault+":injected(delay)" || rec.End != journal.AttemptComplete {
					t.Errorf("%s %s: %s %s", c.fault, more, rec.End, states(rec))
				}
			})
		}
	}
}

// TestLateSuccessIsPaidFor: though its caller has left, in whole; a call that is
// but slow is not.
func TestLateSuccessIsPaidFor(t *testing.T) {
	m := instant("m", 10)
	m.Price, m.Slots = Price{Output: 1}, 1
	for name, want := range map[string]int64{"late_success": 10_000, "slow_headers": 0} {
		for _, more := range []string{"", streamed} {
			virtual(t, Config{Models: []Model{m}}, []faults.Rule{plain(t, name, func(r *faults.Rule) { r.Times = 1 })}, func(g *rig) {
				ctx, leave := context.WithTimeout(context.Background(), 5*time.Second)
				defer leave()
				_, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", more)}))
				rec := g.last()
				if err == nil || rec.End != journal.AttemptPeerClosed || rec.CostNanoUSD != want || states(rec) != name+":injected(delay)" {
					t.Errorf("%s%s: %v, %s, cost %d, %s", name, more, err, rec.End, rec.CostNanoUSD, states(rec))
				}
				// The slot is held to the end of what nobody waits for.
				r := g.send(ask{path: chatPath, body: chat("m", more)})
				if late := r.at > 30*time.Second; late != (name == "late_success") {
					t.Errorf("%s%s: the next call was answered at %v", name, more, r.at)
				}
			})
		}
	}
}

// TestCloseWithoutAWord: the answer is whole and does not say that the
// connection is closed behind it.
func TestCloseWithoutAWord(t *testing.T) {
	for _, more := range []string{"", streamed} {
		onSocket(t, Config{Models: []Model{instant("m", 5)}}, []faults.Rule{plain(t, "close_keepalive")}, func(g *rig) {
			conn, err := g.dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := g.request(context.Background(), ask{path: chatPath, body: chat("m", more)}).Write(conn); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			all, err := io.ReadAll(conn)
			text := string(all)
			if err != nil || !strings.HasPrefix(text, "HTTP/1.1 200") || strings.Contains(text, "Connection:") || more != "" && !strings.HasSuffix(text, "data: [DONE]\n\n\r\n0\r\n\r\n") {
				t.Errorf("%v\n%s", err, text)
			}
			if rec := g.last(); rec.End != journal.AttemptComplete || states(rec) != "close_keepalive:injected(ending)" {
				t.Errorf("%s %s", rec.End, states(rec))
			}
		})
	}
	// Behind an error there is no answer.
	virtual(t, Config{Models: []Model{instant("m", 5)}}, []faults.Rule{plain(t, "close_keepalive"), plain(t, "http_500")}, func(g *rig) {
		g.send(ask{path: chatPath, body: chat("m", "")})
		if got := states(g.last()); got != "close_keepalive:masked(ending) http_500:injected(status)" {
			t.Error(got)
		}
	})
}

// TestSignsOfLife: one every so often and nothing else, in the dialect's form,
// until the caller leaves; from the start on, or from the middle of an answer.
func TestSignsOfLife(t *testing.T) {
	middle := newCut(t, "keep_alive", func(f *faults.AnyCut) { f.Every, f.AfterTokens = 5*time.Second, ptr(3) })
	for _, c := range cutForms {
		for tokens, rule := range map[int]faults.Rule{0: plain(t, "ping_only"), 3: {Fault: middle}} {
			if c.ping == "" {
				continue
			}
			w := faultWires[slices.IndexFunc(faultWires, func(w faultWire) bool { return w.file == c.file })]
			virtual(t, faultConfig(), []faults.Rule{rule}, func(g *rig) {
				ctx, leave := context.WithTimeout(context.Background(), 21*time.Second)
				defer leave()
				resp, err := g.client.Do(g.request(ctx, w.ask))
				if err != nil {
					t.Fatal(err)
				}
				r := replyOf(resp)
				signs := 0
				for rest := r.body; strings.HasSuffix(rest, c.ping); rest = strings.TrimSuffix(rest, c.ping) {
					signs++
				}
				want := 5
				if c.file == "anthropic-stream" && tokens == 0 || c.file == "gemini-array" && tokens > 0 { // what precedes them ends so too
					want++
				}
				if signs != want || resp.StatusCode != http.StatusOK {
					t.Errorf("%s: %d signs of life in 21 s behind %d tokens, want %d:\n%s", c.file, signs, tokens, want, r.body)
				}
				onRecord := fmt.Sprintf("%s:injected(ending@%d)", rule.RuleName(), tokens)
				if rec := g.last(); rec.End != journal.AttemptStall || rec.TokensEmitted != tokens || states(rec) != onRecord {
					t.Errorf("%s: %s, %d tokens, %s", c.file, rec.End, rec.TokensEmitted, states(rec))
				}
			})
		}
	}
}
