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
// that: f has to end when the request's context does. Nothing hijacks it meanwhile.
func (w *response) Hold(f func()) {
	if h, ok := w.conn.try.(interface{ hold(h *held, f func()) }); ok {
		h.hold(&w.held, f)
		return
	}
	f()
}

// chunkMax is what the frame of a chunk takes at most: its length, two ends of line.
const chunkMax = 16 + 2 + 2

// TryWrite adds to the body and is a TryFlush then. Write would wait where there is
// no room for a long p. room is memory that it may use until it returns, for p and
// its frame, if there is enough: that of who writes to many is in a cache, and w's
// own is not.
func (w *response) TryWrite(p, room []byte) (all bool, err error) {
	if !w.held.holds() || !w.chunked || len(w.out) > 0 || w.failed != nil || len(p) == 0 || cap(room) < len(p)+chunkMax {
		if _, err := w.add(p); err != nil {
			return false, err
		}
		return w.TryFlush()
	}
	w.written += int64(len(p))
	room = appendChunk(room[:0], p)
	n := 0
	n, w.failed = w.held.TryWrite(room)
	w.out = append(w.out, room[n:]...)
	return n == len(room), w.failed
}

// Look reads the memory that a TryWrite needs while it is held, for who is about to
// make many and would wait for it each time, and returns some sum of it.
func (w *response) Look() int64 {
	sum := w.written
	if w.chunked {
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
	switch {
	case len(w.out) == 0:
	case w.held.holds():
		n, w.failed = w.held.TryWrite(w.out)
	default:
		n, w.failed = w.conn.try.TryWrite(w.out)
	}
	if n == len(w.out) {
		w.out = w.out[:0]
		return true, w.failed
	}
	w.out = append(w.out[:0], w.out[n:]...)
	return false, w.failed
}
