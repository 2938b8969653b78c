package mockmodel

import (
	"slices"

	"github.com/chaoskit/chaos/faults"
)

// bendWords puts other words into an answer. Its watermarks are a canary: they
// vouch for the words that should be there. A text without such watermarks is
// left alone, as nobody could prove that it was wrong.
func (a *attempt) bendWords() {
	ans := &a.ans
	if ans.bend == nil || ans.bend.Kind != faults.MutationOtherWords && ans.bend.Kind != faults.MutationOtherScript {
		return
	}
	for i := range ans.parts {
		p := &ans.parts[i]
		s := &p.script
		if p.kind != partText || !s.marked || len(s.text) == 0 {
			continue
		}
		wrong := otherScript(s.text)
		if ans.bend.Kind == faults.MutationOtherWords {
			wrong = a.words((len(s.text)+tokenBytes-1)/tokenBytes, "wrong", p.choice)[:len(s.text)]
		}
		if wrong != s.text {
			s.truth, s.text, p.bent = s.text, wrong, true
		}
	}
}

// otherLetters are three bytes each: one of them and a space are a token.
var otherLetters = []rune("กขคงจชซญดตถทนบปผพมยรลวสหอ")

// otherScript lets each third token of a text be a letter of another script; one
// that has no three tokens loses its first. As many bytes, as many tokens.
func otherScript(text string) string {
	out := []byte(text)
	last := len(out) / tokenBytes
	for i := min(1, max(0, last-1)); i < last; i += 3 {
		letter := otherLetters[(i+int(out[i*tokenBytes]))%len(otherLetters)]
		copy(out[i*tokenBytes:], string(letter)+" ")
	}
	return string(slices.Clip(out))
}
