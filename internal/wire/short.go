package wire

// ShortLen is the length of a short mark in bytes, which are as many
// characters.
const ShortLen = prefixLen + shortBits/5

// The body of a short mark: run 10 | attempt 30 | check 20. Damage goes unseen
// once in 2^20, and another run's passes for ours once in 2^10 of those that
// are there at all.
const (
	shortRunBits = 10
	shortBits    = shortRunBits + markAttemptBits + markSumBits
)

// ShortMark writes what of m has room where characters are few: the attempt.
// The record of the attempt says the rest. It is for strings that a service
// takes apart, such as arguments of a tool call and members of a structured
// output; see [AddMark].
func (c *Codec) ShortMark(m Mark) string {
	var p bits
	p.put(runFold(m.ID.Run), shortRunBits)
	p.put(fits(m.Attempt, markAttemptBits), markAttemptBits)
	p.put(p.sum(shortBits-markSumBits, (shortBits-markSumBits)/8), markSumBits)
	var dst [ShortLen]byte
	return string(p.appendDigits(append(dst[:0], shortPrefix...), shortBits))
}

func (c *Codec) readShort(p *bits) Found {
	run, attempt, sum := p.take(shortRunBits), p.take(markAttemptBits), p.take(markSumBits)
	if sum != p.sum(shortBits-markSumBits, (shortBits-markSumBits)/8) {
		return Found{Short: true, Bad: true}
	}
	f := Found{Short: true, Mark: Mark{Attempt: attempt}}
	if f.OtherRun = run != runFold(c.Run)&(1<<shortRunBits-1); !f.OtherRun {
		f.ID.Run = c.Run
	}
	return f
}

// AddMark puts a mark behind a text that may have at most so many characters;
// most < 0 is no bound. Where there is no room for it the text stays as it is
// and ok is false: a schema goes before a mark, and so does every value of an
// enum, pattern or format, which the caller must not mark at all.
func AddMark(text, mark string, most int) (marked string, ok bool) {
	out := mark
	if text != "" {
		out = text + " " + mark
	}
	if most >= 0 && len([]rune(out)) > most {
		return text, false
	}
	return out, true
}
