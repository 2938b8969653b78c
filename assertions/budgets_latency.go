package assertions

import "time"

var latencyEntry = Entry{
	ID: "budgets.latency", Number: "B1",
	Claim: "Answers come within the latency budget, counted from the instant the request was due.",
	Doc: "The share of ended requests whose end minus due is within the budget; a request that timed out is not. Whether the answer was good is " +
		"asked by degradation.available.",
	Source: SourcePlan, SourceNote: "the client timeout, unless `within` is given",
	SoundSide:   "fail: what the user waited is what was measured",
	Confounders: []string{"C9 a generator that sends late", "C10 a mock model that answers late"},
	Exposed:     "requests", Need: 299,
	New: func() Check { return &Latency{Quantile: 0.99} },
}

// Latency are the arguments of budgets.latency.
type Latency struct {
	Within   *time.Duration `yaml:"within" doc:"the latency budget, from due to the end of the answer; left out: the client timeout"`
	Quantile Share          `yaml:"quantile" default:"99%" doc:"share of requests that must end within the budget"`
}

// Validate says what is wrong with the arguments.
func (c *Latency) Validate() []Problem {
	var ps []Problem
	if c.Within != nil && *c.Within <= 0 {
		ps = append(ps, Problem{"within", "must be longer than 0s"})
	}
	if !(c.Quantile > 0) || c.Quantile >= 1 {
		ps = append(ps, Problem{"quantile", "must be between 0% and 100%: no number of requests proves that all are in time"})
	}
	return ps
}
