package mockmodel

import (
	"bytes"
	"math"

	"github.com/chaoskit/chaos/faults"
)

// What a fault changes of the pieces of a stream: of the frames that [streamer]
// writes for a delta, before they are sent. Which ones follows from the tokens
// that were said before; what cannot be hit is passed over, and the next one is.

// chunks is where such a fault has come to.
type chunks struct {
	hits  int      // positions that are behind us
	held  []byte   // swapped: the frame that comes behind the next one of its part
	of    *part    // that part
	said  []saidOf // cumulative: of each part
	half  []byte   // of a character, that begins the next frame of the part of
	begun bool     // a frame has another form
}

// saidOf is all that a part has said, as the inside of a JSON string.
type saidOf struct {
	part *part
	text []byte
}

// nextHit returns how many tokens are said before the next piece that is hit.
func (a *attempt) nextHit(m *faults.Mutation) int {
	switch n := a.chunks.hits; {
	case n == 0:
		return m.After
	case m.Every > 0 && n < (math.MaxInt-m.After)/m.Every:
		return m.After + n*m.Every
	}
	return math.MaxInt
}

// frameMax returns how many tokens of most the next event may carry: an event
// ends where the next one is to be hit, and that one is a single token, so that
// the user's text is the same however many tokens go together elsewhere.
func (a *attempt) frameMax(most int) int {
	m := a.effect.Mutation
	if m == nil || !hitsTokens(m.Kind) {
		return most
	}
	switch next := a.nextHit(m); {
	case next > a.sent.tokens:
		return min(most, next-a.sent.tokens)
	case m.Kind == faults.MutationChunkCumulative:
		return most
	}
	return 1
}

// hitsTokens reports whether such a mutation is one of pieces.
func hitsTokens(k faults.MutationKind) bool {
	switch k {
	case faults.MutationChunkTwice, faults.MutationChunkLost, faults.MutationChunkSwapped, faults.MutationChunkCumulative,
		faults.MutationCharPieces, faults.MutationCharWrites:
		return true
	}
	return false
}

// sayDelta writes the piece whose text is in a.buf, as the faults have it.
func (a *attempt) sayDelta(s streamer, x piece) {
	before := a.sent.tokens
	a.sent.before = before
	a.sent.tokens += x.to - x.from
	a.out.said = a.sent.tokens
	m := a.effect.Mutation
	if m == nil || !hitsTokens(m.Kind) {
		s.delta(&a.out, &a.ans, x.part, a.buf)
		return
	}
	a.withCharacter(m, x, before)
	at := len(a.out.ends)
	a.out.from, a.out.to = 0, 0
	s.delta(&a.out, &a.ans, x.part, a.buf)
	if len(a.out.ends) == at { // it shows nothing yet
		return
	}
	if m.Kind == faults.MutationChunkCumulative {
		a.cumulate(x.part, at, before >= m.After)
		return
	}
	if half := a.chunks.half; half != nil && a.chunks.of == x.part {
		a.chunks.half, a.chunks.of = nil, nil
		defer a.joinCharacter(half, at) // behind a change at the end of its text
	}
	if before >= a.nextHit(m) && a.hitFrame(m, x, at) {
		for a.chunks.hits++; a.nextHit(m) <= before; a.chunks.hits++ {
		}
		return
	}
	a.release(x.part)
}

// hitFrame changes frame at, which says x. false: it cannot be hit.
func (a *attempt) hitFrame(m *faults.Mutation, x piece, at int) bool {
	out := &a.out
	start := out.start(at)
	frame := out.buf[start:]
	opens := frame[0] == '[' // an array of JSON
	switch m.Kind {
	case faults.MutationChunkTwice:
		if opens {
			out.buf = append(append(out.buf, ",\r\n"...), frame[1:]...)
		} else {
			out.buf = append(out.buf, frame...)
		}
		out.end()
	case faults.MutationChunkLost:
		if opens {
			return false
		}
		out.drop(at)
	case faults.MutationChunkSwapped:
		if opens || a.chunks.of != nil || x.to == x.part.script.tokens {
			return false
		}
		a.chunks.held, a.chunks.of = bytes.Clone(frame), x.part
		out.drop(at)
		return true // shows when it is sent
	case faults.MutationCharWrites:
		if !a.splitWrite(m) {
			return false
		}
	case faults.MutationCharPieces:
		if a.chunks.of != nil || !a.splitCharacter(m, x, at) {
			return false
		}
	}
	out.changes()
	return true
}

// release sends the frame that was held back until its part went on.
func (a *attempt) release(p *part) {
	if a.chunks.of != p || a.chunks.held == nil {
		return
	}
	a.out.buf = append(a.out.buf, a.chunks.held...)
	a.out.end()
	a.out.changes()
	a.chunks.held, a.chunks.of = nil, nil
}

// cumulateMax bounds what is said again, in bytes: the stream grows with the
// square of it. A longer text goes on without.
const cumulateMax = 256 << 10

// cumulate lets frame at say all that its part has said, from where on it shows.
func (a *attempt) cumulate(p *part, at int, shows bool) {
	out := &a.out
	if out.to == 0 { // a recorded event: nobody knows where its text is
		return
	}
	all := a.saidOf(p)
	if len(all.text) > cumulateMax {
		return
	}
	first := len(all.text) == 0
	all.text = append(all.text, out.buf[out.from:out.to]...)
	if shows && !first {
		out.reword(at, out.from, out.to, all.text)
		out.changes()
	}
}

func (a *attempt) saidOf(p *part) *saidOf {
	for i := range a.chunks.said {
		if s := &a.chunks.said[i]; s.part == p {
			return s
		}
	}
	a.chunks.said = append(a.chunks.said, saidOf{part: p})
	return &a.chunks.said[len(a.chunks.said)-1]
}

// start returns where frame i begins.
func (f *frames) start(i int) int {
	if i == 0 {
		return 0
	}
	return f.ends[i-1].at
}

// drop takes the frames from i on back.
func (f *frames) drop(i int) { f.buf, f.ends = f.buf[:f.start(i)], f.ends[:i] }

// changes notes that a fault has changed what is in buf.
func (f *frames) changes() {
	if f.changed == 0 {
		f.changed = 1 + len(f.buf)
	}
}

// reword puts text in the place of buf[from:to], which is in frame i, the last.
func (f *frames) reword(i, from, to int, text []byte) {
	start := f.start(i)
	tail := bytes.Clone(f.buf[to:])
	f.buf = append(append(f.buf[:from], text...), tail...)
	if f.buf[start] == 0 { // a frame of Bedrock: its first byte is that of its length
		f.buf = endEvent(f.buf[:len(f.buf)-eventSum], start)
	}
	f.ends[i].at = len(f.buf)
}
