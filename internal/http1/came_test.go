//go:build linux && (amd64 || arm64)

package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/internal/rxstamp"
)

// came is when a request came, by the server.
type came struct{ head, body time.Time }

// lateServer serves behind a gate. The handler waits for read before it reads the body.
func lateServer(t *testing.T, read <-chan struct{}) (addr string, open func(), got <-chan came) {
	t.Helper()
	end, err := rxstamp.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	l, err := memnet.ListenGated()
	if err != nil {
		t.Fatal(err)
	}
	times := make(chan came, 9)
	s := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := w.(*response)
		c := came{head: x.HeadCame()}
		<-read
		_, _ = io.Copy(io.Discard, r.Body)
		c.body = x.BodyCame()
		times <- c
	}))
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-served
	})
	<-l.Ready()
	return l.Addr().String(), l.Open, times
}

// wall is a stamp on the clock by which the kernel stamps, alone: the two readings
// of a time.Time are not of one instant.
func wall(t time.Time) int64 { return t.UnixNano() }

// What came before the server looked came then, and not when it looked.
func TestCameBeforeItWasRead(t *testing.T) {
	read := make(chan struct{})
	close(read)
	addr, open, got := lateServer(t, read)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := wall(time.Now())
	say(t, c, "POST / HTTP/1.1\r\nHost: mock\r\nContent-Length: 5\r\n\r\nhello")
	after := wall(time.Now())
	open()
	x := <-got
	if h := wall(x.head); x.head.IsZero() || h < before || h > after {
		t.Errorf("the head came at %d ns, written between 0 and %d", h-before, after-before)
	}
	if !x.body.Equal(x.head) {
		t.Errorf("the body came %v after the head, with which it came", x.body.Sub(x.head))
	}
}

// A body that comes later, comes later; one that the handler is slow to read does not.
func TestBodyCameBeforeItWasRead(t *testing.T) {
	read := make(chan struct{})
	addr, open, got := lateServer(t, read)
	open()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say(t, c, "POST / HTTP/1.1\r\nHost: mock\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	headSaid := wall(time.Now())
	say(t, c, "hello")
	bodySaid := wall(time.Now())
	close(read)
	x := <-got
	if h := wall(x.head); x.head.IsZero() || h > bodySaid {
		t.Errorf("the head came %d ns after the body was written", h-bodySaid)
	}
	if b := wall(x.body); x.body.IsZero() || b < headSaid && !x.body.Equal(x.head) || b > bodySaid {
		t.Errorf("the body came at %d ns, written between 0 and %d", b-headSaid, bodySaid-headSaid)
	}
}

// Of a request that came with the one before it nobody can say when it became one:
// it is not known.
func TestCameWithTheOneBefore(t *testing.T) {
	read := make(chan struct{})
	close(read)
	addr, open, got := lateServer(t, read)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	one := "GET / HTTP/1.1\r\nHost: mock\r\n\r\n"
	say(t, c, one+one)
	open()
	if x := <-got; x.head.IsZero() || !x.body.Equal(x.head) {
		t.Errorf("the first came at %v, its body, of which there is none, at %v", x.head, x.body)
	}
	if x := <-got; !x.head.IsZero() || !x.body.IsZero() {
		t.Errorf("the second came at %v and %v", x.head, x.body)
	}
	in := bufio.NewReader(c)
	for range 2 {
		if _, err := http.ReadResponse(in, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := wall(time.Now())
	say(t, c, one)
	if x := <-got; x.head.IsZero() || wall(x.head) < before {
		t.Errorf("one that was sent by itself came at %v", x.head)
	}
}

// What cannot be stamped is read as before.
func TestCameInMemory(t *testing.T) {
	got := make(chan came, 1)
	virtual(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got <- came{w.(*response).HeadCame(), w.(*response).BodyCame()}
	}, func(g *rig) {
		c := g.dial()
		say(t, c, "POST / HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
		if x := <-got; !x.head.IsZero() || !x.body.IsZero() {
			t.Errorf("came at %v and %v", x.head, x.body)
		}
		if s := all(c); !strings.HasPrefix(s, "HTTP/1.1 200 OK") {
			t.Error(s)
		}
	})
}
