// Package tcpproxy stands between the target and what it uses beside the model:
// a Redis, a vector store, a database. It passes bytes on, both ways and unread,
// and carries out what rules of package faults decide for its connections.
//
// A rule is asked when a connection is accepted, when a rule's window opens, and
// before each piece that is passed on: so a pool that was filled before the
// window is met like one that is filled in it, and when the window ends so do
// latency and bandwidth.
package tcpproxy

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// Bounds of a proxy.
const (
	connsMax  = 10_000                // open at once; further ones wait to be accepted
	heldMax   = 1000                  // half-open at once; further ones are reset
	dialMost  = 10 * time.Second      // to reach the upstream
	lingers   = time.Second           // for the other side to close, or to take what is left, at an end
	lookEvery = 10 * time.Millisecond // at most so often for a rule that comes on or goes off

	settlesEach = 2 * time.Millisecond // how often a reader who is slow is looked at before a reset
)

// Options is what a proxy uses.
type Options struct {
	Epoch  journal.Epoch
	Number int          // of the proxy in its run, from 0: it makes the ids of its records unique
	Sink   journal.Sink // takes one Attempt for each connection, when it has ended; nil: nobody does
	// Dial reaches the upstream; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Proxy passes connections on to one upstream.
type Proxy struct {
	cfg Config
	opt Options

	rules   atomic.Pointer[faults.Schedule]
	changed chan struct{} // has one element when rules changed
	closing context.Context
	close   context.CancelFunc
	running sync.WaitGroup // connections and the watcher
	slots   chan struct{}
	holds   atomic.Int64 // connections that were to be held
	open    atomic.Int64 // connections

	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	held     []net.Conn
}

// New returns a proxy that is to be served, and closed in any case.
func New(cfg Config, opt Options) *Proxy {
	if opt.Dial == nil {
		opt.Dial = (&net.Dialer{}).DialContext
	}
	p := &Proxy{cfg: cfg, opt: opt, changed: make(chan struct{}, 1), slots: make(chan struct{}, connsMax), conns: map[*conn]struct{}{}}
	p.closing, p.close = context.WithCancel(context.Background())
	p.running.Add(1)
	go p.watch()
	return p
}

// room is how many bytes may be under way on each connection, one way: the fewer,
// the more connections there are.
func (p *Proxy) room() int64 {
	return min(queueMost, bytesMost/(2*max(1, p.open.Load())))
}

// SetFaults puts rules on, or with nil takes them off; those of other proxies and
// of calls do not matter. Connections that are open are met at once.
func (p *Proxy) SetFaults(s *faults.Schedule) {
	p.rules.Store(s)
	select {
	case p.changed <- struct{}{}:
	default: // the watcher has not looked yet
	}
}

// Serve accepts connections until Close, and then returns nil.
func (p *Proxy) Serve(l net.Listener) error {
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	for n := int64(0); ; n++ {
		select {
		case p.slots <- struct{}{}:
		case <-p.closing.Done():
			_ = l.Close()
			return nil
		}
		client, err := accept(p.closing, l)
		if err != nil {
			_ = l.Close()
			if p.closing.Err() != nil {
				return nil
			}
			return err
		}
		c := newConn(p, n, client)
		if !p.add(c) {
			_ = client.Close()
			return nil
		}
		go func() {
			defer p.running.Done()
			c.run()
			<-p.slots
		}()
	}
}

// accept tries again, ever later, after a failure that may pass, such as too many
// open files: the proxy must outlive what its target does.
func accept(ctx context.Context, l net.Listener) (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := l.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return c, err
		}
		pause(ctx, wait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Close stops accepting, passes on at once what is under way, for at most a
// second, and ends all connections. Nothing of the proxy is left when it returns.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.close()
	l, conns := p.listener, p.conns
	for c := range conns {
		c.drain()
	}
	p.mu.Unlock()
	if l != nil {
		_ = l.Close() // by Serve too
	}
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.held {
		_ = c.Close()
	}
	p.held = nil
	return nil
}

// add takes a connection into account; false: the proxy is closed.
func (p *Proxy) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing.Err() != nil {
		return false
	}
	p.running.Add(1)
	p.open.Add(1)
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open.Add(-1)
	delete(p.conns, c)
}

// reserve makes room for one more connection that is half-open.
func (p *Proxy) reserve() bool { return p.holds.Add(1) <= heldMax }

// hold keeps a connection, for which there is room, until the proxy closes.
func (p *Proxy) hold(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = append(p.held, c)
}

// watch asks the rules about open connections when one comes on, or goes off and
// no longer hides another: nobody may be sending anything just then.
func (p *Proxy) watch() {
	defer p.running.Done()
	for {
		now := p.opt.Epoch.Now()
		at, ok := int64(0), false
		if s := p.rules.Load(); s != nil {
			at, ok = s.NextEdge(p.cfg.Name, now)
		}
		due, stop := never()
		if ok {
			due, stop = after(max(time.Duration(at-now), lookEvery))
		}
		select {
		case <-p.closing.Done():
			stop()
			return
		case <-due:
		case <-p.changed:
		}
		stop()
		p.judgeAll()
	}
}

func never() (<-chan time.Time, func()) { return nil, func() {} }

func after(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

func (p *Proxy) judgeAll() {
	p.mu.Lock()
	open := make([]*conn, 0, len(p.conns))
	for c := range p.conns {
		open = append(open, c)
	}
	p.mu.Unlock()
	for _, c := range open {
		c.judge(true)
	}
}
