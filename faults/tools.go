package faults

import (
	"slices"
	"strings"
)

// toolDialects are those whose models call tools; in textDialects a call's
// arguments are text, at Anthropic and Bedrock in streams alone.
var (
	toolDialects = []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock"}
	textDialects = []string{"openai", "azure", "anthropic", "bedrock"}
)

// ToolArgsTruncated holds the parameters of tool_args_truncated.
type ToolArgsTruncated struct {
	Keep Share `yaml:"keep" default:"0.5" doc:"share of the arguments that is sent, above 0 and below 1"`
}

// Name returns "tool_args_truncated".
func (*ToolArgsTruncated) Name() string { return "tool_args_truncated" }

// Validate wants a part of the arguments.
func (f *ToolArgsTruncated) Validate() []Problem {
	var out problems
	if !(f.Keep > 0 && f.Keep < 1) {
		out.add("keep", "%s is not between 0 and 1: give a share such as 50%%", f.Keep)
	}
	return out
}

// Effect cuts the arguments of tool calls.
func (f *ToolArgsTruncated) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationToolCut, Keep: float64(f.Keep)}}
}

var toolArgsTruncated = Entry{
	Name: "tool_args_truncated", Stage: "model", Slots: SlotMutation, Dialects: textDialects, Steps: []string{"chat"},
	Summary: "cuts the arguments of a tool call, and says it is whole",
	Doc: `The arguments of each call of a tool end in the middle, and all that follows says that they are whole: finish_reason tool_calls, stop_reason tool_use, the events that close the call. ` +
		`Where arguments are an object and not text (whole answers of Anthropic and Bedrock; Gemini and Ollama always) they cannot be cut, and an answer that calls no tool has none: the rule has missed. ` +
		`A good client parses the arguments strictly and never runs a call that does not parse, however plausible a repair looks. ` +
		`Seen in cline #13001 (a repair closed the string, and the half command was run) and vllm #53739.`,
	New: func() Fault { return &ToolArgsTruncated{Keep: 0.5} },
}

var malformedKinds = []string{"invalid_json", "wrong_type", "unknown_tool"}

// ToolArgsMalformed holds the parameters of tool_args_malformed.
type ToolArgsMalformed struct {
	Kind string `yaml:"kind" default:"invalid_json" enum:"invalid_json,wrong_type,unknown_tool" doc:"invalid_json: a comma before the closing brace; wrong_type: the first argument has another type than the schema says; unknown_tool: the name is none that was offered"`
}

// Name returns "tool_args_malformed".
func (*ToolArgsMalformed) Name() string { return "tool_args_malformed" }

// Validate refuses an unknown kind.
func (f *ToolArgsMalformed) Validate() []Problem {
	var out problems
	if !slices.Contains(malformedKinds, f.Kind) {
		out.add("kind", "%q is unknown: one of %s", f.Kind, strings.Join(malformedKinds, ", "))
	}
	return out
}

// Effect spoils tool calls.
func (f *ToolArgsMalformed) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationToolSpoilt, Form: f.Kind}}
}

var toolArgsMalformed = Entry{
	Name: "tool_args_malformed", Stage: "model", Slots: SlotMutation, Dialects: toolDialects, Steps: []string{"chat"},
	Summary: "calls a tool in a way that nobody can carry out",
	Doc: `Each call of a tool has arguments that are no JSON, or of a wrong type (a number as a string, a string in a list), or the name of a tool that was not offered. ` +
		`Arguments that are an object in the dialect (whole answers of Anthropic and Bedrock; Gemini and Ollama always) cannot be invalid JSON: the rule has missed, as it has where no tool is called or the arguments are empty. ` +
		`A good client validates name and arguments against what it offered, tells the model what was wrong as the result of the call, at most a few times, and then gives up on the tool. ` +
		`Seen in livekit #4974 (about 10 % of the calls of GPT-4.1 on Azure).`,
	New: func() Fault { return &ToolArgsMalformed{Kind: "invalid_json"} },
}

var toolMissingFirstFragment = Entry{
	Name: "tool_missing_first_fragment", Stage: "stream", Slots: SlotMutation, Dialects: textDialects, Steps: []string{"chat"},
	Summary: "streams a tool call without its id and name",
	Doc: `The event that begins a call of a tool is lost: the first delta with id and name at OpenAI, response.output_item.added of the Responses API, content_block_start of Anthropic, contentBlockStart of Bedrock. The arguments follow as if nothing were missing. ` +
		`Gemini and Ollama send a call in one event, and a realtime session says the name elsewhere too: there the rule has missed. A good client treats arguments of a call that never began as an error of the stream; it neither guesses the tool nor drops the call in silence. Seen in vllm #34887.`,
	New: fixedInStreams("tool_missing_first_fragment", Effect{Mutation: &Mutation{Kind: MutationToolHeadless}}), // elsewhere a call has no fragments
}

var toolDupIndex = Entry{
	Name: "tool_dup_index", Stage: "stream", Slots: SlotMutation, Dialects: textDialects, Steps: []string{"chat"},
	Summary: "streams two tool calls under one index",
	Doc: `The second call of a tool has the index of the first: tool_calls[].index at OpenAI, output_index, index of a content block, contentBlockIndex. Ids and names differ. ` +
		`It needs an answer with two calls, such as one of answers: with two tool_calls; with fewer the rule has missed. ` +
		`A good client that finds another id under an index that it knows begins another call; one that goes by the index alone joins the arguments of both into garbage. ` +
		`Seen in openai-python #3201 and eliza #16973.`,
	New: fixedInStreams("tool_dup_index", Effect{Mutation: &Mutation{Kind: MutationToolTwins}}), // elsewhere calls have no index
}

var toolLoop = Entry{
	Name: "tool_loop", Stage: "model", Slots: SlotMutation, Dialects: toolDialects, Steps: []string{"chat"},
	Summary: "calls a tool on every turn and never answers",
	Doc: `Whatever the results of tools say, the model calls a tool again, with arguments that its schema allows and an id of their own, also where answers: of the plan would have ended the conversation. per: request makes a whole request loop. ` +
		`A call that offers no tool, or forbids to call one, is answered as usual, and the rule has missed. ` +
		`A good client bounds the turns of one request and what they cost, and answers with what it has, or says that it cannot; an agent without a bound pays until its context is full.`,
	New: fixed("tool_loop", Effect{Mutation: &Mutation{Kind: MutationToolAgain}}),
}
