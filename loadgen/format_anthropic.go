package loadgen

import "strconv"

// anthropicMessages is the message of Anthropic, as JSON and as a stream of
// events that ends with message_stop.
// https://docs.anthropic.com/en/api/messages-streaming
var anthropicMessages = format{
	name: "anthropic", awaits: "message_stop",
	ask: askAnthropic, headers: []Header{{"anthropic-version", "2023-06-01"}},
	body: readAnthropic, event: readAnthropicEvent,
}

// anthropicMaxTokens is sent where the plan asks for no length, because the
// API does not take a request without.
const anthropicMaxTokens = 1024

func askAnthropic(dst []byte, d *askData) []byte {
	dst = append(dst, '{')
	if d.Model != "" {
		dst = appendJSON(append(dst, `"model":`...), d.Model)
		dst = append(dst, ',')
	}
	limit := d.MaxTokens
	if limit == 0 {
		limit = anthropicMaxTokens
	}
	dst = strconv.AppendInt(append(dst, `"max_tokens":`...), int64(limit), 10)
	dst = appendJSON(append(dst, `,"messages":[{"role":"user","content":`...), d.Prompt)
	dst = strconv.AppendBool(append(dst, `}],"stream":`...), d.Stream)
	return append(dst, '}')
}

func readAnthropic(b []byte, a *answer) {
	m := membersOf(b)
	anthropicMessage(&m, a)
	if !m.rest() {
		a.notJSON("the body is no JSON object")
	}
}

// anthropicMessage reads a message: a whole answer, or what message_start says
// of it.
func anthropicMessage(m *members, a *answer) {
	for {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch string(key) {
		case "model":
			a.model(value)
		case "content":
			for blocks := elementsOf(value); ; {
				_, block, ok := blocks.next()
				if !ok {
					break
				}
				anthropicBlock(block, a)
			}
		case "stop_reason":
			anthropicStop(value, a)
		case "usage":
			anthropicUsage(value, a)
		case "error":
			if !isNull(value) {
				a.failed(value)
			}
		}
	}
}

// readAnthropicEvent goes by the type in the data, as the event's name repeats
// it; a service that leaves the data's type out is read by the name.
func readAnthropicEvent(event string, data []byte, a *answer) {
	kind := []byte(nil)
	m := membersOf(data)
	for {
		key, value, ok := m.next()
		if !ok {
			break
		}
		if string(key) == "type" {
			kind, _ = textOf(value)
		}
	}
	if !m.rest() {
		a.fail("", "an event is no JSON object: "+clip(string(data[:min(len(data), 64)]), 64))
		return
	}
	if len(kind) == 0 {
		kind = []byte(event)
	}
	switch string(kind) {
	case "message_stop":
		a.terminate("message_stop")
	case "message_start", "content_block_start", "content_block_delta", "message_delta", "error":
		anthropicMembers(data, a)
	}
}

// anthropicMembers reads what an event says. Each event has its own member, so
// the kind need not be asked again.
func anthropicMembers(data []byte, a *answer) {
	for m := membersOf(data); ; {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch string(key) {
		case "message": // message_start
			inner := membersOf(value)
			anthropicMessage(&inner, a)
		case "content_block": // content_block_start
			anthropicBlock(value, a)
		case "delta": // content_block_delta, message_delta
			anthropicBlock(value, a)
		case "usage": // message_delta, cumulative
			anthropicUsage(value, a)
		case "error":
			a.failed(value)
		}
	}
}

// anthropicBlock reads a content block or a delta. Their members do not
// overlap in meaning: text is text in both.
func anthropicBlock(b []byte, a *answer) {
	for m := membersOf(b); ; {
		key, value, ok := m.next()
		if !ok {
			return
		}
		text, _ := textOf(value)
		switch string(key) {
		case "type":
			if string(text) == "tool_use" {
				a.call()
				a.progress(true)
			}
		case "text":
			a.content(text)
		case "partial_json":
			if len(text) > 0 {
				a.progress(true)
				a.arguments(text)
			}
		case "input": // of a whole tool_use
			a.arguments(value)
		case "thinking":
			if len(text) > 0 {
				a.progress(false)
			}
		case "stop_reason":
			anthropicStop(value, a)
		}
	}
}

func anthropicStop(value []byte, a *answer) {
	a.finish(value)
	if text, _ := textOf(value); string(text) == "refusal" {
		a.rec.Refusal = true
	}
}

func anthropicUsage(b []byte, a *answer) {
	for m := membersOf(b); ; {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch n := intOf(value); {
		case n < 0:
		case string(key) == "input_tokens":
			a.rec.UsageIn = n
		case string(key) == "output_tokens":
			a.rec.UsageOut = n
		}
	}
}
