package assertions

var amplificationEntry = Entry{
	ID: "retries.amplification", Number: "R11",
	Claim: "Retries add at most a bounded share to the calls that a failing provider gets.",
	Doc: "First tries and retries, divided by first tries, over calls of the kinds and models that a fault hit, in the phases in which it did. " +
		"Hedges and fallbacks are counted beside it.",
	Source: SourceVendor, SourceNote: "Finagle, Envoy and linkerd allow 20 %",
	SoundSide:   "fail: every attempt was counted where it arrived",
	Confounders: []string{"C3 calls repeated after a clean answer are new calls", "C5 a retry at another key still counts"},
	Calls:       true, Exposed: "calls of the kinds and models that a fault hit",
	FedBy:   []string{"rate_limit", "http_*", "hang_before_headers", "stall_mid_stream", "conn_reset_*", "empty_200", "eof_no_done", "in_stream_error", "slow_ttft", "brownout", "trickle"},
	Provoke: "- {http_500: {}, during: %s, probability: 0.4}", Need: amplificationCalls,
	New: func() Check { return &Amplification{Max: 1.2} },
}

// Amplification are the arguments of retries.amplification.
type Amplification struct {
	Max float64 `yaml:"max" default:"1.2" doc:"most attempts per call while faults hit, fallbacks and hedges left out"`
}

// Validate says what is wrong with the arguments.
func (c *Amplification) Validate() []Problem {
	if !(c.Max >= 1) {
		return []Problem{{"max", "must be at least 1: the first try counts"}}
	}
	return nil
}
