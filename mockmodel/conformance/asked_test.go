package conformance

import "encoding/json"

// What every SDK is asked for beside words: a tool that it must call, and an
// answer of a schema. The same in npm/asked.mjs.

const toolName, toolDoes = "find_orders", "Finds the orders of a customer."

// toolSchema returns the parameters of the tool.
func toolSchema() map[string]any {
	return decoded(`{"type": "object", "properties": {"customer": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 50}},
		"required": ["customer", "limit"], "additionalProperties": false}`)
}

// structuredSchema returns the schema of a structured answer.
func structuredSchema() map[string]any {
	return decoded(`{"type": "object", "properties": {"answer": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1},
		"tags": {"type": "array", "items": {"type": "string"}}}, "required": ["answer", "score", "tags"], "additionalProperties": false}`)
}

func decoded(text string) map[string]any {
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}
