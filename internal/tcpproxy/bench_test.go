package tcpproxy

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// ways are how a benchmark reaches its upstream.
func ways(b *testing.B, serve func(net.Conn), f func(b *testing.B, c net.Conn)) {
	up, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer up.Close()
	go func() {
		for {
			c, err := up.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	never := faults.Rule{Fault: &faults.TCPLatency{By: time.Second, Direction: faults.Both}, Probability: new(faults.Share), Match: faults.Match{Proxy: "cache"}}
	for _, way := range []struct {
		name  string
		rules []faults.Rule
	}{{"direct", nil}, {"proxy", nil}, {"proxy with a rule that passes", []faults.Rule{never}}} {
		b.Run(way.name, func(b *testing.B) {
			addr := up.Addr().String()
			if way.name != "direct" {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				p := New(Config{Name: "cache", Upstream: addr}, Options{Epoch: journal.NewEpoch()})
				defer p.Close()
				s, problems := faults.NewSchedule(1, way.rules, nil, nil)
				if len(problems) > 0 {
					b.Fatal(problems)
				}
				p.SetFaults(s)
				go func() { _ = p.Serve(l) }()
				addr = l.Addr().String()
			}
			c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			b.ReportAllocs()
			f(b, c)
		})
	}
}

// BenchmarkThroughput: one connection, one way, 64 KiB an operation.
func BenchmarkThroughput(b *testing.B) {
	ways(b, func(c net.Conn) { _, _ = io.Copy(c, zeros{}) }, func(b *testing.B, c net.Conn) {
		buf := make([]byte, 64<<10)
		b.SetBytes(int64(len(buf)))
		for b.Loop() {
			if _, err := io.ReadFull(c, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRoundTrip: a question of 64 bytes and its answer.
func BenchmarkRoundTrip(b *testing.B) {
	ways(b, echo, func(b *testing.B, c net.Conn) {
		buf := make([]byte, 64)
		for b.Loop() {
			if _, err := c.Write(buf); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(c, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
