package mockmodel

import (
	"net/http"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// Pieces of a stream. A real provider sends a token per event. Where tokens
// come faster than every 5 ms, one event carries as many as come in 5 ms, so
// that 300 tokens a second cost 150 writes; which tokens go together follows
// from the rate alone, never from the clock, so that positions in events and
// bytes mean the same in every run. Events that are due together, after a late
// wake-up for instance, are sent in one write.
const (
	pieceEvery   = 5 * time.Millisecond
	pieceInstant = 16       // tokens of an event where all come at once
	writeMax     = 32 << 10 // bytes after which due events are sent, to bound memory
)

// pieceOf returns how many tokens an event carries.
func pieceOf(gap time.Duration) int {
	if gap <= 0 {
		return pieceInstant
	}
	return int((pieceEvery + gap - 1) / gap)
}

// progress is how far a stream has come.
type progress struct {
	tokens        int // said: sent or in the frames
	before        int // the latest piece
	bytes, events int // sent
}

// frameEnd is where a frame ends in the buffer, and how many tokens of the
// answer have been said by then.
type frameEnd struct{ at, tokens int }

// stream sends the answer as it is generated.
func (a *attempt) stream(s streamer, t timing) {
	if !a.waitHeaders(&t) {
		return
	}
	h := a.w.Header()
	status := http.StatusOK
	if f, ok := s.(headed); ok { // recorded
		status = f.head(h)
	}
	h["Content-Type"], h["Cache-Control"] = a.mediaTold(true, status), noCache
	a.writeHead(status, -1)
	if a.cutNow(s, 0) {
		return
	}
	a.ans.nowNs = a.now()
	s.open(&a.out, &a.ans)
	if a.cutFrames(s) {
		return
	}
	// Before an instant answer the headers are not sent alone.
	if (t.first > 0 || a.station.prefill != nil) && !a.flush() {
		return
	}
	n := a.ans.tokensOut
	if a.cutNow(s, n) || !a.readPrompt(&t) || !a.say(s, &t, n) {
		return
	}
	came := a.waitToken(&t, a.ans.longest, a.ans.longest)
	a.met(&t, a.now(), n)
	if !came {
		return
	}
	a.ans.nowNs = a.now()
	a.loosen()
	said := len(a.out.ends)
	a.finish(s)
	a.endWithoutUsage(said)
	a.unterminate()
	if a.cutFrames(s) || !a.flush() {
		return
	}
	a.mutated()
	a.endLoosely()
}

// say sends the tokens, each when it is due. false: the stream is over.
func (a *attempt) say(s streamer, t *timing, n int) bool {
	x := &a.saying
	*x = saying{form: s, t: t, n: n}
	x.reel = newReel(&a.ans, x.few[:0])
	x.reel.halves = a.halves()
	if t.batch == nil {
		x.own = *t
		x.t = &x.own
	}
	x.next, x.more = x.reel.next(a.pieceMax(pieceOf(x.t.gap)))
	for x.more {
		if p := a.pacer(); p != nil {
			if !a.playOn(p) {
				return false
			}
			continue
		}
		came := a.waitToken(t, x.next.due, a.ans.longest)
		now := a.now()
		if !came {
			a.met(t, now, n)
			return false
		}
		if !a.sayDue(now) {
			return false
		}
	}
	return true
}

// sayDue sends the tokens that are due at now, at least one. false: the stream
// is over.
func (a *attempt) sayDue(now int64) bool {
	x := &a.saying
	a.met(x.t, now, x.n)
	a.ans.nowNs = now
	for x.more && x.t.ready(x.next.due, now) && len(a.out.buf) < writeMax {
		if !a.sayPiece(x.form, x.next, x.n) {
			return false
		}
		x.reel.took(x.next)
		x.next, x.more = x.reel.next(a.pieceMax(pieceOf(x.t.gap)))
	}
	// An instant answer is one write, its end included.
	return !x.more && x.t.gap == 0 || a.flush()
}

// sayPiece writes one piece, with what precedes and follows its part. false:
// the stream is over.
func (a *attempt) sayPiece(s streamer, x piece, n int) bool {
	p := x.part
	if x.from == 0 {
		s.begin(&a.out, &a.ans, p)
	}
	if x.to > x.from {
		if p.bent {
			a.ans.bent = true
		}
		a.buf = a.buf[:0]
		a.beginCharacter(p)
		a.buf = p.script.say(a.buf, x.from, x.to, a.ans.nowNs)
		a.sayDelta(s, x)
	}
	// Before what follows the part, so that a cut behind its last token leaves
	// the part open.
	if a.cutFrames(s) || x.to > x.from && a.cutNow(s, n) {
		return false
	}
	if x.to == p.script.tokens && !a.ans.last(p) {
		s.close(&a.out, &a.ans, p)
		return !a.cutFrames(s)
	}
	return true
}

// finish writes the end of the answer: the last part of each choice is closed
// once the model knows that nothing follows it.
func (a *attempt) finish(s streamer) {
	for i := range a.ans.parts {
		if p := &a.ans.parts[i]; a.ans.last(p) {
			s.close(&a.out, &a.ans, p)
		}
	}
	s.finish(&a.out, &a.ans)
	a.out.last = true
}

// flush sends the frames. false: the caller is gone.
func (a *attempt) flush() bool {
	rec := &a.rec
	if len(a.out.buf) == 0 && a.sent.tokens > rec.TokensEmitted {
		// Thoughts that are not shown: generated, and to be paid for.
		rec.TokensEmitted = a.sent.tokens
		return true
	}
	if a.holdsFrames() {
		return true
	}
	said := rec.TokensEmitted
	if i := len(a.out.ends); i > 0 {
		said = max(said, a.out.ends[i-1].tokens)
	}
	a.sent.bytes += len(a.out.buf)
	a.sent.events += len(a.out.ends)
	changed := a.out.changed > 0
	ok := a.writeFrames()
	now := a.writesNs
	a.out.reset()
	if !ok {
		return false
	}
	if changed {
		a.show(faults.SlotMutation)
	}
	rec.LastNs = now
	if said > rec.TokensEmitted || said > 0 && rec.FirstNs == journal.Never {
		if rec.FirstNs == journal.Never {
			rec.FirstNs = now
		}
		rec.TokensEmitted = said
		a.mutated()
		a.emit(now, said)
	}
	return true
}
