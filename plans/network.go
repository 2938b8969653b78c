package plans

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Network is where the run listens and dials. The default is TCP; tests pass
// one in memory, so that a whole run fits into virtual time.
type Network interface {
	Listen(addr string) (net.Listener, error)
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// tcpNetwork is the machine's own network.
type tcpNetwork struct{ dialer net.Dialer }

func newTCPNetwork() *tcpNetwork {
	return &tcpNetwork{net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}}
}

func (n *tcpNetwork) Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &HarnessError{
			What: fmt.Sprintf("address %s is taken by another process", addr),
			Do:   fmt.Sprintf("stop that process (`ss -ltnp 'sport = :%s'` names it), choose another port, or leave it out for a free one", portOf(addr)),
		}
	}
	return nil, &HarnessError{What: fmt.Sprintf("cannot listen on %s: %v", addr, err), Do: "choose an address of this machine; 127.0.0.1:0 takes a free port"}
}

func (n *tcpNetwork) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.dialer.DialContext(ctx, network, addr)
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return port
}

// HarnessError is a failure of chaos itself or of its surroundings, not a
// finding about the target: exit code 4.
type HarnessError struct {
	What string // what happened, and where
	Do   string // what the user can do
	Err  error  // what lies beneath, if anything
}

func (e *HarnessError) Error() string {
	if e.Do == "" {
		return e.What
	}
	return e.What + "\n  " + e.Do
}

func (e *HarnessError) Unwrap() error { return e.Err }
