package mockmodel

import (
	"net/http"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// A message is what a call says of one message.
type message struct {
	role, text string
	result     bool // it holds what a tool gave back
}

func (m message) system() bool { return m.role == "system" || m.role == "developer" }

// A tool is something that the model may ask the caller to do.
type tool struct {
	name   string
	params doc // JSON Schema of the arguments; "" takes none
}

// thinkNever is what call.think is where the model is told not to think.
const thinkNever = -1

// choice says whether the model has to call a tool.
type choice int

const (
	toolAuto choice = iota // it may
	toolNone
	toolMust // one of them; call.toolName, where it is given, says which
)

// A call is what a dialect has understood of a request.
type call struct {
	http *http.Request // for what stands beside the body
	at   string        // what the pattern of its route captured

	kind      string
	model     string
	stream    bool
	maxTokens int       // 0: not given
	messages  []message // of a chat
	tokensIn  int
	// carrier is the text in which a marker may stand: the last user message,
	// or what stands for it.
	carrier string
	form    form
	before  int // turns of the conversation that the call refers to and does not quote

	choices    int      // answers asked for at once; 0 is one
	stop       []string // texts at which the answer ends, without them
	tools      []tool
	toolChoice choice
	toolName   string // the tool that must be called; "": any
	serial     bool   // one tool call at a time
	think      int    // tokens that the model may think aloud; 0: it does not say, below 0: it must not
	json       bool   // the answer must be a JSON object
	schema     doc    // which validates against this one; "" is any
	silent     bool   // nothing is asked: the model is made ready, and says nothing
}

// hear takes in a message: it is counted, and the last text of a user may carry
// a request id. A user's message without text, an image or the result of a tool
// in Anthropic's dialect, carries none and hides none.
func (c *call) hear(m message) {
	c.messages = append(c.messages, m)
	c.tokensIn += wire.Tokens(m.text)
	if m.role == "user" && m.text != "" {
		c.carrier = m.text
	}
}

// says reports whether text stands in a message of the kind: a system message,
// or any other. The empty text stands everywhere.
func (c *call) says(text string, system bool) bool {
	if text == "" {
		return true
	}
	for _, m := range c.messages {
		if m.system() == system && strings.Contains(m.text, text) {
			return true
		}
	}
	return false
}

// offers reports whether the call has a tool of the name.
func (c *call) offers(name string) bool {
	for i := range c.tools {
		if c.tools[i].name == name {
			return true
		}
	}
	return false
}

// turn is the number of the turn of the conversation, from 1: the answers of
// the model that the call quotes or refers to, and one.
func (c *call) turn() int {
	n := 1 + c.before
	for _, m := range c.messages {
		if m.role == "assistant" || m.role == "model" {
			n++
		}
	}
	return n
}

// answered reports whether the last message brings the result of a tool: the
// model has what it asked for.
func (c *call) answered() bool {
	return len(c.messages) > 0 && c.messages[len(c.messages)-1].result
}

// contentText returns the text of a message's content: a string, or parts of
// which those with a text count.
func contentText(content doc) string {
	if content.kind() != '[' {
		return content.text()
	}
	var parts []string
	for p := range content.items {
		if t := p.get("text"); t.kind() == '"' {
			parts = append(parts, t.text())
		}
	}
	return strings.Join(parts, "\n")
}
