package assertions

import "fmt"

var onlyRetryableEntry = Entry{
	ID: "retries.only_retryable", Number: "R9",
	Claim: "Errors that a retry cannot mend are not retried.",
	Doc: "Retries after 400, 401, 402, 403, 404, 405, 410, 413, 415, 422, and after a 429 for want of quota, at the same model. A retry at another key after 401 or " +
		"403 is a key rotation, and x-should-retry: true is permission.",
	Source: SourceLiterature, SourceNote: "SRE book, AWS: retry only what may succeed",
	SoundSide:   "both, where all attempts are joined",
	Confounders: []string{"C5 key rotation", "C7 resends by the transport have no status before them and are not judged"},
	Calls:       true, Exposed: "attempts refused with a status that a retry cannot mend",
	FedBy:   lasting,
	Provoke: "- {http_400: {}, during: %s, probability: 0.1}", Need: needInvariant,
	New: func() Check { return &OnlyRetryable{} },
}

// OnlyRetryable is retries.only_retryable; it has no arguments.
type OnlyRetryable struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *OnlyRetryable) Validate() []Problem { return nil }

// final are the statuses that say that the same call will be refused again:
// RFC 9110 15.5. 408, 409, 425 and 429 are left out, they may pass.
var final = map[int]bool{400: true, 401: true, 402: true, 403: true, 404: true, 405: true, 410: true, 413: true, 415: true, 422: true}

// exhausted are the codes of a 429 that is for want of money, not of patience:
// OpenAI's guide to error codes.
var exhausted = map[string]bool{
	"insufficient_quota": true, "billing_hard_limit_reached": true, "credit_balance_exhausted": true,
	"organization_spend_limit_exceeded": true, "project_spend_limit_exceeded": true, "organization_usage_limit_exceeded": true,
}

// unmendable reports whether a retry of the same call cannot succeed.
func unmendable(a *attempt) bool {
	return final[a.Status] || a.Status == 429 && exhausted[a.Code]
}

func (c *OnlyRetryable) examine(v *view) exam {
	e := exam{label: "retries after an error that stays", threshold: quantity(0, "count", "<="), need: needInvariant, joined: true, retries: true}
	v.attempts(func(r *request, a *attempt) {
		if unmendable(a) && a.ShouldRetry != "true" && r.sawFailure(a) {
			e.exposure++
		}
		if !a.relation.isRetry() {
			return
		}
		p := a.prev
		rotated := (p.Status == 401 || p.Status == 403) && (p.QuotaKey != a.QuotaKey || p.Principal != a.Principal)
		if unmendable(p) && p.ShouldRetry != "true" && !rotated {
			what := fmt.Sprintf("tried again after %d", p.Status)
			if p.Code != "" {
				what += " " + p.Code
			}
			e.broken = append(e.broken, clue{req: r, guilty: a, what: what, weight: int64(a.try)})
		}
	})
	e.samples = e.exposure
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s after %s that a retry cannot mend", plural(int64(len(e.broken)), "retry", "retries"), plural(e.exposure, "refusal", "refusals"))
	if who := whoRetries(e.broken); who != "" {
		e.details = append(e.details, who)
	}
	e.verdict = Pass
	e.reason = fmt.Sprintf("none of %s was tried again", plural(e.exposure, "refusal", "refusals"))
	return e
}
