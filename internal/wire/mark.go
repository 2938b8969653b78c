package wire

import (
	"encoding/base32"
	"hash/crc32"
	"strings"
)

// Mark is one watermark: it proves, from the bytes that a user saw, which
// attempt produced them, for whom, and where in its answer they stood.
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
}

// The form of a mark: lower-case letters and digits only, so that escaping for
// JSON, HTML and Markdown leaves it alone; all of one length. No digit of the
// body occurs in the prefix, so a mark that follows a cut one is always found.
const (
	markPrefix = "qzx"
	markDigits = "0123456789abcdefghiklmnoprstuvwy"
	markBody   = 32

	markLen   = len(markPrefix) + markBody
	MarkEvery = 64 // tokens between two marks
	seqModulo = 1 << markSeqBits
)

// The body is 160 bits:
//
//	run 20 | attempt 30 | phase 6 | index 28 | tenant 13 | model 5 | minted 27 | seq 10 | end 1 | check 20
//
// Damage goes unseen, and another run's mark passes for ours, once in 2^20.
const (
	markRunBits, markAttemptBits, markPhaseBits, markIndexBits = 20, 30, 6, 28
	markTenantBits, markModelBits, markMintedBits, markSeqBits = 13, 5, 27, 10
	markSumBits                                                = 20

	mintedUnit = 1_000_000 // ns
)

var markEncoding = base32.NewEncoding(markDigits).WithPadding(base32.NoPadding)

// isMarkDigit tells the digits of a mark's body.
var isMarkDigit = func() (is [256]bool) {
	for i := range len(markDigits) {
		is[markDigits[i]] = true
	}
	return is
}()

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
	p.put(markSum(p.b), markSumBits)
	var dst [markLen]byte
	copy(dst[:], markPrefix)
	markEncoding.Encode(dst[len(markPrefix):], p.b[:])
	return string(dst[:])
}

// Found is a mark in a text.
type Found struct {
	Mark
	Off      int  // of its first byte
	Bad      bool // it has the form of a mark, and its checksum fails; nothing else is known of it
	OtherRun bool // another run made it: of Mark only Attempt, Seq, End and MintedNs are known
}

// readMark reads the body of a mark, markBody digits.
func (c *Codec) readMark(body []byte) Found {
	var p bits
	if n, err := markEncoding.Decode(p.b[:], body); err != nil || n != len(p.b) {
		return Found{Bad: true}
	}
	run, attempt := p.take(markRunBits), p.take(markAttemptBits)
	phase, index := p.take(markPhaseBits), p.take(markIndexBits)
	tenant, model := p.take(markTenantBits), p.take(markModelBits)
	minted, seq, end := p.take(markMintedBits), p.take(markSeqBits), p.take(1)
	sum := p.take(markSumBits)
	p.b[17], p.b[18], p.b[19] = p.b[17]&0xf0, 0, 0
	if sum != markSum(p.b) {
		return Found{Bad: true}
	}
	f := Found{Mark: Mark{Attempt: attempt, MintedNs: int64(minted) * mintedUnit, Seq: int(seq), End: end == 1}}
	if run != runFold(c.Run) {
		f.OtherRun = true
		return f
	}
	f.ID = ID{Run: c.Run, Phase: c.phaseName(phase), Index: int64(index), Tenant: nameAt(c.Tenants, tenant)}
	f.Model = nameAt(c.Models, model)
	return f
}

// runFold is what a mark says of the run.
func runFold(run string) uint64 { return Mix(Fold64([]byte(run))) & (1<<markRunBits - 1) }

func markSum(b [20]byte) uint64 {
	return uint64(crc32.Checksum(b[:], castagnoli)) & (1<<markSumBits - 1)
}

// FindMarks returns the whole marks in text, good and bad, in order. A mark of
// which a part is missing is no mark.
func (c *Codec) FindMarks(text []byte) []Found {
	var out []Found
	var s markScanner
	for i := 0; i < len(text); {
		n, whole := s.next(text[i:])
		i += n
		if whole {
			f := c.readMark(s.body[:])
			f.Off = i - markLen
			out = append(out, f)
		}
	}
	return out
}

// nextMark returns where the first whole mark at or behind from starts and
// ends; -1, -1 if there is none. Its checksum does not matter: it is no text.
func nextMark(text string, from int) (start, end int) {
	for {
		i := strings.Index(text[from:], markPrefix)
		if i < 0 || from+i+markLen > len(text) {
			return -1, -1
		}
		start = from + i
		from = start + len(markPrefix)
		for from < start+markLen && isMarkDigit[text[from]] {
			from++
		}
		if from == start+markLen {
			return start, from
		}
	}
}
