package assertions

var retryAfterEntry = Entry{
	ID: "retries.retry_after", Number: "R6",
	Claim: "A retry waits at least as long as the provider's Retry-After says.",
	Doc: "The wait between an answer with a Retry-After and the next attempt of that step at the same quota. Not trying again honours the hint " +
		"too; attempts at another quota and hedges are not judged.",
	Source: SourceStandard, SourceNote: "RFC 9110 10.2.3",
	SoundSide:   "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them. A pass needs queueing that was measured and is small",
	Confounders: []string{"C1 queueing inside the target hides early retries", "C2 hedged requests are told apart by overlap", "C5 another key is another quota"},
	Calls:       true, Exposed: "answers with a Retry-After",
	FedBy:   []string{"rate_limit"},
	Provoke: "- {rate_limit: {retry_after: 2s}, during: %s, probability: 0.3}", Need: needInvariant,
	New: func() Check { return &RetryAfter{} },
}

// RetryAfter is retries.retry_after; it has no arguments.
type RetryAfter struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *RetryAfter) Validate() []Problem { return nil }
