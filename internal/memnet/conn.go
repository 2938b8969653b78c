package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is what one end may have sent and the other not read: a caller
// that does not read slows a server down, as on a real network.
const bufferSize = 64 << 10

// Conn is one end of a connection, a net.Conn.
type Conn struct {
	link          *link
	in, out       *half
	local, remote Addr

	// Under link.mu.
	closed      bool
	reset0      bool // SetLinger(0): Close resets
	read, write deadline
}

// link is what both ends share. One lock and one condition for all: a
// connection has few waiters, and every change may concern each of them.
type link struct {
	mu     sync.Mutex
	change sync.Cond
}

// half is one direction.
type half struct {
	buf     []byte // sent, from index taken on not yet read
	taken   int
	writing bool // a Write is under way: the next one must not cut in
	fin     bool // the writer has no more to send
	gone    bool // the reader takes no more
	reset   bool
}

// Pipe returns the two ends of a connection between a and b.
func Pipe(a, b Addr) (atA, atB *Conn) {
	l := new(link)
	l.change.L = &l.mu
	ab, ba := new(half), new(half)
	return &Conn{link: l, in: ba, out: ab, local: a, remote: b}, &Conn{link: l, in: ab, out: ba, local: b, remote: a}
}

// Read returns what the other end sent, as soon as there is any.
func (c *Conn) Read(p []byte) (int, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	h := c.in
	for {
		switch {
		case c.closed:
			return 0, c.error("read", net.ErrClosed)
		case c.read.passed:
			return 0, c.error("read", os.ErrDeadlineExceeded)
		case len(p) == 0:
			return 0, nil
		case h.taken < len(h.buf):
			n := copy(p, h.buf[h.taken:])
			if h.taken += n; h.taken == len(h.buf) {
				h.buf, h.taken = h.buf[:0], 0
			}
			c.link.change.Broadcast()
			return n, nil
		case h.fin:
			return 0, io.EOF
		case h.reset:
			return 0, c.error("read", syscall.ECONNRESET)
		}
		c.link.change.Wait()
	}
}

// Write sends p. It waits while bufferSize bytes have not been read.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	h := c.out
	for h.writing {
		if err := c.unwritable(); err != nil {
			return 0, err
		}
		c.link.change.Wait()
	}
	h.writing = true
	defer func() {
		h.writing = false
		c.link.change.Broadcast()
	}()
	for {
		if err := c.unwritable(); err != nil {
			return n, err
		}
		if room := min(bufferSize-(len(h.buf)-h.taken), len(p)-n); room > 0 {
			h.push(p[n : n+room])
			n += room
			c.link.change.Broadcast()
		}
		if n == len(p) {
			return n, nil
		}
		c.link.change.Wait()
	}
}

// TryWrite sends what of p there is room for, and does not wait.
func (c *Conn) TryWrite(p []byte) (n int, err error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if err := c.unwritable(); err != nil {
		return 0, err
	}
	h := c.out
	if h.writing {
		return 0, nil
	}
	if n = min(bufferSize-(len(h.buf)-h.taken), len(p)); n > 0 {
		h.push(p[:n])
		c.link.change.Broadcast()
	}
	return n, nil
}

// push appends b. It moves what is unread to the front rather than grow beyond
// the bound.
func (h *half) push(b []byte) {
	if h.taken > 0 && len(h.buf)+len(b) > cap(h.buf) {
		h.buf = h.buf[:copy(h.buf, h.buf[h.taken:])]
		h.taken = 0
	}
	h.buf = append(h.buf, b...)
}

// unwritable returns why a write cannot go on.
func (c *Conn) unwritable() error {
	switch {
	case c.closed:
		return c.error("write", net.ErrClosed)
	case c.write.passed:
		return c.error("write", os.ErrDeadlineExceeded)
	case c.out.reset:
		return c.error("write", syscall.ECONNRESET)
	case c.out.fin, c.out.gone:
		return c.error("write", syscall.EPIPE)
	}
	return nil
}

// CloseWrite ends what this end sends; the other one reads EOF behind it, and
// can still send.
func (c *Conn) CloseWrite() error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return c.error("close", net.ErrClosed)
	}
	c.out.fin = true
	c.link.change.Broadcast()
	return nil
}

// Close ends both directions. Like the kernel it resets the connection if there
// is unread data here, or SetLinger(0) asked for it.
func (c *Conn) Close() error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return c.error("close", net.ErrClosed)
	}
	c.end(c.reset0 || c.in.taken < len(c.in.buf))
	return nil
}

// reset closes the connection as SetLinger(0) and Close do.
func (c *Conn) reset() {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.end(true)
}

// end is called once, with the lock held.
func (c *Conn) end(reset bool) {
	c.closed = true
	if reset {
		c.in.reset, c.out.reset = true, true
	} else {
		c.in.gone, c.out.fin = true, true
	}
	c.in.buf, c.in.taken = nil, 0
	c.read.stop()
	c.write.stop()
	c.link.change.Broadcast()
}

// SetLinger with 0 makes Close reset the connection, at once; any other value
// is the default.
func (c *Conn) SetLinger(sec int) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.reset0 = sec == 0
	return nil
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.read, &c.write) }

// SetReadDeadline makes reads fail from t on, those that wait too; zero: never.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.read) }

// SetWriteDeadline makes writes fail from t on, those that wait too; zero:
// never.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.write) }

func (c *Conn) setDeadlines(t time.Time, deadlines ...*deadline) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return c.error("set", net.ErrClosed)
	}
	for _, d := range deadlines {
		d.set(t, c.link)
	}
	c.link.change.Broadcast()
	return nil
}

// deadline is an instant from which an operation fails.
type deadline struct {
	timer  *time.Timer
	passed bool
	serial int // of the last set: a timer that fires late must not count
}

func (d *deadline) set(t time.Time, l *link) {
	d.stop()
	d.passed = !t.IsZero() && !time.Now().Before(t)
	if t.IsZero() || d.passed {
		return
	}
	serial := d.serial
	d.timer = time.AfterFunc(time.Until(t), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if d.serial == serial {
			d.passed = true
			l.change.Broadcast()
		}
	})
}

func (d *deadline) stop() {
	d.serial++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (c *Conn) error(op string, err error) error {
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}
