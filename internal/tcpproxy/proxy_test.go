package tcpproxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

const ms = time.Millisecond

func virtual(t *testing.T, f func(t *testing.T, n network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &memnet.Network{}) })
}

func latency(t *testing.T, by time.Duration, d faults.Direction) faults.Rule {
	return fault(t, "tcp_latency", func(f faults.Fault) { f.(*faults.TCPLatency).By, f.(*faults.TCPLatency).Direction = by, d })
}

func bandwidth(t *testing.T, rate int64, d faults.Direction) faults.Rule {
	return fault(t, "tcp_bandwidth", func(f faults.Fault) {
		f.(*faults.TCPBandwidth).BytesPerSecond, f.(*faults.TCPBandwidth).Direction = rate, d
	})
}

// TestEachFault: what a client sees of 100 bytes that it sends and gets back, how
// long that takes to the nanosecond, and what the journal says.
func TestEachFault(t *testing.T) {
	for _, row := range []struct {
		words string
		rules func(t *testing.T) []faults.Rule
		bytes int // that came back
		seen  string
		after time.Duration
		hits  string
		end   journal.AttemptEnd
	}{
		{"no rule", func(*testing.T) []faults.Rule { return nil }, 100, "", 0, "", journal.AttemptComplete},
		{"latency both ways", func(t *testing.T) []faults.Rule { return []faults.Rule{latency(t, 100*ms, faults.Both)} },
			100, "", 200 * ms, "tcp_latency injected", journal.AttemptComplete},
		{"latency down", func(t *testing.T) []faults.Rule { return []faults.Rule{latency(t, 100*ms, faults.Down)} },
			100, "", 100 * ms, "tcp_latency injected", journal.AttemptComplete},
		{"bandwidth up", func(t *testing.T) []faults.Rule { return []faults.Rule{bandwidth(t, 1000, faults.Up)} },
			100, "", 100 * ms, "tcp_bandwidth injected", journal.AttemptComplete},
		{"latency and bandwidth down", func(t *testing.T) []faults.Rule {
			return []faults.Rule{latency(t, 100*ms, faults.Down), bandwidth(t, 100, faults.Down)}
		}, 100, "", 1100 * ms, "tcp_latency injected, tcp_bandwidth injected", journal.AttemptComplete},
		{"refuse", func(t *testing.T) []faults.Rule { return []faults.Rule{fault(t, "tcp_refuse", nil)} },
			0, "reset", 0, "tcp_refuse injected", journal.AttemptReset},
		{"refuse hides the rest", func(t *testing.T) []faults.Rule {
			return []faults.Rule{latency(t, ms, faults.Both), fault(t, "tcp_refuse", nil)}
		}, 0, "reset", 0, "tcp_latency masked, tcp_refuse injected", journal.AttemptReset},
		{"reset at once", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_reset", 0)} },
			0, "reset", 0, "tcp_reset injected", journal.AttemptReset},
		{"reset behind 30 bytes", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_reset", 30)} },
			30, "reset", 0, "tcp_reset injected", journal.AttemptReset},
		{"cut behind 30 bytes", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_cut", 30)} },
			30, "eof", 0, "tcp_cut injected", journal.AttemptEOF},
		{"cut behind all", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_cut", 100)} },
			100, "", 0, "tcp_cut injected", journal.AttemptEOF},
		{"cut behind more than came", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_cut", 101)} },
			100, "", 0, "tcp_cut missed", journal.AttemptComplete},
		{"cut of a narrow pipe", func(t *testing.T) []faults.Rule {
			return []faults.Rule{bandwidth(t, 100, faults.Down), ending(t, "tcp_cut", 30)}
		}, 30, "eof", 300 * ms, "tcp_bandwidth injected, tcp_cut injected", journal.AttemptEOF},
		{"half-open behind 30 bytes", func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, "tcp_half_open", 30)} },
			30, "silence", 10 * time.Second, "tcp_half_open injected", journal.AttemptStall},
	} {
		t.Run(row.words, func(t *testing.T) {
			virtual(t, func(t *testing.T, n network) {
				r := newRig(t, n, echo, row.rules(t)...)
				defer r.close()
				c := r.dial()
				began := time.Now()
				got, seen := question(c, strings.Repeat("x", 100), 100, 10*time.Second)
				took := time.Since(began)
				if len(got) != row.bytes || seen != row.seen || took != row.after {
					t.Errorf("%d bytes, then %q, after %s; want %d, %q, %s", len(got), seen, took, row.bytes, row.seen, row.after)
				}
				_ = c.Close()
				pause(context.Background(), time.Second) // the end is late too
				records := r.recorded()
				if len(records) != 1 {
					t.Fatalf("%d records of one connection", len(records))
				}
				a := records[0]
				if states(a) != row.hits || a.End != row.end || a.Kind != journal.KindTCP || a.Endpoint != "cache" {
					t.Errorf("on record: %q, end %s, %s %s; want %q, %s", states(a), a.End, a.Kind, a.Endpoint, row.hits, row.end)
				}
			})
		})
	}
}

// TestPassesThroughUnharmed: a megabyte each way, and then the ends of both, one
// after the other.
func TestPassesThroughUnharmed(t *testing.T) {
	for name, n := range map[string]network{"tcp": &tcpNet{}, "memory": &memnet.Network{}} {
		t.Run(name, func(t *testing.T) {
			big := strings.Repeat("0123456789abcdef", 1<<16)
			r := newRig(t, n, func(c net.Conn) {
				b, err := io.ReadAll(c) // until the client has closed its half
				if err != nil || string(b) != big {
					t.Errorf("the upstream read %d bytes, %v", len(b), err)
				}
				_, _ = io.WriteString(c, big)
			})
			defer r.close()
			c := r.dial()
			go func() { _, _ = io.WriteString(c, big); closeWrite(c) }()
			if got, seen := answer(c, len(big)); got != big || seen != "" {
				t.Errorf("%d bytes came back, %q", len(got), seen)
			}
			if _, seen := answer(c, 1); seen != "eof" {
				t.Errorf("then %q, want an end of file", seen)
			}
		})
	}
}

// TestLatencyIsDistance: pieces that are sent 10 ms apart arrive 10 ms apart.
func TestLatencyIsDistance(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		var at []time.Duration
		began := time.Now()
		r := newRig(t, n, func(c net.Conn) {
			for buf := make([]byte, 1); ; {
				if _, err := c.Read(buf); err != nil {
					return
				}
				at = append(at, time.Since(began))
			}
		}, latency(t, 100*ms, faults.Up))
		defer r.close()
		c := r.dial()
		for range 3 {
			_, _ = io.WriteString(c, "x")
			pause(context.Background(), 10*ms)
		}
		pause(context.Background(), time.Second)
		synctest.Wait()
		if want := "[100ms 110ms 120ms]"; fmt.Sprint(at) != want {
			t.Errorf("arrived after %v, want %s", at, want)
		}
	})
}

// TestJitter: it stays within its share, varies, repeats, and keeps the order.
func TestJitter(t *testing.T) {
	run := func() (out string) {
		virtual(t, func(t *testing.T, n network) {
			rule := latency(t, 100*ms, faults.Down)
			rule.Fault.(*faults.TCPLatency).Jitter = 0.5
			r := newRig(t, n, echo, rule)
			defer r.close()
			c := r.dial()
			for range 5 {
				began := time.Now()
				if _, seen := question(c, "x", 1, time.Second); seen != "" {
					t.Fatal(seen)
				}
				took := time.Since(began)
				if took < 50*ms || took > 150*ms {
					t.Errorf("late by %s, want 100 ms and half of it at most either way", took)
				}
				out += took.String() + " "
			}
		})
		return out
	}
	first := run()
	if again := run(); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	if f := strings.Fields(first); f[0] == f[1] && f[1] == f[2] {
		t.Errorf("no two pieces are late by another time: %s", first)
	}
}

// TestAPoolThatWasFilledBefore: connections that are open when a window opens are
// met then, though nobody is sending anything; and when it has closed, what slowed
// them down is gone.
func TestAPoolThatWasFilledBefore(t *testing.T) {
	from, to := 5*time.Second, 9*time.Second
	within := func(r faults.Rule) faults.Rule { r.From, r.To = &from, &to; return r }
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo, within(ending(t, "tcp_reset", 0)))
		defer r.close()
		idle := r.dial()
		if _, seen := question(idle, "x", 1, time.Minute); seen != "" {
			t.Errorf("before the window: %q", seen)
		}
		if _, seen := answer(idle, 1); seen != "reset" || time.Since(r.started) != from {
			t.Errorf("%q after %s, want a reset when the window opens", seen, time.Since(r.started))
		}
	})
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo, within(latency(t, 100*ms, faults.Up)), within(fault(t, "tcp_refuse", nil)))
		defer r.close()
		pooled := r.dial()
		var took []time.Duration
		for range 3 {
			began := time.Now()
			if _, seen := question(pooled, "x", 1, time.Minute); seen != "" {
				t.Errorf("at %s: %q", time.Since(r.started), seen)
			}
			took = append(took, time.Since(began))
			pause(context.Background(), from)
		}
		if fmt.Sprint(took) != "[0s 100ms 0s]" {
			t.Errorf("before, in and after the window: %v", took)
		}
	})
}

// TestARuleThatWasHidden: while the first rule holds the ending, the second one is
// masked; when the first one's window has ended, the second one strikes.
func TestARuleThatWasHidden(t *testing.T) {
	to := 5 * time.Second
	virtual(t, func(t *testing.T, n network) {
		first := ending(t, "tcp_cut", 1000)
		first.To = &to
		r := newRig(t, n, echo, first, ending(t, "tcp_reset", 0))
		defer r.close()
		c := r.dial()
		if _, seen := question(c, "x", 1, time.Minute); seen != "" {
			t.Errorf("hidden: %q", seen)
		}
		if _, seen := answer(c, 1); seen != "reset" || time.Since(r.started) != to {
			t.Errorf("%q after %s, want a reset at the end of the other window", seen, time.Since(r.started))
		}
		if got := states(r.recorded()[0]); got != "tcp_cut missed, tcp_reset injected" {
			t.Errorf("on record: %s", got)
		}
	})
	virtual(t, func(t *testing.T, n network) {
		first := ending(t, "tcp_cut", 1000)
		first.To = &to
		r := newRig(t, n, echo, first, ending(t, "tcp_reset", 1000))
		defer r.close()
		c := r.dial()
		if _, seen := question(c, "x", 1, time.Minute); seen != "" {
			t.Errorf("hidden: %q", seen)
		}
		pause(context.Background(), 2*to)
		_ = c.Close()
		synctest.Wait()
		if got := states(r.recorded()[0]); got != "tcp_cut missed, tcp_reset missed" {
			t.Errorf("a rule that came out from behind another, and was never reached, is on record as %s", got)
		}
	})
}

// TestPositionsCountFromTheWindowOn: what had passed before does not count.
func TestPositionsCountFromTheWindowOn(t *testing.T) {
	from := 5 * time.Second
	virtual(t, func(t *testing.T, n network) {
		rule := ending(t, "tcp_cut", 30)
		rule.From = &from
		r := newRig(t, n, echo, rule)
		defer r.close()
		c := r.dial()
		if got, seen := question(c, strings.Repeat("x", 100), 100, time.Minute); len(got) != 100 || seen != "" {
			t.Errorf("before: %d bytes, %q", len(got), seen)
		}
		pause(context.Background(), from)
		if got, seen := question(c, strings.Repeat("x", 100), 100, time.Minute); len(got) != 30 || seen != "eof" {
			t.Errorf("in the window: %d bytes, %q, want 30 and the end", len(got), seen)
		}
	})
}

// TestWhichConnectionsAreChosen: the n-th, as the schedule says of it.
func TestWhichConnectionsAreChosen(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		half := faults.Share(0.5)
		rule := fault(t, "tcp_refuse", nil)
		rule.Probability = &half
		r := newRig(t, n, echo, rule)
		defer r.close()
		want, got := "", ""
		for i := range int64(20) {
			state := r.proxy.rules.Load().Decide(faults.Arrival("cache", i, 1, false)).Hits[0].State
			want += map[faults.State]string{faults.Chosen: "reset ", faults.Passed: "ok "}[state]
			_, seen := question(r.dial(), "x", 1, time.Second)
			got += map[string]string{"": "ok "}[seen]
			if seen != "" {
				got += seen + " "
			}
		}
		if got != want || !strings.Contains(got, "ok") || !strings.Contains(got, "reset") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestAnUpstreamThatIsNotThere(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo)
		defer r.close()
		r.proxy.cfg.Upstream = "127.0.0.1:1"
		if _, seen := question(r.dial(), "x", 1, time.Second); seen != "reset" {
			t.Errorf("%q, want a reset", seen)
		}
		if a := r.recorded()[0]; a.Code != "upstream_refused" || a.Cause != journal.CauseUpstream {
			t.Errorf("on record: %s, %s", a.Code, a.Cause)
		}
	})
}

// TestCloseDrains: what is under way arrives at once, then the connection ends;
// no goroutine is left, or the bubble would not end.
func TestCloseDrains(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo, latency(t, time.Hour, faults.Down), ending(t, "tcp_half_open", 1000))
		defer r.close()
		c, dead := r.dial(), r.dial()
		_, _ = io.WriteString(c, "under way")
		synctest.Wait()
		began := time.Now()
		_ = r.proxy.Close()
		if got, seen := answer(c, 100); got != "under way" || seen != "eof" || time.Since(began) > lingers {
			t.Errorf("%q, then %q after %s", got, seen, time.Since(began))
		}
		if _, seen := answer(dead, 1); seen != "eof" {
			t.Errorf("the other one: %q", seen)
		}
	})
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, func(c net.Conn) { _, _ = io.Copy(c, zeros{}) })
		defer r.close()
		r.dial() // and never reads
		pause(context.Background(), time.Second)
		began := time.Now()
		_ = r.proxy.Close()
		if took := time.Since(began); took > lingers {
			t.Errorf("a client that does not read held the proxy for %s", took)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHalfOpenIsHeld: not even the client's own end brings one, until the proxy
// closes; and the upstream is rid of the connection.
func TestHalfOpenIsHeld(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		gone := make(chan struct{}, 1)
		r := newRig(t, n, func(c net.Conn) { echo(c); gone <- struct{}{} }, ending(t, "tcp_half_open", 1))
		defer r.close()
		c := r.dial()
		if got, _ := question(c, "xy", 1, time.Minute); got != "x" {
			t.Errorf("%q", got)
		}
		<-gone
		closeWrite(c)
		_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		if _, seen := answer(c, 1); seen != "silence" {
			t.Errorf("for an hour: %q", seen)
		}
		_ = r.proxy.Close()
		_ = c.SetReadDeadline(time.Time{})
		if _, seen := answer(c, 1); seen != "eof" {
			t.Errorf("when the proxy closes: %q", seen)
		}
	})
}

func TestOnlySoManyAreHeld(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo, ending(t, "tcp_half_open", 0))
		defer r.close()
		for range heldMax {
			r.dial()
		}
		synctest.Wait()
		c := r.dial()
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if _, seen := answer(c, 1); seen != "reset" {
			t.Errorf("number %d: %q, want a reset", heldMax+1, seen)
		}
		missed := 0
		for _, a := range r.recorded() {
			if states(a) == "tcp_half_open missed" {
				missed++
			}
		}
		if missed != 1 || len(r.proxy.held) != 0 {
			t.Errorf("%d missed, %d still held", missed, len(r.proxy.held))
		}
	})
}
