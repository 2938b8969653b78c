package tcpproxy

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// TestAResetIsNoEndThoughAWriteWasToldOfIt: a system tells of a reset once. If
// the proxy was sending just then, its write is told, and its read finds an end of
// file: the other side must not take that for the end of a whole answer.
func TestAResetIsNoEndThoughAWriteWasToldOfIt(t *testing.T) {
	const often = 12 // who is told is a matter of chance
	for range often {
		full := make(chan struct{})
		r := newRig(t, &tcpNet{}, func(c net.Conn) {
			<-full
			linger0(c)
		})
		c := r.dial()
		fill(t, c)
		close(full)
		if _, seen := answer(c, 1); seen != "reset" {
			t.Fatalf("the upstream reset the connection, and the client saw %q", seen)
		}
		r.close()
	}
	for range often {
		full, seen := make(chan struct{}), make(chan string, 1)
		r := newRig(t, &tcpNet{}, func(c net.Conn) {
			fill(t, c)
			close(full)
			_, err := io.Copy(io.Discard, c)
			seen <- how(err)
		})
		c := r.dial()
		<-full
		linger0(c)
		_ = c.Close()
		if seen := <-seen; seen != "reset" {
			t.Fatalf("the client reset the connection, and the upstream saw %q", seen)
		}
		r.close()
	}
}

// fill sends until nobody takes any more.
func fill(t *testing.T, c net.Conn) {
	_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := io.Copy(c, zeros{}); how(err) != "silence" {
		t.Errorf("the way was not to be filled: %v", err)
	}
}

// TestPositionsHoldForSlowReaders: whoever has no room yet gets all bytes before
// the position, though nothing else comes and a reset overtakes what waits.
func TestPositionsHoldForSlowReaders(t *testing.T) {
	const position = 300_000
	for _, row := range []struct {
		fault string
		way   faults.Direction
		seen  string
	}{
		{"tcp_reset", faults.Down, "reset"},
		{"tcp_cut", faults.Down, "eof"},
		{"tcp_half_open", faults.Down, "silence"},
		{"tcp_reset", faults.Up, "reset or eof"},
		{"tcp_cut", faults.Up, "reset or eof"},
		{"tcp_half_open", faults.Up, "reset or eof"},
	} {
		t.Run(row.fault+" "+string(row.way), func(t *testing.T) {
			rule := ending(t, row.fault, position)
			rule.Fault.(*faults.TCPEnd).Direction = row.way
			passed, done := make(chan struct{}), make(chan struct{})
			read := func(c net.Conn) {
				defer close(done)
				<-passed
				patience := 20 * time.Second
				if row.seen == "silence" {
					patience = time.Second
				}
				_ = c.SetReadDeadline(time.Now().Add(patience))
				var b bytes.Buffer
				n, err := io.Copy(&b, c)
				seen := how(err)
				if seen == "" {
					seen = "eof"
				}
				if n != position || seen != row.seen && !(row.seen == "reset or eof" && (seen == "reset" || seen == "eof")) {
					t.Errorf("%d bytes, then %q; want %d, %q", n, seen, position, row.seen)
				}
			}
			send := func(c net.Conn) { _, _ = io.Copy(c, io.LimitReader(zeros{}, 2*position)) }
			serve, use, way := send, read, down
			if row.way == faults.Up {
				serve, use, way = func(c net.Conn) { _, _ = c.Write([]byte("x")); read(c) }, send, up
			}
			r := newRig(t, &tcpNet{}, serve, rule)
			defer r.close()
			c := r.dial()
			go use(c)
			for began := false; ; runtime.Gosched() {
				n, open := r.passed(way)
				if began = began || open; began && !open || n >= position {
					break
				}
			}
			close(passed)
			<-done
		})
	}
}

// passed is how much of the only connection has passed, while it is open.
func (r *rig) passed(way int) (n int64, open bool) {
	r.proxy.mu.Lock()
	defer r.proxy.mu.Unlock()
	for c := range r.proxy.conns {
		return c.passed[way].Load(), true
	}
	return 0, false
}

// TestAWaitForASlowReaderEnds: when the proxy closes, and by itself for a client
// who takes nothing at all.
func TestAWaitForASlowReaderEnds(t *testing.T) {
	for _, closes := range []bool{true, false} {
		r := newRig(t, &tcpNet{}, func(c net.Conn) { _, _ = io.Copy(c, zeros{}) }, ending(t, "tcp_reset", 300_000))
		r.dial() // and reads nothing
		for stands := false; !stands; runtime.Gosched() {
			r.mu.Lock()
			ended := len(r.records) > 0
			r.mu.Unlock()
			if stands = standsIn("conn.settle"); ended && !stands {
				t.Fatal("the connection ended, and was not seen to wait for its reader")
			}
		}
		if closes {
			_ = r.proxy.Close()
		}
		for r.proxy.open.Load() > 0 {
			runtime.Gosched()
		}
		if a := r.recorded(); len(a) != 1 || states(a[0]) != "tcp_reset injected" {
			t.Errorf("on record: %v", a)
		}
	}
}
