package mockmodel

import "strconv"

// readOpenAIRealtime understands what a response is asked for: the body that
// realtime.body has written.
func readOpenAIRealtime(body doc, c *call) *refusal {
	if r := openAIModel(body, c); r != nil {
		return r
	}
	given := map[string]doc{}
	for name, v := range body.fields {
		if v.present() && len(given) < parametersMax {
			given[name] = v
		}
	}
	t, _ := c.http.Context().Value(realtimeKey{}).(*realtimeTurn)
	f := newRealtimeForm(t)
	if t != nil {
		t.form = f
	}
	c.form, c.stream = f, true
	if v := given["instructions"].text(); v != "" {
		c.hear(message{role: "system", text: v})
	}
	reader := responsesReader{c: c, before: true}
	n := 0
	for item := range given["input"].items {
		if r := reader.item(item, "input["+strconv.Itoa(n)+"]"); r != nil {
			return r
		}
		n++
	}
	return realtimeRead(given, c)
}

// openAIRealtime writes the events of a response: RealtimeServerEvent of
// openai/openai-python. Each ends with a line feed, and is one message of the
// socket. It keeps what it needs of the answer, which belongs to the attempt.
type openAIRealtime struct {
	id       string // of the attempt
	response string // members that stay the same, each with a leading comma
	before   string // id of the item before the next one
	apart    bool   // nothing is added to the conversation
	begun    bool
	ended    bool

	seq             int
	in, cached, out int           // tokens
	now             *realtimePart // that is being said
	said            []byte        // of the open part, escaped
	items           [][]byte      // those that are done
}

// realtimePart is what is being said.
type realtimePart struct {
	kind             partKind
	item, call, name string // item: its id
	twin             int    // how far its index stands before its own
}

func newRealtimeForm(t *realtimeTurn) *openAIRealtime {
	f := &openAIRealtime{}
	conversation, metadata, most := []byte("null"), doc("null"), doc(`"inf"`)
	if t != nil {
		f.apart = t.apart
		if !t.apart {
			conversation = append(append([]byte(`"conv_`), t.x.id...), '"')
			f.before = t.before
		}
		if t.metadata.present() {
			metadata = compactDoc(t.metadata)
		}
		most = t.most
	}
	f.response = `,"conversation_id":` + string(conversation) + `,"output_modalities":["text"],"max_output_tokens":` + string(most) + `,"metadata":` + string(metadata)
	return f
}

// realtimeID names something of an attempt or a session; n below 0 is nothing.
func realtimeID(what, id string, n int) string {
	if n < 0 {
		return what + id
	}
	return what + id + strconv.FormatInt(int64(n), 36)
}

// realtimeEvent begins an event, up to its own members.
func realtimeEvent(dst []byte, kind, id string, n int) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","event_id":"event_`...)
	dst = append(dst, id...)
	dst = append(dst, '_')
	dst = strconv.AppendInt(dst, int64(n), 36)
	return append(dst, '"')
}

func (f *openAIRealtime) event(out *frames, kind string) {
	f.seq++
	out.buf = realtimeEvent(out.buf, kind, f.id, f.seq)
}

func (f *openAIRealtime) endEvent(out *frames) {
	out.buf = append(out.buf, "}\n"...)
	out.end()
}

// whole is never asked for: a response is a stream.
func (f *openAIRealtime) whole(dst []byte, _ *answer) []byte { return append(dst, "{}"...) }

func (f *openAIRealtime) media(bool) []string { return jsonType }

// open sends what the API sends while the model still reads.
func (f *openAIRealtime) open(out *frames, a *answer) {
	f.id, f.in, f.cached, f.begun = a.id, a.tokensIn, a.cached, true
	f.created(out)
}

func (f *openAIRealtime) created(out *frames) {
	f.event(out, "response.created")
	out.buf = f.appendResponse(out.buf, "in_progress", "null", "null")
	f.endEvent(out)
}

// appendResponse writes the member response.
func (f *openAIRealtime) appendResponse(dst []byte, status, details, usage string) []byte {
	dst = append(dst, `,"response":{"object":"realtime.response","id":"resp_`...)
	dst = append(dst, f.id...)
	dst = append(dst, `","status":"`...)
	dst = append(dst, status...)
	dst = append(dst, `","status_details":`...)
	dst = append(dst, details...)
	dst = append(dst, `,"output":[`...)
	for i, item := range f.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, item...)
	}
	dst = append(dst, ']')
	dst = append(dst, f.response...)
	dst = append(dst, `,"usage":`...)
	dst = append(dst, usage...)
	return append(dst, '}')
}

// ofItem begins an event about the open item.
func (f *openAIRealtime) ofItem(out *frames, kind string) {
	f.event(out, kind)
	out.buf = append(out.buf, `,"response_id":"resp_`...)
	out.buf = append(out.buf, f.id...)
	out.buf = append(out.buf, `","item_id":"`...)
	out.buf = append(out.buf, f.now.item...)
	out.buf = append(out.buf, `","output_index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(len(f.items)-f.now.twin), 10)
	if f.now.kind == partText {
		out.buf = append(out.buf, `,"content_index":0`...)
	} else {
		out.buf = append(out.buf, `,"call_id":"`...)
		out.buf = append(append(out.buf, f.now.call...), '"')
	}
}

// item writes the open item.
func (f *openAIRealtime) item(dst []byte, status string) []byte {
	dst = append(dst, `{"id":"`...)
	dst = append(dst, f.now.item...)
	dst = append(dst, `","object":"realtime.item","status":"`...)
	dst = append(dst, status...)
	if f.now.kind == partTool {
		dst = append(dst, `","type":"function_call","call_id":"`...)
		dst = append(dst, f.now.call...)
		dst = append(dst, `","name":`...)
		dst = appendString(dst, f.now.name)
		dst = append(dst, `,"arguments":"`...)
		return append(append(dst, f.said...), `"}`...)
	}
	dst = append(dst, `","type":"message","role":"assistant","content":[`...)
	if status != "in_progress" {
		dst = append(dst, `{"type":"output_text","text":"`...)
		dst = append(append(dst, f.said...), `"}`...)
	}
	return append(dst, "]}"...)
}

// ofBoth writes the two events about an item that say the same of it: as a part
// of the response, and as one of the conversation.
func (f *openAIRealtime) ofBoth(out *frames, kind, other, status string, responseFirst bool) {
	conversation := func() {
		if f.apart {
			return
		}
		f.event(out, other)
		out.buf = appendOrNull(append(out.buf, `,"previous_item_id":`...), f.before)
		out.buf = f.item(append(out.buf, `,"item":`...), status)
		f.endEvent(out)
	}
	if !responseFirst {
		conversation()
	}
	f.event(out, kind)
	out.buf = append(append(out.buf, `,"response_id":"resp_`...), f.id...)
	out.buf = append(out.buf, `","output_index":`...)
	out.buf = strconv.AppendInt(out.buf, int64(len(f.items)-f.now.twin), 10)
	out.buf = f.item(append(out.buf, `,"item":`...), status)
	f.endEvent(out)
	if responseFirst {
		conversation()
	}
}

func (f *openAIRealtime) begin(out *frames, a *answer, p *part) {
	if p.kind == partThinking {
		return
	}
	f.said = f.said[:0]
	f.now = &realtimePart{kind: p.kind, item: realtimeID("item_", f.id, p.index), name: p.name}
	if p.kind == partTool {
		f.now.call = "call_" + p.id
		f.now.twin = p.index - p.place()
	}
	if a.headless(p) {
		if f.seq++; !f.apart { // they are lost, and not left out
			f.seq++
		}
		return
	}
	f.ofBoth(out, "response.output_item.added", "conversation.item.added", "in_progress", true)
	if p.kind == partText {
		f.ofItem(out, "response.content_part.added")
		out.buf = append(out.buf, `,"part":{"type":"text","text":""}`...)
		f.endEvent(out)
	}
}

func (f *openAIRealtime) delta(out *frames, _ *answer, p *part, text []byte) {
	f.out = out.said
	if p.kind == partThinking {
		return
	}
	kind := "response.output_text.delta"
	if p.kind == partTool {
		kind = "response.function_call_arguments.delta"
	}
	f.ofItem(out, kind)
	out.buf = append(out.buf, `,"delta":"`...)
	out.put(text)
	f.said = append(f.said, out.buf[out.from:out.to]...)
	out.buf = append(out.buf, '"')
	f.endEvent(out)
}

func (f *openAIRealtime) close(out *frames, a *answer, p *part) {
	if p.kind != partThinking {
		f.shut(out, itemStatus(a, p))
	}
}

// shut ends the open item.
func (f *openAIRealtime) shut(out *frames, status string) {
	if f.now.kind == partTool {
		f.ofItem(out, "response.function_call_arguments.done")
		out.buf = appendString(append(out.buf, `,"name":`...), f.now.name)
		out.buf = append(append(out.buf, `,"arguments":"`...), f.said...)
		out.buf = append(out.buf, '"')
		f.endEvent(out)
	} else {
		f.ofItem(out, "response.output_text.done")
		out.buf = append(append(out.buf, `,"text":"`...), f.said...)
		out.buf = append(out.buf, '"')
		f.endEvent(out)
		f.ofItem(out, "response.content_part.done")
		out.buf = append(append(out.buf, `,"part":{"type":"text","text":"`...), f.said...)
		out.buf = append(out.buf, `"}`...)
		f.endEvent(out)
	}
	f.ofBoth(out, "response.output_item.done", "conversation.item.done", status, false)
	f.items = append(f.items, f.item(nil, status))
	f.before, f.now = f.now.item, nil
}

// cut ends what is open of a response that is ended before its time.
func (f *openAIRealtime) cut(out *frames) {
	if f.now != nil {
		f.shut(out, "incomplete")
	}
}

// end ends the response.
func (f *openAIRealtime) end(out *frames, status, details string) {
	f.event(out, "response.done")
	out.buf = f.appendResponse(out.buf, status, details, f.usage())
	f.endEvent(out)
	f.ended = true
}

func (f *openAIRealtime) usage() string {
	in, cached, said := strconv.Itoa(f.in), strconv.Itoa(f.cached), strconv.Itoa(f.out)
	return `{"total_tokens":` + strconv.Itoa(f.in+f.out) + `,"input_tokens":` + in + `,"output_tokens":` + said +
		`,"input_token_details":{"text_tokens":` + in + `,"audio_tokens":0,"image_tokens":0,"cached_tokens":` + cached +
		`,"cached_tokens_details":{"text_tokens":` + cached + `,"audio_tokens":0,"image_tokens":0}},"output_token_details":{"text_tokens":` + said + `,"audio_tokens":0}}`
}

func (f *openAIRealtime) finish(out *frames, a *answer) {
	f.out = a.tokensOut
	if a.noDone {
		f.ended, out.omitted = true, true
		return
	}
	if why := openAIIncomplete(a); why != "" {
		f.end(out, "incomplete", `{"type":"incomplete","reason":"`+why+`"}`)
		return
	}
	f.end(out, "completed", "null")
}

// fail ends a response with an error. The session goes on.
func (f *openAIRealtime) fail(out *frames, _ *answer, r *refusal) {
	f.cut(out)
	f.end(out, "failed", realtimeFailure(r))
}
