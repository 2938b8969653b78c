package http1

import (
	"bufio"
	"bytes"
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

// What is sent while the connection is held, before and behind comes in order,
// whether there is room to frame it in or not.
func TestHold(t *testing.T) {
	for _, room := range []int{0, 5, 1000} {
		_, addr := onLoopback(t, func(w http.ResponseWriter, _ *http.Request) {
			x := w.(*response)
			try := func(text string) {
				if all, err := x.TryWrite([]byte(text), make([]byte, room)); !all || err != nil {
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
		if got, err := get(addr); got != "before held twice behind" || err != nil {
			t.Errorf("room %d: %q %v", room, got, err)
		}
	}
}

// get returns what a server answers.
func get(addr string) (string, error) {
	resp, err := http.Get("http://" + addr)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// A held connection takes what there is room for and keeps the rest, for who sends
// it when the caller reads.
func TestHeldAndFull(t *testing.T) {
	piece := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	room := make([]byte, len(piece)+chunkMax)
	sent, full := 0, make(chan struct{})
	_, addr := onLoopback(t, func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*response)
		x.Hold(func() {
			for all := true; all; sent++ {
				var err error
				if all, err = x.TryWrite(piece, room); err != nil {
					t.Error(err)
					return
				}
			}
			clear(room)
			all, err := x.TryWrite([]byte("more"), room)
			if all || err != nil {
				t.Error(all, err)
			}
		})
		close(full)
		if err := x.FlushError(); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say(t, c, "GET / HTTP/1.1\r\nHost: mock\r\n\r\n")
	<-full
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if want := string(bytes.Repeat(piece, sent)) + "more"; string(got) != want || err != nil {
		t.Errorf("%d bytes of %d came, %v", len(got), len(want), err)
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
		_, err := x.TryWrite([]byte("late"), nil)
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
