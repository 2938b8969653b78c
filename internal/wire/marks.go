package wire

import "strings"

// Finding is a set of things that are wrong with the text of one attempt in one
// answer. They stand in journals: the bits are never given another meaning.
//
// What is found, and how finely: a text that breaks off, anywhere; a text that
// begins in its middle, from its second mark on, as the words before the first
// mark that is seen are not checked; loss, doubling, exchange and change of
// letters between any two marks that follow each other. What is spliced from
// two attempts is found if each left a mark, or if one left letters between two
// marks of the other. It cannot be told where the foreign part holds no mark,
// and stands before the first mark of the answer or behind its last: fewer than
// [MarkEvery] tokens there may be anybody's, the service's own words too.
type Finding uint16

// Findings.
const (
	FoundCut        Finding = 1 << iota // its last mark never came
	FoundHeadless                       // it begins in its middle
	FoundDamaged                        // a mark in it has a wrong checksum
	FoundMissing                        // marks between two others never came
	FoundDuplicated                     // a mark came twice
	FoundReordered                      // a mark came after one that it stood before
	FoundEdited                         // letters between two marks are not those that were said
	FoundSpliced                        // it is mixed with another's: broken off where that goes on, or the marks of both alternate
	FoundShort                          // nothing wrong: the attempt is known by short marks or numbers only, which say nothing of a text
	FoundOtherRun                       // nothing wrong: made by another run
	FoundNumbers                        // beside FoundShort: by a vector or scores
)

// FoundChanged are the findings after which the words are not what was said,
// whatever is said of their end.
const FoundChanged = FoundDamaged | FoundMissing | FoundDuplicated | FoundReordered | FoundEdited

// findingNames are the words of the bits, the lowest first.
var findingNames = [...]string{"cut", "headless", "damaged", "missing", "duplicated", "reordered", "edited", "spliced", "short", "other run", "numbers"}

// String names what was found, the lowest bit first; "" if nothing was.
func (f Finding) String() string {
	var names []string
	for i, name := range findingNames {
		if f>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// AnswerMark is what the marks of one attempt in one answer say.
type AnswerMark struct {
	Attempt  uint64 // 0: not known, as where all marks are damaged
	Phase    string // "": the attempt named no request
	Index    int64
	Tenant   string
	Model    string
	MintedNs int64   // of the first mark seen
	Found    Finding // with FoundOtherRun phase, tenant and model are not known
}

// Whole reports whether the text is all that the attempt said, word for word.
func (a AnswerMark) Whole() bool { return a.Found&^FoundOtherRun == 0 }

// AnswersMax bounds what Marks keeps of an answer: more attempts than this are
// counted and not told apart.
const AnswersMax = 64

// Marks reads the watermarks of an answer that arrives in pieces. Its memory is
// bounded, whatever the answer. Reset makes it ready.
type Marks struct {
	codec   *Codec
	scanner markScanner
	answers []answer
	last    int // the answer that the last mark of a text belongs to; -1: none
	seq     int // of that mark; -1: the words behind it are not checked
	more    int
	other   uint64 // the last attempt that was one too many
}

// answer is what is known of the text of one attempt.
type answer struct {
	AnswerMark
	next    int    // the seq that must follow
	back    uint64 // bit i: the mark next-1-i came
	holes   int    // marks before next that did not come
	ended   bool
	unknown bool // of damaged marks only
}

// of reports whether f is of the attempt.
func (a *answer) of(f Found) bool {
	return a.Attempt == f.Attempt && (a.Found&FoundOtherRun != 0) == f.OtherRun && !a.unknown
}

// NewMarks returns a reader for one answer.
func (c *Codec) NewMarks() *Marks {
	m := new(Marks)
	m.Reset(c)
	return m
}

// Reset makes m ready for the next answer, whose marks c reads.
func (m *Marks) Reset(c *Codec) { *m = Marks{codec: c, answers: m.answers[:0], last: -1} }

// Write takes the next piece of the answer's text. It keeps nothing of p. It is
// an io.Writer that never fails.
func (m *Marks) Write(p []byte) (int, error) {
	for i := 0; i < len(p); {
		n, whole := m.scanner.next(p[i:])
		i += n
		if whole {
			m.take(m.codec.read(&m.scanner))
		}
	}
	return len(p), nil
}

// Break says that what follows is another string: a mark does not go on there.
func (m *Marks) Break() { m.scanner.n = 0 }

func (m *Marks) take(f Found) {
	if f.Short {
		m.label(f)
		return
	}
	words := m.scanner.words
	m.scanner.words, m.scanner.sums = Letters{}, !f.Bad && !f.End
	if f.Bad {
		m.damaged()
		return
	}
	i := m.of(f)
	if i < 0 {
		m.seq = -1
		return
	}
	a := &m.answers[i]
	if m.last == i && m.seq >= 0 && f.Seq == (m.seq+1)%seqModulo && f.Text != 0 && f.Text != words.Sum() {
		a.Found |= FoundEdited
	}
	if m.last >= 0 && m.last != i {
		m.join(&m.answers[m.last], a, f.Seq)
	}
	a.follow(f)
	if m.last, m.seq = i, f.Seq; f.End {
		m.seq = -1 // what follows is the service's
	}
}

// label takes a short mark: it names an attempt and has no place in a text. One
// that is damaged names nobody, and a text may have its form by chance.
func (m *Marks) label(f Found) {
	if f.Bad {
		return
	}
	for i := range m.answers {
		if m.answers[i].of(f) {
			return
		}
	}
	m.add(f)
}

// damaged takes a mark of which nobody can say whose it was: it stands in the
// text of the answer before it.
func (m *Marks) damaged() {
	m.seq = -1
	if m.last < 0 {
		m.answers = append(m.answers, answer{unknown: true})
		m.last = len(m.answers) - 1
	}
	m.answers[m.last].Found |= FoundDamaged
}

// of returns the index of the answer that f belongs to; -1: one too many.
func (m *Marks) of(f Found) int {
	for i := range m.answers {
		if m.answers[i].of(f) {
			if m.answers[i].Found&FoundShort != 0 { // until now only named
				m.answers[i] = newAnswer(f)
			}
			return i
		}
	}
	return m.add(f)
}

func (m *Marks) add(f Found) int {
	if len(m.answers) == AnswersMax {
		if m.more == 0 || m.other != f.Attempt {
			m.more, m.other = m.more+1, f.Attempt
		}
		return -1
	}
	m.answers = append(m.answers, newAnswer(f))
	return len(m.answers) - 1
}

func newAnswer(f Found) answer {
	a := answer{AnswerMark: AnswerMark{
		Attempt: f.Attempt, Phase: f.ID.Phase, Index: f.ID.Index, Tenant: f.ID.Tenant,
		Model: f.Model, MintedNs: f.MintedNs,
	}, next: f.Seq}
	if f.OtherRun {
		a.Found |= FoundOtherRun
	}
	switch {
	case f.Short:
		a.Found |= FoundShort
	case f.Seq != 0:
		a.Found |= FoundHeadless
	}
	return a
}

// join takes that the text of b stands behind that of a. One whole text behind
// another is an answer of several steps. Anything else is a splice: a retry
// that goes on where the first attempt broke off, or two streams in one.
func (m *Marks) join(a, b *answer, seq int) {
	if a.unknown || a.ended && seq == 0 {
		return
	}
	a.Found |= FoundSpliced
	b.Found |= FoundSpliced
}

// follow takes the next mark of an answer.
func (a *answer) follow(f Found) {
	ahead := (f.Seq - a.next + seqModulo) % seqModulo
	switch {
	case ahead < seqModulo/2: // in order, or with a hole before it
		if a.ended {
			a.Found |= FoundReordered // nothing stands behind the last mark
		}
		a.holes += ahead
		a.back = a.back<<(ahead+1) | 1
		a.next = (f.Seq + 1) % seqModulo
	case a.came(seqModulo - ahead):
		a.Found |= FoundDuplicated
	default:
		a.Found |= FoundReordered
		a.holes = max(0, a.holes-1)
		a.back |= 1 << (seqModulo - ahead - 1)
	}
	a.ended = a.ended || f.End
}

// came reports whether the mark that stands so many before the next one has
// been seen. Of those too far back to know, it goes by whether any is missing.
func (a *answer) came(before int) bool {
	if before > 64 {
		return a.holes == 0
	}
	return a.back>>(before-1)&1 != 0
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
		if !a.ended && a.Found&FoundShort == 0 && !a.unknown {
			out[i].Found |= FoundCut
		}
		if a.holes > 0 {
			out[i].Found |= FoundMissing
		}
	}
	return out
}

// More is how many attempts have marks in the answer beside those of Summary;
// one that comes back after another counts again. Nothing is known of them.
func (m *Marks) More() int { return m.more }
