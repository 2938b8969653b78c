package mockmodel

import (
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/wire"
)

// markEvery is how many tokens lie between two watermarks.
const markEvery = wire.MarkEvery

// tokenBytes is the length of a token.
const tokenBytes = wire.TokenBytes

// script is what an answer says, token by token, with its watermarks.
//
// A watermark is invisible to the bill: it comes with the token before which
// it stands (the last one with the token behind which it stands), and counts
// as none.
type script struct {
	// What every token needs comes first, up to truth.
	text      string
	tokens    int // of text that will be said
	asked     int // of text before max_tokens cut it
	marked    bool
	broken    bool         // a fault ends it before its time: it has no mark of the end
	given     bool         // it was said before, and its marks were minted then
	generated bool         // words of ours, that a fault may put a character between
	words     wire.Letters // said since the last mark
	markAt    int          // the token from which on the next mark may come
	cuts      []int        // where the tokens of a recorded text begin, and its length; nil: every tokenBytes
	truth     string       // of a canary: the words that its watermarks vouch for, as long as text; "": those of text

	codec  *wire.Codec
	mark   wire.Mark // the next one; only where marked
	drawn  int       // tokens of generated words that were drawn: what max_tokens allows, whatever stops them before
	minted int64     // when, where given
}

// cut returns the index in text behind token n. Tokens of a text given in the
// plan may have to be longer than four bytes, to end with a character.
func (s *script) cut(n int) int {
	if n >= s.asked {
		return len(s.text)
	}
	if s.cuts != nil {
		return s.cuts[n]
	}
	i := n * tokenBytes
	for i < len(s.text) && !utf8.RuneStart(s.text[i]) {
		i++
	}
	return i
}

// say appends the tokens [from, to) with their watermarks, minted at now. It
// must be called in order and for each token once.
func (s *script) say(dst []byte, from, to int, now int64) []byte {
	if !s.marked {
		return append(dst, s.text[s.cut(from):s.cut(to)]...)
	}
	for t := from; t < to; t++ {
		if t >= s.markAt && s.atWord(t) {
			dst = s.appendMark(dst, now, false)
		}
		said := len(dst)
		dst = append(dst, s.text[s.cut(t):s.cut(t+1)]...)
		if s.truth == "" {
			s.words.Add(dst[said:])
		} else {
			s.words.Add([]byte(s.truth[s.cut(t):s.cut(t+1)]))
		}
		if t == s.tokens-1 && !s.broken {
			dst = s.appendMark(dst, now, true)
		}
	}
	return dst
}

// again returns the script as it was before its first word was said.
func (s script) again() script {
	s.mark.Seq, s.markAt, s.words = 0, 0, wire.Letters{}
	return s
}

// atWord reports whether token t begins a word: a mark does not split one. As
// words have at most seven letters, it is late by one token at most.
func (s *script) atWord(t int) bool {
	return t == 0 || s.text[s.cut(t)-1] == ' '
}

// appendMark appends the next watermark with a space on each side.
func (s *script) appendMark(dst []byte, now int64, end bool) []byte {
	if s.given {
		now = s.minted
	}
	s.mark.MintedNs, s.mark.End, s.mark.Text = now, end, 0
	if s.mark.Seq > 0 {
		s.mark.Text = s.words.Sum()
	}
	s.words = wire.Letters{}
	if len(dst) > 0 && dst[len(dst)-1] != ' ' {
		dst = append(dst, ' ')
	}
	dst = append(dst, s.codec.Mark(s.mark)...)
	s.mark.Seq++
	s.markAt = s.mark.Seq * markEvery
	return append(dst, ' ')
}
