package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/spell"
)

// twinAnthropic counts as Anthropic does: token buckets that are refilled
// without pause, one for requests, one for input and one for output. max_tokens
// does not count, so a call is let in while the bucket of output is not empty
// and takes what it has said when it ends; input that was read from a cache is
// given back then. Source: the API reference, rate limits. tokens_per_minute is
// one bucket for input and output together.
var twinAnthropic = twin{
	asks: func(u use) int64 { return int64(u.in) },
	used: func(u use) int64 { return int64(u.in - u.cached + u.out) },
}

// anthropicLimited says no time: the hint is in the header alone. Words as
// quoted in continuedev/continue #12057 and obsidian-copilot #2327.
func anthropicLimited(c *call, q quotas, r refused, _ time.Duration) refusal {
	if r.of == credit {
		return anthropicExhausted()
	}
	words := meterWords[r.of]
	return refusal{status: http.StatusTooManyRequests, kind: "rate_limit_error", message: fmt.Sprintf(
		"This request would exceed your organization's rate limit of %s %s per %s (org: %s, model: %s). For details, refer to: https://docs.claude.com/en/api/rate-limits. "+
			"You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.",
		spell.Count(q[r.of].limit), words.unit, words.period, anthropicOrganization, c.model)}
}

// anthropicExhausted is what an account without credit is told, with status 400.
func anthropicExhausted() refusal {
	return refusal{status: http.StatusBadRequest, kind: "invalid_request_error",
		message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}
}

// anthropicSpent is what an account hears that may not go on: without credit a
// 400, so at a limit that it has set itself, and at the cap of its tier a 429
// without a hint, whose details tell it from a rate limit. Source: the page of
// rate limits; claude-code #38035 has the second on the wire.
func anthropicSpent(_ *call, code string, now time.Time) refusal {
	now = now.UTC()
	month := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	again := " You will regain access on " + month.Format(time.DateOnly) + " at 00:00 UTC."
	own := refusal{status: http.StatusBadRequest, kind: "invalid_request_error"}
	switch code {
	case "credit_balance_exhausted":
		return anthropicExhausted()
	case "organization_spend_limit_exceeded":
		own.message = "You have reached your specified API usage limits." + again
		return own
	case "project_spend_limit_exceeded":
		own.message = "You have reached your specified workspace API usage limits." + again
		return own
	}
	return refusal{status: http.StatusTooManyRequests, kind: "rate_limit_error", details: `{"error_code":"enforced_spend_limit_reached"}`,
		message: "You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based on your organization's API tier." + again}
}

// anthropicQuota writes the state of the buckets. The headers without a kind of
// tokens speak of input and output together: of the limit on both, else of the
// sum of the two, as the API was seen to. A limit on both stands for each kind
// that has none of its own. What remains is exact, where the API rounds to
// thousands: rounding up would promise what is not there.
func anthropicQuota(h http.Header, q quotas, now time.Time) {
	both, input, output := tighter(q[tokensMinute], q[tokensDay]), q[inputMinute], q[outputMinute]
	switch {
	case both.limit > 0:
		input, output = tighter(input, both), tighter(output, both)
	case input.limit > 0 && output.limit > 0:
		both = quota{input.limit + output.limit, input.remaining + output.remaining, max(input.fullNs, output.fullNs)}
	}
	for _, x := range []struct {
		name string
		quota
	}{{"Requests", tighter(q[requestsMinute], q[requestsDay])}, {"Tokens", both}, {"Input-Tokens", input}, {"Output-Tokens", output}} {
		if x.limit == 0 {
			continue
		}
		h["Anthropic-Ratelimit-"+x.name+"-Limit"] = []string{strconv.FormatInt(x.limit, 10)}
		h["Anthropic-Ratelimit-"+x.name+"-Remaining"] = []string{strconv.FormatInt(x.remaining, 10)}
		h["Anthropic-Ratelimit-"+x.name+"-Reset"] = []string{now.Add(time.Duration(x.fullNs) + time.Second - 1).UTC().Truncate(time.Second).Format(time.RFC3339)}
	}
}
