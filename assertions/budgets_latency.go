package assertions

import (
	"fmt"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

var latencyEntry = Entry{
	ID: "budgets.latency", Number: "B1",
	Claim: "Requests end within the latency budget, counted from the instant they were due.",
	Doc: "The share of ended requests whose end minus due is within the budget; a request that timed out is not. Whether the answer was good is " +
		"asked by degradation.available.",
	Source: SourcePlan, SourceNote: "the client timeout, unless `within` is given",
	SoundSide:   "fail: what the user waited is what was measured",
	Confounders: []string{"C9 a generator that sends late", "C10 a mock model that answers late"},
	Exposed:     "requests", Need: 299,
	Provoke: "- {slow_ttft: {by: 1s}, during: %s, probability: 0.2}",
	Users:   "how long users waited",
	New:     func() Check { return &Latency{Quantile: 0.99} },
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

func (c *Latency) examine(v *view) exam {
	within := v.h.setup.ClientTimeoutNs
	if c.Within != nil {
		within = int64(*c.Within)
	}
	e := exam{
		label: "in time, from due to the end", threshold: quantity(float64(c.Quantile), "share", ">="),
		rests: fitness{due: true, pace: true, boundNs: within}, users: true,
	}
	if within <= 0 {
		return e // neither a budget nor a client timeout: nothing was asked
	}
	p := proportion{theta: 1 - float64(c.Quantile)}
	var ends []int64
	for _, r := range v.reqs {
		if !r.completed() || r.EndNs < 0 {
			continue
		}
		p.n++
		took := r.EndNs - r.DueNs
		ends = append(ends, took)
		if late(r, within) {
			p.bad++
			e.shown = append(e.shown, clue{req: r, weight: took, what: fmt.Sprintf("took %s, %s allowed", millis(took), millis(within))})
		}
	}
	e.exposure, e.exposed = v.underFault(p.n)
	p.decide(v, &e, "requests", "in time")
	c.quantiles(&e, ends, within)
	v.quietFails(&e, p.theta, func(q *view) (bad, n int64) {
		for _, r := range q.reqs {
			if r.completed() && r.EndNs >= 0 {
				n++
				if late(r, within) {
					bad++
				}
			}
		}
		return bad, n
	})
	return e
}

// late reports whether a request took longer than its budget. One that timed out
// would have taken longer still.
func late(r *request, within int64) bool {
	return r.Outcome == journal.OutcomeTimeout || r.EndNs-r.DueNs > within
}

// quantiles tells the latency at the asked quantile with its distribution-free
// upper bound, beside the share that is judged: they are the same test.
func (c *Latency) quantiles(e *exam, ends []int64, within int64) {
	if len(ends) == 0 {
		return
	}
	s := sorted(ends)
	line := fmt.Sprintf("%s of requests ended within %s", percent(float64(c.Quantile)), millis(quantile(s, float64(c.Quantile))))
	if _, hi := quantileRanks(int64(len(s)), float64(c.Quantile), level); hi > 0 {
		line += fmt.Sprintf(" (at most %s at 95 %% confidence)", millis(s[hi-1]))
	}
	e.details = append(e.details, line+fmt.Sprintf("; %s allowed", millis(within)))
}
