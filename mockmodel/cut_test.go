package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"
)

// A call of a tool that the limit on tokens cuts breaks no body: its arguments
// stand there as an object, which half of them is not.
func TestCallsThatTheLimitCuts(t *testing.T) {
	const schema = `{"type":"object","properties":{"a":{"type":"string","minLength":40}},"required":["a"]}`
	ollamaTools := `,"options":{"num_predict":3},"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `}}]`
	geminiTools := `,"generationConfig":{"maxOutputTokens":3},"tools":[{"functionDeclarations":[{"name":"f","parameters":` + schema + `}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`
	for _, c := range []struct{ name, path, body, says, call string }{
		{"anthropic", messagesPath, chat("m", `,"max_tokens":3,"tool_choice":{"type":"any"},"tools":[{"name":"f","input_schema":`+schema+`}]`), `"input":{}}],"stop_reason":"max_tokens"`, ""},
		{"gemini", geminiPath, geminiAsk(geminiTools), `{"content":{"role":"model"},"finishReason":"MAX_TOKENS"`, "functionCall"},
		{"gemini, events", geminiEvents, geminiAsk(geminiTools), `"finishReason":"MAX_TOKENS"`, "functionCall"},
		{"gemini, an array", geminiList, geminiAsk(geminiTools), `"finishReason":"MAX_TOKENS"`, "functionCall"},
		{"ollama", "/api/chat", ollamaAsk(ollamaTools + `,"stream":false`), `"done_reason":"length"`, "tool_calls"},
		{"ollama, lines", "/api/chat", ollamaAsk(ollamaTools), `"done_reason":"length"`, "tool_calls"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: c.path, body: c.body})
			for _, f := range framesOf(got.header.Get("Content-Type"), got.body) {
				if !json.Valid([]byte(f)) {
					t.Errorf("%s: no JSON: %s", c.name, f)
				}
			}
			if got.status != 200 || !strings.Contains(got.body, c.says) || c.call != "" && strings.Contains(got.body, c.call) {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
}
