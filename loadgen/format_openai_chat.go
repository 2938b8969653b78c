package loadgen

import (
	"bytes"
	"strconv"
)

// openAIChat is the chat completion of OpenAI, as JSON and as a stream of
// chunks that ends with [DONE].
// https://platform.openai.com/docs/api-reference/chat
var openAIChat = format{
	name: formatOpenAI, awaits: doneData,
	ask: askOpenAI, body: readOpenAI, event: readOpenAIChunk,
}

// doneData is the data of the event that ends a stream of OpenAI.
const doneData = "[DONE]"

// isDone takes what the SDKs take: data that begins with [DONE].
func isDone(data []byte) bool { return bytes.HasPrefix(data, []byte(doneData)) }

// askOpenAI asks for usage in a stream: without it nobody says what the answer
// cost. A request without a model leaves the choice to the service.
func askOpenAI(dst []byte, d *askData) []byte {
	dst = append(dst, '{')
	if d.Model != "" {
		dst = appendJSON(append(dst, `"model":`...), d.Model)
		dst = append(dst, ',')
	}
	dst = appendJSON(append(dst, `"messages":[{"role":"user","content":`...), d.Prompt)
	dst = strconv.AppendBool(append(dst, `}],"stream":`...), d.Stream)
	if d.Stream {
		dst = append(dst, `,"stream_options":{"include_usage":true}`...)
	}
	if d.MaxTokens > 0 {
		dst = strconv.AppendInt(append(dst, `,"max_tokens":`...), int64(d.MaxTokens), 10)
	}
	return append(dst, '}')
}

func readOpenAI(b []byte, a *answer) {
	m := membersOf(b)
	openAIMembers(&m, a, "message")
	if !m.rest() {
		a.notJSON("the body is no JSON object")
	}
}

// readOpenAIChunk reads one chunk. An object with a top-level error is an
// error whatever else it holds: openai-python _streaming.py, openai-go
// packages/ssestream.
func readOpenAIChunk(_ string, data []byte, a *answer) {
	if isDone(data) {
		a.terminate(doneData)
		return
	}
	m := membersOf(data)
	openAIMembers(&m, a, "delta")
	if !m.rest() {
		a.fail("", "an event is no JSON object: "+clip(string(data[:min(len(data), 64)]), 64))
	}
}

// openAIMembers reads a completion or a chunk, which differ in the name of
// what a choice holds.
func openAIMembers(m *members, a *answer, inner string) {
	for {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch string(key) {
		case "model":
			a.model(value)
		case "choices":
			openAIChoices(value, a, inner)
		case "usage":
			openAIUsage(value, a)
		case "error":
			if !isNull(value) {
				a.failed(value)
			}
		}
	}
}

// openAIChoices reads the first choice: others are other answers to the same
// prompt, and mixing them would look like a splice.
func openAIChoices(b []byte, a *answer, inner string) {
	for choices := elementsOf(b); ; {
		_, choice, ok := choices.next()
		if !ok {
			return
		}
		if first(choice) {
			openAIChoice(choice, a, inner)
		}
	}
}

// first reports whether a choice has the index 0, or none.
func first(choice []byte) bool {
	index := memberOf(choice, "index")
	return index == nil || string(index) == "0"
}

func openAIChoice(choice []byte, a *answer, inner string) {
	for m := membersOf(choice); ; {
		key, value, ok := m.next()
		switch {
		case !ok:
			return
		case string(key) == "finish_reason":
			a.finish(value)
		case string(key) == inner:
			openAIMessage(value, a)
		}
	}
}

// openAIMessage reads a message or a delta. reasoning_content is DeepSeek's
// and vLLM's name for what others call reasoning.
func openAIMessage(b []byte, a *answer) {
	for m := membersOf(b); ; {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch string(key) {
		case "content":
			openAIContent(value, a)
		case "reasoning_content", "reasoning":
			if text, _ := textOf(value); len(text) > 0 {
				a.progress(false)
			}
		case "refusal":
			if text, _ := textOf(value); len(text) > 0 {
				a.rec.Refusal = true
				a.progress(true)
			}
		case "tool_calls":
			openAIToolCalls(value, a)
		}
	}
}

// openAIContent reads text, or the text parts of an array.
func openAIContent(b []byte, a *answer) {
	if text, ok := textOf(b); ok {
		a.content(text)
		return
	}
	for parts := elementsOf(b); ; {
		_, part, ok := parts.next()
		if !ok {
			return
		}
		for m := membersOf(part); ; {
			key, value, ok := m.next()
			if !ok {
				break
			}
			if text, _ := textOf(value); string(key) == "text" {
				a.content(text)
			}
		}
	}
}

// openAIToolCalls counts calls. In a stream the first piece of a call has its
// id and its function's name, the others only pieces of its arguments. Some
// services that are made after OpenAI's leave the id empty.
func openAIToolCalls(b []byte, a *answer) {
	for calls := elementsOf(b); ; {
		_, call, ok := calls.next()
		if !ok {
			return
		}
		a.progress(true)
		function := memberOf(call, "function")
		if hasText(call, "id") || hasText(function, "name") {
			a.call()
		}
		text, _ := textOf(memberOf(function, "arguments"))
		a.arguments(text)
	}
}

// memberOf returns the value of a member of the object b, nil if it has none.
func memberOf(b []byte, name string) []byte {
	for m := membersOf(b); ; {
		key, value, ok := m.next()
		if !ok || string(key) == name {
			return value
		}
	}
}

func hasText(b []byte, name string) bool {
	text, _ := textOf(memberOf(b, name))
	return len(text) > 0
}

func openAIUsage(b []byte, a *answer) {
	for m := membersOf(b); ; {
		key, value, ok := m.next()
		if !ok {
			return
		}
		switch string(key) {
		case "prompt_tokens":
			a.rec.UsageIn = intOf(value)
		case "completion_tokens":
			a.rec.UsageOut = intOf(value)
		}
	}
}
