package memnet

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// Addr is the address of one end.
type Addr string

// Network returns "mem".
func (Addr) Network() string { return "mem" }

func (a Addr) String() string { return string(a) }

// backlog is how many connections may wait to be accepted. With more than
// that, as with a full queue of the kernel, who dials waits.
const backlog = 4096

// Listener is a net.Listener that is reached through its own Dial only.
type Listener struct {
	addr    Addr
	waiting chan *Conn
	closed  chan struct{}
	close   sync.Once
	dialled atomic.Int64
	onClose func()
}

// Listen returns a listener whose address is name. Any number of them may have
// the same.
func Listen(name string) *Listener { return newListener(name, func() {}) }

func newListener(name string, onClose func()) *Listener {
	return &Listener{addr: Addr(name), waiting: make(chan *Conn, backlog), closed: make(chan struct{}), onClose: onClose}
}

// Accept returns the next connection. After Close it fails with net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	if !l.isClosed() {
		select {
		case c := <-l.waiting:
			return c, nil
		case <-l.closed:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
}

// Close ends Accept and Dial. Connections that nobody has accepted are reset,
// the others live on.
func (l *Listener) Close() error {
	err := error(&net.OpError{Op: "close", Net: "mem", Addr: l.addr, Err: net.ErrClosed})
	l.close.Do(func() {
		close(l.closed)
		l.onClose()
		err = nil
	})
	l.refuseWaiting()
	return err
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

func (l *Listener) refuseWaiting() {
	for {
		select {
		case c := <-l.waiting:
			c.reset()
		default:
			return
		}
	}
}

// Addr returns the name.
func (l *Listener) Addr() net.Addr { return l.addr }

// Dial connects, without waiting for Accept. A closed listener refuses.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	if l.isClosed() {
		return nil, refused(l.addr)
	}
	if err := ctx.Err(); err != nil {
		return nil, dialError(l.addr, err)
	}
	local := Addr("client:" + strconv.FormatInt(l.dialled.Add(1), 10))
	client, server := Pipe(local, l.addr)
	select {
	case l.waiting <- server:
	case <-l.closed:
		return nil, refused(l.addr)
	case <-ctx.Done():
		return nil, dialError(l.addr, ctx.Err())
	}
	if l.isClosed() {
		l.refuseWaiting() // Close may have looked before we came
	}
	return client, nil
}

// DialContext is Dial for http.Transport: it goes to this listener whatever
// network and addr say.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

func refused(addr Addr) error { return dialError(addr, syscall.ECONNREFUSED) }

func dialError(addr Addr, err error) error {
	return &net.OpError{Op: "dial", Net: "mem", Addr: addr, Err: err}
}

// Network is a set of listeners that are found by their address. The zero value
// is empty and ready.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*Listener
	ports     int // given out so far
}

// firstPort is the first that Network gives out.
const firstPort = 40001

// Listen listens on host:port. "" is 127.0.0.1:0, and port 0 a free one.
func (n *Network) Listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(addr), Err: err}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	name := net.JoinHostPort(host, port)
	for port == "0" && (name == net.JoinHostPort(host, "0") || n.listeners[name] != nil) {
		name = net.JoinHostPort(host, strconv.Itoa(firstPort+n.ports))
		n.ports++
	}
	if n.listeners[name] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: Addr(name), Err: syscall.EADDRINUSE}
	}
	l := newListener(name, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.listeners, name)
	})
	if n.listeners == nil {
		n.listeners = map[string]*Listener{}
	}
	n.listeners[name] = l
	return l, nil
}

// DialContext connects to the listener at addr. Without one it is refused.
func (n *Network) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	if l == nil {
		return nil, refused(Addr(addr))
	}
	return l.Dial(ctx)
}
