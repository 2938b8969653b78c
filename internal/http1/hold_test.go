package http1

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
)

// onLoopback serves h on a socket, and returns where.
func onLoopback(t *testing.T, h http.HandlerFunc) (s *Server, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = newServer(h)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-served
	})
	return s, l.Addr().String()
}

// What is sent while the connection is held, before and behind comes in order.
func TestHold(t *testing.T) {
	_, addr := onLoopback(t, func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*response)
		try := func(text string) {
			if all, err := x.TryWrite([]byte(text)); !all || err != nil {
				t.Error(all, err)
			}
		}
		try("before ")
		x.Hold(func() {
			try("held ")
			done := make(chan struct{})
			go func() { // another's goroutine, as a pacer's
				defer close(done)
				try("twice ")
			}()
			<-done
		})
		try("behind")
	})
	resp, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); string(b) != "before held twice behind" || err != nil {
		t.Errorf("%q %v", b, err)
	}
}

// Close ends the context of a request whose connection is held, waits for it to be
// let go, and closes it. Nothing can be written then.
func TestCloseWhileHeld(t *testing.T) {
	held, wrote := make(chan struct{}), make(chan error, 2)
	s, addr := onLoopback(t, func(w http.ResponseWriter, r *http.Request) {
		x := w.(*response)
		x.Hold(func() {
			close(held)
			<-r.Context().Done()
		})
		x.failed = nil
		_, err := x.TryWrite([]byte("late"))
		wrote <- err
		x.Hold(func() { wrote <- context.Cause(r.Context()) }) // of a closed one: f runs all the same
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say(t, c, "GET / HTTP/1.1\r\nHost: mock\r\n\r\n")
	<-held
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-wrote; err == nil {
		t.Error("a closed connection was written to")
	}
	if err := <-wrote; err == nil {
		t.Error("the context has not ended")
	}
	if b := all(c); b != "" {
		t.Errorf("%q came", b)
	}
}
