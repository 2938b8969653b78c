package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/memnet"
)

// rig is a server in memory and virtual time.
type rig struct {
	t *testing.T
	l *memnet.Listener
	s *Server
}

// times of all tests.
const (
	headFor  = 10 * time.Second
	bodyFor  = time.Minute
	idleFor  = 15 * time.Minute
	writeFor = 2 * time.Minute
	headMax  = 8 << 10
)

// virtual runs f in a bubble of virtual time.
func virtual(t *testing.T, h http.HandlerFunc, f func(g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &rig{t: t, l: memnet.Listen("mock:80"), s: newServer(h)}
		served := make(chan error, 1)
		go func() { served <- g.s.Serve(g.l) }()
		synctest.Wait()
		f(g)
		if err := g.s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func newServer(h http.Handler) *Server {
	return &Server{Handler: h, HeadTimeout: headFor, BodyTimeout: bodyFor, IdleTimeout: idleFor, WriteTimeout: writeFor, HeadMax: headMax}
}

// dial returns a new connection.
func (g *rig) dial() *memnet.Conn {
	g.t.Helper()
	c, err := g.l.Dial(context.Background())
	if err != nil {
		g.t.Fatal(err)
	}
	return c.(*memnet.Conn)
}

// say sends text on a connection.
func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// all returns what comes on a connection until its end.
func all(c net.Conn) string {
	b, _ := io.ReadAll(c)
	return string(b)
}

// echo answers with what it has understood of a request.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	fmt.Fprint(w, told(r, b, err))
}

// told is a request in words that two servers can be compared by.
func told(r *http.Request, body []byte, err error) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s %s host=%q length=%d encoding=%v close=%v path=%q query=%q\n", r.Method, r.RequestURI, r.Proto, r.Host, r.ContentLength, r.TransferEncoding, r.Close && r.ProtoMinor == 1, r.URL.Path, r.URL.RawQuery)
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s: %q\n", name, r.Header[name])
	}
	fmt.Fprintf(&out, "%q %v\n", body, err)
	return out.String()
}

// script is a connection on which all that the caller ever sends is there.
type script struct {
	in   *strings.Reader
	mu   sync.Mutex
	out  bytes.Buffer
	done chan struct{}
	once sync.Once
}

func newScript(in string) *script {
	return &script{in: strings.NewReader(in), done: make(chan struct{})}
}

func (s *script) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.in.Read(p)
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

// said is what has been written to the caller.
func (s *script) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func (s *script) Close() error                     { s.once.Do(func() { close(s.done) }); return nil }
func (s *script) LocalAddr() net.Addr              { return memnet.Addr("mock:80") }
func (s *script) RemoteAddr() net.Addr             { return memnet.Addr("caller:1") }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// once is a listener with one connection.
type once struct {
	c    net.Conn
	gone chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	if c := o.c; c != nil {
		o.c = nil
		return c, nil
	}
	<-o.gone
	return nil, net.ErrClosed
}
func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return memnet.Addr("mock:80") }
