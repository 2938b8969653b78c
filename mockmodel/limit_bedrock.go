package mockmodel

import (
	"net/http"
	"strings"
	"time"
)

// twinBedrock counts as Amazon Bedrock does: a call reserves its input and
// max_tokens when it begins, and in the end pays for its input without what
// came from a cache, and for its output at the rate of its model; the rest is
// given back. Source: the user guide, "How tokens are counted in Amazon
// Bedrock". A refusal says no time, in no header and not in the body.
var twinBedrock = twin{
	asks: func(u use) int64 {
		if u.outMax == 0 {
			u.outMax = bedrockOutputMax
		}
		return int64(u.in + u.outMax)
	},
	used:   func(u use) int64 { return int64(u.in-u.cached) + int64(u.out)*bedrockRate(u.model) },
	silent: true,
}

// bedrockOutputMax is what a call without max_tokens reserves: what the model
// can say at most, here that of Claude 3.
const bedrockOutputMax = 4096

// bedrockRate is what a token of output counts for: five from Claude 3.7 on,
// one for all others.
func bedrockRate(model string) int64 {
	_, claude, found := strings.Cut(model, "anthropic.claude-")
	if !found || strings.HasPrefix(claude, "v") || strings.HasPrefix(claude, "instant") || strings.HasPrefix(claude, "3-") && !strings.HasPrefix(claude, "3-7") {
		return 1
	}
	return 5
}

// bedrockLimited is a ThrottlingException. Words as quoted in claude-code #236,
// agent-squad #47 and agent-book #29.
func bedrockLimited(_ *call, _ quotas, r refused, _ time.Duration) refusal {
	if r.of == credit {
		return refusal{status: http.StatusForbidden, kind: "AccessDeniedException",
			message: "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided."}
	}
	what := "tokens"
	if r.of.requests() {
		what = "requests"
	}
	if r.of.period() == aDay {
		what += " per day"
	}
	return refusal{status: http.StatusTooManyRequests, kind: "ThrottlingException", message: "Too many " + what + ", please wait before trying again."}
}

// bedrockQuota writes nothing: Bedrock tells the state of its quotas in
// CloudWatch alone.
func bedrockQuota(http.Header, quotas, time.Time) {}
