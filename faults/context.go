package faults

// ContextExceeded holds the parameters of context_exceeded.
type ContextExceeded struct {
	Window int `yaml:"window" default:"128000" doc:"the context window that the refusal speaks of, in tokens"`
}

// Name returns "context_exceeded".
func (*ContextExceeded) Name() string { return "context_exceeded" }

// Validate refuses a window that is none.
func (f *ContextExceeded) Validate() []Problem {
	var out problems
	if f.Window < 1 || f.Window > 1<<30 {
		out.add("window", "is %d: give a number of tokens from 1 to %d, such as 128000", f.Window, 1<<30)
	}
	return out
}

// Effect refuses the call as one that does not fit.
func (f *ContextExceeded) Effect(Dice) Effect {
	return Effect{Status: &Status{Kind: StatusTooLong, Code: 400, Window: f.Window, Honest: true}}
}

var contextExceeded = Entry{
	Name: "context_exceeded", Stage: "model", Slots: SlotStatus, Dialects: []string{"openai", "azure", "anthropic", "gemini", "bedrock"}, Steps: []string{"chat"},
	Summary: "refuses a call as longer than the model's context window",
	Doc: `Status 400: context_length_exceeded at OpenAI and Azure; "prompt is too long: 200251 tokens > 200000 maximum" at Anthropic, and behind "The model returned the following errors" at Bedrock; ` +
		`"The input token count (N) exceeds the maximum number of tokens allowed" at Gemini. The count in the message is above the window, whatever the prompt is. ` +
		`Nothing is billed. Every further attempt of the step at the model is refused too, while the rule applies. ` +
		`A good client does not send the same again: it shortens or sums up the conversation once, takes a model with a larger window, or says that it cannot answer. ` +
		`Words: goose #7442, exe.dev #62, gemini-cli #4231; some retry it all the same, gemini-cli #5807. Ollama cuts the prompt in silence instead, and cannot fail so.`,
	New: func() Fault { return &ContextExceeded{Window: 128_000} },
}
