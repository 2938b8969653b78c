package http1

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// call is the context of a request. It ends when the caller hangs up, when the
// server closes, and when the handler has returned.
type call struct {
	conn  *conn
	ended atomic.Bool
	done  atomic.Pointer[chan struct{}]

	mu     sync.Mutex
	wanted bool // Done was asked for before the body was read
}

// Deadline is none.
func (a *call) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value returns what the context of the connection holds.
func (a *call) Value(key any) any { return a.conn.values.Value(key) }

// Err returns context.Canceled once the call has ended. It learns of a hang-up
// only if Done was called.
func (a *call) Err() error {
	if a.ended.Load() {
		return context.Canceled
	}
	return nil
}

// Done is closed when the call ends. From the first Done on the connection is
// watched, as soon as the body has been read. Only the handler's own goroutine
// may be the first to call it.
func (a *call) Done() <-chan struct{} {
	if d := a.done.Load(); d != nil {
		return *d
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := a.done.Load(); d != nil {
		return *d
	}
	d := make(chan struct{})
	a.done.Store(&d)
	switch {
	case a.ended.Load():
		close(d)
	case a.conn.body.over:
		a.conn.watch(a)
	default:
		a.wanted = true
	}
	return d
}

// cancel ends the call.
func (a *call) cancel() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended.Swap(true) {
		return
	}
	if d := a.done.Load(); d != nil {
		close(*d)
	}
}

// bodyRead begins the watch that somebody has asked for.
func (c *conn) bodyRead() {
	x := c.call.Load()
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.wanted && !x.ended.Load() {
		x.wanted = false
		c.watch(x)
	}
}

// watch reads ahead, so that the end of the connection is seen while a call is
// open. What it reads instead, a request that was sent early, is kept; after
// that it sees no end.
func (c *conn) watch(a *call) {
	if c.watching != nil || c.hijacked.Load() {
		return
	}
	c.watching = make(chan struct{})
	_ = c.nc.SetReadDeadline(time.Time{})
	go func(done chan struct{}) {
		defer close(done)
		if err := c.fill(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // which unwatch set
			c.lost = true
			a.cancel()
		}
	}(c.watching)
}

// unwatch ends the watch. false: the connection has ended.
func (c *conn) unwatch() bool {
	if c.watching == nil {
		return true
	}
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
	<-c.watching
	c.watching = nil
	return !c.lost
}
