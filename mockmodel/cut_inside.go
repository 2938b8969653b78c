package mockmodel

import (
	"cmp"
	"slices"
	"sort"
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
)

// Where a fault cuts something in two: a character, or the arguments of a tool
// call. It is the first one whose middle is at or behind the rule's position.

// half returns how many tokens of a part are its first half; all of them: it has
// but one.
func (p *part) half() int { return (p.script.tokens + 1) / 2 }

// halves reports whether the arguments of tool calls are said in two halves, so
// that the answer can be cut between them.
func (a *attempt) halves() bool {
	e := a.effect.Ending
	return e != nil && e.Inside == faults.InsideToolArguments
}

// reached reports whether a cut at an index of the frames, behind so many tokens,
// is at or behind the rule's position.
func (a *attempt) reached(at, tokens int) bool {
	switch p := a.effect.Ending.After; p.In {
	case faults.Tokens:
		return tokens >= p.N
	case faults.Bytes:
		return a.sent.bytes+at >= p.N
	case faults.Events:
		whole := sort.Search(len(a.out.ends), func(i int) bool { return a.out.ends[i].at > at })
		return a.sent.events+whole >= p.N
	}
	return false
}

// beginCharacter puts a character before the generated text of the next piece,
// where one is to be cut in two. Of several, the first that is shown is it.
func (a *attempt) beginCharacter(p *part) {
	e := a.effect.Ending
	if e == nil || e.Inside != faults.InsideCodePoint || !p.script.generated || a.onSocket() {
		return
	}
	if a.reached(len(a.out.buf), a.sent.tokens) {
		a.buf = append(a.buf, faults.Character...)
	}
}

// cutInside ends the stream where what is new in the frames has what is to be
// cut in two. true: the stream is over.
func (a *attempt) cutInside(s streamer) bool {
	out := &a.out
	seen := out.seen
	out.seen = len(out.buf)
	at := -1
	if a.effect.Ending.Inside == faults.InsideCodePoint {
		at = a.insideCharacter(out.textSince(a, seen))
	} else if x := &a.saying.next; x.part != nil && x.part.kind == partTool {
		at = a.insideCall(x, seen)
	}
	if at < 0 {
		return false
	}
	a.cut(s, at)
	return true
}

// textSince returns where the text stands that was written behind seen. Of what a
// real provider has sent, or a fault has reformed, it is all of that; from is to
// where there is none.
func (f *frames) textSince(a *attempt, seen int) (from, to int) {
	known := f.from >= seen && f.to > f.from && f.to <= len(f.buf)
	if others := a.replaying != nil || a.relays(); (others && !known || f.shaped > 0) && a.lineEnds() != noLines {
		return seen, len(f.buf)
	}
	if known {
		return f.from, f.to
	}
	return 0, 0
}

// insideCharacter returns the middle of the first character of the frames between
// from and to that can be cut in two; -1: there is none.
func (a *attempt) insideCharacter(from, to int) int {
	if a.onSocket() { // messages are whole
		return -1
	}
	return middleOf(a.out.buf, from, to, func(at int) bool { return a.reached(at, a.sent.before) })
}

// middleOf returns the middle of the first character of b[from:to] that is not
// ASCII and whose middle is good; -1: there is none.
func middleOf(b []byte, from, to int, good func(at int) bool) int {
	for from < to {
		_, size := utf8.DecodeRune(b[from:to])
		if at := from + size/2; size > 1 && good(at) {
			return at
		}
		from += size
	}
	return -1
}

// insideCall returns where the frames end in the middle of the arguments that the
// piece is of: between two events where they come in pieces, else between two
// bytes; -1: not here.
func (a *attempt) insideCall(x *piece, seen int) int {
	out, p := &a.out, x.part
	from, to := out.from, out.to
	if from < seen || to <= from || to > len(out.buf) { // the dialect has not shown them yet, or has done so before
		return -1
	}
	half := p.half()
	if all := out.all || half == p.script.tokens; all {
		at := from + (to-from)/2
		if to-from > 1 && !a.effect.Ending.Kind.Follows() && !a.onSocket() && a.reached(at, a.sent.tokens-p.script.tokens+half) {
			return at
		}
		return -1
	}
	if at := len(out.buf); x.to == half && a.reached(at, a.sent.tokens) {
		return at
	}
	return -1
}

// standsAt is where a part stands in a body.
type standsAt struct {
	*part
	from, to int
}

// textsOf returns where the parts stand in the body, in its order.
func (a *attempt) textsOf() []standsAt {
	var out []standsAt
	for i := range a.ans.parts {
		p := &a.ans.parts[i]
		if p.at == 0 { // thoughts that the dialect does not show
			continue
		}
		again := p.script.again()
		text := again.say(nil, 0, p.script.tokens, a.ans.nowNs)
		if !p.raw {
			text = appendEscaped(nil, text)
		}
		out = append(out, standsAt{p, p.at, min(p.at+len(text), len(a.buf))})
	}
	slices.SortFunc(out, func(x, y standsAt) int { return cmp.Compare(x.from, y.from) })
	return out
}

// cutBodyInside returns the first middle in the body, at or behind start, of what
// is to be cut in two; its length: there is none.
func (a *attempt) cutBodyInside(what faults.Inside, start int) int {
	good := func(at int) bool { return at >= start }
	texts := a.textsOf()
	if what == faults.InsideCodePoint && texts == nil {
		texts = []standsAt{{&part{}, 0, len(a.buf)}} // vectors, rankings, or what a real provider said
	}
	for _, t := range texts {
		if what == faults.InsideToolArguments {
			if at := t.from + (t.to-t.from)/2; t.kind == partTool && t.to-t.from > 1 && good(at) {
				return at
			}
			continue
		}
		if at := middleOf(a.buf, t.from, t.to, good); at >= 0 {
			return at
		}
		if at := max(t.from, start); t.script.generated && at < t.to {
			a.buf = slices.Insert(a.buf, at, []byte(faults.Character)...)
			return at + len(faults.Character)/2
		}
	}
	return len(a.buf)
}
