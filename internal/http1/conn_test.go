package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/memnet"
)

// Both servers, one after the other, in virtual time that starts at the same
// instant: the same bytes come back, Date included.
func TestAsNetHTTP(t *testing.T) {
	answers := []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"echo", echo},
		{"words to nobody", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			io.WriteString(w, "hello")
		}},
		{"nothing said", func(http.ResponseWriter, *http.Request) {}},
		{"a length", func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Length"] = []string{"5"}
			w.Header()["Content-Type"] = []string{"application/json"}
			w.Header()["X-Odd"] = []string{"a", " b\r\nc "}
			io.WriteString(w, "hello")
		}},
		{"a stream", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			for range 3 {
				io.WriteString(w, "data: x\n\n")
				w.(http.Flusher).Flush()
			}
		}},
		{"a stream that ends behind words", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			io.WriteString(w, "data: y\n\n")
		}},
		{"no content, and a length of it", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			w.WriteHeader(204)
			if _, err := io.WriteString(w, "hello"); err != http.ErrBodyNotAllowed {
				t.Error(err)
			}
		}},
		{"not modified, and a type and a length", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5")
			w.WriteHeader(304)
		}},
		{"no content", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }},
		{"an empty write where no body is", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			if n, err := w.Write(nil); n != 0 || err != nil {
				t.Errorf("an empty write to an answer without a body: %d, %v", n, err)
			}
		}},
		{"an error of a status of its own", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 529) }},
		{"the last answer", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			http.Error(w, "no", http.StatusRequestEntityTooLarge)
		}},
		{"too few bytes", func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Length"] = []string{"50"}
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "hello")
		}},
		{"too many bytes", func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Length"] = []string{"3"}
			w.Header().Set("Content-Type", "text/plain")
			if _, err := io.WriteString(w, "hello"); err != http.ErrContentLength {
				t.Error(err)
			}
		}},
		{"an abort", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
	}
	for _, a := range answers {
		for _, r := range requests {
			if r.name == "HTTP/1.0" && a.name == "a stream" {
				continue // net/http's ends without Connection: close
			}
			t.Run(a.name+" to "+r.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					typed := func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Content-Type", "text/plain") // else net/http guesses
						a.handler(w, r)
					}
					own, theirs := exchangeWith(newServer(http.HandlerFunc(typed)), r.text), exchangeWith(netHTTP(typed), r.text)
					if a.name == "echo" && r.name == "a body that is cut off" {
						own = strings.Replace(own, "Connection: close\r\n", "", 1) // it says what both do
					}
					if own != theirs {
						t.Errorf("answers\n%q\nnet/http answers\n%q", own, theirs)
					}
				})
			})
		}
	}
}

func netHTTP(h http.HandlerFunc) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headFor, IdleTimeout: idleFor, DisableGeneralOptionsHandler: true, ErrorLog: log.New(io.Discard, "", 0)}
}

func exchangeWith(s any, text string) string {
	l := memnet.Listen("mock:80")
	switch s := s.(type) {
	case *Server:
		go s.Serve(l)
		defer s.Close()
	case *http.Server:
		go s.Serve(l)
		defer s.Close()
	}
	c, err := l.Dial(context.Background())
	if err != nil {
		return err.Error()
	}
	io.WriteString(c, text)
	c.(*memnet.Conn).CloseWrite()
	return all(c)
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		after      time.Duration
		answer     string
	}{
		{"says nothing", "", headFor, ""},
		{"ends in the head", "POST / HTTP/1.1\r\nHost: a\r\n", headFor, ""},
		{"ends in the body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", bodyFor, "HTTP/1.1 200 OK"},
		{"ends in a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx", bodyFor, "HTTP/1.1 200 OK"},
		{"stays", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", idleFor, "HTTP/1.1 200 OK"},
	} {
		var read error
		handler := func(w http.ResponseWriter, r *http.Request) { _, read = io.ReadAll(r.Body) }
		virtual(t, handler, func(g *rig) {
			start := time.Now()
			raw := g.dial()
			say(t, raw, c.text)
			got := all(raw)
			if took := time.Since(start); took != c.after || !strings.HasPrefix(got, c.answer) || c.answer == "" && got != "" {
				t.Errorf("%s: %q after %v, want %v", c.name, got, took, c.after)
			}
			if late := c.after == bodyFor; late != errors.Is(read, os.ErrDeadlineExceeded) {
				t.Errorf("%s: the body ends with %v", c.name, read)
			}
		})
	}
}

// A head that trickles in does not push its deadline along.
func TestSlowHead(t *testing.T) {
	virtual(t, echo, func(g *rig) {
		raw := g.dial()
		start := time.Now()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for _, b := range []byte("GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100)) {
				if _, err := raw.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if got := all(raw); got != "" || time.Since(start) != headFor {
			t.Errorf("%q after %v", got, time.Since(start))
		}
		<-sent
	})
}

func TestExpectContinue(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
	virtual(t, echo, func(g *rig) {
		raw := g.dial()
		say(t, raw, head)
		in := bufio.NewReader(raw)
		for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
			if line, _ := in.ReadString('\n'); line != want {
				t.Fatalf("%q, want %q", line, want)
			}
		}
		say(t, raw, "hello")
		if line, _ := in.ReadString('\n'); line != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("%q", line)
		}
		raw.Close()
	})
	// Who does not want the body does not ask for it, and ends the connection.
	virtual(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(413) }, func(g *rig) {
		raw := g.dial()
		say(t, raw, head)
		if got := all(raw); !strings.HasPrefix(got, "HTTP/1.1 413") || !strings.Contains(got, "Connection: close\r\n") {
			t.Errorf("%q", got)
		}
	})
}

// A body that nobody wanted is read where it is short, so that the connection
// can be used again, and else the answer still arrives.
func TestUnreadBodies(t *testing.T) {
	virtual(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }, func(g *rig) {
		for _, c := range []struct {
			bytes int
			again bool
		}{{100, true}, {discardMax, true}, {discardMax + 1, false}} {
			raw := g.dial()
			go io.WriteString(raw, fmt.Sprintf("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", c.bytes, strings.Repeat("x", c.bytes))+"GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			got := all(raw)
			if !strings.Contains(got, "\r\n\r\n/1") || strings.HasSuffix(got, "\r\n\r\n/2") != c.again {
				t.Errorf("%d bytes: %q", c.bytes, got)
			}
			raw.Close()
		}
	})
}

// Two answers are sent with one write each, and the second one is not lost when
// the first handler was slow to read.
func TestKeepAliveByAClientOfNetHTTP(t *testing.T) {
	virtual(t, echo, func(g *rig) {
		dials := 0
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, a, b string) (net.Conn, error) {
			dials++
			return g.l.DialContext(ctx, a, b)
		}}}
		defer client.CloseIdleConnections()
		for i := range 5 {
			resp, err := client.Post("http://mock/x", "text/plain", strings.NewReader(strings.Repeat("y", i*10_000)))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil || !strings.Contains(string(b), fmt.Sprintf("length=%d ", i*10_000)) {
				t.Errorf("%.100q %v", b, err)
			}
			resp.Body.Close()
		}
		if dials != 1 {
			t.Errorf("%d connections", dials)
		}
	})
}
