package mockmodel

import (
	"net/http"
	"sort"

	"github.com/chaoskit/chaos/faults"
)

// Where a fault cuts an answer, and what comes behind the cut.

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
	if e == nil || e.Inside != "" {
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
	if e.Inside != "" {
		return a.cutInside(s)
	}
	at := -1
	switch e.After.In {
	case faults.Bytes:
		at = e.After.N - a.sent.bytes
		if e.Kind.Follows() {
			at = a.out.frameFrom(at)
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
	if x, ok := s.(complainer); ok && a.effect.Ending.Kind == faults.EndingSocketError {
		r := a.route.vendor.words(http.StatusInternalServerError, &a.call)
		x.complain(&a.out, &r)
		a.rec.Code = r.name()
	}
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

// cutWhole returns where the rule cuts an answer in one piece; its length: there
// is nothing to cut, and the rule has missed.
func (a *attempt) cutWhole() int {
	e := a.effect.Ending
	if e.Kind.Follows() { // in a body nothing can
		return len(a.buf)
	}
	at := a.cutBody(e.After)
	if e.Inside == "" || at == len(a.buf) {
		return at
	}
	return a.cutBodyInside(e.Inside, at)
}

// cutBody returns where an answer in one piece is cut: the whole of it has
// been promised by Content-Length. A position in tokens is behind so many
// tokens of the text; where there is no text, a token is four bytes of the
// body. Behind the end there is nothing to cut, and the rule has missed.
func (a *attempt) cutBody(p faults.Position) int {
	if p.In == faults.End {
		return len(a.buf)
	}
	if p.In != faults.Tokens {
		return min(p.N, len(a.buf))
	}
	shown, n := false, p.N
	for i := range a.ans.parts {
		x := &a.ans.parts[i]
		if x.at == 0 { // thoughts that the dialect does not show
			continue
		}
		shown = true
		if n > x.script.tokens {
			n -= x.script.tokens
			continue
		}
		again := x.script.again()
		text := again.say(nil, 0, n, a.ans.nowNs)
		if !x.raw {
			text = appendEscaped(nil, text)
		}
		return min(x.at+len(text), len(a.buf))
	}
	if shown {
		return len(a.buf)
	}
	return int(min(int64(p.N)*tokenBytes, int64(len(a.buf))))
}
