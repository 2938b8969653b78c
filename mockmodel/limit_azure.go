package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// twinAzure counts as Azure OpenAI does. Tokens are estimated at admission, the
// text and max_tokens together, and the count is set back every minute.
// Requests are held to their share of short windows, of 1 s and of 10 s at
// once: a deployment of 300 a minute refuses the sixth call of a second while
// its headers still speak of 45 left. Sources: Azure's page on quota,
// "Understanding rate limits"; Microsoft Q&A 2156987 for both windows and for
// headers that count the one of 10 s.
var twinAzure = twin{
	counter: azureCounter,
	asks:    func(u use) int64 { return int64(u.in + u.outMax) },
}

func azureCounter(m meter, limit int64) counter {
	if m != requestsMinute {
		return newWindow(limit, m.period())
	}
	return newAzureRequests(limit)
}

// azureRequests are the two windows on requests.
type azureRequests struct{ long, short *window }

// newAzureRequests divides a limit per minute. Windows of 10 s take turns where
// the limit has no sixth, so that six of them add up to it; below six a minute
// they would have nothing to give, and the minute stays whole.
func newAzureRequests(limit int64) *azureRequests {
	const windows = 6
	a := &azureRequests{
		long:  &window{lengthNs: aMinute / windows, limitOf: func(k int64) int64 { k %= windows; return (k+1)*limit/windows - k*limit/windows }},
		short: newWindow(ceilDiv(limit, 60), int64(time.Second)),
	}
	if limit < windows {
		a.long = newWindow(limit, aMinute)
	}
	return a
}

func (a *azureRequests) at(now int64) {
	a.long.at(now)
	a.short.at(now)
}

// wait is exact: where the long window has no room, its end is one of the short
// windows' too.
func (a *azureRequests) wait(n int64) int64 {
	long, short := a.long.wait(n), a.short.wait(n)
	if long < 0 || short < 0 {
		return -1
	}
	return max(long, short)
}

func (a *azureRequests) take(n int64) {
	a.long.take(n)
	a.short.take(n)
}

func (a *azureRequests) told() quota { return a.long.told() }

// azureLimited is the 429 of an operation, such as ChatCompletions_Create, of a
// version of the API. Its code is a string. Words as quoted in openai-node #1108
// and TinyLLM #17.
func azureLimited(operation, version string, r refused, hint time.Duration) refusal {
	if r.of == credit {
		return openAIExhausted("insufficient_quota")
	}
	of, again := "token", ""
	if r.of.requests() {
		of = "call"
	}
	if hint > 0 {
		again = fmt.Sprintf(" Please retry after %d seconds.", ceilDiv(int64(hint), int64(time.Second)))
	}
	return refusal{status: http.StatusTooManyRequests, code: "429", message: fmt.Sprintf(
		"Requests to the %s Operation under Azure OpenAI API version %s have exceeded %s rate limit of your current OpenAI S0 pricing tier.%s "+
			"Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.",
		operation, version, of, again)}
}

// azureQuota writes OpenAI's headers with Azure's values: resets are whole
// seconds (openai-dotnet #838, openai-python #937), requests those of the
// window of 10 s.
func azureQuota(h http.Header, q quotas, _ time.Time) {
	quotaHeaders(h, q, func(ns int64) string { return strconv.FormatInt(ceilDiv(ns, int64(time.Second)), 10) })
}
