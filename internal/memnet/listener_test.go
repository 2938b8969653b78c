package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialAndAccept(t *testing.T) {
	l := Listen("target:80")
	client, err := l.Dial(t.Context()) // before anybody accepts
	if err != nil {
		t.Fatal(err)
	}
	send(t, client, "early")
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	receive(t, server, "early")
	if server.LocalAddr().String() != "target:80" || client.RemoteAddr().String() != "target:80" || l.Addr().Network() != "mem" {
		t.Errorf("%v, %v, %v", server.LocalAddr(), client.RemoteAddr(), l.Addr().Network())
	}
	second, err := l.DialContext(t.Context(), "tcp", "wherever:1")
	if err != nil || second.LocalAddr().String() == client.LocalAddr().String() {
		t.Errorf("%v: a second connection from %v", err, second.LocalAddr())
	}
	fails(t, "close", l.Close(), nil)
	fails(t, "read of what nobody accepted", read(second), syscall.ECONNRESET)
	send(t, client, "lives on")
	receive(t, server, "lives on")
	fails(t, "close again", l.Close(), net.ErrClosed)
	_, err = l.Accept()
	fails(t, "accept", err, net.ErrClosed)
	_, err = l.Dial(t.Context())
	fails(t, "dial", err, syscall.ECONNREFUSED)
}

func TestWhoWaitsIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen("target:80")
		accepted := make(chan error, 1)
		go func() { _, err := l.Accept(); accepted <- err }()
		synctest.Wait()
		l.Close()
		fails(t, "accept", <-accepted, net.ErrClosed)

		l = Listen("target:80")
		for range backlog {
			if _, err := l.Dial(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := l.Dial(ctx)
		fails(t, "dial with a full backlog", err, context.DeadlineExceeded)
		if time.Since(start) != time.Second {
			t.Errorf("failed after %v", time.Since(start))
		}
		dialled := make(chan error, 1)
		go func() { _, err := l.Dial(t.Context()); dialled <- err }()
		synctest.Wait()
		l.Close()
		fails(t, "dial that waits", <-dialled, syscall.ECONNREFUSED)
		_, err = Listen("x").Dial(ctx)
		fails(t, "dial that is over", err, context.DeadlineExceeded)
	})
}

func TestNetwork(t *testing.T) {
	var n Network
	first, err := n.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	second, err := n.Listen("127.0.0.1:0")
	if err != nil || first.Addr().String() == second.Addr().String() {
		t.Fatalf("%v: two listeners at %v", err, first.Addr())
	}
	_, err = n.Listen(first.Addr().String())
	fails(t, "an address that is taken", err, syscall.EADDRINUSE)
	if _, err = n.Listen("no port"); err == nil {
		t.Error("an address without a port")
	}
	_, err = n.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	fails(t, "an address that nobody has", err, syscall.ECONNREFUSED)
	client, err := n.DialContext(t.Context(), "tcp", second.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := second.Accept()
	if err != nil {
		t.Fatal(err)
	}
	send(t, client, "to the second")
	receive(t, server, "to the second")
	first.Close()
	_, err = n.DialContext(t.Context(), "tcp", first.Addr().String())
	fails(t, "a listener that has closed", err, syscall.ECONNREFUSED)
	again, err := n.Listen(first.Addr().String())
	if err != nil {
		t.Fatalf("its address is free again: %v", err)
	}
	again.Close()
}

// HTTP of the standard library works over it in virtual time: connections are
// kept, a handler learns that its client left, and nothing is left running.
func TestHTTPInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Network
		l, err := n.Listen("127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		left := make(chan time.Time, 1)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/hang" {
				<-r.Context().Done()
				left <- time.Now()
				return
			}
			time.Sleep(time.Hour)
			_, _ = io.WriteString(w, "ok from "+r.RemoteAddr)
		})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		transport := &http.Transport{DialContext: n.DialContext}
		client := &http.Client{Transport: transport}
		start := time.Now()
		var answers []string
		for range 2 {
			resp, err := client.Post("http://127.0.0.1/", "text/plain", strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, string(b))
		}
		if time.Since(start) != 2*time.Hour || answers[0] != answers[1] {
			t.Errorf("after %v: %q", time.Since(start), answers)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/hang", nil)
		if err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		_, err = client.Do(req)
		fails(t, "a client that gives up", err, context.DeadlineExceeded)
		if at := <-left; at.Sub(start) != time.Second {
			t.Errorf("the handler learned it after %v, want 1s", at.Sub(start))
		}
		transport.CloseIdleConnections()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
