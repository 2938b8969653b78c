package mockmodel

import (
	"runtime"
	"sync"
	"time"
)

// A pacer sends the tokens of many streams from one goroutine, each when it is
// due. A stream's own goroutine costs a timer, two switches and the memory that
// they touch for every token; with thousands of streams that is half of what
// sending costs. The stream's goroutine sleeps meanwhile, and takes over wherever
// something has to be waited for that is not time: a caller who reads slowly, or
// has left.
//
// It runs while there are streams. The same instants and the same bytes come
// out with and without it.
type pacer struct {
	now func() int64

	mu      sync.Mutex
	queue   []turn // a heap
	left    int    // turns in it whose play was withdrawn
	running bool
	wakeNs  int64         // when it will look again; while it is asleep
	kick    chan struct{} // look now

	desk  desk    // of who runs it: what is sent next is written here
	taken []*play // from the queue, to be sent now
	sum   int64   // of what was looked at beforehand, so that it is looked at
}

const (
	// A crowd is looked after five times a millisecond and not at every instant at
	// which one of its streams is due: sleeping costs more than sending.
	crowd     = 64
	crowdTick = 200 * time.Microsecond

	// stepsMax is after how many tokens in a row others may run.
	stepsMax = 64

	// takeMax is how many are sent in a row. What thousands of streams keep in
	// memory is in no cache any more when their next token is due. Looked at one
	// after the other before any is sent, the memory of so many comes in one wait
	// instead of as many, a tenth of what the pacer costs; there is no more than
	// this on its way at once. A processor that waits for an address looks a few
	// hundred instructions ahead, which is two streams: so what is far is looked at
	// when what is near has come.
	takeMax = 16
)

// player sends a stream.
type player interface {
	// step sends what is due at now. It returns when the next token is due, or
	// false where the stream's own goroutine has to go on. d is nobody's until it
	// returns.
	step(now int64, d *desk) (dueNs int64, on bool)
	// look reads the memory that step needs, and returns some sum of it: that of
	// the player itself, what this points to, and, far being 2, what that does.
	look(far int) int64
}

// play is a stream that a pacer may send.
type play struct {
	player
	withdrawn bool          // under the pacer's lock, as queued
	queued    bool          // else it is being sent, or back
	back      chan struct{} // has room for one
	order     uint64        // of two that are due at once
}

// turn is when a play is due.
type turn struct {
	dueNs int64
	order uint64
	play  *play
}

// add hands a stream over. It comes back through play.back, or by withdraw.
func (p *pacer) add(x *play, dueNs int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.push(x, dueNs)
	switch {
	case !p.running:
		p.running, p.kick = true, make(chan struct{}, 1)
		go p.run(p.kick)
	case dueNs < p.wakeNs:
		p.look()
	}
}

// withdraw takes a stream back. false: it is being sent, or was, and comes back
// through play.back.
func (p *pacer) withdraw(x *play) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.withdrawn = true
	if !x.queued {
		return false
	}
	x.queued = false
	if p.left++; 2*p.left > len(p.queue) {
		p.sweep()
		p.look() // there may be nothing left to do
	}
	return true
}

// look wakes the pacer.
func (p *pacer) look() {
	select {
	case p.kick <- struct{}{}:
	default: // it is about to
	}
}

// run sends until no stream is left.
func (p *pacer) run(kick <-chan struct{}) {
	var timer *time.Timer
	for {
		wait, more := p.round()
		if !more {
			return
		}
		if timer == nil {
			timer = time.NewTimer(wait)
		} else {
			timer.Reset(wait)
		}
		select {
		case <-timer.C:
		case <-kick:
			timer.Stop()
		}
	}
}

// round sends all that is due, and returns how long to wait for more.
func (p *pacer) round() (wait time.Duration, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for steps := 0; p.take(now); steps += len(p.taken) {
		p.mu.Unlock()
		for far := range 3 {
			for _, x := range p.taken {
				p.sum += x.look(far)
			}
		}
		if steps >= stepsMax {
			steps = 0
			runtime.Gosched()
		}
		p.mu.Lock()
		for _, x := range p.taken {
			p.send(x)
		}
		now = p.now()
	}
	clear(p.taken)
	if 2*p.left > len(p.queue) { // those that were sent left others behind
		p.sweep()
	}
	if len(p.queue) == 0 {
		p.running = false
		return 0, false
	}
	p.wakeNs = p.queue[0].dueNs
	if len(p.queue) >= crowd {
		p.wakeNs = max(p.wakeNs, now+int64(crowdTick))
	}
	return time.Duration(p.wakeNs - now), true
}

// take takes the next plays that are due at now from the queue. false: there are
// none.
func (p *pacer) take(now int64) bool {
	for len(p.queue) > 0 && p.queue[0].dueNs <= now {
		p.taken = p.taken[:0]
		for len(p.taken) < takeMax && len(p.queue) > 0 && p.queue[0].dueNs <= now {
			p.taken = append(p.taken, p.pop().play)
		}
		// Not as they are popped, so that their memory comes in one wait.
		n := 0
		for _, x := range p.taken {
			if x.withdrawn {
				p.left--
				continue
			}
			x.queued = false
			p.taken[n], n = x, n+1
		}
		if p.taken = p.taken[:n]; n > 0 {
			return true
		}
	}
	return false
}

// send sends what is due of a play that was taken, and queues it again or gives
// it back.
func (p *pacer) send(x *play) {
	if !x.withdrawn { // since
		p.mu.Unlock()
		due, on := x.step(p.now(), &p.desk)
		p.mu.Lock()
		if on && !x.withdrawn {
			p.push(x, due)
			return
		}
	}
	x.back <- struct{}{}
}

// push adds a play to the heap.
func (p *pacer) push(x *play, dueNs int64) {
	x.queued = true
	p.queue = append(p.queue, turn{dueNs, x.order, x})
	for i := len(p.queue) - 1; i > 0; {
		up := (i - 1) / 2
		if !p.queue[i].before(&p.queue[up]) {
			return
		}
		p.queue[i], p.queue[up] = p.queue[up], p.queue[i]
		i = up
	}
}

// pop takes the first of the heap.
func (p *pacer) pop() turn {
	first, last := p.queue[0], len(p.queue)-1
	p.queue[0] = p.queue[last]
	p.queue[last] = turn{}
	p.queue = p.queue[:last]
	p.sink(0)
	return first
}

// sink restores the heap below i.
func (p *pacer) sink(i int) {
	for {
		down := 2*i + 1
		if down >= len(p.queue) {
			return
		}
		if down+1 < len(p.queue) && p.queue[down+1].before(&p.queue[down]) {
			down++
		}
		if !p.queue[down].before(&p.queue[i]) {
			return
		}
		p.queue[i], p.queue[down] = p.queue[down], p.queue[i]
		i = down
	}
}

func (t *turn) before(o *turn) bool {
	return t.dueNs < o.dueNs || t.dueNs == o.dueNs && t.order < o.order
}

// sweep drops the turns whose plays were withdrawn.
func (p *pacer) sweep() {
	kept := p.queue[:0]
	for _, t := range p.queue {
		if !t.play.withdrawn {
			kept = append(kept, t)
		}
	}
	clear(p.queue[len(kept):])
	p.queue, p.left = kept, 0
	for i := len(p.queue)/2 - 1; i >= 0; i-- {
		p.sink(i)
	}
}
