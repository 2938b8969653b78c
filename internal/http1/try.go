package http1

import "net"

// A connection may be written to without waiting: then who paces many answers
// can send them all from one goroutine, and none has to wait for another's
// caller to read.

// tries returns a write that takes what there is room for, nil where nc has none.
func tries(nc net.Conn) func(p []byte) (n int, err error) {
	if t, ok := nc.(interface{ TryWrite(p []byte) (int, error) }); ok {
		return t.TryWrite
	}
	return trySocket(nc)
}

// CanTry reports whether TryFlush can send anything.
func (w *response) CanTry() bool { return w.conn.try != nil && !w.conn.hijacked.Load() }

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
	sum := w.written + int64(len(w.out)) + c.dateAt
	if w.failed != nil {
		sum++
	}
	if c.hijacked.Load() {
		sum++
	}
	return sum
}

// TryFlush sends what was written so far, as far as there is room for it now.
// all reports whether that was everything; the rest needs a FlushError, which
// waits.
func (w *response) TryFlush() (all bool, err error) {
	if err := w.ready(); err != nil || w.conn.try == nil {
		return false, err
	}
	n := 0
	if len(w.out) > 0 {
		n, w.failed = w.conn.try(w.out)
	}
	if n == len(w.out) {
		w.out = w.out[:0]
		return true, w.failed
	}
	w.out = append(w.out[:0], w.out[n:]...)
	return false, w.failed
}
