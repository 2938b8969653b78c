package mockmodel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// bedrockTurn is what the checks of the next message need to know of one.
type bedrockTurn struct {
	uses    []string // ids of the tools that it calls
	results []string // ids of the calls whose results it brings
	tokens  int      // of these results
}

// bedrockTurns reads the conversation. Words as quoted in dify #12340 (who
// begins), #9294 (who follows) and #17545 (tools), bedrock-engineer #8 (blank
// text), strands-agents/harness-sdk #1435 (results) and sample-multi-agent-
// orchestration-chat-on-agentcore #15 (empty results).
func bedrockTurns(messages doc, c *call, tools bool) *refusal {
	if messages.present() && messages.kind() != '[' {
		return bedrockType(messages, "List")
	}
	var before bedrockTurn
	n, last := 0, ""
	for m := range messages.items {
		role, turn, r := bedrockMessage(m, n, c, tools)
		if r != nil {
			return r
		}
		if role == "system" {
			n++
			continue
		}
		switch {
		case last == "" && role != "user":
			return bedrockStart()
		case last == role:
			return bedrockInvalid("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.")
		}
		if r := bedrockAnswered(before, turn, n); r != nil {
			return r
		}
		before, last = turn, role
		n++
	}
	if last == "" {
		return bedrockStart()
	}
	return nil
}

func bedrockStart() *refusal {
	return bedrockInvalid("A conversation must start with a user message. Try again with a conversation that starts with a user message.")
}

// bedrockAnswered holds the results of tools against the calls of the turn before.
func bedrockAnswered(before, turn bedrockTurn, n int) *refusal {
	if len(turn.results) > len(before.uses) {
		return bedrockInvalid(fmt.Sprintf("The number of toolResult blocks at messages.%d.content exceeds the number of toolUse blocks of previous turn.", n))
	}
	if len(before.uses) == 0 {
		return nil
	}
	came := make(map[string]bool, len(turn.results))
	for _, id := range turn.results {
		came[id] = true
	}
	var lost []string
	for _, id := range before.uses {
		if !came[id] {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		return bedrockInvalid(fmt.Sprintf("Expected toolResult blocks at messages.%d.content for the following Ids: %s", n, strings.Join(lost, ", ")))
	}
	return nil
}

// bedrockMessage reads the n-th message.
func bedrockMessage(m doc, n int, c *call, tools bool) (role string, turn bedrockTurn, _ *refusal) {
	if m.kind() != '{' {
		return "", turn, bedrockType(m, "Structure")
	}
	who, content := m.get("role"), m.get("content")
	at := fmt.Sprintf("messages.%d.member.role", n+1)
	switch role = who.text(); {
	case !who.present():
		return "", turn, bedrockConstraint("null", at, "not be null")
	case role != "user" && role != "assistant" && role != "system":
		return "", turn, bedrockConstraint("'"+role+"'", at, "satisfy enum value set: [user, assistant, system]")
	case content.present() && content.kind() != '[':
		return "", turn, bedrockType(content, "List")
	}
	var texts []string
	i := 0
	for b := range content.items {
		text, r := bedrockContent(b, fmt.Sprintf("messages.%d.content.%d", n, i), &turn)
		if r != nil {
			return "", turn, r
		}
		if text != "" {
			texts = append(texts, text)
		}
		i++
	}
	switch {
	case i == 0:
		return "", turn, bedrockInvalid(fmt.Sprintf("The content field in the Message object at messages.%d is empty. Add a ContentBlock object to the content field and try again.", n))
	case !tools && len(turn.uses)+len(turn.results) > 0:
		return "", turn, bedrockInvalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
	}
	// The results of tools carry no request id, and hide none.
	c.hear(message{role: role, text: strings.Join(texts, "\n"), result: len(turn.results) > 0})
	c.tokensIn += turn.tokens
	return role, turn, nil
}

// bedrockBlocks are the kinds of content that are taken: ContentBlock.
var bedrockBlocks = []string{"text", "image", "document", "video", "audio", "toolUse", "toolResult", "reasoningContent", "cachePoint", "guardContent",
	"citationsContent", "searchResult", "toolAddition", "toolRemoval"}

// bedrockContent reads a block, and returns the text in it.
func bedrockContent(b doc, at string, turn *bedrockTurn) (string, *refusal) {
	kind, value := "", doc("")
	for key, v := range b.fields {
		if v.present() && slices.Contains(bedrockBlocks, key) {
			kind, value = key, v
		}
	}
	switch kind {
	case "":
		return "", bedrockInvalid("The ContentBlock object at " + at + " must set one of the following keys: " + strings.Join(bedrockBlocks, ", ") + ".")
	case "text":
		switch {
		case value.kind() != '"':
			return "", bedrockType(value, "String")
		case strings.TrimSpace(value.text()) == "":
			return "", bedrockInvalid("The text field in the ContentBlock object at " + at + " is blank. Add text to the text field, and try again.")
		}
		return value.text(), nil
	case "toolUse":
		turn.uses = append(turn.uses, value.get("toolUseId").text())
	case "toolResult":
		turn.results = append(turn.results, value.get("toolUseId").text())
		return "", bedrockResult(value, at, turn)
	}
	return "", nil
}

// bedrockResult reads what a tool gave back; JSON is text too.
func bedrockResult(v doc, at string, turn *bedrockTurn) *refusal {
	blocks := 0
	for b := range v.get("content").items {
		blocks++
		if text := b.get("text"); text.present() {
			turn.tokens += wire.Tokens(text.text())
		} else if value := b.get("json"); value.present() {
			turn.tokens += wire.Tokens(string(value))
		}
	}
	if blocks == 0 && v.get("status").text() == "error" {
		return bedrockInvalid("The content field at " + at + ".toolResult cannot be empty when status value is error.")
	}
	return nil
}
