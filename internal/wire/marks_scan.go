package wire

import "bytes"

// markScanner finds marks in a text that arrives in pieces of any size. As no
// digit of a body is in a prefix, it never has to look back.
type markScanner struct {
	n     int  // bytes of a mark that the text so far ends with
	short bool // of the mark that body holds, or will
	sums  bool // words are summed up
	words Letters
	body  [markBits / 5]byte // values of digits
	bits  bits               // here and not on the stack, from where it would escape
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
		switch c := text[n]; {
		case s.n == 0:
			i := bytes.IndexByte(text[n:], markPrefix[0])
			if i < 0 {
				s.say(text[n:])
				return len(text), false
			}
			s.say(text[n : n+i])
			n += i + 1
			s.n = 1
		case s.n >= prefixLen:
			n += s.digits(text[n:])
			if s.n == s.size() {
				s.n = 0
				return n, true
			}
			if n < len(text) {
				s.broken()
			}
		case s.n == 1 && c == markPrefix[1]:
			n, s.n = n+1, 2
		case s.n == 2 && (c == markPrefix[2] || c == shortPrefix[2]):
			s.short = c == shortPrefix[2]
			n, s.n = n+1, 3
		default:
			s.n = 0 // c itself may begin a mark
		}
	}
	return n, false
}

// say takes words.
func (s *markScanner) say(text []byte) {
	if s.sums {
		s.words.Add(text)
	}
}

// digits takes as many digits of the body as text begins with.
func (s *markScanner) digits(text []byte) (n int) {
	body := s.body[s.n-prefixLen : s.size()-prefixLen]
	for n < len(body) && n < len(text) {
		d := markDigit[text[n]]
		if d == notDigit {
			break
		}
		body[n] = d
		n++
	}
	s.n += n
	return n
}

// broken takes that what looked like a mark is text.
func (s *markScanner) broken() {
	for _, d := range s.body[:s.n-prefixLen] {
		s.say([]byte{markDigits[d]})
	}
	s.n = 0
}
