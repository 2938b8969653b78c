package mockmodel

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
)

// What a fault changes of characters, of the form of frames, and of the writes
// in which they are sent.

// withCharacter puts the character into generated text, where a fault is about to hit it.
func (a *attempt) withCharacter(m *faults.Mutation, x piece, before int) {
	s := &x.part.script
	if m.Kind != faults.MutationCharWrites && m.Kind != faults.MutationCharPieces {
		return
	}
	// Behind the last token a mark is the end of the answer.
	if s.generated && before >= a.nextHit(m) && x.to < s.tokens {
		a.buf = append(a.buf, faults.Character...)
	}
}

// splitWrite ends a write inside of the first character of the piece in frame at
// that is not ASCII. false: there is none.
func (a *attempt) splitWrite(m *faults.Mutation) bool {
	out := &a.out
	if a.onSocket() {
		return false
	}
	for i := out.from; i < out.to; i++ {
		if out.buf[i] >= utf8.RuneSelf {
			_, size := utf8.DecodeRune(out.buf[i:out.to])
			if size < 2 { // no UTF-8
				return false
			}
			out.breaks = append(out.breaks, i+min(m.N, size-1))
			return true
		}
	}
	return false
}

// splitCharacter leaves the first half of the last character of the piece in
// frame at, and keeps the second for the next one. false: it is ASCII, or no
// piece follows.
func (a *attempt) splitCharacter(m *faults.Mutation, x piece, at int) bool {
	out := &a.out
	if x.to == x.part.script.tokens || out.to == out.from {
		return false
	}
	r, size := utf8.DecodeLastRune(out.buf[out.from:out.to])
	if size < 2 {
		return false
	}
	first, second := []byte("\ufffd"), []byte("\ufffd")
	if high, low := utf16.EncodeRune(r); m.Form == "surrogates" && high != utf8.RuneError {
		first, second = appendEscape(nil, high), appendEscape(nil, low)
	}
	out.reword(at, out.to-size, out.to, first)
	a.chunks.half, a.chunks.of = second, x.part
	return true
}

// appendEscape appends a unit of UTF-16 as JSON escapes it.
func appendEscape(dst []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// joinCharacter begins frame at, of a part, with the second half of its character.
func (a *attempt) joinCharacter(half []byte, at int) {
	a.out.reword(at, a.out.from, a.out.from, half)
	a.out.changes()
}

// onSocket reports whether the answer is messages of a socket, which know no writes.
func (a *attempt) onSocket() bool {
	_, is := a.w.(*realtimeTurn)
	return is
}

// relays reports whether the answer is a real provider's, passed on as it comes.
func (a *attempt) relays() bool { return a.s.upstream(a.route.vendor) != nil }

// reshape gives the frames that are new in the buffer the form that a fault asks
// for, and notes where their writes end.
func (a *attempt) reshape() {
	m, out := a.effect.Mutation, &a.out
	switch {
	case m == nil || out.shaped >= len(out.ends):
		return
	case m.OfJSON():
		a.editFrames(m)
		return
	case m.Kind != faults.MutationFrameWrites || a.onSocket():
		return
	}
	lines := a.lineEnds()
	start := out.start(out.shaped)
	raw := bytes.Clone(out.buf[start:])
	out.buf = out.buf[:start]
	for from := start; out.shaped < len(out.ends); out.shaped++ {
		end := &out.ends[out.shaped]
		frame := raw[from-start : end.at-start]
		from = end.at
		at := len(out.buf)
		if lines == eventLines && m.Form != "usual" {
			out.buf = a.reform(out.buf, m.Form, frame)
		} else {
			out.buf = append(out.buf, frame...)
		}
		end.at = len(out.buf)
		changed := !bytes.Equal(out.buf[at:], frame)
		if end.tokens >= m.After && m.Where != "none" {
			out.breaks = appendBreaks(out.breaks, m.Where, out.buf, at, lines)
			changed = true
		}
		if changed {
			out.changes()
		}
	}
}

// appendBreaks notes where the writes of the frame from at on end.
func appendBreaks(dst []int, where string, buf []byte, at int, lines framing) []int {
	frame := buf[at:]
	if where != "tail" {
		head := 3
		if i := bytes.Index(frame, []byte("data:")); lines == eventLines && i >= 0 {
			head = i + 2
		}
		dst = append(dst, at+min(head, len(frame)-1))
	}
	if where != "head" {
		// Each byte of the line ends but the first comes alone.
		n := len(frame) - len(bytes.TrimRight(frame, "\r\n"))
		if lines == noLines {
			n = 0
		}
		for k := max(1, n-1); k > 0; k-- {
			dst = append(dst, at+len(frame)-k)
		}
	}
	return dst
}

// reform appends an event of an event stream in another form.
func (a *attempt) reform(dst []byte, form string, frame []byte) []byte {
	end := "\n"
	switch {
	case form == "cr":
		end = "\r"
	case form == "crlf" || bytes.Contains(frame, []byte("\r\n")):
		end = "\r\n"
	}
	if form == "bom" && !a.chunks.begun {
		dst = append(dst, "\xef\xbb\xbf"...)
	}
	a.chunks.begun = true
	for line := range bytes.Lines(frame) {
		line = bytes.TrimRight(line, "\r\n")
		switch data, isObject := bytes.CutPrefix(line, []byte("data: {")); {
		case form == "no_space":
			line = bytes.Replace(line, []byte(": "), []byte(":"), 1)
		case form == "multi_line" && isObject: // a line feed is white space there
			dst = append(append(dst, "data: {"...), end...)
			line = append([]byte("data: "), data...)
		}
		dst = append(append(dst, line...), end...)
	}
	return dst
}

// holdsFrames reports whether a fault has the frames wait for more of them.
func (a *attempt) holdsFrames() bool {
	m, out := a.effect.Mutation, &a.out
	if m == nil || m.Kind != faults.MutationFrameJoin || a.relays() || a.onSocket() {
		return false
	}
	if a.sent.tokens == 0 || len(out.ends) == 0 {
		return false
	}
	holds := !out.last && len(out.ends) < m.N && len(out.buf) < writeMax
	if holds || len(out.ends) >= m.N { // also where all came at once
		out.changed = 1
	}
	return holds
}

// writeFrames sends the frames, in more than one write where a fault asks for
// it. false: the caller is gone.
func (a *attempt) writeFrames() bool {
	from := 0
	for _, at := range a.out.breaks {
		if at <= from || at >= len(a.out.buf) {
			continue
		}
		if !a.write(a.out.buf[from:at]) || !a.wait(waitPause, a.now()+int64(a.effect.Mutation.Pause)) {
			return false
		}
		from = at
	}
	return a.write(a.out.buf[from:])
}
