package mockmodel

// trier is a ResponseWriter that can send without waiting: see internal/http1.
type trier interface {
	CanTry() bool
	Hold(f func())
	TryWrite(p, room []byte) (all bool, err error)
	Look() int64
}

// saying is where a stream has come to in its tokens.
type saying struct {
	form streamer
	t    *timing
	next piece
	n    int // tokens that there will be
	more bool

	// While a pacer sends it.
	lean bool // it is written at the pacer's desk; else frames of its own may have to wait
	over bool // the stream has ended before its end
	full bool // the caller has to read before more can be sent
	try  trier

	reel reel
	few  [1]head // of the reel, where it needs no more
	own  timing  // what t points to where nobody else changes it
	bad  any     // a panic of the form
}

// pacer returns who can send the stream, nil if its goroutine has to: its tokens
// must be due at instants that nothing changes any more, and no fault may end it
// on the way or split its writes, which can take time.
func (a *attempt) pacer() *pacer {
	x := &a.saying
	if x.t.batch != nil || x.t.gap <= 0 || a.effect.Ending != nil {
		return nil
	}
	if m := a.effect.Mutation; m != nil && m.Pause > 0 {
		return nil
	}
	w, ok := a.w.(trier)
	if !ok || !w.CanTry() {
		return nil
	}
	x.try = w
	return &a.s.pacers[a.rec.ID%uint64(len(a.s.pacers))]
}

// playOn lets a pacer send tokens until none are left or it cannot go on. false:
// the stream is over.
func (a *attempt) playOn(p *pacer) bool {
	x := &a.saying
	a.work.stage, a.work.endNs = stageWrite, x.t.end(a.ans.longest)
	if a.back == nil {
		a.back = make(chan struct{}, 1)
	}
	// Frames of its own may wait to be joined, or open the stream.
	x.lean = a.effect.Mutation == nil && len(a.out.buf) == 0
	turn := &play{player: a, order: a.rec.ID, back: a.back}
	lost := false
	x.try.Hold(func() {
		p.add(turn, x.t.token(x.next.due))
		if !a.s.waits.on(a.ctx, waitPacer, a.back) {
			if lost = p.withdraw(turn); !lost {
				<-a.back // it is being sent, which takes no time
			}
		}
	})
	if lost {
		a.gone()
		a.met(x.t, a.now(), x.n)
		return false
	}
	x.try = nil
	switch {
	case x.bad != nil:
		panic(x.bad)
	case x.over:
		return false
	case x.full:
		x.full = false
		return a.wrote(a.send())
	}
	return true
}

// step is what a pacer does for the stream.
func (a *attempt) step(now int64, d *desk) (dueNs int64, on bool) {
	x := &a.saying
	if x.lean {
		d.clear(a.sent.tokens)
		a.desk = d
	}
	defer func() {
		a.desk = &a.ownDesk
		if p := recover(); p != nil {
			x.bad, on = p, false
		}
	}()
	a.late(x.t.token(x.next.due), now)
	x.over = !a.sayDue(now)
	if x.over || x.full || !x.more {
		return 0, false
	}
	return x.t.token(x.next.due), true
}

// look reads one word of each line of memory that step needs, and returns some sum
// of them.
func (a *attempt) look(far int) (sum int64) {
	x := &a.saying
	switch far {
	case 0:
		sum = int64(x.next.due+x.few[0].token) + x.own.admitted + a.wroteNs + int64(a.sent.bytes) + a.ans.nowNs + a.rec.LastNs + int64(a.rec.TokensEmitted)
		if a.ctx != nil && a.effect.Ending != nil {
			sum += int64(len(x.reel.heads))
		}
	case 1:
		sum = x.try.Look()
		if n := len(a.rec.Emitted); n > 0 {
			sum += a.rec.Emitted[n-1].TNs
		}
		if a.ctx.Err() != nil {
			sum++
		}
		if x.next.part != nil {
			sum += x.next.part.look()
		}
		if l, ok := x.form.(looker); ok {
			sum += l.look()
		}
	case 2:
		if p := x.next.part; p != nil {
			if i := p.script.cut(x.next.from); i < len(p.script.text) {
				sum += int64(p.script.text[i])
			}
		}
	}
	return sum
}

// look reads what saying a token of the part needs.
func (p *part) look() int64 {
	return int64(p.index + p.script.asked + p.script.markAt + len(p.script.truth))
}

// looker is a form of a stream that keeps memory of its own.
type looker interface{ look() int64 }
