package mockmodel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// anthropicTurns reads the conversation. The words are those of the API, as
// quoted in issues of anthropic-sdk-python and langchain.
func anthropicTurns(messages doc, c *call) *refusal {
	switch {
	case messages == "":
		return anthropicInvalid("messages: Field required")
	case messages.kind() != '[':
		return anthropicInvalid("messages: Input should be a valid list")
	}
	var open []string // ids of tool_use blocks of the message before
	n := 0
	last := message{}
	for m := range messages.items {
		at := "messages." + strconv.Itoa(n)
		role, content := m.get("role"), m.get("content")
		switch {
		case m.kind() != '{':
			return anthropicInvalid(at + ": Input should be an object")
		case role == "":
			return anthropicInvalid(at + ".role: Field required")
		case content == "":
			return anthropicInvalid(at + ".content: Field required")
		case role != `"user"` && role != `"assistant"`:
			return anthropicInvalid(at + ".role: Input should be 'user' or 'assistant'")
		}
		uses, r := anthropicBlocks(at, n-1, content, open, c)
		if r != nil {
			return r
		}
		open = uses
		last = message{role: role.text(), text: contentText(content), result: hasBlock(content, "tool_result")}
		c.hear(last)
		n++
	}
	switch {
	case n == 0:
		return anthropicInvalid("messages: at least one message is required")
	case len(open) > 0:
		return anthropicUnanswered(n-1, open)
	case last.role == "assistant" && last.text != strings.TrimRight(last.text, " \n\t"):
		return anthropicInvalid("messages: final assistant content cannot end with trailing whitespace")
	}
	return nil
}

// anthropicBlocks reads the tools in a message: their calls, which are returned,
// and their results, which must be those of the message before, number at-1 of
// the conversation, and all of them.
func anthropicBlocks(at string, before int, content doc, open []string, c *call) (uses []string, _ *refusal) {
	left := slices.Clone(open)
	i := 0
	for b := range content.items {
		switch b.get("type").text() {
		case "tool_use":
			uses = append(uses, b.get("id").text())
			c.tokensIn += len(b) / tokenBytes
		case "tool_result":
			id := b.get("tool_use_id").text()
			k := slices.Index(left, id)
			if k < 0 {
				return nil, anthropicInvalid(at + ".content." + strconv.Itoa(i) + ": unexpected `tool_use_id` found in `tool_result` blocks: " + id +
					". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.")
			}
			left = slices.Delete(left, k, k+1)
			c.tokensIn += wire.Tokens(contentText(b.get("content")))
		case "text":
			if b.get("text") == `""` {
				return nil, anthropicInvalid("messages: text content blocks must be non-empty")
			}
		}
		i++
	}
	if len(left) > 0 {
		return nil, anthropicUnanswered(before, left)
	}
	return uses, nil
}

// anthropicUnanswered refuses calls of tools without their results.
func anthropicUnanswered(at int, ids []string) *refusal {
	return anthropicInvalid("messages." + strconv.Itoa(at) + ": `tool_use` ids were found without `tool_result` blocks immediately after: " + strings.Join(ids, ", ") +
		". Each `tool_use` block must have a corresponding `tool_result` block in the next message.")
}

// hasBlock reports whether a message's content has a block of the type.
func hasBlock(content doc, kind string) bool {
	for b := range content.items {
		if b.get("type").text() == kind {
			return true
		}
	}
	return false
}
