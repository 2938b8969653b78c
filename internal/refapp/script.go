package refapp

import "unicode"

// scripts is a set of the scripts in which a text is written, one bit each; the
// last bit stands for all that are not listed.
type scripts uint32

// known are the scripts of most of what people ask a service.
var known = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew, unicode.Devanagari, unicode.Bengali, unicode.Tamil,
	unicode.Thai, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
}

const latin scripts = 1

// scriptOf returns the script of a letter, and none of what is no letter.
func scriptOf(r rune) scripts {
	switch {
	case r < unicode.MaxASCII:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return latin
		}
		return 0
	case !unicode.IsLetter(r):
		return 0
	}
	for i, table := range known {
		if unicode.Is(table, r) {
			return 1 << i
		}
	}
	return 1 << len(known)
}

// scriptsOf returns the scripts of a text.
func scriptsOf(text string) (s scripts) {
	for _, r := range text {
		s |= scriptOf(r)
	}
	return s
}

// The quality canary: an answer of which more than a twentieth is in scripts that
// the question is not in is garbage, as a server with a wrong configuration writes
// it. The Latin one is at home everywhere, and a letter in a formula or a quoted
// name is not yet garbage. A service that translates could not check this way.
const foreignMax = 1.0 / 20

// letters counts the letters of an answer.
type letters struct {
	expected     scripts // those of the question
	all, foreign int
}

func (l *letters) count(text string) {
	for _, r := range text {
		if s := scriptOf(r); s != 0 {
			l.all++
			if s&(l.expected|latin) == 0 {
				l.foreign++
			}
		}
	}
}

// garbage reports whether too many of the letters are foreign.
func (l *letters) garbage() bool {
	return float64(l.foreign) > foreignMax*float64(l.all)
}
