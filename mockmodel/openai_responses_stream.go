package mockmodel

import "strconv"

// event begins an event, up to its first own member. Every event has the next number.
func (f *openAIResponses) event(out *frames, kind string) {
	out.buf = append(out.buf, "event: "...)
	out.buf = append(out.buf, kind...)
	out.buf = append(out.buf, "\ndata: {\"type\":\""...)
	out.buf = append(out.buf, kind...)
	out.buf = append(out.buf, `","sequence_number":`...)
	out.buf = strconv.AppendInt(out.buf, int64(f.seq), 10)
	f.seq++
}

// endEvent ends it.
func (f *openAIResponses) endEvent(out *frames) {
	out.buf = append(out.buf, "}\n\n"...)
	out.end()
}

// ofItem begins an event about an item.
func (f *openAIResponses) ofItem(out *frames, kind string, a *answer, p *part) {
	f.event(out, kind)
	out.buf = append(out.buf, `,"item_id":"`...)
	out.buf = itemID(out.buf, a, p)
	out.buf = append(out.buf, `","output_index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(p.place()), 10)
	switch p.kind {
	case partText:
		out.buf = append(out.buf, `,"content_index":0`...)
	case partThinking:
		out.buf = append(out.buf, `,"summary_index":0`...)
	}
}

// open sends what the API sends while the model still reads.
func (f *openAIResponses) open(out *frames, a *answer) {
	for _, kind := range []string{"response.created", "response.in_progress"} {
		f.event(out, kind)
		out.buf = append(out.buf, `,"response":`...)
		out.buf = f.head(out.buf, a, "in_progress", nil)
		out.buf = f.tail(out.buf, a, false)
		f.endEvent(out)
	}
}

func (f *openAIResponses) begin(out *frames, a *answer, p *part) {
	f.said = f.said[:0]
	if a.headless(p) {
		f.seq++ // it is lost, and not left out
		return
	}
	f.event(out, "response.output_item.added")
	out.buf = append(out.buf, `,"output_index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(p.place()), 10)
	out.buf = append(out.buf, `,"item":`...)
	out.buf = f.newItem(out.buf, a, p)
	f.endEvent(out)
	switch {
	case p.kind == partText:
		f.ofItem(out, "response.content_part.added", a, p)
		out.buf = append(out.buf, `,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}`...)
		f.endEvent(out)
	case p.kind == partThinking && f.summary:
		f.ofItem(out, "response.reasoning_summary_part.added", a, p)
		out.buf = append(out.buf, `,"part":{"type":"summary_text","text":""}`...)
		f.endEvent(out)
	}
}

// newItem writes an item that nothing has been said of.
func (f *openAIResponses) newItem(dst []byte, a *answer, p *part) []byte {
	switch p.kind {
	case partTool:
		return f.afterText(f.beforeText(dst, a, p, "in_progress"), a, p)
	case partThinking:
		dst = itemID(append(dst, `{"id":"`...), a, p)
		return append(dst, `","type":"reasoning","summary":[]}`...)
	}
	dst = itemID(append(dst, `{"id":"`...), a, p)
	return append(dst, `","type":"message","status":"in_progress","role":"assistant","content":[]}`...)
}

func (f *openAIResponses) delta(out *frames, a *answer, p *part, text []byte) {
	from := len(f.said)
	switch p.kind {
	case partThinking:
		if !f.summary {
			return
		}
		f.ofItem(out, "response.reasoning_summary_text.delta", a, p)
	case partTool:
		f.ofItem(out, "response.function_call_arguments.delta", a, p)
	default:
		f.ofItem(out, "response.output_text.delta", a, p)
		out.buf = append(out.buf, `,"logprobs":[]`...)
	}
	out.buf = append(out.buf, `,"delta":"`...)
	out.put(text)
	f.said = append(f.said, out.buf[out.from:out.to]...)
	out.buf = append(out.buf, '"')
	if f.pad {
		out.buf = appendPadding(out.buf, a, len(f.said)-from)
	}
	f.endEvent(out)
}

// padTo is the length that pieces are filled up to a multiple of, where the
// caller asks for it: the size of an event then tells less about what it says.
const padTo = 16

// appendPadding writes the member obfuscation of a delta of n bytes.
func appendPadding(dst []byte, a *answer, n int) []byte {
	dst = append(dst, `,"obfuscation":"`...)
	dst = append(dst, a.id[:padTo-n%padTo]...)
	return append(dst, '"')
}

func (f *openAIResponses) close(out *frames, a *answer, p *part) {
	switch {
	case p.kind == partTool:
		f.ofItem(out, "response.function_call_arguments.done", a, p)
		out.buf = append(out.buf, `,"name":`...)
		out.buf = appendString(out.buf, p.name)
		f.saidOnce(out, "arguments")
	case p.kind == partText:
		f.ofItem(out, "response.output_text.done", a, p)
		out.buf = append(out.buf, `,"logprobs":[]`...)
		f.saidOnce(out, "text")
		f.ofItem(out, "response.content_part.done", a, p)
		out.buf = append(out.buf, `,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"`...)
		out.buf = append(append(out.buf, f.said...), `"}`...)
		f.endEvent(out)
	case f.summary:
		f.ofItem(out, "response.reasoning_summary_text.done", a, p)
		f.saidOnce(out, "text")
		f.ofItem(out, "response.reasoning_summary_part.done", a, p)
		out.buf = append(out.buf, `,"part":{"type":"summary_text","text":"`...)
		out.buf = append(append(out.buf, f.said...), `"}`...)
		f.endEvent(out)
	}
	item := f.beforeText(nil, a, p, itemStatus(a, p))
	item = append(item, f.said...)
	item = f.afterText(item, a, p)
	f.items = append(f.items, item)
	f.event(out, "response.output_item.done")
	out.buf = append(out.buf, `,"output_index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(p.place()), 10)
	out.buf = append(append(out.buf, `,"item":`...), item...)
	f.endEvent(out)
}

// saidOnce ends an event with all that the part has said.
func (f *openAIResponses) saidOnce(out *frames, name string) {
	out.buf = append(append(out.buf, `,"`...), name...)
	out.buf = append(append(out.buf, `":"`...), f.said...)
	out.buf = append(out.buf, '"')
	f.endEvent(out)
}

func (f *openAIResponses) finish(out *frames, a *answer) {
	status := responsesStatus(a)
	f.event(out, "response."+status)
	out.buf = append(out.buf, `,"response":`...)
	out.buf = f.head(out.buf, a, status, nil)
	out.buf = f.appendItems(out.buf)
	out.buf = f.tail(out.buf, a, true)
	f.endEvent(out)
}

func (f *openAIResponses) appendItems(dst []byte) []byte {
	for i, item := range f.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, item...)
	}
	return dst
}

// fail writes the error with the members inside of error, as the API sends it
// whatever its reference says (captured in vercel/ai#20022), which is what
// openai-python and openai-go raise at; and then the Response that failed.
func (f *openAIResponses) fail(out *frames, a *answer, r *refusal) {
	told := *r
	if told.code == "" {
		told.code = responsesCode(r)
	}
	f.event(out, "error")
	out.buf = append(out.buf, `,"error":`...)
	out.buf = openAIError(out.buf, &told)
	f.endEvent(out)
	f.event(out, "response.failed")
	out.buf = append(out.buf, `,"response":`...)
	out.buf = f.head(out.buf, a, "failed", r)
	out.buf = f.appendItems(out.buf)
	out.buf = f.tail(out.buf, a, false)
	f.endEvent(out)
}
