package plans

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"

	"github.com/chaoskit/chaos/internal/memnet"
)

// memNetwork is a network in memory: a whole run on it fits into virtual time.
type memNetwork struct {
	mu        sync.Mutex
	listeners map[string]*memnet.Listener
	next      int
}

func (n *memNetwork) Listen(string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*memnet.Listener{}
	}
	n.next++
	name := fmt.Sprintf("127.0.0.1:%d", 40000+n.next)
	l := memnet.Listen(name)
	n.listeners[name] = l
	return l, nil
}

func (n *memNetwork) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	return l.DialContext(ctx, network, addr)
}

// sharedBits draws in order of arrival, under a lock: the mutant.
type sharedBits struct {
	mu     sync.Mutex
	stream interface{ Uint64() uint64 }
}

func (s *sharedBits) bits(uint64, ...string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.Uint64()
}
