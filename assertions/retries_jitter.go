package assertions

var retryJitterEntry = Entry{
	ID: "retries.jitter", Number: "R5",
	Claim: "Retries of calls that failed together do not come back together.",
	Doc: "The spread of the waits before retries without a Retry-After, relative to their mean, pooled over kind of step, model and number of the " +
		"try; the spread of queueing is subtracted.",
	Source: SourceVendor, SourceNote: "the OpenAI SDKs spread by 8 %, Bifrost by 12 %, full jitter by 58 %",
	SoundSide:   "fail: queueing adds spread and never removes any",
	Confounders: []string{"C1 queueing inside the target looks like jitter", "waits too short to tell from queueing cannot be judged"},
	Calls:       true, Exposed: "retries without Retry-After",
	FedBy:   []string{"http_*", "rate_limit", "empty_200", "eof_no_done", "in_stream_error"},
	Provoke: "- {http_500: {}, during: %s, probability: 0.3}", Need: jitterGaps,
	New: func() Check { return &RetryJitter{Spread: 0.05} },
}

// RetryJitter are the arguments of retries.jitter.
type RetryJitter struct {
	Spread Share `yaml:"spread" default:"5%" doc:"least standard deviation of the waits, relative to their mean"`
}

// Validate says what is wrong with the arguments.
func (c *RetryJitter) Validate() []Problem {
	if !(c.Spread > 0) || c.Spread > 0.5 {
		return []Problem{{"spread", "must be above 0 and at most 50%: waits spread evenly between 0 and their longest have 58%"}}
	}
	return nil
}
