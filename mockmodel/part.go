package mockmodel

import (
	"slices"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// partKind says what a part of an answer is.
type partKind int

const (
	partText partKind = iota
	partThinking
	partTool
)

// A part is a stretch of an answer: text, thoughts, or a call of a tool, whose
// script is its arguments as JSON.
type part struct {
	kind   partKind
	choice int // which of the answers that were asked for at once
	index  int // among the parts of its choice

	bent bool // a fault has changed it: it shows when it is said
	twin bool // it claims the index of the part before it
	mute bool // thoughts that the call did not ask for: Anthropic's models keep them to themselves

	script script

	id   string // of a call of a tool: 24 characters, unique in the run
	name string // of the tool

	stop stopReason // of the choice, where the part is its last one

	at  int  // where its text begins in a whole body; 0: it is not there
	raw bool // it stands there as it is; else escaped
}

// cutShort reports whether the limit on tokens has cut the part.
func (p *part) cutShort() bool { return p.script.tokens < p.script.asked }

// stopReason says why an answer ended.
type stopReason int

const (
	stopEnd      stopReason = iota
	stopLength              // max_tokens ended it
	stopSequence            // one of the texts of call.stop would have come next
	stopTool                // it waits for the results of tools
	stopFiltered            // a content filter has ended it
	stopUnsaid              // for a reason that the provider does not tell, before its first word
)

// An answer is what a form writes.
type answer struct {
	nowNs int64 // when its text is minted

	id      string // 24 characters, unique in the run
	created int64  // Unix seconds
	model   string // as the answer declares it

	parts    []part     // of all choices, one choice after the other
	choices  int        // at least 1 for a chat
	stop     stopReason // of the first choice; see ended
	stopText string     // the text at which it stopped
	empty    bool       // it has no content, or none of the model's, and its usage is zero
	blocked  bool       // a content filter has refused the prompt

	noDone, noFinish bool // its stream leaves the terminal event or the finish reason out: see frames.omitted

	tokensIn  int
	cached    int // of these, those that a prefix cache held
	tokensOut int // of all parts
	thinking  int // of these, those of thoughts
	longest   int // tokens of the longest choice: choices are generated side by side

	epoch      journal.Epoch
	arrivedNs  int64  // of the call
	admittedNs int64  // when it was let in
	loadedNs   int64  // when the model was at hand, later by what that took the mock
	firstNs    int64  // when its first token is due
	seed       uint64 // of vectors
	store      *store
	vectors    []literal // of the plan, all of its answers
	asked      string    // the model
	content    []byte

	codec  *wire.Codec // of the watermarks in numbers; nil: there are none
	mark   wire.Mark
	marked bool      // numbers were written with one
	vector []float32 // the last one

	bend *faults.Mutation // a fault that this answer may be too short for; nil: none
	bent bool             // it has shown
}

// of returns the parts of a choice, in order.
func (a *answer) of(choice int) []part {
	from := slices.IndexFunc(a.parts, func(p part) bool { return p.choice == choice })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(a.parts) && a.parts[to].choice == choice {
		to++
	}
	return a.parts[from:to]
}

// ended returns why a choice ended.
func (a *answer) ended(choice int) stopReason {
	if parts := a.of(choice); len(parts) > 0 {
		return parts[len(parts)-1].stop
	}
	return a.stop
}

// done is when the answer was done, as created is.
func (a *answer) done() int64 {
	return a.created + max(0, a.nowNs-a.arrivedNs)/int64(time.Second)
}

// last reports whether a part is the last one of its choice.
func (a *answer) last(p *part) bool {
	parts := a.of(p.choice)
	return p.index == len(parts)-1
}

// put appends all that a part says to a body, as the inside of a JSON string.
// Each part is put once.
func (a *answer) put(dst []byte, p *part) []byte {
	p.at = len(dst)
	a.bent = a.bent || p.bent
	return appendEscaped(dst, a.said(p))
}

// putRaw appends all that a part says to a body as it is: the arguments of a
// tool in a dialect that writes them as an object.
func (a *answer) putRaw(dst []byte, p *part) []byte {
	p.at, p.raw = len(dst), true
	a.bent = a.bent || p.bent
	return append(dst, a.said(p)...)
}

// said returns all that a part says, to be called once. It is valid until the
// next call.
func (a *answer) said(p *part) []byte {
	a.content = p.script.say(a.content[:0], 0, p.script.tokens, a.nowNs)
	return a.content
}

// putAll appends the parts of a kind of a choice, one behind the other, as the
// inside of a JSON string.
func (a *answer) putAll(dst []byte, choice int, kind partKind) []byte {
	parts := a.of(choice)
	for i := range parts {
		if parts[i].kind == kind {
			dst = a.put(dst, &parts[i])
		}
	}
	return dst
}

// calls reports whether a choice calls tools.
func (a *answer) calls(choice int) bool {
	return slices.ContainsFunc(a.of(choice), func(p part) bool { return p.kind == partTool })
}

// count fills in the tokens of the parts.
func (a *answer) count() {
	a.tokensOut, a.thinking, a.longest = 0, 0, 0
	of := make([]int, 0, 8)
	for i := range a.parts {
		p := &a.parts[i]
		n := p.script.tokens
		a.tokensOut += n
		if p.kind == partThinking {
			a.thinking += n
		}
		for len(of) <= p.choice {
			of = append(of, 0)
		}
		of[p.choice] += n
		a.longest = max(a.longest, of[p.choice])
	}
}

// partID names the n-th call of a tool of an answer.
func partID(id string, n int) string {
	tail := strconv.FormatInt(int64(n), 36)
	return id[:len(id)-len(tail)] + tail
}

// A reel hands out the tokens of an answer in the order in which they are sent:
// part after part, and where several answers were asked for at once, a piece of
// each in turn.
type reel struct {
	parts  []part
	heads  []head // one a choice
	halves bool   // a piece ends in the middle of the arguments of a tool call
}

// head is where a choice has come to.
type head struct {
	part, end int // index in parts, and behind the last one of the choice
	token     int // of the part
	due       int // of the choice: tokens said before
}

// A piece is what one event carries: tokens of one part.
type piece struct {
	part     *part
	from, to int // tokens of the part
	due      int // index of its last token in its choice, which says when it is due
}

func newReel(a *answer, heads []head) reel {
	r := reel{parts: a.parts, heads: heads[:0]}
	for i := range a.parts {
		if n := len(r.heads); n > a.parts[i].choice {
			r.heads[n-1].end = i + 1
			continue
		}
		r.heads = append(r.heads, head{part: i, end: i + 1})
	}
	return r
}

// next returns the next piece, of at most most tokens; the first token of a
// choice comes alone. An empty part gives a piece without tokens. false: all is said.
func (r *reel) next(most int) (piece, bool) {
	var h *head
	for i := range r.heads {
		if x := &r.heads[i]; x.part < x.end && (h == nil || x.due < h.due) {
			h = x
		}
	}
	if h == nil {
		return piece{}, false
	}
	p := &r.parts[h.part]
	if h.due == 0 {
		most = 1
	}
	if half := p.half(); r.halves && p.kind == partTool && h.token < half {
		most = min(most, half-h.token)
	}
	to := min(p.script.tokens, h.token+most)
	out := piece{part: p, from: h.token, to: to, due: max(0, h.due+to-h.token-1)}
	return out, true
}

// took moves on behind a piece.
func (r *reel) took(x piece) {
	h := &r.heads[x.part.choice]
	h.due += x.to - x.from
	h.token = x.to
	if x.to == x.part.script.tokens {
		h.part, h.token = h.part+1, 0
	}
}
