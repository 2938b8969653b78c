package assertions

var tokensEntry = Entry{
	ID: "budgets.tokens", Number: "B7",
	Claim:       "No request uses more tokens than its budget, retries and fallbacks included.",
	Doc:         "Tokens of one request: those sent to and those emitted by the provider, summed over all its attempts.",
	Source:      SourcePlan,
	SoundSide:   "fail: attempts that were not joined could only add",
	Confounders: []string{"C15 tokens are counted as a quarter of the bytes"},
	Exposed:     "requests with attempts", Need: needInvariant,
	New: func() Check { return &Tokens{} },
}

// Tokens are the arguments of budgets.tokens.
type Tokens struct {
	Max int64 `yaml:"max" doc:"most tokens of one request, in and out, over all attempts; must be given"`
}

// Validate says what is wrong with the arguments.
func (c *Tokens) Validate() []Problem {
	if c.Max < 1 {
		return []Problem{{"max", "give the budget in tokens, such as 5000"}}
	}
	return nil
}
