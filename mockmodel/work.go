package mockmodel

import (
	"context"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// work is what a call has of a model at work: a place in the queue, a slot, a
// turn of its prompt to be read, a place in the batch. Where the model does not
// notice that a caller hangs up, the work goes on without the attempt.
type work struct {
	st    *station
	stage stage
	waits *waits

	waiter *waiter // in the queue for a slot
	inside bool    // it has a slot
	prompt *prompt // is being read, or waits for it
	joined bool    // it is in the batch

	in, out    int           // tokens to be read and, of the longest choice, to be said
	places     int           // in the batch: the answers that were asked for at once
	first, gap time.Duration // to the first token, and between two, without load
	stretch    float64       // steps of the batch that a token takes
	firstNs    int64         // when the first token is due, once the prompt was read
	endNs      int64         // when the last token is done, where there is no batch
	target     float64       // step of the batch at which the last token is done
}

// stage is how far the work on a call has come.
type stage int

const (
	stageNone  stage = iota
	stageQueue       // waits for a slot
	stageRead        // its prompt waits, or is being read
	stageFirst       // its first token is being generated
	stageWrite       // its answer is being generated
	stageDone
)

// leave gives back what the call has.
func (w *work) leave(now int64) {
	if w.waiter != nil {
		w.inside = w.st.quit(w.waiter)
		w.waiter = nil
	}
	if w.prompt != nil {
		w.st.prefill.leave(w.prompt, now)
		w.prompt = nil
	}
	if w.joined {
		w.st.batch.leave(w.places, now)
		w.joined = false
	}
	if w.inside {
		w.st.leave(now)
		w.inside = false
	}
}

// readPrompt lets the model read the prompt. false: the call is over.
func (a *attempt) readPrompt(t *timing) bool {
	st := a.work.st
	if st == nil {
		return true // an empty answer in front of a real provider needs no model
	}
	from := t.admitted
	if warm := st.warmNs(from); warm > from {
		if !a.wait(waitWarm, warm) {
			return false
		}
		t.admitted = warm
	}
	if st.prefixes != nil && a.call.tokensIn > 0 {
		a.rec.TokensCached = st.prefixes.read(&a.call)
		a.ans.cached = a.rec.TokensCached
	}
	a.work.in -= a.rec.TokensCached
	if st.prefill == nil || a.work.in <= 0 {
		a.work.in = 0
		return true
	}
	x := st.prefill.enter(a.work.in, t.admitted)
	a.work.prompt = x
	if !a.s.waits.on(a.ctx, waitTurn, x.turn) {
		a.gone()
		return false
	}
	if !a.wait(waitPrompt, x.endNs) {
		return false
	}
	a.work.prompt, a.work.in = nil, 0
	st.prefill.leave(x, a.now())
	t.admitted = max(t.admitted, x.endNs)
	return true
}

// waitToken waits until token i of the answer is done, and notes how late it
// is. n is how many tokens each choice has. false: the caller is gone.
func (a *attempt) waitToken(t *timing, i, n int) bool {
	if t.batch == nil {
		a.work.stage, a.work.endNs = stageWrite, t.end(n)
		return a.waitDue(waitToken, t.token(i))
	}
	if i > 0 || t.joined {
		return a.waitSteps(t, i)
	}
	a.work.stage, a.work.firstNs = stageFirst, t.token(0)
	if !a.waitDue(waitToken, t.token(0)) {
		return false
	}
	var size int
	t.from, size = t.batch.join(a.work.places, t.token(0))
	t.joined, a.work.joined, a.work.stage = true, true, stageWrite
	a.rec.Batch = size
	a.work.target = t.step(n)
	return true
}

// waitSteps waits until the batch has made the step of token i.
func (a *attempt) waitSteps(t *timing, i int) bool {
	due := int64(0)
	for {
		until, reached := t.batch.next(t.step(i), a.now())
		if reached {
			// What was waited for as a whole was due when the wait was to end;
			// the batch may have emptied meanwhile, which is nobody's lateness.
			a.late(max(due, until), a.now())
			return true
		}
		if due = until; !a.wait(waitBatch, until) {
			return false
		}
	}
}

// outlive lets the work of an attempt whose caller is gone go on, where the
// model does not notice it, or a fault has it go on. It reports whether it does.
func (s *Server) outlive(w work, d *faults.Delay) bool {
	goesOn := w.st != nil && w.st.OnHangup == hangupFinish || d != nil && d.Finish
	if w.st == nil || !goesOn || w.stage == stageDone || !s.enter() {
		return false
	}
	go func() {
		defer s.handlers.Done()
		w.finish(s.ctx, s.opt.Epoch.Now)
		w.leave(s.opt.Epoch.Now())
	}()
	return true
}

// finish carries on to the end, or until ctx ends.
func (w *work) finish(ctx context.Context, now func() int64) {
	if w.stage == stageQueue {
		if w.waiter != nil && !w.awaitSlot(ctx, waitNobody) {
			return
		}
		w.stage = stageRead
	}
	if w.stage == stageRead {
		if !w.finishPrompt(ctx, now) {
			return
		}
		w.stage, w.firstNs = stageFirst, saturate(now(), w.first)
	}
	if w.stage == stageFirst {
		if !w.sleep(ctx, w.firstNs, now) {
			return
		}
		w.begin(w.firstNs)
	}
	for w.joined {
		until, reached := w.st.batch.next(w.target, now())
		if reached || !w.sleep(ctx, until, now) {
			return
		}
	}
	w.sleep(ctx, w.endNs, now)
}

// finishPrompt waits until the model is there and has read the prompt.
func (w *work) finishPrompt(ctx context.Context, now func() int64) bool {
	if !w.sleep(ctx, w.st.warmNs(now()), now) {
		return false
	}
	if w.st.prefill == nil || w.in == 0 {
		return true
	}
	if w.prompt == nil {
		w.prompt = w.st.prefill.enter(w.in, now())
	}
	if !w.waits.on(ctx, waitNobody, w.prompt.turn) {
		return false
	}
	if !w.sleep(ctx, w.prompt.endNs, now) {
		return false
	}
	w.st.prefill.leave(w.prompt, now())
	w.prompt = nil
	return true
}

// begin starts to generate the answer.
func (w *work) begin(now int64) {
	w.stage = stageWrite
	if b := w.st.batch; b != nil {
		from, _ := b.join(w.places, now)
		w.joined, w.target = true, from+float64(w.out)*w.stretch
		return
	}
	w.endNs = saturate(now, times(w.gap, w.out))
}

// sleep waits until an instant of work for nobody. false: ctx ended.
func (w *work) sleep(ctx context.Context, untilNs int64, now func() int64) bool {
	d := time.Duration(untilNs - now())
	if d <= 0 {
		return ctx.Err() == nil
	}
	_, on := w.waits.until(ctx, waitNobody, nil, d)
	return on
}
