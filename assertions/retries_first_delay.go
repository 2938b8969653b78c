package assertions

import "time"

var retryFirstDelayEntry = Entry{
	ID: "retries.first_delay", Number: "R3",
	Claim:  "The first retry after 429 or 5xx waits at least so long.",
	Doc:    "The wait between the first try's 429 or 5xx and the second try, of calls whose answer carried no Retry-After.",
	Source: SourceVendor, SourceNote: "gRPC backs off 100 ms at first, the OpenAI SDKs 375 ms",
	SoundSide:   "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them. A pass needs queueing that was measured and is small",
	Confounders: []string{"C1 queueing inside the target lengthens waits", "C5 a retry at another key is not judged", "C7 resends by the transport are not judged"},
	Calls:       true, Exposed: "first retries after 429 or 5xx without Retry-After",
	FedBy:   []string{"http_5*", "http_429", "rate_limit"},
	Provoke: "- {http_500: {}, during: %s, probability: 0.2}", Need: needInvariant,
	New: func() Check { return &RetryFirstDelay{Min: 100 * time.Millisecond} },
}

// RetryFirstDelay are the arguments of retries.first_delay.
type RetryFirstDelay struct {
	Min time.Duration `yaml:"min" default:"100ms" doc:"least wait before the first retry"`
}

// Validate says what is wrong with the arguments.
func (c *RetryFirstDelay) Validate() []Problem {
	if c.Min <= 0 {
		return []Problem{{"min", "must be longer than 0s"}}
	}
	return nil
}
