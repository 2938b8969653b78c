package wire

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// Mark is one watermark: it proves, from the bytes that a user saw, which
// attempt produced them, for whom, and where in its answer they stood.
type Mark struct {
	Attempt  uint64
	ID       ID // run, phase, index, tenant
	Model    string
	MintedNs int64 // since the start of the run, to 10 ms
	Seq      int   // from 0, modulo 128
	End      bool  // the last of its answer
}

// Found is a mark in a text.
type Found struct {
	Mark
	Off int  // of its first byte
	Bad bool // it looks like a mark, and its checksum fails
	// OtherRun: it was minted by another run; only Seq and End mean anything.
	OtherRun bool
}

// The form of a mark: lower-case letters and digits only, so that escaping in
// JSON, HTML and Markdown leaves it alone. 3 + 32 characters.
const (
	markPrefix = "qzx"
	markDigits = 32
	MarkLen    = len(markPrefix) + markDigits
	// MarkEvery is the number of tokens between two marks of an answer.
	MarkEvery = 64

	seqModulo  = 128
	mintedUnit = 10_000_000 // ns
)

var digits = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Mark writes a mark.
//
//	run 2 | attempt 4 | phase 1 | index 4 | tenant 2 | model 1 | minted 3 | end and seq 1 | check 2
func (c *Codec) Mark(m Mark) string {
	var b [20]byte
	binary.BigEndian.PutUint16(b[0:], uint16(runHash(m.ID.Run)))
	binary.BigEndian.PutUint32(b[2:], uint32(m.Attempt))
	b[6] = c.phaseOrdinal(m.ID.Phase)
	binary.BigEndian.PutUint32(b[7:], uint32(m.ID.Index))
	binary.BigEndian.PutUint16(b[11:], c.tenantOrdinal(m.ID.Tenant))
	b[13] = c.modelOrdinal(m.Model)
	put24(b[14:], uint32(m.MintedNs/mintedUnit))
	b[17] = byte(m.Seq % seqModulo)
	if m.End {
		b[17] |= 0x80
	}
	binary.BigEndian.PutUint16(b[18:], check16(b[:18]))
	return markPrefix + digits.EncodeToString(b[:])
}

// parseMark reads the mark at the start of text, which is at least MarkLen long.
func (c *Codec) parseMark(text []byte) Found {
	var b [20]byte
	if _, err := digits.Decode(b[:], text[len(markPrefix):MarkLen]); err != nil || binary.BigEndian.Uint16(b[18:]) != check16(b[:18]) {
		return Found{Bad: true}
	}
	f := Found{Mark: Mark{Attempt: uint64(binary.BigEndian.Uint32(b[2:])), Seq: int(b[17] & 0x7f), End: b[17]&0x80 != 0}}
	if binary.BigEndian.Uint16(b[0:]) != uint16(runHash(c.Run)) {
		f.OtherRun = true
		return f
	}
	f.ID = ID{Run: c.Run, Phase: c.phaseName(b[6]), Index: int64(binary.BigEndian.Uint32(b[7:])), Tenant: c.tenantName(binary.BigEndian.Uint16(b[11:]))}
	f.Model = c.modelName(b[13])
	f.MintedNs = int64(get24(b[14:])) * mintedUnit
	return f
}

// FindMarks returns the marks in text, in order.
func (c *Codec) FindMarks(text []byte) []Found {
	var out []Found
	for off := 0; ; {
		i := bytes.Index(text[off:], []byte(markPrefix))
		if i < 0 {
			return out
		}
		off += i
		n := markRun(text[off:])
		if n < MarkLen {
			// Cut, or a word that begins alike.
			off += len(markPrefix)
			continue
		}
		f := c.parseMark(text[off:])
		f.Off = off
		out = append(out, f)
		off += MarkLen
	}
}

// markRun is how many bytes at the start of text may belong to a mark.
func markRun(text []byte) int {
	for i, b := range text {
		if i == MarkLen {
			return i
		}
		if (b < 'a' || b > 'z') && (b < '2' || b > '7') {
			return i
		}
	}
	return len(text)
}

// stripMarks removes whole marks.
func stripMarks(text string) string {
	if !strings.Contains(text, markPrefix) {
		return text
	}
	b := []byte(text)
	out := b[:0]
	for i := 0; i < len(b); {
		if b[i] == markPrefix[0] && bytes.HasPrefix(b[i:], []byte(markPrefix)) && markRun(b[i:]) >= MarkLen {
			i += MarkLen
			continue
		}
		out = append(out, b[i])
		i++
	}
	return string(out)
}

// AnswerMark is what the marks of one attempt in one answer say.
type AnswerMark struct {
	Attempt  uint64
	Phase    string
	Index    int64
	Tenant   string
	Model    string
	MintedNs int64
	Whole    bool // first to last, in order
	Ended    bool // its last mark was seen
	Bad      bool // a checksum fails, or the order is wrong
	OtherRun bool
}

// answersMax bounds what Marks keeps of a hostile answer.
const answersMax = 16

// Marks finds the marks of an answer that arrives in pieces. Its memory is
// bounded. Call Reset before
// the first Write.
type Marks struct {
	c       *Codec
	tail    []byte
	answers []answer
	bad     bool
}

type answer struct {
	AnswerMark
	next int // the seq that must follow
}

// Reset makes m ready for another answer, whose marks c reads.
func (m *Marks) Reset(c *Codec) {
	*m = Marks{c: c, tail: m.tail[:0], answers: m.answers[:0]}
}

// Write takes the next piece.
func (m *Marks) Write(p []byte) {
	m.tail = append(m.tail, p...)
	keep := len(m.tail)
	for off := 0; ; {
		i := bytes.Index(m.tail[off:], []byte(markPrefix))
		if i < 0 {
			// The prefix itself may be split.
			keep = max(off, len(m.tail)-len(markPrefix)+1)
			break
		}
		off += i
		n := markRun(m.tail[off:])
		if n < MarkLen && off+n == len(m.tail) {
			keep = off
			break
		}
		if n < MarkLen {
			off += len(markPrefix)
			continue
		}
		m.take(m.c.parseMark(m.tail[off:]))
		off += MarkLen
	}
	m.tail = append(m.tail[:0], m.tail[min(keep, len(m.tail)):]...)
}

func (m *Marks) take(f Found) {
	if f.Bad {
		m.bad = true
		return
	}
	for i := range m.answers {
		a := &m.answers[i]
		if a.Attempt == f.Attempt && a.OtherRun == f.OtherRun {
			a.follow(f)
			return
		}
	}
	if len(m.answers) == answersMax {
		return
	}
	a := answer{AnswerMark: AnswerMark{Attempt: f.Attempt, Phase: f.ID.Phase, Index: f.ID.Index, Tenant: f.ID.Tenant, Model: f.Model, MintedNs: f.MintedNs, OtherRun: f.OtherRun}}
	a.follow(f)
	m.answers = append(m.answers, a)
}

// follow takes the next mark of an answer.
func (a *answer) follow(f Found) {
	if f.Seq != a.next || a.Ended {
		a.Bad = true
	}
	a.next = (f.Seq + 1) % seqModulo
	a.Ended = a.Ended || f.End
	a.Whole = a.Ended && !a.Bad
}

// Summary returns what was found, in order of first appearance. An unreadable
// mark makes the answer that stands last bad.
func (m *Marks) Summary() []AnswerMark {
	out := make([]AnswerMark, 0, len(m.answers))
	for _, a := range m.answers {
		out = append(out, a.AnswerMark)
	}
	if m.bad && len(out) > 0 {
		out[len(out)-1].Bad, out[len(out)-1].Whole = true, false
	}
	return out
}
