package mockmodel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// openAIRoles are the roles of messages, in the order in which the error
// message lists them.
var openAIRoles = []string{"system", "assistant", "user", "function", "tool", "developer"}

// openAIMessages reads the conversation.
func openAIMessages(messages doc, c *call) *refusal {
	switch {
	case !messages.present():
		return openAIMissing("messages")
	case messages.kind() != '[':
		return openAIWrongType("messages", "an array of objects", messages)
	}
	var open toolCalls
	for m := range messages.items {
		n := strconv.Itoa(len(c.messages))
		if m.kind() != '{' {
			return openAIWrongType("messages["+n+"]", "an object", m)
		}
		role := m.get("role")
		if !role.present() {
			return openAIMissing("messages[" + n + "].role")
		}
		if !slices.Contains(openAIRoles, role.text()) {
			return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "messages[" + n + "].role",
				message: "Invalid value: '" + role.text() + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."}
		}
		if r := openAIMessage(m, role.text(), n, &open, c); r != nil {
			return r
		}
	}
	if len(c.messages) == 0 {
		return &refusal{status: 400, kind: "invalid_request_error", code: "empty_array", param: "messages",
			message: "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."}
	}
	return openAIUnanswered(&open, len(c.messages))
}

// openAIMessage reads one message. open are the calls of tools that wait for
// their results, which must come next.
func openAIMessage(m doc, role, n string, open *toolCalls, c *call) *refusal {
	content := m.get("content")
	calls := m.get("tool_calls")
	if role == "tool" {
		id := m.get("tool_call_id").text()
		if !open.take(id) {
			return &refusal{status: 400, kind: "invalid_request_error", param: "messages.[" + n + "].role",
				message: "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."}
		}
	} else {
		if r := openAIUnanswered(open, len(c.messages)); r != nil {
			return r
		}
		*open = toolCalls{}
	}
	if !content.present() && (role != "assistant" || calls.kind() != '[' && !m.get("function_call").present() && !m.get("refusal").present()) {
		return &refusal{status: 400, kind: "invalid_request_error", param: "messages.[" + n + "].content",
			message: "Invalid value for 'content': expected a string, got null."}
	}
	many := 0
	for t := range calls.items {
		if many++; many <= toolCallsMax {
			open.add(t.get("id").text())
			c.tokensIn += len(t) / tokenBytes
		}
	}
	if many > toolCallsMax {
		return &refusal{status: 400, kind: "invalid_request_error", code: "array_above_max_length", param: "messages[" + n + "].tool_calls",
			message: fmt.Sprintf("Invalid 'messages[%s].tool_calls': array too long. Expected an array with maximum length %d, but got an array with length %d instead.", n, toolCallsMax, many)}
	}
	c.hear(message{role: role, text: contentText(content), result: role == "tool" || role == "function"})
	return nil
}

// openAIUnanswered refuses a conversation that goes on while calls of tools
// wait for their results.
func openAIUnanswered(open *toolCalls, at int) *refusal {
	if open.left == 0 {
		return nil
	}
	return &refusal{status: 400, kind: "invalid_request_error", param: "messages.[" + strconv.Itoa(at) + "].role",
		message: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " + strings.Join(open.unanswered(), ", ")}
}
