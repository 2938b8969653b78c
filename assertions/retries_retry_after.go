package assertions

import (
	"fmt"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

var retryAfterEntry = Entry{
	ID: "retries.retry_after", Number: "R6",
	Claim: "A retry waits at least as long as the provider's Retry-After says.",
	Doc: "The wait between an answer with a Retry-After and the next attempt of that step at the same quota. Not trying again honours the hint " +
		"too; attempts at another quota and hedges are not judged. " +
		"SDKs differ in which hints they wait for: `chaos list sdks`.",
	Source: SourceStandard, SourceNote: "RFC 9110 10.2.3",
	SoundSide:   "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them. A pass needs queueing that was measured and is small",
	Confounders: []string{"C1 queueing inside the target hides early retries", "C2 hedged requests are told apart by overlap", "C5 another key is another quota"},
	Calls:       true, Exposed: "answers with a Retry-After",
	FedBy: []string{"rate_limit", "http_*"}, Hints: []Hint{Hinted},
	Provoke: "- {rate_limit: {retry_after: 2s}, during: %s, probability: 0.3}", Need: needInvariant,
	New: func() Check { return &RetryAfter{} },
}

// RetryAfter is retries.retry_after; it has no arguments.
type RetryAfter struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *RetryAfter) Validate() []Problem { return nil }

func (c *RetryAfter) examine(v *view) exam {
	e := exam{label: "retries before the hint ran out", threshold: quantity(0, "count", "<="), need: needInvariant, joined: true, retries: true, rests: fitness{pace: true}}
	var w waits
	for _, r := range v.reqs {
		for _, s := range r.steps {
			for i, a := range s.attempts {
				if !hinted(a.Attempt) || !v.sees(a) || a.knownNs < 0 {
					continue
				}
				next := nextAtQuota(s.attempts[i+1:], a)
				if next == nil && r.open() {
					continue // the run ended first: it may still have come back early
				}
				e.exposure++
				if next != nil {
					g := v.gap(r, a, next)
					g.clockErr += hintErr(a.Attempt)
					w.add(g, a.RetryAfterNs)
				}
			}
		}
	}
	w.decide(v, &e)
	n, early := int64(len(w.judged)), int64(len(w.broken))
	e.measured = quantity(float64(early), "count", "")
	e.failure = fmt.Sprintf("%s of %s came early", number(early), plural(n, "retry", "retries"))
	if n > 0 {
		e.details = append([]string{"asked to wait p50 " + millis(quantile(sorted(w.bounds), 0.5))}, e.details...)
	}
	if who := whoRetries(e.broken); who != "" {
		e.details = append(e.details, who)
	}
	if e.verdict == Pass {
		e.reason = fmt.Sprintf("%s; %s followed and none came early", plural(e.exposure, "answer carried a hint", "answers carried a hint"), plural(n, "retry", "retries"))
	}
	return e
}

// nextAtQuota is the attempt after a that asks the same quota again: the next of
// the step that arrived after the hint was known. A hedge is none.
func nextAtQuota(later []*attempt, a *attempt) *attempt {
	for _, b := range later {
		same := b.QuotaKey == a.QuotaKey
		if a.QuotaKey == "" || b.QuotaKey == "" {
			same = b.ModelAsked == a.ModelAsked && b.Endpoint == a.Endpoint
		}
		if !same || b.ArrivedNs < a.knownNs {
			continue
		}
		if b.relation == hedge {
			return nil
		}
		return b
	}
	return nil
}

// hintErr is how much shorter than recorded a hint may look to the target. A
// date has whole seconds: RFC 9110 5.6.7.
func hintErr(a *journal.Attempt) int64 {
	if strings.Contains(a.HintRaw, ":") {
		return int64(time.Second)
	}
	return 0
}
