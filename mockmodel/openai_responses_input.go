package mockmodel

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// responsesRoles are the roles of messages in the order in which the error
// message lists them.
var responsesRoles = []string{"assistant", "system", "developer", "user"}

// responsesContents are the types of content that a message may have.
var responsesContents = []string{"input_text", "input_image", "output_text", "refusal", "input_file", "computer_screenshot", "summary_text"}

// responsesItems are the types of items that the API knows beside those that
// are read: ResponseInputItem of openai/openai-python.
var responsesItems = []string{
	"file_search_call", "computer_call", "computer_call_output", "web_search_call", "image_generation_call", "code_interpreter_call", "compaction",
	"local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output",
	"mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "mcp_call", "custom_tool_call", "custom_tool_call_output",
}

// responsesReader reads the items of a conversation: those of the Responses API
// and those of the Realtime API, which are the same.
type responsesReader struct {
	c *call
	// before: there is more of the conversation, which is not known. A result
	// may be one of a call in there.
	before bool
	open   toolCalls
}

// responsesInput reads the input, a string or items.
func responsesInput(v doc, at string, before bool, c *call) *refusal {
	switch v.kind() {
	case '"':
		c.hear(message{role: "user", text: v.text()})
		return nil
	case '[':
	default:
		return openAIWrongType(at, "a string or an array of objects", v)
	}
	r := responsesReader{c: c, before: before}
	n := 0
	for item := range v.items {
		if refused := r.item(item, at+"["+strconv.Itoa(n)+"]"); refused != nil {
			return refused
		}
		n++
	}
	if left := r.open.unanswered(); left != nil {
		return &refusal{status: 400, kind: "invalid_request_error", param: at, message: "No tool output found for function call " + left[0] + "."}
	}
	return nil
}

func (r *responsesReader) item(item doc, at string) *refusal {
	if item.kind() != '{' {
		return openAIWrongType(at, "an object", item)
	}
	switch kind := item.get("type").text(); kind {
	case "", "message":
		return r.message(item, at)
	case "function_call":
		return r.functionCall(item, at)
	case "function_call_output":
		return r.functionResult(item, at)
	case "reasoning":
		r.c.quote("")
		return nil
	case "item_reference":
		return r.reference(item.get("id"), at)
	default:
		if slices.Contains(responsesItems, kind) {
			return openAIUnbuilt(at + ".type")
		}
		return openAIUnknown(at, kind, append([]string{"message", "function_call", "function_call_output", "reasoning", "item_reference"}, responsesItems...))
	}
}

// openAIUnknown is the error for a word that is none of those that may stand
// there.
func openAIUnknown(param, got string, known []string) *refusal {
	last := len(known) - 1
	return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: param,
		message: "Invalid value: '" + got + "'. Supported values are: '" + strings.Join(known[:last], "', '") + "', and '" + known[last] + "'."}
}

func (r *responsesReader) message(item doc, at string) *refusal {
	role, content := item.get("role"), item.get("content")
	switch {
	case !role.present():
		return openAIMissing(at + ".role")
	case !slices.Contains(responsesRoles, role.text()):
		return openAIUnknown(at, role.text(), responsesRoles)
	case !content.present():
		return openAIMissing(at + ".content")
	case content.kind() != '"' && content.kind() != '[':
		return openAIWrongType(at+".content", "a string or an array of objects", content)
	}
	n := 0
	for part := range content.items {
		in := at + ".content[" + strconv.Itoa(n) + "]"
		if part.kind() != '{' {
			return openAIWrongType(in, "an object", part)
		}
		switch kind := part.get("type"); {
		case !kind.present():
			return openAIMissing(in + ".type")
		case !slices.Contains(responsesContents, kind.text()):
			return openAIUnknown(in+".type", kind.text(), responsesContents)
		case (kind == `"input_text"` || kind == `"output_text"`) && part.get("text").kind() != '"':
			return openAIMissing(in + ".text")
		}
		n++
	}
	if role.text() == "assistant" {
		r.c.quote(contentText(content))
		return nil
	}
	r.c.hear(message{role: role.text(), text: contentText(content)})
	return nil
}

func (r *responsesReader) functionCall(item doc, at string) *refusal {
	for _, name := range []string{"call_id", "name", "arguments"} {
		if v := item.get(name); !v.present() {
			return openAIMissing(at + "." + name)
		} else if v.kind() != '"' {
			return openAIWrongType(at+"."+name, "a string", v)
		}
	}
	r.c.quote("")
	r.c.tokensIn += len(item.get("name"))/tokenBytes + len(item.get("arguments"))/tokenBytes
	r.open.add(item.get("call_id").text())
	return nil
}

func (r *responsesReader) functionResult(item doc, at string) *refusal {
	id, output := item.get("call_id"), item.get("output")
	switch {
	case !id.present():
		return openAIMissing(at + ".call_id")
	case !output.present():
		return openAIMissing(at + ".output")
	case output.kind() != '"' && output.kind() != '[':
		return openAIWrongType(at+".output", "a string or an array of objects", output)
	}
	if !r.open.take(id.text()) && !r.before {
		param, _, _ := strings.Cut(at, "[")
		return &refusal{status: 400, kind: "invalid_request_error", param: param, message: "No tool call found for function call output with call_id " + id.text() + "."}
	}
	r.c.hear(message{role: "tool", text: contentText(output), result: true})
	return nil
}

// reference reads an item that the API would have stored. Ours are known by
// their ids; what they said is not.
func (r *responsesReader) reference(id doc, at string) *refusal {
	if !id.present() {
		return openAIMissing(at + ".id")
	}
	r.c.quote("")
	if call, ok := strings.CutPrefix(id.text(), "fc_"); ok {
		r.open.add("call_" + call)
	}
	return nil
}

// quote takes in something that the model said. What it said in one turn may
// be several items: they are one message.
func (c *call) quote(text string) {
	n := len(c.messages)
	if n == 0 || c.messages[n-1].role != "assistant" {
		c.hear(message{role: "assistant", text: text})
		return
	}
	// The first text of the turn stands for it: joining them would copy a long
	// turn once per item.
	c.tokensIn += wire.Tokens(text)
	c.messages[n-1].text = cmp.Or(c.messages[n-1].text, text)
}
