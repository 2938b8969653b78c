package mockmodel

import (
	"encoding/base64"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// anthropicMessages writes Message and the events of its stream, in the order
// of the API reference, streaming messages.
type anthropicMessages struct {
	begun int // blocks whose start has been sent
}

func (*anthropicMessages) whole(dst []byte, a *answer) []byte {
	dst = anthropicHead(dst, a)
	dst = append(dst, `"content":[`...)
	for i := range a.parts {
		if a.parts[i].mute {
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = anthropicBlock(dst, a, &a.parts[i])
	}
	dst = append(dst, `],"stop_reason":`...)
	dst = anthropicStop(dst, a)
	dst = append(dst, `,"stop_details":`...)
	dst = append(anthropicDetails(dst, a), anthropicAbsent...)
	dst = append(dst, `,"usage":`...)
	dst = anthropicUsage(dst, a, a.tokensOut)
	return append(dst, '}')
}

func anthropicBlock(dst []byte, a *answer, p *part) []byte {
	switch p.kind {
	case partThinking:
		dst = append(dst, `{"type":"thinking","thinking":"`...)
		dst = a.put(dst, p)
		dst = append(dst, `","signature":"`...)
		dst = anthropicSignature(dst, a)
		return append(dst, `"}`...)
	case partTool:
		dst = anthropicToolUse(dst, p)
		if p.cutShort() { // what max_tokens left of it is no JSON
			return append(dst, "{}}"...)
		}
		dst = a.putRaw(dst, p)
		return append(dst, '}')
	}
	dst = append(dst, `{"type":"text","citations":null,"text":"`...)
	dst = a.put(dst, p)
	return append(dst, `"}`...)
}

// anthropicAbsent are members of a message that are null where there is nothing
// to tell. anthropic-sdk-go has them, and those of the usage, as required.
const anthropicAbsent = `,"container":null,"diagnostics":null`

// anthropicDetails writes what is to be said of the reason.
func anthropicDetails(dst []byte, a *answer) []byte {
	if a.stop == stopFiltered {
		return append(dst, anthropicRefused...)
	}
	return append(dst, "null"...)
}

// anthropicToolUse writes a tool_use block up to its input.
func anthropicToolUse(dst []byte, p *part) []byte {
	dst = append(dst, `{"type":"tool_use","id":"toolu_01`...)
	dst = append(dst, p.id[2:]...)
	dst = append(dst, `","name":`...)
	dst = appendString(dst, p.name)
	return append(dst, `,"caller":{"type":"direct"},"input":`...)
}

// anthropicSignature signs thoughts: opaque to the caller, who has to send it
// back as it is.
func anthropicSignature(dst []byte, a *answer) []byte {
	return base64.StdEncoding.AppendEncode(dst, []byte("chaos-thinking-"+a.id))
}

func anthropicHead(dst []byte, a *answer) []byte {
	dst = append(dst, `{"id":"msg_01`...)
	dst = append(dst, a.id[:22]...)
	dst = append(dst, `","type":"message","role":"assistant","model":`...)
	dst = appendString(dst, a.model)
	return append(dst, ',')
}

// anthropicStop writes the reason, and the sequence at which the answer stopped.
func anthropicStop(dst []byte, a *answer) []byte {
	switch a.stop {
	case stopLength:
		if a.contextEnds() {
			return append(dst, `"model_context_window_exceeded","stop_sequence":null`...)
		}
		return append(dst, `"max_tokens","stop_sequence":null`...)
	case stopFiltered:
		return append(dst, `"refusal","stop_sequence":null`...)
	case stopTool:
		return append(dst, `"tool_use","stop_sequence":null`...)
	case stopSequence:
		return appendString(append(dst, `"stop_sequence","stop_sequence":`...), a.stopText)
	}
	return append(dst, `"end_turn","stop_sequence":null`...)
}

// anthropicUsage writes what is billed, of which output tokens of the answer are
// told already.
func anthropicUsage(dst []byte, a *answer, output int) []byte {
	dst = anthropicCounts(dst, a, output)
	return append(dst, `,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"inference_geo":null,"service_tier":"standard","speed":"standard"}`...)
}

// anthropicCounts writes the counts that every usage has, without its end.
func anthropicCounts(dst []byte, a *answer, output int) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn-a.cached), 10)
	dst = append(dst, `,"cache_creation_input_tokens":0,"cache_read_input_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.cached), 10)
	dst = append(dst, `,"output_tokens":`...)
	dst = strconv.AppendInt(dst, int64(output), 10)
	dst = append(dst, `,"output_tokens_details":{"thinking_tokens":`...)
	dst = strconv.AppendInt(dst, int64(min(a.thinking, output)), 10)
	return append(dst, `},"server_tool_use":null`...)
}

// open sends what the API sends while the model still reads. The first usage
// counts one token of output, as the API's does.
func (m *anthropicMessages) open(f *frames, a *answer) {
	data := append([]byte(`{"type":"message_start","message":`), anthropicHead(nil, a)...)
	data = append(data, `"content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null`+anthropicAbsent+`,"usage":`...)
	data = anthropicUsage(data, a, min(1, a.tokensOut))
	f.event("message_start", append(data, "}}"...))
	if len(a.parts) > 0 {
		m.begin(f, a, &a.parts[0])
	}
	f.event("ping", []byte(`{"type":"ping"}`))
}

// begin starts a block. The first one starts before its first token: see open.
func (m *anthropicMessages) begin(f *frames, a *answer, p *part) {
	if m.begun > p.index {
		return
	}
	m.begun = p.index + 1
	if a.headless(p) || p.mute {
		return
	}
	data := anthropicIndex(`{"type":"content_block_start","index":`, p)
	data = append(data, `,"content_block":`...)
	switch p.kind {
	case partThinking:
		data = append(data, `{"type":"thinking","thinking":"","signature":""}`...)
	case partTool:
		data = append(anthropicToolUse(data, p), "{}}"...)
	default:
		data = append(data, `{"type":"text","citations":null,"text":""}`...)
	}
	f.event("content_block_start", append(data, '}'))
}

func anthropicIndex(head string, p *part) []byte {
	return strconv.AppendInt([]byte(head), int64(p.place()), 10)
}

func (*anthropicMessages) delta(f *frames, _ *answer, p *part, text []byte) {
	if p.mute {
		return
	}
	f.buf = append(f.buf, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	f.buf = strconv.AppendInt(f.buf, int64(p.place()), 10)
	switch p.kind {
	case partThinking:
		f.buf = append(f.buf, `,"delta":{"type":"thinking_delta","thinking":"`...)
	case partTool:
		f.buf = append(f.buf, `,"delta":{"type":"input_json_delta","partial_json":"`...)
	default:
		f.buf = append(f.buf, `,"delta":{"type":"text_delta","text":"`...)
	}
	f.put(text)
	f.buf = append(f.buf, "\"}}\n\n"...)
	f.end()
}

// close ends a block; thoughts are signed before that.
func (*anthropicMessages) close(f *frames, a *answer, p *part) {
	if p.mute {
		return
	}
	if p.kind == partThinking {
		data := anthropicIndex(`{"type":"content_block_delta","index":`, p)
		data = append(data, `,"delta":{"type":"signature_delta","signature":"`...)
		data = anthropicSignature(data, a)
		f.event("content_block_delta", append(data, `"}}`...))
	}
	f.event("content_block_stop", append(anthropicIndex(`{"type":"content_block_stop","index":`, p), '}'))
}

func (*anthropicMessages) finish(f *frames, a *answer) {
	f.omitted = a.noFinish || a.noDone
	if !a.noFinish {
		data := append([]byte(nil), `{"type":"message_delta","delta":{"stop_reason":`...)
		data = anthropicStop(data, a)
		data = anthropicDetails(append(data, `,"stop_details":`...), a)
		data = append(data, `,"container":null},"usage":`...)
		data = anthropicCounts(data, a, a.tokensOut)
		f.event("message_delta", append(data, "}}"...))
	}
	if !a.noDone {
		f.event("message_stop", []byte(`{"type":"message_stop"}`))
	}
}

func (*anthropicMessages) fail(f *frames, _ *answer, r *refusal) {
	data := append([]byte(`{"type":"error","error":{"details":null,"type":`), appendString(nil, r.kind)...)
	data = append(data, `,"message":`...)
	data = appendString(data, r.message)
	f.event("error", append(data, "}}"...))
}

// event appends a frame with a name.
func (f *frames) event(name string, data []byte) {
	f.buf = wire.AppendFrame(f.buf, name, data)
	f.end()
}
