package mockmodel

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/faults"
)

// openAIFields are where OpenAI's members are, in the chat, the Responses and the
// Realtime API, whole and in the events of a stream.
var openAIFields = map[string][]string{
	"usage":         {"usage", "response.usage"},
	"id":            {"id", "response.id"},
	"role":          {"choices.message.role", "choices.delta.role", "output.role", "item.role", "response.output.role"},
	"model":         {"model", "response.model"},
	"object":        {"object", "data.object", "response.object"},
	"created":       {"created", "created_at", "response.created_at"},
	"delta":         {"choices.delta", "delta"},
	"finish_reason": {"choices.finish_reason", "status", "response.status"},
	"index":         {"choices.index", "choices.delta.tool_calls.index", "output_index", "content_index", "summary_index", "data.index"},
}

// fieldsOf are the paths of what a dialect's JSON has, by what OpenAI calls it:
// see [deemer]. A dialect lacks what is not here.
var fieldsOf = map[string]map[string][]string{
	"openai": openAIFields,
	"azure":  openAIFields,
	"anthropic": {
		"usage":         {"usage", "message.usage"},
		"id":            {"id", "message.id"},
		"role":          {"role", "message.role"},
		"model":         {"model", "message.model"},
		"object":        {"message.type"},
		"delta":         {"delta"},
		"finish_reason": {"stop_reason", "delta.stop_reason", "message.stop_reason"},
		"index":         {"index"},
	},
	"gemini": {
		"usage":         {"usageMetadata"},
		"id":            {"responseId"},
		"role":          {"candidates.content.role"},
		"model":         {"modelVersion"},
		"delta":         {"candidates.content"},
		"finish_reason": {"candidates.finishReason"},
		"index":         {"candidates.index"},
	},
	"ollama": {
		"usage":         {"prompt_eval_count", "eval_count"},
		"role":          {"message.role"},
		"model":         {"model"},
		"created":       {"created_at"},
		"delta":         {"message", "response"},
		"finish_reason": {"done_reason"},
		"index":         {"message.tool_calls.function.index"},
	},
	bedrockDialect: {
		"usage":         {"usage"},
		"role":          {"role", "output.message.role"},
		"delta":         {"delta"},
		"finish_reason": {"stopReason"},
		"index":         {"contentBlockIndex"},
	},
	"cohere": {"usage": {"meta"}, "id": {"id"}, "index": {"results.index"}},
	"jina":   {"usage": {"usage"}, "model": {"model"}, "object": {"object"}, "index": {"results.index"}},
	"voyage": {"usage": {"usage"}, "model": {"model"}, "object": {"object"}, "index": {"data.index"}},
}

// pathsOf are the paths of fields in a dialect.
func pathsOf(dialect string, fields ...string) (out []string) {
	for _, f := range fields {
		out = append(out, fieldsOf[dialect][f]...)
	}
	return out
}

// dropping leaves the members at paths out, and notes in found whether one of them
// told something.
func dropping(paths []string, found *bool) deemer {
	return func(path string, v doc) (fate, string) {
		if !slices.Contains(paths, path) {
			return keep, ""
		}
		*found = *found || v.present()
		return drop, ""
	}
}

// multiplying multiplies the whole numbers at and below paths.
func multiplying(paths []string, factor float64) deemer {
	return func(path string, v doc) (fate, string) {
		n, is := v.integer()
		if !is || !slices.ContainsFunc(paths, func(p string) bool {
			rest, in := strings.CutPrefix(path, p)
			return in && (rest == "" || rest[0] == '.')
		}) {
			return keep, ""
		}
		if x := math.Round(float64(n) * factor); x != float64(n) {
			return replace, strconv.FormatFloat(x, 'f', -1, 64)
		}
		return keep, ""
	}
}

// tellsUsage reports whether a frame has a usage of the dialect that is one.
func tellsUsage(dialect string, frame []byte) bool {
	from, to := payload(frame)
	if to == 0 {
		return false
	}
	paths, found := pathsOf(dialect, "usage"), false
	splicesOf(doc(frame[from:to]), func(path string, v doc) (fate, string) {
		found = found || v.present() && slices.Contains(paths, path)
		return keep, ""
	})
	return found
}

// edits returns what a fault changes of a value of the answer. shows: a caller
// could have missed it, which is not so of a member that is null.
func (a *attempt) edits(m *faults.Mutation, d doc) (out []splice, shows bool) {
	dialect := a.route.vendor.name
	switch m.Kind {
	case faults.MutationBroken:
		return broken(d, m.Form)
	case faults.MutationFieldsGone:
		out = splicesOf(d, dropping(pathsOf(dialect, strings.Fields(m.Form)...), &shows))
		return out, shows
	}
	out = splicesOf(d, multiplying(pathsOf(dialect, "usage"), m.Factor))
	return out, len(out) > 0
}
