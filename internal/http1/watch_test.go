package http1

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A handler that waits learns of the end of the connection at once.
func TestHangUp(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	for _, c := range []struct {
		name, text string
		before     bool // Done is asked for before the body is read
		end        func(c closer)
	}{
		{"closed", get, false, func(c closer) { c.Close() }},
		{"closed in one direction", get, false, func(c closer) { c.CloseWrite() }},
		{"reset", get, false, func(c closer) { c.SetLinger(0); c.Close() }},
		{"behind a body", post, false, func(c closer) { c.Close() }},
		{"behind a body, asked before", post, true, func(c closer) { c.Close() }},
	} {
		ended := make(chan time.Duration, 1)
		virtual(t, func(_ http.ResponseWriter, r *http.Request) {
			start := time.Now()
			if c.before {
				r.Context().Done()
			}
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			if r.Context().Err() != context.Canceled {
				t.Errorf("%s: %v", c.name, r.Context().Err())
			}
			ended <- time.Since(start)
		}, func(g *rig) {
			ended = make(chan time.Duration, 1)
			raw := g.dial()
			say(t, raw, c.text)
			time.Sleep(3 * time.Second)
			c.end(raw)
			if got := <-ended; got != 3*time.Second {
				t.Errorf("%s: after %v", c.name, got)
			}
		})
	}
}

type closer = interface {
	Close() error
	CloseWrite() error
	SetLinger(int) error
}

// What comes while a handler waits is the next request, whole; and one that
// waited for nothing leaves no goroutine behind.
func TestEarlyRequests(t *testing.T) {
	virtual(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			t.Error("the caller has not hung up")
		case <-time.After(time.Second):
		}
		fmt.Fprint(w, r.URL.Path+";")
	}, func(g *rig) {
		raw := g.dial()
		for i, text := range []string{"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /2 HTTP/1.1\r\nHo", "st: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"} {
			say(t, raw, text)
			time.Sleep(time.Duration(i+1) * 100 * time.Millisecond)
		}
		got := all(raw)
		for i, want := range []string{"/1;", "/2;", "/3;"} {
			if !strings.Contains(got, "\r\n\r\n"+want) {
				t.Errorf("answer %d is not in %q", i+1, got)
			}
		}
	})
}

// A context that others derive from ends with the handler, hung up or not.
func TestContextEndsWithTheHandler(t *testing.T) {
	type key struct{}
	var derived, own context.Context
	virtual(t, func(w http.ResponseWriter, r *http.Request) {
		own = r.Context()
		derived = context.WithValue(own, key{}, 2)
		child, stop := context.WithCancel(derived) // watches it
		defer stop()
		if child.Err() != nil {
			t.Error(child.Err())
		}
		if own.Err() != nil || own.Value(key{}) != "of the connection" {
			t.Errorf("%v, value %v", own.Err(), own.Value(key{}))
		}
	}, func(g *rig) {
		g.s.Conn = func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, key{}, "of the connection")
		}
		raw := g.dial()
		say(t, raw, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		synctest.Wait()
		if own.Err() != context.Canceled || derived.Err() != context.Canceled {
			t.Errorf("own %v, derived %v", own.Err(), derived.Err())
		}
		raw.Close()
	})
}

// Close ends contexts and connections, but those that were hijacked.
func TestClose(t *testing.T) {
	ended := make(chan string, 2)
	virtual(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/taken" {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			<-r.Context().Done()
			io.WriteString(c, "bye")
		} else {
			<-r.Context().Done()
		}
		ended <- r.URL.Path
	}, func(g *rig) {
		ended = make(chan string, 2)
		plain, taken := g.dial(), g.dial()
		say(t, plain, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
		say(t, taken, "GET /taken HTTP/1.1\r\nHost: a\r\n\r\n")
		synctest.Wait()
		g.s.Close()
		if a, b := <-ended, <-ended; a == b {
			t.Errorf("%s ended twice", a)
		}
		if got := all(plain); got != "" {
			t.Errorf("plain: %q", got)
		}
		if got := all(taken); got != "bye" {
			t.Errorf("taken: %q", got)
		}
	})
}

// Who takes the connection over gets what came behind the request, and the
// watch of the context does not steal from it.
func TestHijack(t *testing.T) {
	for _, early := range []string{"", "already here "} {
		virtual(t, func(w http.ResponseWriter, r *http.Request) {
			r.Context().Done() // it is watched
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if n := rw.Reader.Buffered(); n != len(early) {
				t.Errorf("%d bytes buffered of %q", n, early)
			}
			if _, err := io.WriteString(w, "x"); err != http.ErrHijacked {
				t.Error(err)
			}
			b, err := io.ReadAll(rw)
			fmt.Fprintf(rw, "got %q %v", b, err)
			rw.Flush()
		}, func(g *rig) {
			raw := g.dial()
			say(t, raw, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"+early)
			synctest.Wait()
			time.Sleep(time.Hour) // no deadline is left
			say(t, raw, "and later")
			raw.CloseWrite()
			if got := all(raw); got != fmt.Sprintf("got %q <nil>", early+"and later") {
				t.Errorf("%q", got)
			}
		})
	}
}

// A second Close has nothing to close, whether Serve has returned by then or not.
func TestCloseTwice(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: http.NotFoundHandler()}
	if !s.track(l) {
		t.Fatal("not tracked")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
