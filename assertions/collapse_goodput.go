package assertions

var goodputEntry = Entry{
	ID: "collapse.goodput", Number: "K1",
	Claim: "Under overload the share of good answers stays near that of quiet times.",
	Doc: "Good answers (full or degraded, within the client timeout) divided by requests due in the phase, relative to the first phase. Without " +
		"`during`: the phase with the highest rate. One run judges an instance.",
	Source: SourceLiterature, SourceNote: "SRE book, Breakwater: overload must not reduce the rate of good work much",
	SoundSide:   "both, where the harness was fit: the user's side alone is judged",
	Confounders: []string{"C9 a generator that lags", "C10 a mock model that lags", "C11 cold caches and autoscaling"},
	Exposed:     "requests due in the phase, which a fault reached if the plan has one there", Need: 30,
	New: func() Check { return &Goodput{Min: 0.9} },
}

// Goodput are the arguments of collapse.goodput.
type Goodput struct {
	Min Share `yaml:"min" default:"90%" doc:"least goodput, relative to the first phase"`
}

// Validate says what is wrong with the arguments.
func (c *Goodput) Validate() []Problem {
	if !(c.Min > 0) {
		return []Problem{{"min", "must be above 0%"}}
	}
	return nil
}
