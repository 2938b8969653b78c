package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestProxyAlone: its address is the first line of its output; the rule's dice
// choose every second connection; Ctrl-C ends it, and it says what it did.
func TestProxyAlone(t *testing.T) {
	up, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	go func() {
		for {
			c, err := up.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	cmd := chaosCommand(t, t.TempDir(), "proxy", "--upstream", up.Addr().String(), "--fault", "name: odd, tcp_cut: {after_bytes: 3}, every: 2")
	out := &addressed{address: make(chan string, 1)}
	cmd.Stdout = out
	answers := make(chan string, 1)
	go func() {
		addr := <-out.address
		var got []string
		for range 4 {
			got = append(got, ask(addr, "hello"))
		}
		answers <- strings.Join(got, " ")
		_ = cmd.Process.Signal(syscall.SIGINT)
	}()
	got := asProcess(t, cmd, nil)
	if said := <-answers; said != "hel hello hel hello" {
		t.Errorf("the upstream answered %q", said)
	}
	for _, want := range []string{"this machine only", "4 connections", "odd: hit 2 of 2 connections"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%s\nlacks %q", got.err, want)
		}
	}
	if got.code != 0 {
		t.Errorf("exit code %d", got.code)
	}
}

// ask says what came back of a text.
func ask(addr, text string) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	_, _ = io.WriteString(c, text)
	_ = c.(*net.TCPConn).CloseWrite()
	b, _ := io.ReadAll(c)
	return string(b)
}

// addressed takes the first line apart.
type addressed struct {
	mu      sync.Mutex
	all     bytes.Buffer
	address chan string
}

func (a *addressed) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.all.Write(p)
	if line, _, ok := strings.Cut(a.all.String(), "\n"); ok {
		select {
		case a.address <- line:
		default:
		}
	}
	return n, err
}
