package assertions

var fallbackEntry = Entry{
	ID: "degradation.fallback", Number: "D2",
	Claim: "When a call fails for good, the user still gets an answer, and it degrades only in declared ways.",
	Doc: "Requests in which a step had no clean answer from its first model, however often it was tried: the share that ended full or degraded. " +
		"A degraded answer of a kind that is not among `kinds` fails the check.",
	Source: SourceHeuristic, SourceNote: "nineteen of twenty",
	SoundSide:   "both, where all attempts are joined",
	Confounders: []string{"kinds must be declared in target.response.degraded to be seen", "requests that the user gave up are not answered"},
	Exposed:     "requests whose first model failed for good",
	FedBy:       []string{"rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "conn_reset_*", "empty_200", "eof_no_done", "in_stream_error"},
	Provoke:     "- {http_500: {}, during: %s, probability: 0.2, per: step}", Need: 59,
	New: func() Check { return &Fallback{Min: 0.95} },
}

// Fallback are the arguments of degradation.fallback.
type Fallback struct {
	Min   Share    `yaml:"min" default:"95%" doc:"least share of requests with a failed step that are answered all the same"`
	Kinds []string `yaml:"kinds" doc:"kinds of degraded answers that are allowed; left out: those that target.response.degraded declares"`
}

// Validate says what is wrong with the arguments.
func (c *Fallback) Validate() []Problem {
	if !(c.Min > 0) || c.Min >= 1 {
		return []Problem{{"min", "must be between 0% and 100%: no number of requests proves that all fall back"}}
	}
	return nil
}
