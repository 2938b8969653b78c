package mockmodel

import (
	"strconv"
	"time"
)

// ollamaChat writes ChatResponse or GenerateResponse of api/types.go in
// ollama/ollama: one JSON object, or as a stream one per line.
type ollamaChat struct {
	generate bool
	unload   bool // keep_alive: 0

	args []byte // of the call that is being said
}

var (
	ollamaJSON   = []string{"application/json; charset=utf-8"}
	ollamaStream = []string{"application/x-ndjson"}
)

func (*ollamaChat) media(stream bool) []string {
	if stream {
		return ollamaStream
	}
	return ollamaJSON
}

func (f *ollamaChat) whole(dst []byte, a *answer) []byte {
	dst = f.head(dst, a)
	dst = a.putAll(dst, 0, partText)
	dst = append(dst, '"')
	dst = f.thoughts(dst, a)
	dst = f.calls(dst, a)
	return f.done(dst, a)
}

// thoughts writes all that the model thought.
func (f *ollamaChat) thoughts(dst []byte, a *answer) []byte {
	if a.thinking == 0 {
		return dst
	}
	dst = append(dst, `,"thinking":"`...)
	dst = a.putAll(dst, 0, partThinking)
	return append(dst, '"')
}

// calls writes the calls of tools. One that the limit on tokens has cut is none.
func (f *ollamaChat) calls(dst []byte, a *answer) []byte {
	n := 0
	parts := a.of(0)
	for i := range parts {
		p := &parts[i]
		if p.kind != partTool || p.cutShort() {
			continue
		}
		if n > 0 {
			dst = append(dst, ',')
		} else {
			dst = append(dst, `,"tool_calls":[`...)
		}
		dst = ollamaCall(dst, p, n)
		dst = a.putRaw(dst, p)
		dst = append(dst, "}}"...)
		n++
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// ollamaCall writes a ToolCall up to its arguments.
func ollamaCall(dst []byte, p *part, index int) []byte {
	dst = append(dst, `{"id":"call_`...)
	dst = append(dst, p.id[len(p.id)-8:]...)
	dst = append(dst, `","function":{"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = append(dst, `,"name":`...)
	dst = appendString(dst, p.name)
	return append(dst, `,"arguments":`...)
}

// head writes a line up to the inside of its text.
func (f *ollamaChat) head(dst []byte, a *answer) []byte {
	dst = append(dst, `{"model":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"created_at":"`...)
	dst = a.epoch.Time(a.nowNs).UTC().AppendFormat(dst, time.RFC3339Nano)
	if f.generate {
		return append(dst, `","response":"`...)
	}
	return append(dst, `","message":{"role":"assistant","content":"`...)
}

// done ends the last line behind its message. Members that are zero are left
// out, as encoding/json does there. What is loading there is waiting for a slot
// here; the prompt is read until the first token.
func (f *ollamaChat) done(dst []byte, a *answer) []byte {
	if !f.generate {
		dst = append(dst, '}')
	}
	dst = append(dst, `,"done":true`...)
	if !a.noFinish {
		dst = append(dst, `,"done_reason":"`...)
		dst = append(dst, f.reason(a)...)
		dst = append(dst, '"')
	}
	if len(a.parts) > 0 {
		first := min(a.firstNs, a.nowNs)
		dst = ollamaNumber(dst, "total_duration", a.nowNs-a.arrivedNs)
		dst = ollamaNumber(dst, "load_duration", a.loadedNs-a.arrivedNs)
		dst = ollamaNumber(dst, "prompt_eval_count", int64(a.tokensIn))
		dst = ollamaNumber(dst, "prompt_eval_duration", first-a.admittedNs)
		dst = ollamaNumber(dst, "eval_count", int64(a.tokensOut))
		dst = ollamaNumber(dst, "eval_duration", a.nowNs-first)
	}
	return append(dst, '}')
}

// reason says why the answer ended.
func (f *ollamaChat) reason(a *answer) string {
	switch {
	case a.stop == stopLength:
		return "length"
	case len(a.parts) > 0 || a.empty:
		return "stop"
	case f.unload:
		return "unload"
	}
	return "load"
}

func ollamaNumber(dst []byte, name string, n int64) []byte {
	if n <= 0 {
		return dst
	}
	dst = append(dst, ',')
	dst = append(appendString(dst, name), ':')
	return strconv.AppendInt(dst, n, 10)
}

// open sends nothing: the first line comes with the first token.
func (*ollamaChat) open(*frames, *answer) {}

func (*ollamaChat) begin(*frames, *answer, *part) {}

// line ends a line that is not the last.
func (f *ollamaChat) line(out *frames) {
	if !f.generate {
		out.buf = append(out.buf, '}')
	}
	out.buf = append(out.buf, `,"done":false}`+"\n"...)
	out.end()
}

// delta writes a piece of text. The arguments of a call are kept until they
// are whole.
func (f *ollamaChat) delta(out *frames, a *answer, p *part, text []byte) {
	switch p.kind {
	case partTool:
		f.args = append(f.args, text...)
	case partThinking:
		out.buf = append(f.head(out.buf, a), `","thinking":"`...)
		out.put(text)
		out.buf = append(out.buf, '"')
		f.line(out)
	default:
		out.buf = f.head(out.buf, a)
		out.put(text)
		out.buf = append(out.buf, '"')
		f.line(out)
	}
}

// close sends a call of a tool, which comes whole.
func (f *ollamaChat) close(out *frames, a *answer, p *part) {
	if p.kind != partTool || p.cutShort() {
		return
	}
	n := 0
	for _, o := range a.of(0)[:p.index] {
		if o.kind == partTool {
			n++
		}
	}
	out.buf = append(f.head(out.buf, a), `","tool_calls":[`...)
	out.buf = ollamaCall(out.buf, p, n)
	out.putCall(f.args)
	out.buf = append(out.buf, "}}]"...)
	f.args = f.args[:0]
	f.line(out)
}

func (f *ollamaChat) finish(out *frames, a *answer) {
	out.omitted = a.noFinish
	out.buf = append(f.head(out.buf, a), '"')
	out.buf = append(f.done(out.buf, a), '\n')
	out.end()
}

// fail writes a line that is an error, behind which nothing comes:
// streamResponse in server/routes.go.
func (*ollamaChat) fail(out *frames, _ *answer, r *refusal) {
	out.buf = append(ollamaBody(out.buf, r, ""), '\n')
	out.end()
}
