package mockmodel

import "sync"

// batch is a model that generates several answers at once: continuous
// batching. Each step gives every call in the batch one token, and takes the
// longer the more calls there are:
//
//	step(n) = alone + more * (n - 1)
//
// up to as many as there are slots. A call that asks for several answers takes as
// many places; beyond the slots, all of them share the throughput.
//
// Progress is counted in steps since the start, the same for all calls, so that
// an answer of k tokens is done when k steps have been made since its first.
type batch struct {
	alone, more float64 // ns
	slots       int
	place       float64 // ns of a step for each call, beyond the slots

	mu    sync.Mutex
	size  int
	steps float64 // made until atNs
	atNs  int64
}

// newBatch returns the batch of a model whose steps take so long that one call
// alone gets rate tokens a second, and slots calls together all of throughput.
func newBatch(rate, throughput float64, slots int) *batch {
	const second = 1e9
	b := &batch{alone: second / rate, slots: slots, place: second / throughput}
	if slots > 1 {
		b.more = (second*float64(slots)/throughput - b.alone) / float64(slots-1)
	}
	return b
}

// step is how long a step takes now.
func (b *batch) step() float64 {
	if b.size > b.slots {
		return b.place * float64(b.size)
	}
	return b.alone + b.more*float64(max(0, b.size-1))
}

// advance brings the steps up to now.
func (b *batch) advance(now int64) {
	if now > b.atNs {
		b.steps += float64(now-b.atNs) / b.step()
		b.atNs = now
	}
}

// join takes places and returns the steps made before, and how many places are
// taken with them.
func (b *batch) join(places int, now int64) (steps float64, size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	b.size += places
	return b.steps, b.size
}

func (b *batch) leave(places int, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	b.size -= places
}

// look returns the steps made until now, and how long the next one takes.
func (b *batch) look(now int64) (steps, stepNs float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	return b.steps, b.step()
}

// soonNs is below which a wait for steps is not cut short: what the batch
// changes meanwhile is within what a token takes.
const soonNs = 20e6

// next returns when to look again for the step target, and whether it is there
// already; due is then when it was there.
func (b *batch) next(target float64, now int64) (untilNs int64, reached bool) {
	steps, stepNs := b.look(now)
	left := target - steps
	if left <= 1e-6 { // a millionth of a token: rounding
		return now + int64(min(0, left)*stepNs), true
	}
	if all := left * stepNs; all <= soonNs {
		return now + int64(all) + 1, false
	}
	// The batch may empty meanwhile, so that the rest takes less; not less than this.
	return now + int64(max(left*b.alone, soonNs/2)), false
}

// prefill is the part of a model that reads prompts: one after the other, at so
// many tokens a second. A prompt that is left by its caller takes no time that
// it has not taken yet.
type prefill struct {
	rate float64 // tokens per second

	mu    sync.Mutex
	queue []*prompt // the first is being read
}

// prompt is a prompt that is being read, or waits for it.
type prompt struct {
	tokens int
	turn   chan struct{} // closed when it is being read
	endNs  int64         // when it will have been read; known from its turn on
}

// enter adds a prompt. It must leave.
func (p *prefill) enter(tokens int, now int64) *prompt {
	x := &prompt{tokens: tokens, turn: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, x)
	if len(p.queue) == 1 {
		p.start(now)
	}
	return x
}

// start lets the first prompt have its turn.
func (p *prefill) start(now int64) {
	x := p.queue[0]
	x.endNs = now + int64(float64(x.tokens)/p.rate*1e9)
	close(x.turn)
}

// leave takes a prompt out. The next one is read from when this one was to have
// been read: a late wake-up makes nobody else late.
func (p *prefill) leave(x *prompt, now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range p.queue {
		if o != x {
			continue
		}
		p.queue = append(p.queue[:i], p.queue[i+1:]...)
		if i == 0 && len(p.queue) > 0 {
			p.start(min(now, x.endNs))
		}
		return
	}
}
