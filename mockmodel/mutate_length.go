package mockmodel

import (
	"strings"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// loopTokens is how long the sentence is that a looping model repeats.
const loopTokens = 12

// composeAtLength says what a fault that decides the length of an answer lets a
// model say, whatever it was asked. false: there is none.
func (a *attempt) composeAtLength(choice int) bool {
	m := a.ans.bend
	if m == nil {
		return false
	}
	n := max(1, min(m.N, outputTokensMax/a.ans.choices)) // the bound is one of the whole answer
	switch m.Kind {
	case faults.MutationThoughts:
		if most := a.call.maxTokens; most > 0 {
			n = min(most, outputTokensMax/a.ans.choices)
		}
		a.add(choice, partThinking, script{text: a.words(n, "thoughts", choice), asked: n, tokens: n}).mute = a.call.think <= 0
		a.ans.stop = stopLength
	case faults.MutationHuge, faults.MutationLoop, faults.MutationRunaway:
		text := a.words(n, "words", choice)
		if m.Kind != faults.MutationHuge {
			sentence := a.words(loopTokens, "words", choice)
			text = strings.Repeat(sentence, n/loopTokens+1)
		}
		s := script{codec: a.s.opt.Codec, text: text[:min(len(text), n*tokenBytes)], marked: a.s.cfg.Watermarks(), mark: a.mark(), broken: m.Kind == faults.MutationRunaway}
		s.asked = wire.Tokens(s.text)
		s.tokens = s.asked
		if s.marked {
			a.rec.MarkID = a.rec.ID
		}
		a.add(choice, partText, s)
		if m.Kind == faults.MutationRunaway {
			a.ans.stop = stopLength
		}
	default:
		return false
	}
	a.ans.bent = true
	return true
}

// contextEnds reports whether a fault has the answer say that the model's context
// has ended it.
func (a *answer) contextEnds() bool {
	return a.bent && a.bends(faults.MutationLength) && a.bend.Form == "context_window"
}

// lengthMost is how many tokens a choice may have, 0 for no limit: what the call
// allows, or what a fault leaves of it. cuts: it is the fault's.
func (a *attempt) lengthMost() (most int, cuts bool) {
	most = a.call.maxTokens
	m := a.ans.bend
	if m == nil {
		return most, false
	}
	switch m.Kind {
	case faults.MutationLength:
		if most <= 0 || m.N < most {
			return m.N, true
		}
	case faults.MutationThoughts, faults.MutationHuge, faults.MutationLoop, faults.MutationRunaway:
		return 0, false
	case faults.MutationOtherAnswer: // what it was cut to before
		if a.ans.parts[len(a.ans.parts)-1].bent {
			return 0, false
		}
	}
	return most, false
}
