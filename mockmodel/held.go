package mockmodel

import (
	"net"
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// What faults do to connections beside ending them: keep one though its caller
// has closed it, reset those that come, close one that was to be kept.

// heldMax bounds the connections that are kept; further ones are closed as any
// other is.
const heldMax = 1000

// held are connections that are kept until the server closes.
type held struct {
	mu     sync.Mutex
	conns  []net.Conn
	closed bool
}

func (h *held) add(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.conns) >= heldMax {
		_ = c.Close() // its caller has gone
		return
	}
	h.conns = append(h.conns, c)
}

func (h *held) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
}

// abandoner is a ResponseWriter that gives its connection away, closer one that
// closes it behind the answer: those of internal/http1.
type (
	abandoner interface{ Abandon() net.Conn }
	closer    interface{ CloseAfter() }
)

// holdOpen falls silent until the caller leaves, and does not notice: nothing
// is read or written, and the connection stays open on this side. The record
// ends all the same, and so does its goroutine.
func (a *attempt) holdOpen() {
	a.silenceSocket()
	a.waitGone()
	if w, ok := a.w.(abandoner); ok && a.rec.End == journal.AttemptStall {
		a.s.held.add(w.Abandon())
	}
}

// refuseFor has new connections to the endpoint reset for d.
func (a *attempt) refuseFor(d time.Duration) {
	if a.conn == nil || d <= 0 {
		return
	}
	until := saturate(a.now(), d)
	for at := &a.conn.at.refuseUntil; ; {
		if was := at.Load(); was >= until || at.CompareAndSwap(was, until) {
			return
		}
	}
}

// refuse resets a connection that comes while the endpoint refuses them.
func (e *endpoint) refuse(raw net.Conn, now int64) {
	if now < e.refuseUntil.Load() {
		e.refused.Add(1)
		(&conn{raw: raw}).reset()
	}
}

// acceptAll ends the refusal of connections.
func (s *Server) acceptAll() {
	for _, e := range s.endpoints {
		e.refuseUntil.Store(0)
	}
}

// Refused returns how many connections were reset before a byte of them was
// read. No attempt is on record for them: nobody knows what they would have
// asked.
func (s *Server) Refused() (n int) {
	for _, e := range s.endpoints {
		n += int(e.refused.Load())
	}
	return n
}

// takeClose sets an ending aside that comes behind the whole answer: it cuts
// nothing.
func (a *attempt) takeClose() {
	if e := a.effect.Ending; e != nil && e.Kind == faults.EndingClose {
		a.effect.Ending, a.closes = nil, true
	}
}

// closeAfter closes the connection behind a whole answer, where a fault says so.
func (a *attempt) closeAfter() {
	w, ok := a.w.(closer)
	if ok && a.closes && !a.barred && a.rec.End == journal.AttemptComplete {
		a.show(faults.SlotEnding)
		w.CloseAfter()
	}
}
