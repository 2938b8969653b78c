// Package memnet is a network in memory. Connections have a bounded buffer,
// deadlines, half-close and reset, as TCP has, and block only in ways that
// testing/synctest understands: whole runs fit into virtual time.
package memnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// bufferSize is how much one end may write before the other must read: a
// caller that does not read slows the server down, as on a real network.
const bufferSize = 64 << 10

// Addr is the name of a listener.
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return "mem" }

func (a Addr) String() string { return string(a) }

// Network is a set of listeners that find each other by address.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*Listener
	next      int
}

// Listen listens on host:port. Port 0 takes a free one.
func (n *Network) Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = "127.0.0.1", "0"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*Listener{}
	}
	if port == "0" {
		n.next++
		port = fmt.Sprint(40000 + n.next)
	}
	name := net.JoinHostPort(host, port)
	if n.listeners[name] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(name), Err: syscall.EADDRINUSE}
	}
	l := Listen(name)
	l.forget = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.listeners, name)
	}
	n.listeners[name] = l
	return l, nil
}

// DialContext connects to a listener of the network.
func (n *Network) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	if l == nil {
		return nil, refused(addr)
	}
	return l.Dial(ctx)
}

func refused(addr string) error {
	return &net.OpError{Op: "dial", Net: "mem", Addr: Addr(addr), Err: syscall.ECONNREFUSED}
}

// Listener is one listener, alone or of a Network.
type Listener struct {
	addr   Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	serial atomic.Int64
	forget func()
}

// backlog is how many connections may wait to be accepted.
const backlog = 1024

// Listen returns a listener that is reached by its Dial only.
func Listen(name string) *Listener {
	return &Listener{addr: Addr(name), conns: make(chan net.Conn, backlog), closed: make(chan struct{}), forget: func() {}}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	case c := <-l.conns:
		return c, nil
	}
}

// Close implements net.Listener. Connections that nobody accepted are reset.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.forget()
	})
	for {
		select {
		case c := <-l.conns:
			c.(*Conn).reset()
		default:
			return nil
		}
	}
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.addr }

// Dial connects.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, refused(string(l.addr))
	default:
	}
	client, server := Pipe(Addr(fmt.Sprintf("client-%d", l.serial.Add(1))), l.addr)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, refused(string(l.addr))
	case l.conns <- server:
		return client, nil
	}
}

// DialContext is Dial with the signature of http.Transport.DialContext.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

// Pipe returns the two ends of a connection.
func Pipe(a, b net.Addr) (*Conn, *Conn) {
	ab, ba := newHalf(), newHalf()
	return &Conn{in: ba, out: ab, local: a, remote: b}, &Conn{in: ab, out: ba, local: b, remote: a}
}

// Conn is one end of a connection.
type Conn struct {
	in, out       *half
	local, remote net.Addr
	linger        atomic.Bool // SetLinger(0) was called: Close resets
}

// half is one direction.
type half struct {
	mu      sync.Mutex
	change  *sync.Cond
	buf     []byte
	eof     bool // the writer has closed
	gone    bool // the reader has closed
	err     error
	readDl  deadline
	writeDl deadline
}

func newHalf() *half {
	h := &half{}
	h.change = sync.NewCond(&h.mu)
	return h
}

// deadline wakes those who wait on a half.
type deadline struct {
	timer   *time.Timer
	expired bool
	serial  int
}

func (h *half) setDeadline(d *deadline, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.expired = nil, false
	d.serial++
	serial := d.serial
	if !t.IsZero() {
		wait := time.Until(t)
		if wait <= 0 {
			d.expired = true
		} else {
			d.timer = time.AfterFunc(wait, func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				// A deadline that was moved meanwhile says nothing.
				if d.serial == serial {
					d.expired = true
					h.change.Broadcast()
				}
			})
		}
	}
	h.change.Broadcast()
}

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	h := c.in
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.gone:
			return 0, c.opError("read", net.ErrClosed)
		case h.err != nil:
			return 0, c.opError("read", h.err)
		case h.readDl.expired:
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			h.change.Broadcast()
			return n, nil
		case h.eof:
			return 0, io.EOF
		}
		h.change.Wait()
	}
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	written := 0
	for {
		switch {
		case h.eof:
			return written, c.opError("write", net.ErrClosed)
		case h.err != nil:
			return written, c.opError("write", h.err)
		case h.gone:
			return written, c.opError("write", syscall.EPIPE)
		case h.writeDl.expired:
			return written, c.opError("write", os.ErrDeadlineExceeded)
		}
		if room := bufferSize - len(h.buf); room > 0 && len(p) > 0 {
			n := min(room, len(p))
			h.buf = append(h.buf, p[:n]...)
			p, written = p[n:], written+n
			h.change.Broadcast()
		}
		if len(p) == 0 {
			return written, nil
		}
		h.change.Wait()
	}
}

// Close implements net.Conn. After SetLinger(0) it resets the connection, as a
// close with unread data does.
func (c *Conn) Close() error {
	c.in.mu.Lock()
	closed, unread := c.in.gone, len(c.in.buf) > 0
	c.in.mu.Unlock()
	if closed {
		return c.opError("close", net.ErrClosed)
	}
	if c.linger.Load() || unread {
		c.reset()
		return nil
	}
	_ = c.CloseWrite()
	c.leave(nil)
	return nil
}

// leave ends reading.
func (c *Conn) leave(err error) {
	h := c.in
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	if err != nil {
		h.err = err
	}
	h.buf = nil
	stopTimer(&h.readDl)
	h.change.Broadcast()
}

func stopTimer(d *deadline) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.serial++
}

// CloseWrite ends the stream of this end; the other one can still write.
func (c *Conn) CloseWrite() error {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	h.eof = true
	stopTimer(&h.writeDl)
	h.change.Broadcast()
	return nil
}

// reset is what RST does: the other end loses what it has not read, and both
// its directions fail.
func (c *Conn) reset() {
	for _, h := range []*half{c.out, c.in} {
		h.mu.Lock()
		h.err = syscall.ECONNRESET
		h.buf = nil
		stopTimer(&h.readDl)
		stopTimer(&h.writeDl)
		h.change.Broadcast()
		h.mu.Unlock()
	}
	c.leave(nil)
}

// SetLinger with 0 makes Close reset the connection.
func (c *Conn) SetLinger(sec int) error {
	c.linger.Store(sec == 0)
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readDl, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeDl, t)
	return nil
}
