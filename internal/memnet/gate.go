package memnet

import (
	"net"
	"sync"
)

// Gate is a listener of the real network whose connections are accepted once it
// is opened: a server whose machine is busy with something else.
type Gate struct {
	*net.TCPListener
	asked, opened sync.Once
	ready, open   chan struct{}
}

// ListenGated listens on a free port of this machine.
func ListenGated() (*Gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &Gate{TCPListener: l.(*net.TCPListener), ready: make(chan struct{}), open: make(chan struct{})}, nil
}

// Accept waits for the gate to be opened.
func (g *Gate) Accept() (net.Conn, error) {
	g.asked.Do(func() { close(g.ready) })
	<-g.open
	return g.TCPListener.Accept()
}

// Ready is closed when the server is about to accept.
func (g *Gate) Ready() <-chan struct{} { return g.ready }

// Open lets connections in, also those that wait.
func (g *Gate) Open() { g.opened.Do(func() { close(g.open) }) }

// Close opens the gate, too, so that an Accept that waits at it ends.
func (g *Gate) Close() error {
	err := g.TCPListener.Close()
	g.Open()
	return err
}
