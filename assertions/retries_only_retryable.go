package assertions

var onlyRetryableEntry = Entry{
	ID: "retries.only_retryable", Number: "R9",
	Claim: "Errors that a retry cannot mend are not retried.",
	Doc: "Retries after 400, 401, 403, 404, 413, 422, and after a 429 for want of quota, at the same model. A retry at another key after 401 or " +
		"403 is a key rotation, and x-should-retry: true is permission.",
	Source: SourceLiterature, SourceNote: "SRE book, AWS: retry only what may succeed",
	SoundSide:   "both, where all attempts are joined",
	Confounders: []string{"C5 key rotation", "C7 resends by the transport have no status before them and are not judged"},
	Calls:       true, Exposed: "attempts refused with a status that a retry cannot mend",
	FedBy:   []string{"http_400", "http_401", "http_403", "http_404", "http_413", "http_422"},
	Provoke: "- {http_400: {}, during: %s, probability: 0.1}", Need: needInvariant,
	New: func() Check { return &OnlyRetryable{} },
}

// OnlyRetryable is retries.only_retryable; it has no arguments.
type OnlyRetryable struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *OnlyRetryable) Validate() []Problem { return nil }
