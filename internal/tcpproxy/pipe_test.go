package tcpproxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// TestANarrowPipe: when 1,000 bytes at 10,000 a second have left it.
func TestANarrowPipe(t *testing.T) {
	began := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		words                string
		free, at, now, wants time.Duration
	}{
		{"it is free: they take their time", 0, 1000 * ms, 1000 * ms, 1100 * ms},
		{"it was free for long: no burst", 0, 5000 * ms, 5000 * ms, 5100 * ms},
		{"it is taken: behind what is in it", 1300 * ms, 1000 * ms, 1000 * ms, 1400 * ms},
		{"the timer of the piece before was late: that is made up for", 1300 * ms, 1000 * ms, 1315 * ms, 1400 * ms},
		{"the reader was slow: that is not", 1300 * ms, 1000 * ms, 9000 * ms, 9080 * ms},
	} {
		after := func(d time.Duration) time.Time { return began.Add(d) }
		if got := through(after(row.free), after(row.at), after(row.now), 1000, 10_000).Sub(began); got != row.wants {
			t.Errorf("%s: %s, want %s", row.words, got, row.wants)
		}
	}
}

// TestRoomIsShared: the bytes under way are bounded, however many connections
// there are.
func TestRoomIsShared(t *testing.T) {
	p := New(Config{Name: "cache", Upstream: "127.0.0.1:1"}, Options{Epoch: journal.NewEpoch()})
	defer p.Close()
	for open, want := range map[int64]int64{0: queueMost, 1: queueMost, 512: queueMost, 1024: queueMost / 2, connsMax: bytesMost / 2 / connsMax} {
		if p.open.Store(open); p.room() != want {
			t.Errorf("with %d connections %d bytes may be under way on each, want %d", open, p.room(), want)
		}
	}
}

// TestThousandsOfConnections are served at once: none waits for another to end.
func TestThousandsOfConnections(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		r := newRig(t, n, echo)
		defer r.close()
		const many = 3000
		var all sync.WaitGroup
		var mu sync.Mutex
		saw := map[string]int{}
		for range many {
			c := r.dial()
			all.Go(func() {
				_, seen := question(c, "x", 1, time.Second)
				mu.Lock()
				defer mu.Unlock()
				saw[seen]++
			})
		}
		if all.Wait(); saw[""] != many {
			t.Errorf("of %d: %v", many, saw)
		}
	})
}

// TestPositionsCountAgain: each time that a rule comes on it begins at 0.
func TestPositionsCountAgain(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		rule := ending(t, "tcp_cut", 150)
		rule.Burst = &faults.Burst{On: 5 * time.Second, Off: 5 * time.Second}
		r := newRig(t, n, echo, rule)
		defer r.close()
		c := r.dial()
		on, was := 0, false
		for range 10_000 {
			now := r.proxy.rules.Load().Decide(faults.Arrival("cache", 0, r.proxy.opt.Epoch.Now(), true)).Effect.Ending != nil
			if now && !was {
				on++
				if got, seen := question(c, strings.Repeat("x", 100), 100, time.Minute); len(got) != 100 || seen != "" {
					t.Fatalf("the rule came on for the %d. time: %d bytes, then %q; want 100 of 150", on, len(got), seen)
				}
			}
			if was = now; on == 3 {
				return
			}
			pause(context.Background(), 100*ms)
		}
		t.Errorf("the rule came on %d times", on)
	})
}

// TestDialsThatAreGivenUp: the record says what ended them, and not that the
// upstream could not be reached.
func TestDialsThatAreGivenUp(t *testing.T) {
	from := time.Second
	for _, row := range []struct {
		words string
		rule  func(t *testing.T) []faults.Rule
		end   journal.AttemptEnd
		cause journal.Cause
	}{
		{"the proxy closes", func(*testing.T) []faults.Rule { return nil }, journal.AttemptRunEnd, journal.CauseNone},
		{"a rule comes on", func(t *testing.T) []faults.Rule {
			rule := ending(t, "tcp_reset", 0)
			rule.From = &from
			return []faults.Rule{rule}
		}, journal.AttemptReset, journal.CauseFault},
	} {
		t.Run(row.words, func(t *testing.T) {
			virtual(t, func(t *testing.T, n network) {
				r := newRig(t, &dead{Network: n.(*memnet.Network)}, echo, row.rule(t)...)
				defer r.close()
				r.dial()
				pause(context.Background(), 2*time.Second)
				_ = r.proxy.Close()
				synctest.Wait()
				if a := r.recorded()[0]; a.End != row.end || a.Cause != row.cause || a.Code != "" {
					t.Errorf("on record: end %s, cause %s, code %q; want %s, %s and none", a.End, a.Cause, a.Code, row.end, row.cause)
				}
			})
		})
	}
}

// dead is a network in which the upstream, which listens first, does not answer.
type dead struct {
	*memnet.Network
	upstream string
}

func (d *dead) Listen(addr string) (net.Listener, error) {
	l, err := d.Network.Listen(addr)
	if d.upstream == "" && err == nil {
		d.upstream = l.Addr().String()
	}
	return l, err
}

func (d *dead) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != d.upstream {
		return d.Network.DialContext(ctx, network, addr)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestBytesComeInOrder: both ways at once, in writes of all sizes, late by turns
// and narrow: what arrives is what was sent.
func TestBytesComeInOrder(t *testing.T) {
	virtual(t, func(t *testing.T, n network) {
		late := latency(t, 50*ms, faults.Both)
		late.Fault.(*faults.TCPLatency).Jitter = 1
		sent := func(way string) []byte {
			var b []byte
			for i := uint64(0); len(b) < 400_000; i++ {
				b = binary.BigEndian.AppendUint64(b, draw.Bits(i, way))
			}
			return b
		}
		send := func(c net.Conn, way string) {
			b := sent(way)
			for i := uint64(0); len(b) > 0; i++ {
				// From one byte to more than a buffer holds.
				size := 1 + draw.Bits(i, way, "size")%(1<<(draw.Bits(i, way, "power")%18))
				k := min(len(b), int(size))
				if _, err := c.Write(b[:k]); err != nil {
					t.Error(way, err)
				}
				b = b[k:]
				pause(context.Background(), time.Duration(draw.Bits(i, way, "pause")%3)*ms)
			}
			closeWrite(c)
		}
		got := func(c net.Conn, way string) {
			b, err := io.ReadAll(c)
			if want := sent(way); err != nil || !bytes.Equal(b, want) {
				t.Errorf("%s: %d bytes of %d came, or others, %v", way, len(b), len(want), err)
			}
		}
		both := func(c net.Conn, to, from string) {
			var all sync.WaitGroup
			all.Go(func() { send(c, to) })
			all.Go(func() { got(c, from) })
			all.Wait()
		}
		r := newRig(t, n, func(c net.Conn) { both(c, "down", "up") }, late, bandwidth(t, 200_000, faults.Both))
		defer r.close()
		both(r.dial(), "up", "down")
		if hits := states(r.recorded()[0]); hits != "tcp_latency injected, tcp_bandwidth injected" {
			t.Errorf("on record: %s", hits)
		}
	})
}
