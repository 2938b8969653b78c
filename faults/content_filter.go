package faults

// ContentFilter holds the parameters of content_filter.
type ContentFilter struct {
	Where       string `yaml:"where" default:"answer" enum:"answer,prompt" doc:"what the filter takes offence at: the answer, in its middle, or the prompt, before there is an answer"`
	AfterTokens int    `yaml:"after_tokens" default:"10" doc:"of the answer: it ends behind so many tokens, thoughts included"`
}

// Name returns "content_filter".
func (*ContentFilter) Name() string { return "content_filter" }

// Validate refuses another place, and a position before the start.
func (f *ContentFilter) Validate() []Problem {
	var out problems
	if f.Where != "answer" && f.Where != "prompt" {
		out.add("where", "%q is unknown: answer or prompt", f.Where)
	}
	if f.AfterTokens < 0 || f.AfterTokens > tokensMost {
		out.add("after_tokens", "is %d: give a number of tokens from 0 to %d", f.AfterTokens, tokensMost)
	}
	return out
}

// Effect lets a filter step in.
func (f *ContentFilter) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationFiltered, Where: f.Where, N: f.AfterTokens}}
}

var contentFilter = Entry{
	Name: "content_filter", Stage: "model", Slots: SlotMutation, Dialects: []string{"openai", "azure", "anthropic", "gemini", "bedrock"}, Steps: []string{"chat"},
	Summary: "lets a content filter end an answer, or refuse a prompt",
	Doc: `where: answer ends the answer behind so many tokens, and says why: finish_reason content_filter (Azure names the category, too), status incomplete with the reason content_filter, stop_reason refusal with stop_details, finishReason SAFETY with safetyRatings, stopReason content_filtered. A stream has shown what came before; in one piece Azure and Gemini hold back all of it, though it was generated and is billed. ` +
		`An answer that is no longer than that is a miss. It is a complete answer with a stated reason: it does not count as truncated, and as empty only where nothing is shown and nothing said of a refusal. ` +
		`where: prompt is a 400 at OpenAI (invalid_prompt) and Azure (content_filter, with an innererror that names the category), and a 200 without an answer elsewhere: a refusal with no content at Anthropic, promptFeedback.blockReason and no candidates at Gemini, the words of a guardrail with stopReason guardrail_intervened at Bedrock, which bills no tokens for it; the others bill the prompt, and Azure says that it does. ` +
		`A good client tells the user that this cannot be answered, or asks another model; it does not send the same again, shows no half answer as if it were whole, and does not read candidates[0] of an empty list. With per: step each retry meets the filter too. ` +
		`Ollama has no filter. Seen in semantic-kernel #5240 and #5289 (nothing told the program), cherry-studio #664, t0-1 #69 and openai/codex #7250.`,
	New: func() Fault { return &ContentFilter{Where: "answer", AfterTokens: 10} },
}
