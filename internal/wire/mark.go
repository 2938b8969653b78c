package wire

import (
	"hash/crc32"
	"strings"
)

// Mark is one watermark: it proves, from the bytes that a user saw, which
// attempt produced them, for whom, where in its answer they stood, and that the
// words before it are those that it said.
//
// An answer has the mark 0 before its first token, the next one every
// [MarkEvery] tokens, and one with End behind its last token, however short it
// is. Marks count as no tokens.
type Mark struct {
	Attempt  uint64 // below 2^30, else 0
	ID       ID     // run, phase, index and tenant; output tokens are not in it
	Model    string // "": not in the lists
	MintedNs int64  // since the start of the run, rounded down to 1 ms; 0 beyond 37 hours
	Seq      int    // from 0; modulo seqModulo when read back
	End      bool   // the last of its answer
	Text     int    // [Letters.Sum] of the words since the mark before; 0: does not say
}

// The form of a mark: lower-case letters and digits only, so that escaping for
// JSON, HTML and Markdown leaves it alone; all of one length. No digit of the
// body occurs in the prefixes, so a mark that follows a cut one is always
// found. What changes the case of a text destroys its marks: that a service
// prints in capitals cannot be told from a service that lost them.
const (
	markPrefix  = "qzx"
	shortPrefix = "qzj"
	markDigits  = "0123456789abcdefghiklmnoprstuvwy"
	prefixLen   = len(markPrefix)

	markLen   = prefixLen + markBits/5
	MarkEvery = 64 // tokens between two marks
	seqModulo = 1 << markSeqBits
)

// The body, markBits in digits of 5:
//
//	run 20 | attempt 30 | phase 6 | index 28 | tenant 13 | model 5 | minted 27 | seq 10 | end 1 | text 15 | check 20
//
// Damage goes unseen, and another run's mark passes for ours, once in 2^20.
// Words that were changed between two marks go unseen once in 2^15.
const (
	markRunBits, markAttemptBits, markPhaseBits, markIndexBits = 20, 30, 6, 28
	markTenantBits, markModelBits, markMintedBits, markSeqBits = 13, 5, 27, 10
	markTextBits, markSumBits                                  = 15, 20

	markBits = 175

	mintedUnit = 1_000_000 // ns
)

// notDigit is what markDigit says of bytes that are no digit of a body.
const notDigit = 0xff

// markDigit is the value of each digit.
var markDigit = func() (value [256]byte) {
	for i := range value {
		value[i] = notDigit
	}
	for i := range len(markDigits) {
		value[markDigits[i]] = byte(i)
	}
	return value
}()

// appendDigits writes the first n bits, a multiple of 5, of p.
func (p *bits) appendDigits(dst []byte, n int) []byte {
	p.n = 0
	for ; n > 0; n -= 5 {
		dst = append(dst, markDigits[p.take(5)])
	}
	return dst
}

// readDigits undoes appendDigits: digits are their values.
func (p *bits) readDigits(digits []byte) {
	*p = bits{}
	for len(digits) >= 8 {
		var v uint64
		for _, d := range digits[:8] {
			v = v<<5 | uint64(d)
		}
		p.put(v, 40)
		digits = digits[8:]
	}
	for _, d := range digits {
		p.put(uint64(d), 5)
	}
	p.n = 0
}

// Mark writes m, markLen bytes, without the spaces that keep it apart. What
// has no room is left out: an unknown tenant is none, and so is a request whose
// phase or index cannot be said.
func (c *Codec) Mark(m Mark) string {
	phase, index := fits(c.phaseOf(m.ID.Phase), markPhaseBits), uint64(m.ID.Index)
	if index>>markIndexBits != 0 || phase == phaseAnon || phase == ordinalNone {
		index = 0 // the index of an anonymous request is a hash: the attempt says it
		if phase != phaseAnon {
			phase = ordinalNone
		}
	}
	var p bits
	p.put(runFold(m.ID.Run), markRunBits)
	p.put(fits(m.Attempt, markAttemptBits), markAttemptBits)
	p.put(phase, markPhaseBits)
	p.put(index, markIndexBits)
	p.put(fits(c.tenantOf(m.ID.Tenant), markTenantBits), markTenantBits)
	p.put(fits(c.modelOf(m.Model), markModelBits), markModelBits)
	p.put(fits(uint64(max(0, m.MintedNs))/mintedUnit, markMintedBits), markMintedBits)
	p.put(uint64(m.Seq), markSeqBits)
	if m.End {
		p.put(1, 1)
	} else {
		p.put(0, 1)
	}
	p.put(fits(uint64(m.Text), markTextBits), markTextBits)
	p.put(p.sum(markBits-markSumBits, (markBits+7)/8), markSumBits)
	var dst [markLen]byte
	return string(p.appendDigits(append(dst[:0], markPrefix...), markBits))
}

// Found is a mark in a text.
type Found struct {
	Mark
	Off      int  // of its first byte
	Short    bool // a [Codec.ShortMark]: of Mark only Attempt is known
	Bad      bool // it has the form of a mark, and its checksum fails; nothing else is known of it
	OtherRun bool // another run made it: of Mark only Attempt, Seq, End, MintedNs and Text are known
}

// readMark reads the body of a mark.
func (c *Codec) readMark(p *bits) Found {
	run, attempt := p.take(markRunBits), p.take(markAttemptBits)
	phase, index := p.take(markPhaseBits), p.take(markIndexBits)
	tenant, model := p.take(markTenantBits), p.take(markModelBits)
	minted, seq, end := p.take(markMintedBits), p.take(markSeqBits), p.take(1)
	text, sum := p.take(markTextBits), p.take(markSumBits)
	if sum != p.sum(markBits-markSumBits, (markBits+7)/8) {
		return Found{Bad: true}
	}
	f := Found{Mark: Mark{Attempt: attempt, MintedNs: int64(minted) * mintedUnit, Seq: int(seq), End: end == 1, Text: int(text)}}
	if run != runFold(c.Run) {
		f.OtherRun = true
		return f
	}
	f.ID = ID{Run: c.Run, Phase: c.phaseName(phase), Index: int64(index), Tenant: nameAt(c.Tenants, tenant)}
	f.Model = nameAt(c.Models, model)
	return f
}

// runFold is what a mark says of the run.
func runFold(run string) uint64 { return Mix(FoldMore(FoldStart, run)) & (1<<markRunBits - 1) }

// sum is the checksum of the first n bits, in so many bytes; it clears those
// behind.
func (p *bits) sum(n, bytes int) uint64 {
	p.zero(n)
	return uint64(crc32.Checksum(p.b[:bytes], castagnoli)) & (1<<markSumBits - 1)
}

// FindMarks returns the whole marks in text, long and short, good and bad, in
// order. A mark of which a part is missing is no mark.
func (c *Codec) FindMarks(text []byte) []Found {
	var out []Found
	var s markScanner
	for i := 0; i < len(text); {
		n, whole := s.next(text[i:])
		i += n
		if whole {
			f := c.read(&s)
			f.Off = i - s.size()
			out = append(out, f)
		}
	}
	return out
}

// read reads the mark that s has come to the end of.
func (c *Codec) read(s *markScanner) Found {
	s.bits.readDigits(s.body[:s.size()-prefixLen])
	if s.short {
		return c.readShort(&s.bits)
	}
	return c.readMark(&s.bits)
}

// nextMark returns where the first whole mark at or behind from starts and
// ends; -1, -1 if there is none. Its checksum does not matter: it is no text.
func nextMark(text string, from int) (start, end int) {
	for {
		i := strings.Index(text[from:], markPrefix[:2])
		if i < 0 {
			return -1, -1
		}
		start = from + i
		from = start + 2
		size := markSize(text[start:])
		if size == 0 || start+size > len(text) {
			continue
		}
		for from = start + prefixLen; from < start+size && markDigit[text[from]] != notDigit; from++ {
		}
		if from == start+size {
			return start, from
		}
	}
}

// markSize is the length of the mark whose prefix text begins with; 0: none.
func markSize(text string) int {
	switch {
	case strings.HasPrefix(text, markPrefix):
		return markLen
	case strings.HasPrefix(text, shortPrefix):
		return ShortLen
	}
	return 0
}
