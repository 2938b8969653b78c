package mockmodel

import (
	"encoding/base64"
	"strconv"
)

// openAIResponses writes a Response and the events of its stream: the types
// Response and ResponseStreamEvent of openai/openai-python; access_programs is
// of openai-go 3.96, whose Response requires it.
type openAIResponses struct {
	echo    []byte // members that tell parameters back
	turn    int
	summary bool // thoughts are shown
	pad     bool // stream_options.include_obfuscation

	seq   int      // of the next event
	said  []byte   // of the part that is being said, escaped
	items [][]byte // the items that are done, as they stand in output
}

func (f *openAIResponses) whole(dst []byte, a *answer) []byte {
	dst = f.head(dst, a, responsesStatus(a), nil)
	for i := range a.parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		p := &a.parts[i]
		dst = f.beforeText(dst, a, p, itemStatus(a, p))
		if p.kind != partThinking || f.summary {
			dst = a.put(dst, p)
		}
		dst = f.afterText(dst, a, p)
	}
	return f.tail(dst, a, true)
}

// head writes a Response up to the inside of its output.
func (f *openAIResponses) head(dst []byte, a *answer, status string, failed *refusal) []byte {
	dst = append(dst, `{"id":"`...)
	dst = responseID(dst, a, f.turn)
	dst = append(dst, `","object":"response","access_programs":{"cyber":"standard"},"created_at":`...)
	dst = strconv.AppendInt(dst, a.created, 10)
	dst = append(dst, `,"status":"`...)
	dst = append(dst, status...)
	dst = append(dst, `","completed_at":`...)
	if status == "completed" {
		dst = strconv.AppendInt(dst, a.done(), 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"error":`...)
	if failed != nil {
		dst = append(dst, `{"code":`...)
		dst = appendString(dst, responsesCode(failed))
		dst = append(dst, `,"message":`...)
		dst = appendString(dst, failed.message)
		dst = append(dst, '}')
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"incomplete_details":`...)
	if status == "incomplete" {
		dst = append(append(append(dst, `{"reason":"`...), openAIIncomplete(a)...), `"}`...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"model":`...)
	dst = appendString(dst, a.model)
	return append(dst, `,"output":[`...)
}

// tail writes the rest of a Response.
func (f *openAIResponses) tail(dst []byte, a *answer, ended bool) []byte {
	dst = append(dst, ']')
	dst = append(dst, f.echo...)
	dst = append(dst, `,"usage":`...)
	if ended {
		dst = responsesUsage(dst, a)
	} else {
		dst = append(dst, "null"...)
	}
	return append(dst, '}')
}

// responsesUsage writes ResponseUsage.
func responsesUsage(dst []byte, a *answer) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"input_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.cached), 10)
	dst = append(dst, `,"cache_write_tokens":0},"output_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensOut), 10)
	dst = append(dst, `,"output_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.thinking), 10)
	dst = append(dst, `},"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn+a.tokensOut), 10)
	return append(dst, '}')
}

func responsesStatus(a *answer) string {
	if openAIIncomplete(a) != "" {
		return "incomplete"
	}
	return "completed"
}

// openAIIncomplete says why an answer of the Responses or the Realtime API is not
// complete; "": it is.
func openAIIncomplete(a *answer) string {
	switch a.stop {
	case stopLength:
		return "max_output_tokens"
	case stopFiltered:
		return "content_filter"
	}
	return ""
}

// responsesCode is the error code that a failed Response has: ResponseError of
// openai/openai-python knows these two of what a provider can do wrong.
func responsesCode(r *refusal) string {
	if r.status == 429 {
		return "rate_limit_exceeded"
	}
	return "server_error"
}

// itemStatus is the status of an item of an answer that has ended.
func itemStatus(a *answer, p *part) string {
	if openAIIncomplete(a) != "" && a.last(p) {
		return "incomplete"
	}
	return "completed"
}

// itemID names an item. That of a call of a tool tells the id of the call, and
// a reference to it can be understood.
func itemID(dst []byte, a *answer, p *part) []byte {
	switch p.kind {
	case partThinking:
		dst = append(append(dst, "rs_"...), a.id...)
	case partTool:
		return append(append(dst, "fc_"...), p.id...)
	default:
		dst = append(append(dst, "msg_"...), a.id...)
	}
	return strconv.AppendInt(dst, int64(p.index), 36)
}

// beforeText writes an item up to its text.
func (f *openAIResponses) beforeText(dst []byte, a *answer, p *part, status string) []byte {
	dst = append(dst, `{"id":"`...)
	dst = itemID(dst, a, p)
	switch p.kind {
	case partThinking:
		dst = append(dst, `","type":"reasoning","summary":[`...)
		if f.summary {
			dst = append(dst, `{"type":"summary_text","text":"`...)
		}
		return dst
	case partTool:
		dst = append(dst, `","type":"function_call","status":"`...)
		dst = append(dst, status...)
		return append(dst, `","arguments":"`...)
	}
	dst = append(dst, `","type":"message","status":"`...)
	dst = append(dst, status...)
	return append(dst, `","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"`...)
}

// afterText writes the rest of an item. Thoughts are opaque to the caller, who
// may send them back.
func (f *openAIResponses) afterText(dst []byte, a *answer, p *part) []byte {
	switch p.kind {
	case partThinking:
		if f.summary {
			dst = append(dst, `"}`...)
		}
		dst = append(dst, `],"encrypted_content":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte("chaos-reasoning-"+a.id))
		return append(dst, `"}`...)
	case partTool:
		dst = append(dst, `","call_id":"call_`...)
		dst = append(dst, p.id...)
		dst = append(dst, `","name":`...)
		dst = appendString(dst, p.name)
		return append(dst, '}')
	}
	return append(dst, `"}]}`...)
}
