package mockmodel

import (
	"net/http"
	"sort"
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
	h["Content-Type"], h["Cache-Control"] = a.media(true), noCache
	status := http.StatusOK
	if f, ok := s.(headed); ok { // recorded
		status = f.head(h)
	}
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
	*x = saying{form: s, t: t, n: n, most: pieceOf(t.gap), reel: newReel(&a.ans, a.heads)}
	a.heads = x.reel.heads
	if t.batch == nil {
		x.own = *t
		x.t = &x.own
	}
	x.next, x.more = x.reel.next(a.pieceMax(x.most))
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
		x.next, x.more = x.reel.next(a.pieceMax(x.most))
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
		a.ans.bent = a.ans.bent || p.bent
		a.buf = p.script.say(a.buf[:0], x.from, x.to, a.ans.nowNs)
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

// pieceMax returns how many tokens the next event may carry: an event ends
// where the answer is to be cut.
func (a *attempt) pieceMax(most int) int {
	if e := a.effect.Ending; e != nil && e.After.In == faults.Tokens && e.After.N > a.sent.tokens {
		most = min(most, e.After.N-a.sent.tokens)
	}
	return a.frameMax(most)
}

// cutNow ends the stream where the position of the ending is reached exactly:
// so many tokens said, or nothing sent at all. tokens is how many tokens there
// will be. true: the stream is over.
func (a *attempt) cutNow(s streamer, tokens int) bool {
	e := a.effect.Ending
	if e == nil {
		return false
	}
	switch {
	case e.After.In == faults.Tokens:
		if tokens == 0 || e.After.N != a.sent.tokens {
			return false
		}
	case e.After.N != 0 || a.sent.bytes > 0 || len(a.out.buf) > 0:
		return false
	}
	a.cut(s, len(a.out.buf))
	return true
}

// cutFrames ends the stream where the frames reach the position of the ending,
// in bytes or events, and there is more behind it. true: the stream is over.
func (a *attempt) cutFrames(s streamer) bool {
	a.reshape()
	e := a.effect.Ending
	if e == nil {
		return false
	}
	at := -1
	switch e.After.In {
	case faults.Bytes:
		at = e.After.N - a.sent.bytes
		if e.Kind == faults.EndingInStreamError {
			at = a.out.frameFrom(at) // an error inside a frame would be none
		}
	case faults.Events:
		if i := e.After.N - a.sent.events; i > 0 && i <= len(a.out.ends) {
			at = a.out.ends[i-1].at
		}
	}
	if at <= 0 || at > len(a.out.buf) || at == len(a.out.buf) && a.out.last {
		return false
	}
	a.cut(s, at)
	return true
}

// frameFrom returns the end of the frame that reaches at.
func (f *frames) frameFrom(at int) int {
	i := sort.Search(len(f.ends), func(i int) bool { return f.ends[i].at >= at })
	if i == len(f.ends) {
		return -1
	}
	return f.ends[i].at
}

// cut sends the frames up to at and ends the stream as the rule says.
func (a *attempt) cut(s streamer, at int) {
	a.out.cut(at)
	if a.effect.Ending.Kind == faults.EndingInStreamError {
		v := a.route.vendor
		r := v.words(inStreamStatus(v, a.effect.Ending.Type), &a.call)
		if r.status == 429 {
			q := quotasTold(a.station.limiter(v, a.rec.Principal).look(a.now()), 0)
			r = v.limited(&a.call, q, refusedTold(0), 0)
		}
		s.fail(&a.out, &a.ans, &r)
		a.reshape()
		a.rec.Code = r.name()
	}
	if a.out.last = true; a.flush() {
		a.endHere()
	}
}

// cut drops what is behind at.
func (f *frames) cut(at int) {
	f.buf = f.buf[:at]
	i := sort.Search(len(f.ends), func(i int) bool { return f.ends[i].at > at })
	f.ends = f.ends[:i]
	f.shaped = min(f.shaped, i)
	if f.changed-1 > at {
		f.changed = 0
	}
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
