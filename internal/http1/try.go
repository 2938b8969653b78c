package http1

import "net"

// A connection may be written to without waiting: then who paces many answers
// can send them all from one goroutine, and none has to wait for another's
// caller to read.

// trier is a connection that takes what there is room for.
type trier interface {
	TryWrite(p []byte) (n int, err error)
}

// tries returns what c tries to write with, nil where there is nothing.
func tries(c *conn, nc net.Conn) trier {
	if t, ok := nc.(trier); ok {
		return t
	}
	return trySocket(&c.socket, nc)
}

// CanTry reports whether TryFlush can send anything.
func (w *response) CanTry() bool { return w.conn.try != nil && !w.conn.hijacked.Load() }

// Hold calls f. Meanwhile a TryWrite or TryFlush, of whatever goroutine, costs less.
// The connection is closed only when f has returned, and who closes it waits for
// that: f has to end when the request's context does.
func (w *response) Hold(f func()) {
	if h, ok := w.conn.try.(interface{ hold(f func()) }); ok {
		h.hold(f)
		return
	}
	f()
}

// TryWrite adds to the body and is a TryFlush then. Write would wait where there is
// no room for a long p.
func (w *response) TryWrite(p []byte) (all bool, err error) {
	if _, err := w.add(p); err != nil {
		return false, err
	}
	return w.TryFlush()
}

// Look reads the memory that a TryWrite needs, for who is about to make many and
// would wait for it each time, and returns some sum of it.
func (w *response) Look() int64 {
	c := w.conn
	sum := w.written + int64(len(w.out)) + c.dateAt + c.socket.look()
	if w.failed != nil {
		sum++
	}
	if c.hijacked.Load() {
		sum++
	}
	for i := 0; i < min(cap(w.out), lookMax); i += 64 {
		sum += int64(w.out[:cap(w.out)][i])
	}
	return sum
}

// lookMax is how much of the room for an answer Look reads: that of a token.
const lookMax = 384

// TryFlush sends what was written so far, as far as there is room for it now.
// all reports whether that was everything; the rest needs a FlushError, which
// waits.
func (w *response) TryFlush() (all bool, err error) {
	if err := w.ready(); err != nil || w.conn.try == nil {
		return false, err
	}
	n := 0
	if len(w.out) > 0 {
		n, w.failed = w.conn.try.TryWrite(w.out)
	}
	if n == len(w.out) {
		w.out = w.out[:0]
		return true, w.failed
	}
	w.out = append(w.out[:0], w.out[n:]...)
	return false, w.failed
}
