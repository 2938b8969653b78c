package faults

import "fmt"

// chatDialects are the dialects in which a model talks.
var chatDialects = []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock"}

// LengthCut holds the parameters of length_cut.
type LengthCut struct {
	AfterTokens int    `yaml:"after_tokens" default:"10" doc:"the model stops behind so many tokens, thoughts included"`
	Limit       string `yaml:"limit" default:"max_tokens" enum:"max_tokens,context_window" doc:"what the answer says that it ran into: Anthropic and Bedrock have a reason of its own, model_context_window_exceeded, for the end of the context"`
}

// Name returns "length_cut".
func (*LengthCut) Name() string { return "length_cut" }

// Validate wants at least one token, and a limit that is known.
func (f *LengthCut) Validate() []Problem {
	out := problems(validateTokens("after_tokens", f.AfterTokens))
	if f.Limit != "max_tokens" && f.Limit != "context_window" {
		out.add("limit", "%q is unknown: max_tokens or context_window", f.Limit)
	}
	return out
}

// Effect ends the answer as a limit on tokens does.
func (f *LengthCut) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationLength, N: f.AfterTokens, Form: f.Limit}}
}

// tokensMost bounds what a fault lets a model say: memory and time stay bounded.
const tokensMost = 32_768

func validateTokens(key string, n int) []Problem {
	if n < 1 || n > tokensMost {
		return []Problem{{key, fmt.Sprintf("is %d: give a number of tokens from 1 to %d", n, tokensMost)}}
	}
	return nil
}

var lengthCut = Entry{
	Name: "length_cut", Stage: "body", Slots: SlotMutation, Dialects: chatDialects, Steps: []string{"chat"},
	Summary: "ends an answer early, as a limit on tokens does",
	Doc: `The answer stops in the middle, and says so: finish_reason length, stop_reason max_tokens, finishReason MAX_TOKENS, status incomplete, done_reason length; with limit: context_window it is stop_reason or stopReason model_context_window_exceeded at Anthropic and Bedrock, where more max_tokens would not help. ` +
		`Structured output and arguments of tools are cut with it, and are no JSON any more. The usage is right: what was said is billed. An answer that is no longer than that is a miss. ` +
		`A good client looks at the reason before it parses, and asks for the rest, raises the limit, or says that the answer is not whole. The watermark of the answer shows the cut, so it counts as truncated. ` +
		`Every provider does it, most often with a max_tokens that somebody set for another model.`,
	New: func() Fault { return &LengthCut{AfterTokens: 10, Limit: "max_tokens"} },
}

// ReasoningBurn holds the parameters of reasoning_burn.
type ReasoningBurn struct {
	Tokens int `yaml:"tokens" default:"200" doc:"tokens that the model thinks where the call has no limit of its own; else it thinks up to that limit"`
}

// Name returns "reasoning_burn".
func (*ReasoningBurn) Name() string { return "reasoning_burn" }

// Validate wants at least one token.
func (f *ReasoningBurn) Validate() []Problem { return validateTokens("tokens", f.Tokens) }

// Effect lets the model think until its budget is spent.
func (f *ReasoningBurn) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationThoughts, N: f.Tokens}}
}

var reasoningBurn = Entry{
	Name: "reasoning_burn", Stage: "body", Slots: SlotMutation, Dialects: chatDialects, Steps: []string{"chat"},
	Summary: "spends all of max_tokens on thoughts",
	Doc: `Status 200, content "" and finish_reason length: all tokens that the call allows went into thoughts, which the usage counts (reasoning_tokens, thoughtsTokenCount) and the bill too. ` +
		`Ollama shows the thoughts, Anthropic and Bedrock where the call asks for them, Gemini where it asks for that; no text follows them. ` +
		`A good client takes it for an error that the same call will meet again: it raises max_tokens or lowers the effort once, then reports; it neither shows an empty answer nor retries as it is. It counts as empty. ` +
		`Seen in litellm-docs #559 and pr-agent #2631, as 199 of 200 tokens.`,
	New: func() Fault { return &ReasoningBurn{Tokens: 200} },
}

// Runaway is loop, runaway and huge_output: an answer that goes on.
type Runaway struct {
	name string
	kind MutationKind

	Tokens int `yaml:"tokens" default:"20000" doc:"tokens of the answer, whatever max_tokens says; 32768 at most"`
}

// Name returns the name of the fault in the catalogue.
func (f *Runaway) Name() string { return f.name }

// Validate bounds what is said.
func (f *Runaway) Validate() []Problem { return validateTokens("tokens", f.Tokens) }

// Effect lets the model go on.
func (f *Runaway) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: f.kind, N: f.Tokens}}
}

// runawayDoc is what the three have in common.
const runawayDoc = ` max_tokens and stop texts do not end it; a bound of the server's own does. All of it is generated at the model's pace, counted by the usage and billed. ` +
	`A good client stops reading at a limit of its own, in bytes or in time, hangs up so that the provider stops too, and does not ask again. `

var hugeOutput = Entry{
	Name: "huge_output", Stage: "stream", Slots: SlotMutation, Dialects: chatDialects, Steps: []string{"chat"},
	Summary: "answers with far more text than was asked for",
	Doc: `An answer of so many tokens of ordinary text, finish_reason stop.` + runawayDoc +
		`Buffers without a bound, logs of whole answers and budgets that trust max_tokens meet their end here.`,
	New: func() Fault { return &Runaway{name: "huge_output", kind: MutationHuge, Tokens: 20_000} },
}

var loop = Entry{
	Name: "loop", Stage: "stream", Slots: SlotMutation, Dialects: chatDialects, Steps: []string{"chat"},
	Summary: "repeats one sentence, and then stops as if it were done",
	Doc: `The same few words over and over, then finish_reason stop: what small and quantised models do at temperature 0.` + runawayDoc +
		`It notices that the text repeats itself. The watermark of the answer is whole: only the words tell.`,
	New: func() Fault { return &Runaway{name: "loop", kind: MutationLoop, Tokens: 20_000} },
}

var runaway = Entry{
	Name: "runaway", Stage: "stream", Slots: SlotMutation, Dialects: chatDialects, Steps: []string{"chat"},
	Summary: "repeats one sentence far past max_tokens until cut off",
	Doc: `As loop, but the answer does not come to an end of its own: finish_reason is length, far behind the limit that the call gave; its watermark has no end, so it counts as truncated.` + runawayDoc +
		`A budget that reserved max_tokens is overdrawn.`,
	New: func() Fault { return &Runaway{name: "runaway", kind: MutationRunaway, Tokens: 20_000} },
}
