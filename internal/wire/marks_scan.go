package wire

import "bytes"

// markScanner finds marks in a text that arrives in pieces of any size. As no
// digit of a body is in a prefix, it never has to look back.
type markScanner struct {
	n     int  // bytes of a mark that the text so far ends with
	short bool // of the mark that body holds, or will
	body  [markBits / 5]byte
	words Letters // since they were last taken
}

// size is the length of the mark that the scanner is in or at the end of.
func (s *markScanner) size() int {
	if s.short {
		return ShortLen
	}
	return markLen
}

// next takes text up to the end of the next whole mark, or all of it. It
// returns how much that is, and whether body now holds a mark's.
func (s *markScanner) next(text []byte) (n int, whole bool) {
	for n < len(text) {
		if s.n == 0 {
			i := bytes.IndexByte(text[n:], markPrefix[0])
			if i < 0 {
				s.words.Add(text[n:])
				return len(text), false
			}
			s.words.Add(text[n : n+i])
			n += i + 1
			s.n = 1
			continue
		}
		c := text[n]
		switch {
		case s.n == 1 && c == markPrefix[1]:
		case s.n == 2 && (c == markPrefix[2] || c == shortPrefix[2]):
			s.short = c == shortPrefix[2]
		case s.n >= prefixLen && markDigit[c] != notDigit:
			s.body[s.n-prefixLen] = c
		default:
			// What looked like a mark is text. c itself may begin one.
			s.words.Add(s.body[:max(0, s.n-prefixLen)])
			s.n = 0
			continue
		}
		n++
		if s.n++; s.n >= prefixLen && s.n == s.size() {
			s.n = 0
			return n, true
		}
	}
	return n, false
}
