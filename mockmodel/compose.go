package mockmodel

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// compose decides what a chat model says, for each of the answers that were
// asked for at once: an answer of the plan, or generated words with watermarks.
// A retry says the same again, another model does not.
func (a *attempt) compose() {
	l, _ := a.literal()
	for i := range a.ans.choices {
		a.ans.stop = stopEnd
		switch {
		case a.composeAtLength(i):
		case l != nil && (!a.made.id || !a.loops()):
			a.composeLiteral(i, l)
		case a.made.id:
			a.composeThoughts(i)
			a.composeMade(i)
		default:
			a.composeThoughts(i)
			if !a.composeOther(i) {
				a.composeWords(i)
			}
		}
		a.limit(i)
		a.filter(i)
		if parts := a.ans.of(i); len(parts) > 0 { // a filter may leave none
			parts[len(parts)-1].stop = a.ans.stop
		}
	}
	a.ans.stop = a.ans.ended(0)
}

// literal returns the answer of the plan to this call, nil if there is none. One
// that stands in a file is none where the file does not hold the call; else it
// comes with what was recorded.
func (a *attempt) literal() (*literal, *Recording) {
	for i := range a.s.answers {
		l := &a.s.answers[i]
		if !l.matches(&a.call) {
			continue
		}
		if l.file == nil {
			return l, nil
		}
		if x := l.file.replay(a); x != nil {
			return l, x
		}
	}
	return nil, nil
}

// add appends a part to a choice and returns it, valid until the next one.
func (a *attempt) add(choice int, kind partKind, s script) *part {
	p := part{kind: kind, choice: choice, script: s}
	if n := len(a.ans.parts); n > 0 && a.ans.parts[n-1].choice == choice {
		p.index = a.ans.parts[n-1].index + 1
	}
	a.ans.parts = append(a.ans.parts, p)
	return &a.ans.parts[len(a.ans.parts)-1]
}

// composeLiteral says what the plan says.
func (a *attempt) composeLiteral(choice int, l *literal) {
	if l.text != "" || len(l.tools) == 0 {
		a.add(choice, partText, a.plain(l.text))
	}
	for i := range l.tools {
		if i > 0 && a.call.serial {
			break // the call forbids more than one at a time
		}
		p := a.add(choice, partTool, a.plain(l.tools[i].arguments))
		p.id, p.name = partID(a.request, choice*toolCallsMax+i), l.tools[i].name
	}
	if len(l.tools) > 0 {
		a.ans.stop = stopTool
	}
}

// composeThoughts lets a model think aloud, where the call asks for it or the
// model always does.
func (a *attempt) composeThoughts(choice int) {
	n := a.station.ReasoningTokens
	if most := a.call.think; most > 0 {
		if n == 0 {
			n = thinkingTokens
		}
		n = min(n, most)
	}
	if n == 0 || a.call.think < 0 {
		return
	}
	text := a.words(n, "thoughts", choice)
	a.add(choice, partThinking, script{text: text, asked: n, tokens: n})
}

// composeWords says generated words with watermarks.
func (a *attempt) composeWords(choice int) {
	n := a.station.OutputTokens
	if a.outputAsked > 0 {
		n = min(a.outputAsked, outputTokensMax)
	}
	n = max(1, min(n, outputTokensMax/a.ans.choices)) // the bound is one of the whole answer
	// What max_tokens will cut off is not generated in the first place.
	made := n
	if most := a.call.maxTokens; most > 0 {
		made = min(n, most)
	}
	s := script{codec: a.s.opt.Codec, text: a.words(made, "words", choice), asked: n, tokens: n, generated: true, drawn: made, marked: a.s.cfg.Watermarks(), mark: a.mark()}
	if at, stop := stopAt(s.text, a.call.stop); at >= 0 {
		s.text = s.text[:at]
		s.asked = wire.Tokens(s.text)
		s.tokens = s.asked
		a.ans.stop, a.ans.stopText = stopSequence, stop
	}
	if s.marked {
		a.rec.MarkID = a.rec.ID
	}
	a.add(choice, partText, s)
}

// words generates n tokens of text that belong to the step and the model.
func (a *attempt) words(n int, what string, choice int) string {
	rec := &a.rec
	key := []string{"mockmodel." + what, rec.Key.Phase, strconv.FormatInt(rec.Key.Index, 36), strconv.FormatUint(rec.StepHash, 36), rec.ModelServed}
	if choice > 0 {
		key = append(key, strconv.Itoa(choice))
	}
	return wire.Text(a.s.opt.Seed, n, key...)
}

// mark is the first watermark of the attempt.
func (a *attempt) mark() wire.Mark {
	rec := &a.rec
	return wire.Mark{
		Attempt: rec.ID, Model: rec.ModelServed,
		ID: wire.ID{Run: a.s.opt.Codec.Run, Phase: rec.Key.Phase, Index: rec.Key.Index, Tenant: rec.Tenant},
	}
}

// limit cuts a choice to the tokens that the call allows; its thoughts count.
func (a *attempt) limit(choice int) {
	left, cuts := a.lengthMost()
	if left <= 0 {
		return
	}
	parts := a.ans.of(choice)
	for i := range parts {
		s := &parts[i].script
		if s.tokens > left {
			s.tokens, s.broken = left, cuts
			a.ans.stop = stopLength
			a.ans.bent = a.ans.bent || cuts
		}
		if left -= s.tokens; left == 0 && i < len(parts)-1 {
			a.ans.stop = stopLength
			a.ans.bent = a.ans.bent || cuts
			a.ans.parts = a.ans.parts[:len(a.ans.parts)-(len(parts)-1-i)]
			return
		}
	}
}

// stopsTaken is how many texts a call may end its answer at: the API reference of
// Bedrock, InferenceConfiguration. Where a provider names no bound it is ours, as
// each of them is looked for in the whole answer.
const stopsTaken = 2500

// stopAt returns where the first of the texts stands, and which it is; -1 for none.
func stopAt(text string, stops []string) (int, string) {
	at, which := -1, ""
	for _, s := range stops {
		if i := strings.Index(text, s); s != "" && i >= 0 && (at < 0 || i < at) {
			at, which = i, s
		}
	}
	return at, which
}

// literal is an Answer of the plan, ready to be said.
type literal struct {
	vector []float64
	when   When
	file   recordings
	text   string
	tools  []literalTool
}

// literalTool is a call of a tool; its arguments are JSON.
type literalTool struct{ name, arguments string }

// literal writes an answer of the plan down as text.
func (a Answer) literal() literal {
	l := literal{when: a.When, text: a.Text, vector: a.Vector}
	if a.JSON != nil {
		l.text = compactJSON(a.JSON)
	}
	for _, t := range a.ToolCalls {
		arguments := "{}"
		if t.Arguments != nil {
			arguments = compactJSON(t.Arguments)
		}
		l.tools = append(l.tools, literalTool{t.Name, arguments})
	}
	return l
}

// compactJSON writes a value of the plan; Validate has refused what cannot be
// written.
func compactJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}

// matches reports whether the answer is one to this call.
func (l *literal) matches(c *call) bool {
	w := &l.when
	switch {
	case w.Model != "" && w.Model != c.model, w.Step != "" && w.Step != c.kind:
		return false
	case w.HasTool != "" && !c.offers(w.HasTool), w.Turn != 0 && w.Turn != c.turn():
		return false
	}
	return c.says(w.Contains, false) && c.says(w.SystemContains, true)
}
