package faults

var empty200 = Entry{
	Name: "empty_200", Stage: "body", Slots: SlotMutation,
	Summary: "succeeds with an answer that says nothing",
	Doc: `Status 200, the right form, content "" (no vectors, no results where the step is not a chat), finish_reason stop, usage zero. ` +
		`A good client looks at the content before it calls the answer a success, tries again at most a few times with backoff, then degrades and says so; ` +
		`it never shows or caches the empty answer. A retry without a bound turns it into a storm: BerriAI/litellm #38197, also #40252 and #40477.`,
	New: fixed("empty_200", Effect{Mutation: &Mutation{Kind: MutationEmpty}}),
}

// WrongModel holds the parameters of wrong_model.
type WrongModel struct {
	Model    string `yaml:"model" doc:"the model that answers instead"`
	Declared bool   `yaml:"declared" default:"true" doc:"the answer's model field admits it; false: it names the model that was asked for, and only the watermark in the text shows the other"`
}

// Name returns "wrong_model".
func (*WrongModel) Name() string { return "wrong_model" }

// Validate wants a model.
func (f *WrongModel) Validate() []Problem {
	if f.Model == "" {
		return []Problem{{"model", "is missing: name the model that answers instead, such as model: gpt-4o-mini"}}
	}
	return nil
}

// Effect changes who answers.
func (f *WrongModel) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationWrongModel, Model: f.Model, Declared: f.Declared}}
}

var wrongModel = Entry{
	Name: "wrong_model", Stage: "model", Slots: SlotMutation,
	Summary: "lets another model answer than the one asked for",
	Doc: `A whole and valid answer, generated (and watermarked) by another model; with declared: false its model field claims to be the one asked for. ` +
		`A good client compares the model field with what it asked for, and discloses a smaller model to its user as a degradation. ` +
		`Gateways and providers fall back to smaller models in silence: agentgateway #1361, odysseus #868, pi-provider-litellm #191.`,
	New: func() Fault { return &WrongModel{Declared: true} },
}
