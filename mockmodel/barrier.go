package mockmodel

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// barriers are where attempts that a rule with a barrier chose wait for each
// other: one gathering for each such rule and endpoint at which somebody waits. Who
// waits has no slot of a model yet, and has asked no limit.
type barriers struct {
	mu      sync.Mutex
	rules   *faults.Schedule // that are on; who was chosen by others does not wait
	waiting []*gathering     // that wait
}

// gathering is who waits at one barrier. Its gate and endpoint never change.
type gathering struct {
	gate   *faults.Gate
	at     *endpoint
	n      int
	opened chan struct{} // closed when all go on
}

// set replaces the rules, and returns the gatherings that waited for those before, in
// the order of their first arrival. They go on.
func (b *barriers) set(rules *faults.Schedule) []gathering {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = rules
	var opened []gathering
	for len(b.waiting) > 0 {
		opened = append(opened, b.open(b.waiting[0]))
	}
	return opened
}

// join lets an attempt wait for others. nil: it goes on at once; where it was the
// one that they waited for, full is the gathering that goes on with it.
func (b *barriers) join(rules *faults.Schedule, g *faults.Gate, at *endpoint, nowNs int64) (c *gathering, full *gathering) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rules != b.rules || g.Until(nowNs) <= nowNs {
		return nil, nil
	}
	i := slices.IndexFunc(b.waiting, func(c *gathering) bool { return c.gate == g && c.at == at })
	if i >= 0 {
		c = b.waiting[i]
	} else {
		c = &gathering{gate: g, at: at, opened: make(chan struct{})}
		b.waiting = append(b.waiting, c)
	}
	if c.n++; c.n == g.Wait {
		all := b.open(c)
		return nil, &all
	}
	return c, nil
}

// open lets a gathering go, with the lock held, and returns what it was.
func (b *barriers) open(c *gathering) gathering {
	b.waiting = slices.DeleteFunc(b.waiting, func(o *gathering) bool { return o == c })
	close(c.opened)
	return *c
}

// expire lets a gathering go because somebody's time is over. false: it has gone.
func (b *barriers) expire(c *gathering) (gathering, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.waiting, c) {
		return gathering{}, false
	}
	return b.open(c), true
}

// leave takes an attempt out of a gathering whose caller has gone.
func (b *barriers) leave(c *gathering) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.waiting, c) {
		return // it went on at the same instant
	}
	if c.n--; c.n == 0 {
		b.waiting = slices.DeleteFunc(b.waiting, func(o *gathering) bool { return o == c })
	}
}

// gather waits at the barriers of the rules whose slots the attempt is about to
// carry out. false: the caller is gone.
//
// It stands where the first of them is reached: what the provider refuses by
// itself before waits for nobody.
func (a *attempt) gather() bool {
	for i := range a.hits {
		if g := a.hits[i].Gate; g != nil && !a.waitFor(g) {
			return false
		}
	}
	return true
}

// waitFor waits at one barrier.
func (a *attempt) waitFor(g *faults.Gate) bool {
	b := &a.s.barriers
	now := a.now()
	c, full := b.join(a.rules, g, a.at, now)
	if full != nil {
		a.s.markOpened(full, faults.OpenedFull, now)
	}
	if c == nil {
		return true
	}
	var how ended
	a.timer, how = a.s.waits.either(a.ctx, waitOthers, a.timer, time.Duration(g.Until(now)-now), c.opened)
	a.gatheredNs = a.now()
	a.rec.HeldNs += a.gatheredNs - now
	switch how {
	case endedLeft:
		b.leave(c)
		a.gone()
		return false
	case endedTime:
		if all, ok := b.expire(c); ok {
			a.s.markOpened(&all, g.OpenedBy(a.gatheredNs), a.gatheredNs)
		}
	}
	return true
}

// markOpened writes down that a gathering went on.
func (s *Server) markOpened(c *gathering, why faults.Opened, nowNs int64) {
	if s.opt.Sink == nil {
		return
	}
	m := journal.Mark{
		TNs: nowNs, PlannedNs: journal.Never, Kind: journal.MarkBarrierRelease, Name: c.gate.Name, Value: int64(c.n), Unit: "calls",
		Attrs: map[string]string{journal.AttrOpened: string(why), journal.AttrEndpoint: c.at.name},
	}
	if why == faults.OpenedAt {
		m.PlannedNs = c.gate.AtNs
	}
	if c.gate.Wait > 0 {
		m.Attrs[journal.AttrWait] = strconv.Itoa(c.gate.Wait)
	}
	s.opt.Sink.Mark(&m)
}
