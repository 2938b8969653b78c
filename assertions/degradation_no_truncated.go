package assertions

var noTruncatedEntry = Entry{
	ID: "degradation.no_truncated", Number: "D6",
	Claim: "A cut answer never ends like a whole one.",
	Doc: "Answers that the service ended in good order although the text was cut: no error, no broken connection. Judged among requests for which " +
		"an answer of the provider was cut.",
	Source: SourceHeuristic, SourceNote: "LiteLLM #40260, pydantic-ai #6610",
	SoundSide:   "fail: the watermark of the answer has no end, or the declared end never came",
	Confounders: []string{"a service that shortens answers on purpose cuts their watermark"},
	Exposed:     "answered requests for which an answer of the provider was cut",
	FedBy:       []string{"eof_no_done", "conn_reset_mid", "stall_mid_stream", "in_stream_error"},
	Provoke:     "- {eof_no_done: {after_tokens: 10}, during: %s, probability: 0.1}", Need: needInvariant,
	New: func() Check { return &NoTruncated{} },
}

// NoTruncated is degradation.no_truncated; it has no arguments.
type NoTruncated struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoTruncated) Validate() []Problem { return nil }
