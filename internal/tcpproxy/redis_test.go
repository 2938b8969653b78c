//go:build unix

package tcpproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// redis speaks RESP over one connection.
type redis struct {
	net.Conn
	r *bufio.Reader
}

func dialRedis(addr string) (*redis, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &redis{c, bufio.NewReader(c)}, nil
}

// do sends one command and reads its answer: a line, or a bulk string.
func (r *redis) do(args ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(r, b.String()); err != nil {
		return "", err
	}
	return r.answer()
}

func (r *redis) answer() (string, error) {
	line, err := r.r.ReadString('\n')
	if err != nil {
		return line, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	var n int
	if _, err := fmt.Sscanf(line, "$%d", &n); err != nil || n < 0 {
		return line, nil
	}
	bulk := make([]byte, n+2)
	got, err := io.ReadFull(r.r, bulk)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return string(bulk[:min(got, n)]), err
}

// startRedis starts a redis-server that keeps a value of 40,000 bytes.
func startRedis(t *testing.T) (addr, value string) {
	t.Helper()
	s := newServer(t)
	s.start(func() bool {
		c, err := dialRedis(s.addr)
		if err != nil {
			return false
		}
		defer c.Close()
		pong, err := c.do("PING")
		return err == nil && pong == "+PONG"
	}, "redis-server", "--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.dir)
	c, err := dialRedis(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	value = strings.Repeat("0123456789", 4000)
	if ok, err := c.do("SET", "book", value); err != nil || ok != "+OK" {
		t.Fatalf("SET: %q, %v", ok, err)
	}
	return s.addr, value
}

// TestARealRedis: what a client sees of GET, and that the server is well and rid
// of every connection afterwards.
func TestARealRedis(t *testing.T) {
	addr, value := startRedis(t)
	const heads = len("$40000\r\n")
	for _, row := range []struct {
		realFault
		seen  string // how GET ends
		bytes int    // of the value that came
		least time.Duration
	}{
		{unharmed, "", 40_000, 0},
		{realFault{"latency", slow, "tcp_latency injected"}, "", 40_000, 200 * ms},
		{realFault{"bandwidth", narrow, "tcp_bandwidth injected"}, "", 40_000, 400 * ms},
		{realFault{"refuse", refuses, "tcp_refuse injected"}, "reset", 0, 0},
		{realFault{"reset at once", ends("tcp_reset", 0), "tcp_reset injected"}, "reset", 0, 0},
		{realFault{"reset in the value", ends("tcp_reset", heads+1000), "tcp_reset injected"}, "reset", 1000, 0},
		{realFault{"cut in the value", ends("tcp_cut", heads+1000), "tcp_cut injected"}, "eof", 1000, 0},
		{realFault{"half-open in the value", ends("tcp_half_open", heads+1000), "tcp_half_open injected"}, "silence", 1000, 0},
	} {
		t.Run(row.words, func(t *testing.T) {
			r := proxyTo(t, addr, row.rule(t)...)
			began := time.Now()
			c, err := dialRedis(r.addr)
			got := ""
			if err == nil {
				defer c.Close()
				if row.seen == "silence" {
					_ = c.SetDeadline(time.Now().Add(500 * ms))
				}
				got, err = c.do("GET", "book")
			}
			if took := time.Since(began); took < row.least {
				t.Errorf("the answer came after %s, want %s at least", took, row.least)
			}
			if how(err) != row.seen || len(got) != row.bytes || got != value[:len(got)] {
				t.Errorf("%d bytes, then %q; want %d, %q", len(got), how(err), row.bytes, row.seen)
			}
			if err == nil {
				_ = c.Close()
			}
			eventually(t, "redis has this one client", func() bool {
				direct, err := dialRedis(addr)
				if err != nil {
					t.Fatal(err)
				}
				defer direct.Close()
				list, err := direct.do("CLIENT", "LIST")
				if err != nil {
					t.Fatal(err)
				}
				return strings.Count(list, "\n") == 1
			})
			for _, a := range r.recorded() {
				if states(a) != row.state {
					t.Errorf("on record: %q, want %q", states(a), row.state)
				}
			}
		})
	}
}

// TestARealRedisUnharmed: a pipeline and a large value, both ways.
func TestARealRedisUnharmed(t *testing.T) {
	addr, _ := startRedis(t)
	c, err := dialRedis(proxyTo(t, addr).addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	large := strings.Repeat("\r\n$5\x00\xff", 1<<20)
	if ok, err := c.do("SET", "large", large); err != nil || ok != "+OK" {
		t.Fatalf("SET: %q, %v", ok, err)
	}
	if got, err := c.do("GET", "large"); err != nil || got != large {
		t.Errorf("GET: %d bytes of %d, %v", len(got), len(large), err)
	}
	go func() { _, _ = io.WriteString(c, strings.Repeat("PING\r\n", 10_000)) }()
	for i := range 10_000 {
		if pong, err := c.answer(); err != nil || pong != "+PONG" {
			t.Fatalf("answer %d of a pipeline: %q, %v", i, pong, err)
		}
	}
}

// TestARealRedisAndARuleThatComesOn: a pooled connection is slow, fast again, and
// dead, as rules come and go.
func TestARealRedisAndARuleThatComesOn(t *testing.T) {
	addr, _ := startRedis(t)
	r := proxyTo(t, addr)
	c, err := dialRedis(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ping := func(least time.Duration) error {
		began := time.Now()
		_, err := c.do("PING")
		if took := time.Since(began); err == nil && took < least {
			t.Errorf("PONG after %s, want %s at least", took, least)
		}
		return err
	}
	if err := ping(0); err != nil {
		t.Fatal(err)
	}
	r.faults(slow(t)...)
	if err := ping(200 * ms); err != nil {
		t.Fatal(err)
	}
	r.faults(refuses(t)...)
	if err := ping(0); err != nil {
		t.Errorf("an open connection was refused: %v", err)
	}
	r.faults([]faults.Rule{ending(t, "tcp_reset", 0)}...)
	if _, err := c.answer(); how(err) != "reset" {
		t.Errorf("an idle connection: %v, want a reset", err)
	}
}
