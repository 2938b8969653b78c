package tcpproxy

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// fate is how a connection ends, beside by itself.
type fate string

// Fates. aborted is a reset that one side sent, or the upstream that cannot be
// reached, passed on as a reset.
const (
	refused  fate = "refused"
	aborted  fate = "aborted"
	reset    fate = fate(faults.EndingReset)
	cut      fate = fate(faults.EndingEOF)
	halfOpen fate = fate(faults.EndingHalfOpen)
)

// conn is one connection of a proxy: the n-th, from 0.
type conn struct {
	p      *Proxy
	n      int64
	client net.Conn
	life   context.Context // ends when a fate comes
	die    context.CancelFunc
	passed [2]atomic.Int64 // by direction
	ended  [2]atomic.Bool  // by direction: its end was sent
	first  atomic.Int64    // instant of the first byte to the client
	last   atomic.Int64    // and of the latest one

	mu       sync.Mutex
	upstream net.Conn // nil: not reached yet
	fate     fate
	asked    bool // the rules were, about its arrival
	draining bool
	why      string // the upstream could not be reached
	hits     map[int]*hit
	ending   [2]int   // by direction: rule with an ending that applies, -1: none
	begun    [2]int64 // and what had passed when that came on
}

// hit is what became of a rule.
type hit struct {
	journal.RuleHit
	rule int
}

// Directions as indexes.
const (
	up   = 0
	down = 1
)

var directions = [2]faults.Direction{up: faults.Up, down: faults.Down}

func newConn(p *Proxy, n int64, client net.Conn) *conn {
	c := &conn{p: p, n: n, client: client, hits: map[int]*hit{}, ending: [2]int{-1, -1}}
	c.life, c.die = context.WithCancel(context.Background())
	return c
}

// run lives the life of a connection.
func (c *conn) run() {
	defer c.die()
	arrived := c.p.opt.Epoch.Now()
	c.judge(false)
	c.mu.Lock()
	c.asked = true
	c.mu.Unlock()
	c.judge(true) // what came on meanwhile was not to judge it yet
	if !c.isDead() && c.reach() {
		var both sync.WaitGroup
		for way := range directions {
			both.Add(1)
			go func() { defer both.Done(); c.pass(way) }()
		}
		both.Wait()
	}
	c.bury()
	c.p.remove(c)
	c.record(arrived)
}

// reach dials the upstream. Who cannot be served is reset: he was accepted.
func (c *conn) reach() bool {
	dialling, stop := context.WithTimeout(c.life, dialMost)
	defer stop()
	defer context.AfterFunc(c.p.closing, stop)()
	u, err := c.p.opt.Dial(dialling, "tcp", c.p.cfg.Upstream)
	c.mu.Lock()
	if err == nil {
		c.upstream = u
		if c.draining || c.fate != "" {
			c.mu.Unlock()
			return false
		}
		c.mu.Unlock()
		return true
	}
	given := c.draining || c.fate != "" // it was not to be reached any more
	if !given {
		c.why = "upstream_unreachable"
		if errors.Is(err, syscall.ECONNREFUSED) {
			c.why = "upstream_refused"
		}
	}
	c.mu.Unlock()
	if !given {
		c.end(aborted, -1, 0)
	}
	return false
}

// ruling is what the rules say, by direction.
type ruling [2]faults.Effect

// judge asks the rules what is to happen to the connection, and ends it where
// that is what they say. open: it was accepted before.
func (c *conn) judge(open bool) (r ruling) {
	s := c.p.rules.Load()
	c.mu.Lock()
	over := open && !c.asked || c.fate != "" || c.draining
	c.mu.Unlock()
	if over || s == nil {
		return r
	}
	call := faults.Arrival(c.p.cfg.Name, c.n, c.p.opt.Epoch.Now(), open)
	for way := range directions {
		call.Way = directions[way]
		d := s.Decide(call)
		c.note(way, d)
		r[way] = d.Effect
	}
	if e := r[up].Connection; e != nil {
		c.end(refused, e.Rule, 0)
		return r
	}
	var due *faults.Ending
	for way := range directions {
		if e := r[way].Ending; e != nil && c.left(way, e) <= 0 && (due == nil || e.Rule < due.Rule) {
			due = e
		}
	}
	if due != nil {
		c.end(fate(due.Kind), due.Rule, due.After.N)
	}
	return r
}

// note remembers what the rules said. One rule says always the same of one
// connection, but another may hide it at one time and not at another, or one way
// and not the other.
func (c *conn) note(way int, d faults.Decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range d.Hits {
		known, ok := c.hits[h.Rule]
		state := journal.RulePassed
		switch {
		case h.State == faults.Passed:
		case h.Masked:
			state = journal.RuleMasked
		default:
			state = journal.RuleMissed // until it has shown
		}
		if !ok {
			c.hits[h.Rule] = &hit{journal.RuleHit{Name: h.Name, State: state, Slot: h.Wants.String(), At: -1}, h.Rule}
		} else if known.State == journal.RuleMasked {
			known.State = state
		}
	}
	rule := -1
	if e := d.Effect.Ending; e != nil {
		rule = e.Rule
	}
	if rule != c.ending[way] {
		c.ending[way], c.begun[way] = rule, c.passed[way].Load()
	}
}

// left is how many bytes may still pass one way before an ending.
func (c *conn) left(way int, e *faults.Ending) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun[way] + int64(e.After.N) - c.passed[way].Load()
}

// show writes down that a rule has had its effect.
func (c *conn) show(rule, at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.showLocked(rule, at)
}

func (c *conn) showLocked(rule, at int) {
	if h := c.hits[rule]; h != nil {
		h.State, h.At = journal.RuleInjected, at
	}
}

// end gives the connection its fate, if it has none. Whoever reads, writes or
// waits stops; what is to be seen of it happens then, in bury.
func (c *conn) end(f fate, rule, at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fate != "" {
		return
	}
	if f == halfOpen && !c.p.reserve() {
		f, rule = reset, -1
	}
	c.fate = f
	c.showLocked(rule, at)
	c.die()
	past := time.Unix(1, 0)
	_ = c.client.SetDeadline(past)
	if c.upstream != nil {
		_ = c.upstream.SetDeadline(past)
	}
}

func (c *conn) isDead() bool { return c.life.Err() != nil }

// drain has what is under way passed on at once, and nothing more read.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	soon := time.Now().Add(lingers)
	for _, side := range []net.Conn{c.client, c.upstream} {
		if side != nil && c.fate == "" {
			_ = side.SetReadDeadline(time.Unix(1, 0))
			_ = side.SetWriteDeadline(soon)
		}
	}
}

// bury closes both sides, as the fate says.
func (c *conn) bury() {
	c.mu.Lock()
	f, upstream := c.fate, c.upstream
	c.mu.Unlock()
	switch f {
	case cut:
		closeWrite(c.client)
		fallthrough
	case reset, halfOpen:
		c.settle(c.client, upstream)
	}
	if upstream != nil {
		if f == aborted {
			linger0(upstream)
		}
		_ = upstream.Close()
	}
	switch f {
	case halfOpen:
		c.p.hold(c.client)
		return
	case reset, refused, aborted:
		linger0(c.client)
	case cut:
		c.finish()
	}
	_ = c.client.Close()
}

// settle waits until what was passed on has left for both sides: a reset, and a
// Close while the other side is sending, throw away what waits for a slow reader,
// and positions would be none. It gives up on one that takes nothing for a while.
func (c *conn) settle(sides ...net.Conn) {
	left := func() (n int) {
		for _, side := range sides {
			if side != nil {
				n += unsent(side)
			}
		}
		return n
	}
	patience := time.Now().Add(lingers)
	for was := left(); was > 0 && time.Now().Before(patience); {
		pause(context.Background(), settlesEach)
		if now := left(); now != was && !c.isDraining() {
			was, patience = now, time.Now().Add(lingers)
		}
	}
}

// finish follows the end that was sent to the client. To close the connection while
// bytes of the client are unread would reset it, so they are read for a while.
func (c *conn) finish() {
	_ = c.client.SetDeadline(time.Now().Add(lingers))
	_, _ = io.Copy(io.Discard, c.client)
}

// linger0 makes the coming Close a reset.
func linger0(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // fails only on a connection that is dead already
	}
}

// closeWrite passes on the end of a direction.
func (c *conn) closeWrite(way int, dst net.Conn) {
	c.ended[way].Store(true)
	closeWrite(dst)
}

func closeWrite(c net.Conn) {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
		return
	}
	_ = c.Close()
}

// record tells the journal what became of the connection.
func (c *conn) record(arrived int64) {
	if c.p.opt.Sink == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := journal.NewAttempt()
	a.ID = uint64(c.p.opt.Number+1)<<40 + uint64(c.n)
	a.Conn, a.Source, a.Endpoint, a.Kind = uint64(c.n), c.client.RemoteAddr().String(), c.p.cfg.Name, journal.KindTCP
	a.ArrivedNs, a.EndNs, a.BodyBytes, a.Code = arrived, c.p.opt.Epoch.Now(), int(c.passed[up].Load()), c.why
	if c.passed[down].Load() > 0 {
		a.FirstNs, a.LastNs = c.first.Load(), c.last.Load()
	}
	a.End, a.Cause = journal.AttemptComplete, journal.CauseFault
	switch c.fate {
	case refused, reset:
		a.End = journal.AttemptReset
	case cut:
		a.End = journal.AttemptEOF
	case halfOpen:
		a.End = journal.AttemptStall
	case aborted:
		a.End, a.Cause = journal.AttemptReset, journal.CauseUpstream
	default:
		a.Cause = journal.CauseNone
		if c.draining {
			a.End = journal.AttemptRunEnd
		}
	}
	hits := slices.SortedFunc(maps.Values(c.hits), func(x, y *hit) int { return cmp.Compare(x.rule, y.rule) })
	for _, h := range hits {
		a.Rules = append(a.Rules, h.RuleHit)
	}
	c.p.opt.Sink.Attempt(&a)
}
