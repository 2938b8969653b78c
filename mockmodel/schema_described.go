package mockmodel

import (
	"encoding/json"
	"slices"
	"strings"
)

// movable are the keywords that Anthropic's structured outputs do not take.
var movable = []string{
	"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf",
	"minLength", "maxLength", "minItems", "maxItems", "pattern",
}

// described returns the keywords that stand at the end of a description. The
// Anthropic SDKs move what structured outputs do not take there, as
//
//	A score.
//
//	{minimum: 0, maximum: 1}
//
// for the model to read, and hold its answer against the schema that the caller
// wrote (@anthropic-ai/sdk 1.14.0, lib/transform-json-schema.js): a model that
// did not read them would fail every such caller.
func described(text string) []keyValue {
	at := strings.LastIndex("\n\n"+text, "\n\n{")
	if at < 0 || !strings.HasSuffix(text, "}") {
		return nil
	}
	var out []keyValue
	for rest := text[at+1 : len(text)-1]; rest != ""; {
		key, more, ok := strings.Cut(rest, ": ")
		if !ok {
			return nil
		}
		d := json.NewDecoder(strings.NewReader(more))
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		rest, ok = more[d.InputOffset():], true
		if rest != "" {
			rest, ok = strings.CutPrefix(rest, ", ")
		}
		if !ok {
			return nil
		}
		number := value[0] == '-' || value[0] >= '0' && value[0] <= '9'
		if slices.Contains(movable, key) && number != (key == "pattern") {
			out = append(out, keyValue{key, doc(value)})
		}
	}
	return out
}
