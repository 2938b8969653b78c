package mockmodel

import (
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
)

// toolText says in which answers of a dialect the arguments of a tool call are
// text, which can be no JSON; elsewhere they are an object.
type toolText int

const (
	toolTextNever toolText = iota
	toolTextStreams
	toolTextAlways
)

// bendTools changes the calls of tools of an answer as a fault has it.
func (a *attempt) bendTools() {
	ans := &a.ans
	if ans.bend == nil {
		return
	}
	text := a.route.vendor.toolText
	asText := text == toolTextAlways || text == toolTextStreams && a.call.stream
	calls := 0 // of the choice
	for i := range ans.parts {
		p := &ans.parts[i]
		if i > 0 && ans.parts[i-1].choice != p.choice {
			calls = 0
		}
		if p.kind != partTool || p.cutShort() {
			continue
		}
		calls++
		switch ans.bend.Kind {
		case faults.MutationToolCut:
			if asText && len(p.script.text) > 1 {
				a.bendPart(p, cutText(p.script.text, ans.bend.Keep))
			}
		case faults.MutationToolSpoilt:
			a.spoil(p, asText)
		case faults.MutationToolTwins:
			p.twin = calls == 2 && ans.parts[i-1].kind == partTool
			p.bent = p.twin
		case faults.MutationToolAgain:
			p.bent = true
		}
	}
}

// bendPart lets a call have other arguments.
func (a *attempt) bendPart(p *part, arguments string) {
	p.script, p.bent = a.plain(arguments), true
}

// cutText keeps a share of a text, not all of it, and ends with a character.
func cutText(text string, keep float64) string {
	n := min(max(1, int(float64(len(text))*keep)), len(text)-1)
	for n > 1 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// spoil makes a call one that nobody can carry out.
func (a *attempt) spoil(p *part, asText bool) {
	body := p.script.text
	switch a.ans.bend.Form {
	case "unknown_tool":
		for a.call.offers(p.name) || !p.bent {
			p.name, p.bent = p.name+"_v2", true
		}
	case "wrong_type":
		if spoilt, ok := wrongType(doc(body)); ok {
			a.bendPart(p, spoilt)
		}
	default: // invalid_json
		if n := len(body); asText && n > 1 && body[n-1] == '}' {
			a.bendPart(p, body[:n-1]+",}")
		}
	}
}

// wrongType gives the first member of an object another type. false: it has none.
func wrongType(body doc) (string, bool) {
	if !valid([]byte(body)) || body.kind() != '{' {
		return "", false
	}
	out := []byte{'{'}
	first := true
	for key, v := range body.fields {
		if !first {
			out = append(out, ',')
		}
		out = append(appendString(out, key), ':')
		switch {
		case !first:
			out = append(out, v...)
		case v.kind() == '"':
			out = append(append(append(out, '['), v...), ']')
		default:
			out = appendString(out, string(v))
		}
		first = false
	}
	return string(append(out, '}')), !first
}

// loops reports whether a fault lets the model call a tool on each turn.
func (a *attempt) loops() bool {
	m := a.effect.Mutation
	return m != nil && m.Kind == faults.MutationToolAgain && a.call.toolChoice != toolNone
}

// headless reports whether the beginning of a part is lost.
func (a *answer) headless(p *part) bool {
	if p.kind != partTool || !a.bends(faults.MutationToolHeadless) {
		return false
	}
	a.bent = true
	return true
}

// place is the index of a part as its dialect shows it.
func (p *part) place() int {
	if p.twin {
		return p.index - 1
	}
	return p.index
}
