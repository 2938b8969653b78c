package assertions

var disclosedEntry = Entry{
	ID: "degradation.disclosed", Number: "D4",
	Claim: "A degraded answer says so.",
	Doc: "Degraded answers that match no rule of target.response.degraded and do not name the model that wrote them. What wrote an answer is read " +
		"from its watermark.",
	Source: SourceHeuristic, SourceNote: "an answer that hides what it is cannot be trusted",
	SoundSide:   "both: the watermark names the model and the request that the bytes were made for",
	Confounders: []string{"a service that says so in a way that the plan does not declare"},
	Exposed:     "degraded answers",
	FedBy:       []string{"rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "conn_reset_*", "empty_200", "eof_no_done", "in_stream_error", "slow_ttft", "brownout", "trickle", "wrong_model"},
	Provoke:     "- {http_500: {}, during: %s, probability: 0.2, per: step}", Need: needInvariant,
	New: func() Check { return &Disclosed{} },
}

// Disclosed is degradation.disclosed; it has no arguments.
type Disclosed struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *Disclosed) Validate() []Problem { return nil }
