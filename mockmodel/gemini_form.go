package mockmodel

import "strconv"

// geminiChat writes GenerateContentResponse, whole or as the elements of a
// stream: types.go of googleapis/go-genai. A stream is one of server-sent
// events, whose lines end with CRLF, or an array of JSON.
type geminiChat struct {
	sse      bool
	thoughts bool // includeThoughts
	begun    bool // an element of the array has been written

	said, thought int      // tokens, and of these those of thoughts
	args          [][]byte // of the call that is being said, one a choice
}

var (
	geminiJSON = []string{"application/json; charset=UTF-8"}
	geminiSent = []string{"text/event-stream"}
)

func (f *geminiChat) media(stream bool) []string {
	if stream && f.sse {
		return geminiSent
	}
	return geminiJSON
}

func (f *geminiChat) whole(dst []byte, a *answer) []byte {
	switch {
	case a.blocked:
		return geminiEnd(append(dst, geminiBlocked...), a, 0, 0)
	case a.choices == 0:
		return geminiAlone(dst, a)
	}
	dst = append(dst, `{"candidates":[`...)
	for i := range a.choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if !a.withheld(i) {
			dst = append(dst, `"content":{`...)
			dst = f.parts(dst, a, i)
			dst = append(dst, `"role":"model"},`...)
		}
		dst = append(dst, `"finishReason":"`...)
		dst = append(dst, geminiFinish(a, i)...)
		dst = append(dst, `","index":`...)
		dst = strconv.AppendInt(dst, int64(i), 10)
		if a.ended(i) == stopFiltered {
			dst = append(dst, ","+geminiRatings...)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	return geminiEnd(dst, a, a.tokensOut, a.thinking)
}

// parts writes what a choice says. A call of a function that the limit on
// tokens has cut is not sent: it would be no JSON.
func (f *geminiChat) parts(dst []byte, a *answer, choice int) []byte {
	n := 0
	parts := a.of(choice)
	for i := range parts {
		p := &parts[i]
		if p.kind == partThinking && !f.thoughts || p.kind == partTool && p.cutShort() {
			continue
		}
		if n > 0 {
			dst = append(dst, ',')
		} else {
			dst = append(dst, `"parts":[`...)
		}
		n++
		switch p.kind {
		case partTool:
			dst = geminiCall(dst, p)
			dst = a.putRaw(dst, p)
			dst = append(dst, `}}`...)
		default:
			dst = append(dst, `{"text":"`...)
			dst = a.put(dst, p)
			dst = append(dst, `"}`...)
			if p.kind == partThinking {
				dst = append(dst[:len(dst)-1], `,"thought":true}`...)
			}
		}
		if geminiSigns(a, p) {
			dst = geminiSigned(dst[:len(dst)-1], a)
		}
	}
	if n > 0 {
		dst = append(dst, "],"...)
	}
	return dst
}

// geminiCall writes a functionCall up to its arguments. Models from 3 on give
// calls an id: adk-rust #280.
func geminiCall(dst []byte, p *part) []byte {
	dst = append(dst, `{"functionCall":{"name":`...)
	dst = appendString(dst, p.name)
	dst = append(dst, `,"id":"`...)
	dst = append(dst, p.id...)
	return append(dst, `","args":`...)
}

// geminiSigns reports whether a part carries the signature of the thoughts
// before it: the first call, else the last text. Source: ai.google.dev, thought
// signatures.
func geminiSigns(a *answer, p *part) bool {
	if a.thinking == 0 || p.kind == partThinking {
		return false
	}
	parts := a.of(p.choice)
	for i := range parts {
		if parts[i].kind == partTool {
			return p.index == parts[i].index
		}
	}
	return a.last(p)
}

// geminiSigned ends a part with the signature.
func geminiSigned(dst []byte, a *answer) []byte {
	dst = append(dst, `,"thoughtSignature":"`...)
	dst = anthropicSignature(dst, a) // as opaque to the caller here as there
	return append(dst, `"}`...)
}

func geminiFinish(a *answer, choice int) string {
	switch a.ended(choice) {
	case stopLength:
		return "MAX_TOKENS"
	case stopFiltered:
		return "SAFETY"
	case stopUnsaid:
		return "OTHER"
	}
	return "STOP"
}

// geminiEnd writes what follows the candidates: usage and identity. Thoughts
// are no tokens of candidates, and counts of nothing are left out.
func geminiEnd(dst []byte, a *answer, out, thought int) []byte {
	count := func(name string, n int) {
		if n > 0 {
			dst = append(append(dst, name...), ':')
			dst = append(strconv.AppendInt(dst, int64(n), 10), ',')
		}
	}
	dst = append(dst, `,"usageMetadata":{`...)
	count(`"promptTokenCount"`, a.tokensIn)
	count(`"candidatesTokenCount"`, out-thought)
	dst = append(dst, `"totalTokenCount":`...)
	dst = append(strconv.AppendInt(dst, int64(a.tokensIn+out), 10), ',')
	count(`"cachedContentTokenCount"`, a.cached)
	if a.tokensIn > 0 {
		dst = append(dst, `"promptTokensDetails":[{"modality":"TEXT","tokenCount":`...)
		dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
		dst = append(dst, "}],"...)
	}
	count(`"thoughtsTokenCount"`, thought)
	dst = append(dst[:len(dst)-1], `},"modelVersion":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"responseId":"`...)
	dst = append(dst, a.id...)
	return append(dst, `"}`...)
}

// geminiAlone writes an answer of nothing but usage and identity.
func geminiAlone(dst []byte, a *answer) []byte {
	start := len(dst)
	dst = geminiEnd(dst, a, 0, 0)
	dst[start] = '{' // for the comma
	return dst
}

// open sends nothing: the first element comes with the first token.
func (f *geminiChat) open(*frames, *answer) {}

func (f *geminiChat) begin(*frames, *answer, *part) {}

// element begins an element of the stream, up to the parts of its candidate.
func (f *geminiChat) element(out *frames) {
	f.frame(out)
	out.buf = append(out.buf, `{"candidates":[{"content":{`...)
}

func (f *geminiChat) frame(out *frames) {
	switch {
	case f.sse:
		out.buf = append(out.buf, "data: "...)
	case f.begun:
		out.buf = append(out.buf, ",\r\n"...)
	default:
		out.buf = append(out.buf, '[')
	}
	f.begun = true
}

// closeElement ends one behind its parts. The usage is that of all that has
// been said by then, as every element of the API tells it.
func (f *geminiChat) closeElement(out *frames, a *answer, choice int, finish string) {
	out.buf = append(out.buf, `"role":"model"}`...)
	if finish != "" {
		out.buf = append(out.buf, `,"finishReason":"`...)
		out.buf = append(append(out.buf, finish...), '"')
	}
	out.buf = append(out.buf, `,"index":`...)
	out.buf = append(strconv.AppendInt(out.buf, int64(choice), 10), "}]"...)
	out.buf = geminiEnd(out.buf, a, f.said, f.thought)
}

func (f *geminiChat) closeFrame(out *frames) {
	if f.sse {
		out.buf = append(out.buf, "\r\n\r\n"...)
	} else {
		out.buf = append(out.buf, '\n')
	}
	out.end()
}

// delta writes a piece of text. The arguments of a call are kept until they
// are whole.
func (f *geminiChat) delta(out *frames, a *answer, p *part, text []byte) {
	n := out.said - f.said
	f.said = out.said
	switch p.kind {
	case partThinking:
		f.thought += n
		if !f.thoughts {
			return
		}
	case partTool:
		for len(f.args) <= p.choice {
			f.args = append(f.args, nil)
		}
		f.args[p.choice] = append(f.args[p.choice], text...)
		return
	}
	f.element(out)
	out.buf = append(out.buf, `"parts":[{"text":"`...)
	out.put(text)
	if p.kind == partThinking {
		out.buf = append(out.buf, `","thought":true}],`...)
	} else {
		out.buf = append(out.buf, `"}],`...)
	}
	f.closeElement(out, a, p.choice, "")
	f.closeFrame(out)
}

// close sends a call of a function, which comes whole.
func (f *geminiChat) close(out *frames, a *answer, p *part) {
	if p.kind != partTool || p.cutShort() || p.choice >= len(f.args) {
		return
	}
	f.element(out)
	out.buf = append(out.buf, `"parts":[`...)
	out.buf = geminiCall(out.buf, p)
	out.putCall(f.args[p.choice])
	f.args[p.choice] = f.args[p.choice][:0]
	out.buf = append(out.buf, "}}"...)
	if geminiSigns(a, p) {
		out.buf = geminiSigned(out.buf[:len(out.buf)-1], a)
	}
	out.buf = append(out.buf, "],"...)
	f.closeElement(out, a, p.choice, "")
	f.closeFrame(out)
}

// finish writes an element per choice that says why it ended. Its text is
// empty, and carries the signature of thoughts that no call has carried.
func (f *geminiChat) finish(out *frames, a *answer) {
	for i := range a.choices {
		if a.blocked || a.withheld(i) {
			f.closeFiltered(out, a, i)
		} else {
			f.closeCandidate(out, a, i)
		}
		if i == a.choices-1 {
			f.closeArray(out, a)
		}
		f.closeFrame(out)
	}
	if a.choices == 0 {
		f.frame(out)
		out.buf = geminiAlone(out.buf, a)
		f.closeArray(out, a)
		f.closeFrame(out)
	}
}

// closeArray ends a stream that is an array.
func (f *geminiChat) closeArray(out *frames, a *answer) {
	switch {
	case f.sse:
	case a.noDone:
		out.omitted = true
	default:
		out.buf = append(out.buf, "\n]"...)
	}
}

// closeCandidate writes the last element of a choice.
func (f *geminiChat) closeCandidate(out *frames, a *answer, choice int) {
	f.element(out)
	if parts := a.of(choice); len(parts) > 0 {
		out.buf = append(out.buf, `"parts":[{"text":""}`...)
		if last := &parts[len(parts)-1]; last.kind == partText && geminiSigns(a, last) {
			out.buf = geminiSigned(out.buf[:len(out.buf)-1], a)
		}
		out.buf = append(out.buf, "],"...)
	}
	finish := geminiFinish(a, choice)
	if a.noFinish {
		finish, out.omitted = "", true
	}
	f.closeElement(out, a, choice, finish)
}

// closeFiltered writes the element of a prompt that was blocked, or the last one of
// a choice that a filter has ended: it has no content.
func (f *geminiChat) closeFiltered(out *frames, a *answer, choice int) {
	f.frame(out)
	if a.blocked {
		out.buf = geminiEnd(append(out.buf, geminiBlocked...), a, 0, 0)
		return
	}
	out.buf = append(out.buf, `{"candidates":[{`...)
	if a.noFinish {
		out.omitted = true
	} else {
		out.buf = append(append(append(out.buf, `"finishReason":"`...), geminiFinish(a, choice)...), `",`...)
	}
	out.buf = append(out.buf, `"index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(choice), 10)
	if a.ended(choice) == stopFiltered {
		out.buf = append(out.buf, ","+geminiRatings...)
	}
	out.buf = append(out.buf, "}]"...)
	out.buf = geminiEnd(out.buf, a, f.said, f.thought)
}

// fail writes an element that is an error: api_client.go of googleapis/go-genai
// and _api_client.py of googleapis/python-genai raise it.
func (f *geminiChat) fail(out *frames, _ *answer, r *refusal) {
	f.frame(out)
	out.buf = geminiBody(out.buf, r, "")
	if !f.sse {
		out.buf = append(out.buf, "\n]"...)
	}
	f.closeFrame(out)
}
