package assertions

import "time"

var retryBackoffEntry = Entry{
	ID: "retries.backoff", Number: "R2",
	Claim: "Each wait before a retry is longer than the one before, up to a cap.",
	Doc: "The median wait before try k+1, divided by the median wait before try k, of retries without a Retry-After at one model. Judged until " +
		"the waits reach the cap; where none is given, waits that stop growing after they grew have reached it.",
	Source: SourceVendor, SourceNote: "gRPC, OpenAI SDKs and Bifrost double",
	SoundSide:   "fail: queueing can only lengthen a wait; a pass subtracts the 99th percentile of queueing from the longer wait",
	Confounders: []string{"C1 queueing inside the target", "C4 layers of retries mix short and long waits"},
	Calls:       true, Exposed: "second retries of a call",
	FedBy:   []string{"rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "empty_200", "eof_no_done", "in_stream_error"},
	Provoke: "- {http_500: {}, during: %s, probability: 0.1, per: step, times: 3}", Need: needInvariant,
	New: func() Check { return &RetryBackoff{Growth: []float64{1.5, 3}} },
}

// RetryBackoff are the arguments of retries.backoff.
type RetryBackoff struct {
	Growth []float64      `yaml:"growth" default:"[1.5, 3]" doc:"least and greatest ratio of one wait to the wait before"`
	Cap    *time.Duration `yaml:"cap" doc:"longest wait of the policy; waits of at least 80 % of it are not expected to grow; left out: found from the waits"`
}

// Validate says what is wrong with the arguments.
func (c *RetryBackoff) Validate() []Problem {
	var ps []Problem
	if len(c.Growth) != 2 || !(c.Growth[0] > 0) || !(c.Growth[1] > c.Growth[0]) {
		ps = append(ps, Problem{"growth", "must be two rising numbers, such as [1.5, 3]"})
	}
	if c.Cap != nil && *c.Cap <= 0 {
		ps = append(ps, Problem{"cap", "must be longer than 0s"})
	}
	return ps
}
