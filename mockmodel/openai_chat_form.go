package mockmodel

import (
	"cmp"
	"strconv"
	"unique"
)

// openAIChat writes chat.completion and chat.completion.chunk: the types
// ChatCompletion and ChatCompletionChunk of openai/openai-python. The padding
// "obfuscation" is left out of chunks unless it is asked for.
type openAIChat struct {
	usage bool // stream_options.include_usage
	pad   bool // stream_options.include_obfuscation
	azure bool // with what Azure's content filter says
	probs logprobs
	// Of every chunk, which begins with the id. The rest up to its choices is the same
	// string for all streams of a second: of thousands, each has one line of memory
	// less to be found for each token, and those few lines are in a cache.
	id   [24]byte
	rest string
	tier string // service_tier; "" is default
}

// fingerprint is the one backend that there is.
const fingerprint = "fp_c4a05c4a05"

func (f *openAIChat) whole(dst []byte, a *answer) []byte {
	dst = f.identity(dst, a, "chat.completion")
	dst = append(dst, `,"choices":[`...)
	for i := range a.choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"index":`...)
		dst = strconv.AppendInt(dst, int64(i), 10)
		dst = append(dst, `,"message":{"role":"assistant"`...)
		from := len(dst)
		if why := a.ended(i); why != stopUnsaid && !(f.azure && why == stopFiltered) {
			dst = append(dst, `,"content":`...)
			from = len(dst)
			dst = openAIContent(dst, a, i)
		}
		said := len(dst)
		dst = append(dst, `,"refusal":null,"annotations":[]`...)
		dst = openAIToolCalls(dst, a, i)
		dst = append(dst, '}')
		if f.probs.on {
			dst = f.probs.appendTo(dst, doc(dst[from:said]).text())
		} else {
			dst = f.probs.appendTo(dst, "")
		}
		dst = append(dst, `,"finish_reason":"`...)
		dst = append(dst, openAIFinish(a, i)...)
		dst = append(dst, '"')
		dst = f.judged(dst, a, i, true)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"usage":`...)
	dst = openAIUsage(dst, a)
	if f.azure {
		dst = append(dst, ","+azurePrompt...)
	}
	dst = f.served(append(dst, ','))
	return append(dst, '}')
}

// served writes by whom the answer was made.
func (f *openAIChat) served(dst []byte) []byte {
	dst = append(dst, `"service_tier":`...)
	dst = appendString(dst, cmp.Or(f.tier, "default"))
	return append(dst, `,"system_fingerprint":"`+fingerprint+`"`...)
}

// openAIContent writes the text of a choice; null where it only calls tools.
func openAIContent(dst []byte, a *answer, choice int) []byte {
	parts := a.of(choice)
	text := false
	for i := range parts {
		text = text || parts[i].kind == partText
	}
	if !text && a.calls(choice) {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = a.putAll(dst, choice, partText)
	return append(dst, '"')
}

func openAIToolCalls(dst []byte, a *answer, choice int) []byte {
	if !a.calls(choice) {
		return dst
	}
	dst = append(dst, `,"tool_calls":[`...)
	parts, first := a.of(choice), true
	for i := range parts {
		p := &parts[i]
		if p.kind != partTool {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, `{"id":"call_`...)
		dst = append(dst, p.id...)
		dst = append(dst, `","type":"function","function":{"name":`...)
		dst = appendString(dst, p.name)
		dst = append(dst, `,"arguments":"`...)
		dst = a.put(dst, p)
		dst = append(dst, `"}}`...)
	}
	return append(dst, ']')
}

// chatID is what an answer begins with.
const chatID = `{"id":"chatcmpl-`

func (f *openAIChat) identity(dst []byte, a *answer, object string) []byte {
	dst = append(dst, chatID...)
	dst = append(dst, a.id...)
	dst = append(dst, `","object":"`...)
	dst = append(dst, object...)
	dst = append(dst, `","created":`...)
	dst = strconv.AppendInt(dst, a.created, 10)
	dst = append(dst, `,"model":`...)
	return appendString(dst, a.model)
}

func openAIFinish(a *answer, choice int) string {
	switch a.ended(choice) {
	case stopLength:
		return "length"
	case stopTool:
		return "tool_calls"
	case stopFiltered:
		return "content_filter"
	}
	return "stop"
}

func openAIUsage(dst []byte, a *answer) []byte {
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensOut), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn+a.tokensOut), 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.cached), 10)
	dst = append(dst, `,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.thinking), 10)
	return append(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// open sends nothing: the role comes with the first token. Azure has judged the
// prompt by then.
func (f *openAIChat) open(out *frames, _ *answer) {
	if f.azure {
		out.buf = append(out.buf, azureFirst...)
		out.end()
	}
}

// chunk begins a frame, up to its choices.
func (f *openAIChat) chunk(out *frames, a *answer) {
	if f.rest == "" {
		copy(f.id[:], a.id)
		whole := f.served(append(f.identity(nil, a, "chat.completion.chunk"), ','))
		whole = append(whole, `,"choices":[`...)
		f.rest = unique.Make(string(whole[len(chatID)+len(f.id):])).Value()
	}
	out.buf = append(out.buf, "data: "+chatID...)
	out.buf = append(out.buf, f.id[:]...)
	out.buf = append(out.buf, f.rest...)
}

// choice begins a frame of a choice, up to the inside of its delta.
func (f *openAIChat) choice(out *frames, a *answer, choice int) {
	f.chunk(out, a)
	out.buf = append(out.buf, `{"index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(choice), 10)
	out.buf = append(out.buf, `,"delta":{`...)
}

// closeChoice ends such a frame. said is the piece that it carries; text: it is
// text, not arguments.
func (f *openAIChat) closeChoice(out *frames, a *answer, said []byte, text bool) {
	out.buf = append(out.buf, '}')
	if f.probs.on && text {
		out.buf = f.probs.appendTo(out.buf, string(said))
	} else {
		out.buf = append(out.buf, `,"logprobs":null`...)
	}
	out.buf = append(out.buf, `,"finish_reason":null`...)
	out.buf = f.filtered(out.buf, text)
	out.buf = append(out.buf, '}')
	f.closeChunk(out, a, len(said))
}

// closeChunk ends a frame behind its choices. With include_usage every chunk
// but the last says that it has no usage. n is how many bytes it says.
func (f *openAIChat) closeChunk(out *frames, a *answer, n int) {
	out.buf = append(out.buf, ']')
	if f.pad {
		out.buf = appendPadding(out.buf, a, n)
	}
	if f.usage {
		out.buf = append(out.buf, `,"usage":null`...)
	}
	out.buf = append(out.buf, "}\n\n"...)
	out.end()
}

// role says who speaks. Content is null where a choice only calls tools.
func (f *openAIChat) role(out *frames, a *answer, choice int) {
	f.choice(out, a, choice)
	content := `""`
	if parts := a.of(choice); len(parts) > 0 && parts[len(parts)-1].kind == partTool && parts[0].kind != partText {
		content = "null"
	}
	out.buf = append(out.buf, `"role":"assistant","content":`...)
	out.buf = append(out.buf, content...)
	out.buf = append(out.buf, `,"refusal":null`...)
	f.closeChoice(out, a, nil, false)
}

func (f *openAIChat) begin(out *frames, a *answer, p *part) {
	if p.index == 0 {
		f.role(out, a, p.choice)
	}
	if p.kind != partTool || a.headless(p) {
		return
	}
	f.choice(out, a, p.choice)
	f.call(out, a, p)
	out.buf = append(out.buf, `"id":"call_`...)
	out.buf = append(out.buf, p.id...)
	out.buf = append(out.buf, `","type":"function","function":{"name":`...)
	out.buf = appendString(out.buf, p.name)
	out.buf = append(out.buf, `,"arguments":""}}]`...)
	f.closeChoice(out, a, nil, false)
}

// call begins what a delta says of a call of a tool.
func (f *openAIChat) call(out *frames, a *answer, p *part) {
	n := 0
	for _, o := range a.of(p.choice)[:p.place()] {
		if o.kind == partTool {
			n++
		}
	}
	out.buf = append(out.buf, `"tool_calls":[{"index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(n), 10)
	out.buf = append(out.buf, ',')
}

// delta writes a piece of text or of arguments. Thoughts are not shown.
func (f *openAIChat) delta(out *frames, a *answer, p *part, text []byte) {
	switch p.kind {
	case partThinking:
		return
	case partTool:
		f.choice(out, a, p.choice)
		f.call(out, a, p)
		out.buf = append(out.buf, `"function":{"arguments":"`...)
		out.put(text)
		out.buf = append(out.buf, `"}}]`...)
	default:
		f.choice(out, a, p.choice)
		out.buf = append(out.buf, `"content":"`...)
		out.put(text)
		out.buf = append(out.buf, '"')
	}
	f.closeChoice(out, a, text, p.kind == partText)
}

func (f *openAIChat) close(*frames, *answer, *part) {}

func (f *openAIChat) finish(out *frames, a *answer) {
	if a.choices == 0 {
		f.chunk(out, a)
		f.closeChunk(out, a, 0)
	}
	for i := range a.choices {
		if len(a.of(i)) == 0 {
			f.role(out, a, i)
		}
		if a.noFinish {
			out.omitted = true
			continue
		}
		f.choice(out, a, i)
		out.buf = append(out.buf, `},"logprobs":null,"finish_reason":"`...)
		out.buf = append(out.buf, openAIFinish(a, i)...)
		out.buf = append(out.buf, '"')
		out.buf = f.judged(out.buf, a, i, false)
		out.buf = append(out.buf, '}')
		f.closeChunk(out, a, 0)
	}
	if f.usage {
		f.chunk(out, a)
		out.buf = append(out.buf, `],"usage":`...)
		out.buf = openAIUsage(out.buf, a)
		out.buf = append(out.buf, "}\n\n"...)
		out.end()
	}
	if a.noDone {
		out.omitted = true
		return
	}
	out.buf = append(out.buf, "data: [DONE]\n\n"...)
	out.end()
}

// fail writes data: {"error": ...}, at which the SDKs raise an error: openai-python
// _streaming.py, openai-go packages/ssestream.
func (f *openAIChat) fail(out *frames, _ *answer, r *refusal) {
	out.buf = append(out.buf, "data: "...)
	if f.azure {
		out.buf = azureBody(out.buf, r, "")
	} else {
		out.buf = openAIBody(out.buf, r, "")
	}
	out.buf = append(out.buf, "\n\n"...)
	out.end()
}

// look reads its memory.
func (f *openAIChat) look() int64 { return int64(f.id[0]) + int64(len(f.rest)) }
