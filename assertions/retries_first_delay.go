package assertions

import (
	"fmt"
	"time"
)

var retryFirstDelayEntry = Entry{
	ID: "retries.first_delay", Number: "R3",
	Claim:  "The first retry after 429 or 5xx waits at least so long.",
	Doc:    "The wait between the first try's 429 or 5xx and the second try, of calls whose answer carried no Retry-After.",
	Source: SourceVendor, SourceNote: "gRPC backs off 100 ms at first, the OpenAI SDKs 375 ms",
	SoundSide:   "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them. A pass needs queueing that was measured and is small",
	Confounders: []string{"C1 queueing inside the target lengthens waits", "C5 a retry at another key is not judged", "C7 resends by the transport are not judged"},
	Calls:       true, Exposed: "first retries after 429 or 5xx without Retry-After",
	FedBy: []string{"http_5*", "http_429", "rate_limit", "slow_down", "html_502", "cf_520"}, Hints: []Hint{Unhinted},
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

func (c *RetryFirstDelay) examine(v *view) exam {
	bound := int64(c.Min)
	e := exam{label: "shortest wait before a first retry", threshold: quantity(msOf(bound), "ms", ">="), need: needInvariant, joined: true, retries: true, rests: fitness{pace: true}}
	var w waits
	v.chains(func(r *request, ch *chain) {
		v.gapsOf(r, ch, func(g gap) {
			s := g.from.Status
			if g.retriesAt == 1 && (s == 429 || s >= 500) && !told(g.from.Attempt) {
				w.add(g, bound)
			}
		})
	})
	e.exposure = int64(len(w.judged))
	w.decide(v, &e)
	if e.exposure > 0 {
		e.measured = quantity(msOf(sorted(w.judged)[0]), "ms", "")
	}
	e.failure = fmt.Sprintf("%s of %s came sooner than %s", number(int64(len(w.broken))), plural(e.exposure, "first retry", "first retries"), millis(bound))
	if who := whoRetries(e.broken); who != "" {
		e.details = append(e.details, who)
	}
	if e.verdict == Pass {
		e.reason = fmt.Sprintf("all %s waited at least %s", plural(e.exposure, "first retry", "first retries"), millis(bound))
	}
	return e
}
