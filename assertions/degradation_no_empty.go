package assertions

var noEmptyEntry = Entry{
	ID: "degradation.no_empty", Number: "D5",
	Claim:  "No answer that claims success is empty.",
	Doc:    "Answers with status 200 and no content, tool call or refusal, among requests for which a call to the provider went wrong.",
	Source: SourceHeuristic, SourceNote: "an empty success hides a failure",
	SoundSide:   "fail: the body is what the user got",
	Confounders: []string{"an answer that the plan's target.response does not find looks empty; the trial checks that"},
	Exposed:     "answered requests for which a call went wrong",
	FedBy:       []string{"empty_200", "rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "conn_reset_*", "eof_no_done", "in_stream_error"},
	Provoke:     "- {empty_200: {}, during: %s, probability: 0.1}", Need: needInvariant,
	New: func() Check { return &NoEmpty{} },
}

// NoEmpty is degradation.no_empty; it has no arguments.
type NoEmpty struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoEmpty) Validate() []Problem { return nil }
