package mockmodel

import (
	"encoding/base64"
	"strconv"
	"time"
)

// bedrockConverse writes ConverseOutput and the events of ConverseStreamOutput:
// types.go of service/bedrockruntime in aws/aws-sdk-go-v2.
type bedrockConverse struct{}

var bedrockEvents = []string{"application/vnd.amazon.eventstream"}

func (bedrockConverse) media(stream bool) []string {
	if stream {
		return bedrockEvents
	}
	return jsonType
}

func (bedrockConverse) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"metrics":`...)
	dst = bedrockMetrics(dst, a)
	dst = append(dst, `,"output":{"message":{"content":[`...)
	for i := range a.parts {
		if a.parts[i].mute {
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = bedrockBlock(dst, a, &a.parts[i])
	}
	dst = append(dst, `],"role":"assistant"}},"stopReason":"`...)
	dst = append(dst, bedrockStop(a)...)
	dst = append(dst, `","usage":`...)
	dst = bedrockUsage(dst, a)
	return append(dst, '}')
}

func bedrockBlock(dst []byte, a *answer, p *part) []byte {
	switch p.kind {
	case partThinking:
		dst = append(dst, `{"reasoningContent":{"reasoningText":{"signature":"`...)
		dst = bedrockSignature(dst, a)
		dst = append(dst, `","text":"`...)
		return append(a.put(dst, p), `"}}}`...)
	case partTool:
		dst = append(dst, `{"toolUse":{"input":`...)
		dst = a.putRaw(dst, p)
		dst = append(dst, ',')
		return append(bedrockTool(dst, p), "}}"...)
	}
	dst = append(dst, `{"text":"`...)
	return append(a.put(dst, p), `"}`...)
}

// bedrockTool writes which tool is called, as members.
func bedrockTool(dst []byte, p *part) []byte {
	dst = append(dst, `"name":`...)
	dst = appendString(dst, p.name)
	dst = append(dst, `,"toolUseId":"tooluse_`...)
	dst = append(dst, p.id[2:]...)
	return append(dst, '"')
}

// bedrockSignature signs thoughts: opaque to the caller, who has to send it back
// as it is.
func bedrockSignature(dst []byte, a *answer) []byte {
	return base64.StdEncoding.AppendEncode(dst, []byte("chaos-thinking-"+a.id))
}

func bedrockStop(a *answer) string {
	switch a.stop {
	case stopLength:
		if a.contextEnds() {
			return "model_context_window_exceeded"
		}
		return "max_tokens"
	case stopFiltered:
		if a.blocked {
			return "guardrail_intervened"
		}
		return "content_filtered"
	case stopTool:
		return "tool_use"
	case stopSequence:
		return "stop_sequence"
	}
	return "end_turn"
}

// bedrockUsage does not count as input what a cache held, but in total: TokenUsage.
func bedrockUsage(dst []byte, a *answer) []byte {
	out := a.tokensOut
	if a.empty { // a guardrail's words are none of the model's
		out = 0
	}
	for _, x := range []struct {
		name string
		n    int
	}{
		{`{"cacheReadInputTokens":`, a.cached}, {`,"cacheWriteInputTokens":`, 0}, {`,"inputTokens":`, a.tokensIn - a.cached},
		{`,"outputTokens":`, out}, {`,"totalTokens":`, a.tokensIn + out},
	} {
		dst = append(dst, x.name...)
		dst = strconv.AppendInt(dst, int64(x.n), 10)
	}
	return append(dst, '}')
}

func bedrockMetrics(dst []byte, a *answer) []byte {
	dst = append(dst, `{"latencyMs":`...)
	dst = strconv.AppendInt(dst, max(0, a.nowNs-a.arrivedNs)/int64(time.Millisecond), 10)
	return append(dst, '}')
}

// event appends an event with a payload of JSON. Headers are in the order of the
// service.
func (c bedrockConverse) event(f *frames, name string, payload []byte) {
	start := c.begins(f, name)
	f.buf = endEvent(append(f.buf, payload...), start)
	f.end()
}

// begins begins an event and returns where.
func (bedrockConverse) begins(f *frames, name string) int {
	start := len(f.buf)
	f.buf = beginEvent(f.buf, ":event-type", name, ":content-type", "application/json", ":message-type", "event")
	return start
}

// index begins a payload that is about a part.
func (bedrockConverse) index(p *part) []byte {
	return strconv.AppendInt([]byte(`{"contentBlockIndex":`), int64(p.place()), 10)
}

func (c bedrockConverse) open(f *frames, _ *answer) {
	c.event(f, "messageStart", []byte(`{"role":"assistant"}`))
}

// begin starts the block of a tool. Other blocks start with their first delta:
// ContentBlockStart has no member for them.
func (c bedrockConverse) begin(f *frames, a *answer, p *part) {
	if p.kind == partTool && !a.headless(p) {
		data := append(c.index(p), `,"start":{"toolUse":{`...)
		c.event(f, "contentBlockStart", append(bedrockTool(data, p), "}}}"...))
	}
}

func (c bedrockConverse) delta(f *frames, _ *answer, p *part, text []byte) {
	if p.mute {
		return
	}
	head, tail := `,"delta":{"text":"`, `"}}`
	switch p.kind {
	case partThinking:
		head, tail = `,"delta":{"reasoningContent":{"text":"`, `"}}}`
	case partTool:
		head, tail = `,"delta":{"toolUse":{"input":"`, `"}}}`
	}
	start := c.begins(f, "contentBlockDelta")
	f.buf = append(append(f.buf, c.index(p)...), head...)
	f.put(text)
	f.buf = endEvent(append(f.buf, tail...), start)
	f.end()
}

// close ends a block; thoughts are signed before that.
func (c bedrockConverse) close(f *frames, a *answer, p *part) {
	if p.mute {
		return
	}
	if p.kind == partThinking {
		data := append(c.index(p), `,"delta":{"reasoningContent":{"signature":"`...)
		c.event(f, "contentBlockDelta", append(bedrockSignature(data, a), `"}}}`...))
	}
	c.event(f, "contentBlockStop", append(c.index(p), '}'))
}

func (c bedrockConverse) finish(f *frames, a *answer) {
	f.omitted = a.noFinish || a.noDone
	if !a.noFinish {
		c.event(f, "messageStop", []byte(`{"stopReason":"`+bedrockStop(a)+`"}`))
	}
	if a.noDone {
		return
	}
	data := bedrockMetrics([]byte(`{"metrics":`), a)
	data = append(data, `,"usage":`...)
	c.event(f, "metadata", append(bedrockUsage(data, a), '}'))
}

// bedrockStreamed are the exceptions that a stream can end with, by what they
// are called outside of one: ConverseStreamOutput. All others are internal.
var bedrockStreamed = map[string]string{
	"ThrottlingException": "throttlingException", "ValidationException": "validationException",
	"ServiceUnavailableException": "serviceUnavailableException", "ModelErrorException": "modelStreamErrorException",
}

// fail writes a frame whose message type is not an event's.
func (bedrockConverse) fail(f *frames, _ *answer, r *refusal) {
	name := bedrockStreamed[r.kind]
	said := *r
	switch name {
	case "":
		name = "internalServerException"
	case "modelStreamErrorException":
		said.details = string(appendString([]byte(`"originalMessage":`), r.message)) + `,"originalStatusCode":500`
	}
	start := len(f.buf)
	f.buf = beginEvent(f.buf, ":exception-type", name, ":content-type", "application/json", ":message-type", "exception")
	f.buf = endEvent(bedrockBody(f.buf, &said, ""), start)
	f.end()
}
