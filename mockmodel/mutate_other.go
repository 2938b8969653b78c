package mockmodel

import (
	"strconv"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// composeOther says what another request was answered, where a fault asks for
// it, and reports whether it did: there may be none yet. The marks are those of
// that answer, minted when its last one was.
func (a *attempt) composeOther(choice int) bool {
	m := a.ans.bend
	if m == nil || m.Kind != faults.MutationOtherAnswer || !a.s.cfg.Watermarks() {
		return false
	}
	u := wire.Mix(a.pastDraw("asked") + uint64(choice))
	x, ok := a.s.past.find(a.pastCaller(), a.rec.Key, m, u, a.now())
	if !ok {
		return false
	}
	s := script{
		codec: a.s.opt.Codec, text: a.s.wordsOf(&x)[:x.length], asked: x.tokens, tokens: x.tokens,
		generated: true, marked: true, mark: x.mark, given: true, minted: x.mark.MintedNs,
	}
	a.rec.MarkID = x.mark.Attempt
	a.ans.stop, a.ans.stopText = x.stop, x.text
	a.add(choice, partText, s.again()).bent = true
	return true
}

// wordsOf draws the words of an answer again: see attempt.words.
func (s *Server) wordsOf(x *pastAnswer) string {
	return wire.Text(s.opt.Seed, x.drawn, "mockmodel.words", x.key.Phase, strconv.FormatInt(x.key.Index, 36), strconv.FormatUint(x.step, 36), x.model)
}
