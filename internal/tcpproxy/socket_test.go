package tcpproxy

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// TestOnRealSockets: what the client's own system says. Nothing is said of times.
func TestOnRealSockets(t *testing.T) {
	const silent = 300 * time.Millisecond
	for _, row := range []struct {
		words string
		rule  func(t *testing.T) faults.Rule
		bytes int
		seen  string
	}{
		{"refuse", func(t *testing.T) faults.Rule { return fault(t, "tcp_refuse", nil) }, 0, "reset"},
		{"reset at once", func(t *testing.T) faults.Rule { return ending(t, "tcp_reset", 0) }, 0, "reset"},
		{"reset behind 1000 bytes", func(t *testing.T) faults.Rule { return ending(t, "tcp_reset", 1000) }, 1000, "reset"},
		{"cut behind 1000 bytes", func(t *testing.T) faults.Rule { return ending(t, "tcp_cut", 1000) }, 1000, "eof"},
		{"half-open behind 1000 bytes", func(t *testing.T) faults.Rule { return ending(t, "tcp_half_open", 1000) }, 1000, "silence"},
	} {
		t.Run(row.words, func(t *testing.T) {
			r := newRig(t, &tcpNet{}, echo, row.rule(t))
			defer r.close()
			c, err := r.net.DialContext(context.Background(), "tcp", r.addr)
			if row.bytes == 0 && how(err) == "reset" {
				return // before the client's system had told it of the connection
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			patience := 10 * time.Second
			if row.seen == "silence" {
				patience = silent
			}
			got, seen := question(c, strings.Repeat("x", 4000), 4000, patience)
			if len(got) != row.bytes || seen != row.seen {
				t.Fatalf("%d bytes, then %q; want %d, %q", len(got), seen, row.bytes, row.seen)
			}
			if row.seen == "silence" {
				closeWrite(c)
				_ = c.SetReadDeadline(time.Now().Add(silent))
				if _, seen := answer(c, 1); seen != "silence" {
					t.Errorf("after the client's own end: %q, want silence", seen)
				}
			}
		})
	}
}

// TestACutIsCleanThoughTheClientWasSending: bytes of the client that nobody has
// read would turn the end of file into a reset.
func TestACutIsCleanThoughTheClientWasSending(t *testing.T) {
	full := make(chan struct{})
	r := newRig(t, &tcpNet{}, func(c net.Conn) {
		<-full
		_, _ = io.WriteString(c, "y")
		_, _ = c.Read(make([]byte, 1)) // and no more
	}, ending(t, "tcp_cut", 1))
	defer r.close()
	c := r.dial()
	_ = c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	_, err := io.Copy(c, zeros{})
	if how(err) != "silence" {
		t.Fatalf("the way was not to be filled: %v", err)
	}
	close(full)
	if got, seen := answer(c, 2); got != "y" || seen != "eof" {
		t.Errorf("%q, then %q, want an end of file", got, seen)
	}
}

// TestAResetIsPassedOn both ways.
func TestAResetIsPassedOn(t *testing.T) {
	at := make(chan string, 1)
	r := newRig(t, &tcpNet{}, func(c net.Conn) {
		_, err := io.Copy(io.Discard, c)
		at <- how(err)
	})
	defer r.close()
	c := r.dial()
	_, _ = io.WriteString(c, "x")
	linger0(c)
	_ = c.Close()
	if seen := <-at; seen != "reset" {
		t.Errorf("the upstream saw %q of the client's reset", seen)
	}

	up := newRig(t, &tcpNet{}, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		linger0(c)
	})
	defer up.close()
	if _, seen := question(up.dial(), "x", 1, 10*time.Second); seen != "reset" {
		t.Errorf("the client saw %q of the upstream's reset", seen)
	}
}
