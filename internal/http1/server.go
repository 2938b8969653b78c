// Package http1 serves HTTP/1.1 (RFC 9112) to handlers written for net/http,
// for a server whose answers cost less than what net/http spends around them.
// Handlers see http.Request and http.ResponseWriter with Flusher and Hijacker.
//
// What it leaves out: TLS, HTTP/2, pools of buffers across connections,
// logging, sniffing of content types, informational answers of the handler
// (100 Continue is sent when a body that waits for it is read), and trailers.
// What it does its own way:
//
//   - It refuses what RFC 9112 lets a server refuse, and net/http takes: bare
//     LF, folded headers, Content-Length beside Transfer-Encoding or twice, the
//     CONNECT method. Two readers of such a request may disagree on where it
//     ends. What it takes, net/http takes too, and reads the same.
//
//   - The context of a request ends when the caller hangs up, as net/http's
//     does, but only who asks for Done has the connection watched: an answer
//     that waits for nothing costs no goroutine.
//
//   - The ResponseWriter and the Body of a request are the connection's, and those
//     of the next request after it: a handler must not keep them.
//
//   - Nothing is sent before Flush, or 64 KB, or the end of the handler: one
//     write for head and body. A body whose length nobody said is chunked if it
//     was flushed, and else gets a Content-Length.
//
//     server.go     listeners, connections     conn.go    one connection: read, call, answer
//     head.go       the head of a request      body.go    its body
//     response.go   the answer                 watch.go   contexts, and the caller who hangs up
package http1

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves HTTP/1.1. Its fields are not changed after the first Serve.
type Server struct {
	// Handler answers requests. It ends a connection at once by panicking with
	// http.ErrAbortHandler; other panics are not recovered.
	Handler http.Handler
	// Conn returns the context of a new connection, from which those of its
	// requests take their values. nil: none.
	Conn func(ctx context.Context, c net.Conn) context.Context

	HeadTimeout time.Duration // from the first byte of a request to the last of its head
	BodyTimeout time.Duration // of a body that has not come with the head; a read fails with os.ErrDeadlineExceeded
	IdleTimeout time.Duration // between two requests
	// WriteTimeout is how long a caller may take to read 64 KB of an answer; a
	// write or flush fails with os.ErrDeadlineExceeded then. 0: as long as it likes.
	WriteTimeout time.Duration
	HeadMax      int // bytes of a request line and headers; more are answered 431

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
}

// Times and sizes that no caller has reason to choose.
const (
	flushAt = 64 << 10 // bytes of an answer after which they are sent

	// keepMax is the room of a buffer that an idle connection keeps.
	keepMax = 16 << 10

	// discardMax is what is read of a body that the handler did not want, so
	// that the connection can be used again; a longer one ends it.
	discardMax = 256 << 10

	// linger is how long a connection that ends with bytes unread is kept half
	// open: closing it would reset it, and the answer would be lost with it.
	linger = 500 * time.Millisecond

	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = time.Second
)

// Serve answers requests on l until Close and returns http.ErrServerClosed
// then, else the error of the listener. It closes l.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if !s.track(l) {
		return http.ErrServerClosed
	}
	defer s.forget(l)
	stampAll(l)
	retry := time.Duration(0)
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			retry = 0
			s.begin(nc)
			continue
		case s.isClosed():
			return http.ErrServerClosed
		case !temporary(err):
			return err
		}
		// No file descriptors, for instance: they come back when calls end.
		retry = min(max(2*retry, acceptRetryMin), acceptRetryMax)
		time.Sleep(retry)
	}
}

// temporary reports whether accepting may succeed later, as net/http asks it:
// the method is out of use for all but this.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// begin serves a connection in a goroutine of its own.
func (s *Server) begin(nc net.Conn) {
	ctx := context.Background()
	if s.Conn != nil {
		ctx = s.Conn(ctx, nc)
	}
	c := &conn{server: s, nc: nc, values: ctx, peer: nc.RemoteAddr().String(), header: make(http.Header, 8), fresh: true}
	c.try = tries(c, nc)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = nc.Close()
		return
	}
	if s.conns == nil {
		s.conns = map[*conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	go c.serve()
}

// Close ends the contexts of all requests, and closes listeners and
// connections. It does not wait for handlers. A connection that was hijacked is
// left open: it is the handler's.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var err error
	for l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	clear(s.listeners) // or a second Close would find them closed, if Serve has not yet
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for c := range conns {
		c.end()
	}
	return err
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.listeners == nil {
		s.listeners = map[net.Listener]struct{}{}
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) forget(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// drop forgets a connection that has ended or was hijacked.
func (s *Server) drop(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}
