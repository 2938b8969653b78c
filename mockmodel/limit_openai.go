package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// twinOpenAI counts as OpenAI does. A call takes the greater of max_tokens and
// the tokens of its text when it is admitted, whatever it says in the end: the
// guide to rate limits. Failed calls count: "unsuccessful requests contribute
// to your per-minute limit" (help.openai.com, article 5955604). Taken literally,
// a crowd of retries at twice the limit would shut itself out for ever, as each
// refusal would take what has just come in, and OpenAI lets its limit's worth
// through all the same. So a failed call takes a whole request where there is
// one: refused for its tokens, or answered with an error, it costs the requests
// of the minute; refused for want of requests, it finds nothing to take.
var twinOpenAI = twin{asks: openAITokens, failuresCount: true}

func openAITokens(u use) int64 { return int64(max(u.outMax, u.in)) }

// openAIUnits are the limits as messages name them.
var openAIUnits = [meters]string{
	requestsMinute: "requests per min (RPM)", tokensMinute: "tokens per min (TPM)",
	inputMinute: "input tokens per min (ITPM)", outputMinute: "output tokens per min (OTPM)",
	requestsDay: "requests per day (RPD)", tokensDay: "tokens per day (TPD)",
}

func openAILimited(c *call, q quotas, r refused, hint time.Duration) refusal {
	if r.of == credit {
		return openAIExhausted("credit_balance_exhausted")
	}
	of, unit := q[r.of], openAIUnits[r.of]
	out := refusal{status: http.StatusTooManyRequests, kind: "tokens", code: "rate_limit_exceeded"}
	if r.of.requests() {
		out.kind = "requests"
	}
	if r.waitNs < 0 {
		out.message = fmt.Sprintf("Request too large for %s in organization %s on %s: Limit %d, Requested %d. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.",
			c.model, openAIOrganization, unit, of.limit, r.asked)
		return out
	}
	again := ""
	if hint > 0 {
		again = " Please try again in " + goDuration(int64(hint)) + "."
	}
	out.message = fmt.Sprintf("Rate limit reached for %s in organization %s on %s: Limit %d, Used %d, Requested %d.%s Visit https://platform.openai.com/account/rate-limits to learn more.",
		c.model, openAIOrganization, unit, of.limit, of.limit-of.remaining, r.asked, again)
	return out
}

// openAIExhausted is the 429 that no wait mends. Codes: the guide to error
// codes has credit_balance_exhausted, organization_spend_limit_exceeded,
// project_spend_limit_exceeded and organization_usage_limit_exceeded, all of
// type insufficient_quota.
func openAIExhausted(code string) refusal {
	return refusal{status: http.StatusTooManyRequests, kind: "insufficient_quota", code: code,
		message: "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."}
}

// openAISpent is what an account hears that may not go on.
func openAISpent(_ *call, code string, _ time.Time) refusal { return openAIExhausted(code) }

// openAISlowDown is the 429 for traffic that grows too fast: status, type and code
// are in the guide to error codes. The message on the wire is not published; the
// words are those with which the guide explained the code while it was a 503.
func openAISlowDown() refusal {
	return refusal{status: http.StatusTooManyRequests, kind: "rate_limit_error", code: "slow_down",
		message: "A sudden increase in your request rate is impacting service reliability. Please reduce your request rate to its original level, maintain a consistent rate for at least 15 minutes, and then gradually increase it."}
}

// openAIQuota writes the headers. There is one set for requests and one for
// tokens, so each speaks of the limit that has less left, as on accounts whose
// limit on requests is one of the day.
func openAIQuota(h http.Header, q quotas, _ time.Time) { quotaHeaders(h, q, goDuration) }

// quotaHeaders writes the headers of OpenAI and Azure, with resets as the
// provider writes them.
func quotaHeaders(h http.Header, q quotas, reset func(ns int64) string) {
	tokens := tighter(q[tokensMinute], tighter(q[tokensDay], tighter(q[inputMinute], q[outputMinute])))
	for _, x := range []struct {
		name string
		quota
	}{{"Requests", tighter(q[requestsMinute], q[requestsDay])}, {"Tokens", tokens}} {
		if x.limit == 0 {
			continue
		}
		h["X-Ratelimit-Limit-"+x.name] = []string{strconv.FormatInt(x.limit, 10)}
		h["X-Ratelimit-Remaining-"+x.name] = []string{strconv.FormatInt(x.remaining, 10)}
		h["X-Ratelimit-Reset-"+x.name] = []string{reset(x.fullNs)}
	}
}

// goDuration prints ns as OpenAI does, 12ms, 1.5s, 6m0s, rounded up to
// milliseconds: rounding down would tell the caller to come too early.
func goDuration(ns int64) string {
	return (time.Duration(ceilDiv(ns, int64(time.Millisecond))) * time.Millisecond).String()
}
