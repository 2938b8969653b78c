package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// twinGemini counts as the Gemini API does: requests and tokens of input in
// fixed windows of a minute and of a day. Source: ai.google.dev, rate limits.
// There the day ends at midnight in California; here days, like minutes, are
// counted from the start of the run, so that a run repeats at any hour.
var twinGemini = twin{
	counter: func(m meter, limit int64) counter { return newWindow(limit, m.period()) },
	asks:    func(u use) int64 { return int64(u.in) },
}

// geminiNames are the names of limits, as a metric and as an id.
type geminiNames [meters]struct{ metric, id string }

// geminiQuotas are the names of the limits. Those of requests and of input per
// minute are as quoted in gemini-cli #8437, Roo-Code #3883 and dify #19838; the
// API has no such limit for the others, which are named after their pattern.
var geminiQuotas = geminiNames{
	requestsMinute: {"generate_requests_per_model", "GenerateRequestsPerMinutePerProjectPerModel"},
	requestsDay:    {"generate_requests_per_model_per_day", "GenerateRequestsPerDayPerProjectPerModel"},
	tokensMinute:   {"generate_content_paid_tier_input_token_count", "GenerateContentPaidTierInputTokensPerModelPerMinute"},
	inputMinute:    {"generate_content_paid_tier_input_token_count", "GenerateContentPaidTierInputTokensPerModelPerMinute"},
	tokensDay:      {"generate_content_paid_tier_input_token_count", "GenerateContentPaidTierInputTokensPerModelPerDay"},
	outputMinute:   {"generate_content_paid_tier_output_token_count", "GenerateContentPaidTierOutputTokensPerModelPerMinute"},
}

const (
	geminiMetrics = "generativelanguage.googleapis.com/"
	geminiHelp    = `{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]}`
)

// geminiLimited is the 429, with details that name each limit in the way:
// mcp-server-browserbase #129. geminiHint adds the time.
func geminiLimited(c *call, q quotas, r refused, _ time.Duration) refusal {
	return geminiRefused(c, q, r, &geminiQuotas)
}

func geminiRefused(c *call, q quotas, r refused, names *geminiNames) refusal {
	out := refusal{status: http.StatusTooManyRequests, kind: "RESOURCE_EXHAUSTED", details: geminiHelp}
	var said strings.Builder
	said.WriteString("You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/usage?tab=rate-limit. ")
	var violations []byte
	for m, over := range r.over {
		x := names[m]
		if !over || x.id == "" {
			continue
		}
		fmt.Fprintf(&said, "\n* Quota exceeded for metric: %s%s, limit: %d, model: %s", geminiMetrics, x.metric, q[m].limit, c.model)
		if violations != nil {
			violations = append(violations, ',')
		}
		violations = append(violations, `{"quotaMetric":"`+geminiMetrics+x.metric+`","quotaId":"`+x.id+`","quotaDimensions":{"location":"global","model":`...)
		violations = appendString(violations, c.model)
		violations = append(violations, `},"quotaValue":"`+strconv.FormatInt(q[m].limit, 10)+`"}`...)
	}
	if violations != nil {
		out.details += `,{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[` + string(violations) + `]}`
	}
	out.message = said.String()
	return out
}

// geminiSpent is the 429 of a project whose requests of the day are used up. The
// API gives it a RetryInfo of less than a minute all the same: gemini-cli #10925.
// Its names and its number are those of a free project: comic-translate #403.
func geminiSpent(c *call, _ string, _ time.Time) refusal {
	var q quotas
	q[requestsDay].limit = geminiDay
	r := refused{of: requestsDay, asked: 1, waitNs: -1}
	r.over[requestsDay] = true
	return geminiRefused(c, q, r, &geminiFree)
}

// geminiFree are the names of the limits of a free project, of those that are told
// here, and geminiDay is how many requests of a day it has.
var geminiFree = geminiNames{requestsDay: {"generate_content_free_tier_requests", "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}}

const geminiDay = 20

// geminiHint puts the hint where Gemini puts it, into the message and into the
// details of the error; there is no Retry-After. It is exact, where the API
// drops the fraction of the second in one of the two and so sends its callers
// back too early; and a call that can never succeed gets none, where the API
// gives it one.
func geminiHint(r *refusal, t hint) string {
	delay := protoDuration(t.wait)
	switch {
	case t.kind == faults.HintText:
		delay = t.raw
	case t.kind == faults.HintSeconds:
		delay = protoDuration(t.asWritten)
	}
	if t.usable {
		r.message += "\nPlease retry in " + delay + "."
	}
	if r.details != "" {
		r.details += ","
	}
	r.details += `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"` + delay + `"}`
	return delay
}

// protoDuration prints a duration as google.protobuf.Duration is in JSON:
// seconds with as many decimals as it needs.
func protoDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	whole, frac := d/time.Second, d%time.Second
	if frac == 0 {
		return sign + strconv.FormatInt(int64(whole), 10) + "s"
	}
	return sign + strings.TrimRight(fmt.Sprintf("%d.%09d", whole, frac), "0") + "s"
}
