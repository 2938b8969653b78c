package wire

import "bytes"

// markScanner finds marks in a text that arrives in pieces of any size. As no
// digit of a body is in the prefix, it never has to look back.
type markScanner struct {
	n    int // bytes of a mark that the text so far ends with
	body [markBody]byte
}

// next takes text up to the end of the next whole mark, or all of it. It
// returns how much that is, and whether body now holds a mark's.
func (s *markScanner) next(text []byte) (n int, whole bool) {
	for n < len(text) {
		if s.n == 0 {
			i := bytes.IndexByte(text[n:], markPrefix[0])
			if i < 0 {
				return len(text), false
			}
			n += i + 1
			s.n = 1
			continue
		}
		c := text[n]
		switch {
		case s.n < len(markPrefix):
			if c != markPrefix[s.n] {
				s.n = 0
				continue // c itself may begin a mark
			}
		case isMarkDigit[c]:
			s.body[s.n-len(markPrefix)] = c
		default:
			s.n = 0
			continue
		}
		n++
		if s.n++; s.n == markLen {
			s.n = 0
			return n, true
		}
	}
	return n, false
}

// AnswerMark is what the marks of one attempt in one answer say.
type AnswerMark struct {
	Attempt  uint64 // 0: not known, as where all marks are damaged
	Phase    string // "": the attempt named no request
	Index    int64
	Tenant   string
	Model    string
	MintedNs int64 // of the first mark seen
	Whole    bool  // 0 to End, none missing, in order
	Ended    bool  // its last mark was seen
	Bad      bool  // a mark is damaged, repeated, or missing between two others
	OtherRun bool  // another run made it: phase, tenant and model are not known
}

// answersMax bounds what Marks keeps of an answer: more attempts than this are
// not told apart.
const answersMax = 8

// Marks reads the watermarks of an answer that arrives in pieces. Its memory is
// bounded, whatever the answer. Reset makes it ready.
type Marks struct {
	codec   *Codec
	scanner markScanner
	answers []answer
	last    int // the answer that the last good mark belongs to
}

type answer struct {
	AnswerMark
	next int // the seq that must follow
	full bool
}

// NewMarks returns a reader for one answer.
func (c *Codec) NewMarks() *Marks {
	m := new(Marks)
	m.Reset(c)
	return m
}

// Reset makes m ready for the next answer, whose marks c reads.
func (m *Marks) Reset(c *Codec) { *m = Marks{codec: c, answers: m.answers[:0]} }

// Write takes the next piece of the answer's text. It keeps nothing of p. It is
// an io.Writer that never fails.
func (m *Marks) Write(p []byte) (int, error) {
	for i := 0; i < len(p); {
		n, whole := m.scanner.next(p[i:])
		i += n
		if whole {
			m.take(m.codec.readMark(m.scanner.body[:]))
		}
	}
	return len(p), nil
}

func (m *Marks) take(f Found) {
	if f.Bad {
		// Whose it was nobody can say: it stands in the text of the answer
		// before it.
		if len(m.answers) == 0 {
			m.answers = append(m.answers, answer{full: true})
		}
		m.answers[m.last].Bad = true
		return
	}
	for i := range m.answers {
		if a := &m.answers[i]; a.Attempt == f.Attempt && a.OtherRun == f.OtherRun && !a.full {
			m.last = i
			a.follow(f)
			return
		}
	}
	if len(m.answers) == answersMax {
		return
	}
	a := answer{AnswerMark: AnswerMark{
		Attempt: f.Attempt, Phase: f.ID.Phase, Index: f.ID.Index, Tenant: f.ID.Tenant,
		Model: f.Model, MintedNs: f.MintedNs, OtherRun: f.OtherRun, Whole: f.Seq == 0, Ended: f.End,
	}, next: (f.Seq + 1) % seqModulo}
	m.last = len(m.answers)
	m.answers = append(m.answers, a)
}

// follow takes the next mark of an answer. A text that begins in its middle is
// not whole, but nothing in it is wrong; one with a hole is.
func (a *answer) follow(f Found) {
	if f.Seq != a.next || a.Ended {
		a.Bad = true
	}
	a.next = (f.Seq + 1) % seqModulo
	a.Ended = a.Ended || f.End
}

// Summary returns what was found so far, one entry per attempt, in order of
// first appearance. The caller owns it.
func (m *Marks) Summary() []AnswerMark {
	if len(m.answers) == 0 {
		return nil
	}
	out := make([]AnswerMark, len(m.answers))
	for i, a := range m.answers {
		out[i] = a.AnswerMark
		out[i].Whole = a.Whole && a.Ended && !a.Bad
	}
	return out
}
