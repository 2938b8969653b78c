package faults

import (
	"slices"
	"strings"
	"time"
)

// paidDialects are the dialects of providers that want to be paid.
var paidDialects = []string{"openai", "azure", "anthropic", "gemini", "bedrock", "cohere", "jina", "voyage"}

var poison429 = Entry{
	Name: "poison_429", Stage: "quota", Slots: SlotStatus, Dialects: []string{"openai", "azure", "anthropic", "gemini", "bedrock"},
	Summary: "refuses a call as larger than its limit, for good",
	Doc: `Status 429 for a call that asks for more tokens than its limit has in a whole minute: "Request too large for gpt-4o ... Limit 30000, Requested 250011" at OpenAI, with x-ratelimit-remaining-tokens equal to the limit and a reset of 0s; ` +
		`elsewhere the dialect's own words for a limit on tokens. There is no hint, because no wait helps: every further attempt of the step at the model is refused too, while the rule applies. ` +
		`A good client does not retry it, although the status says so and the official SDKs do: it shortens the prompt or max_tokens, takes a model with a larger limit, or reports the error. ` +
		`Words: the OpenAI API, as quoted in its community's threads on "Request too large".`,
	New: fixed("poison_429", Effect{Status: &Status{Kind: StatusTooLarge, Code: 429, Honest: true}}),
}

// quotaCodes are OpenAI's codes for an account that may not go on, from its
// guide to error codes.
var quotaCodes = []string{"insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded", "project_spend_limit_exceeded", "organization_usage_limit_exceeded"}

// QuotaExhausted holds the parameters of quota_exhausted.
type QuotaExhausted struct {
	Code string `yaml:"code" default:"insufficient_quota" enum:"insufficient_quota,credit_balance_exhausted,organization_spend_limit_exceeded,project_spend_limit_exceeded,organization_usage_limit_exceeded" doc:"what is used up, as OpenAI's code; at Anthropic credit_balance_exhausted is an account without credit, the two spend limits are ones that it has set itself, and the others the cap of its tier; the other dialects have one word for all"`
}

// Name returns "quota_exhausted".
func (*QuotaExhausted) Name() string { return "quota_exhausted" }

// Validate refuses a code that OpenAI does not have.
func (f *QuotaExhausted) Validate() []Problem {
	var out problems
	if !slices.Contains(quotaCodes, f.Code) {
		out.add("code", "%q is unknown: one of %s", f.Code, strings.Join(quotaCodes, ", "))
	}
	return out
}

// Effect refuses the call for want of quota.
func (f *QuotaExhausted) Effect(Dice) Effect {
	return Effect{Status: &Status{Kind: StatusExhausted, Code: 429, Type: f.Code, Honest: true}}
}

var quotaExhausted = Entry{
	Name: "quota_exhausted", Stage: "quota", Slots: SlotStatus, Dialects: paidDialects,
	Summary: "refuses for want of money or of the day's quota",
	Doc: `The account may not go on, and no wait mends it: OpenAI and Azure answer 429 insufficient_quota; Anthropic 429 with error.details.error_code enforced_spend_limit_reached and no Retry-After at the cap of its tier, 400 at a limit that the account has set itself and where the credit is gone; ` +
		`Gemini 429 with a QuotaFailure that names the quota of a free project's day, and a RetryInfo of 53 s all the same, which is a lie; Bedrock 403, Cohere 402, Jina and Voyage their own words. ` +
		`Every further attempt of the step at the model is refused too, while the rule applies; per: tenant makes it one tenant's account. ` +
		`A good client tells it from a rate limit by the code in the body, does not retry, alerts somebody, and falls back to another provider or says that it cannot answer. ` +
		`Most retry it as any 429: langchainjs #1929, gemini-cli #10925, foyle #82.`,
	New: func() Fault { return &QuotaExhausted{Code: "insufficient_quota"} },
}

// SlowDown holds the parameters of slow_down.
type SlowDown struct {
	As         string `yaml:"as" default:"slow_down" enum:"slow_down,overloaded" doc:"slow_down: status 429 with that code; overloaded: status 503, server_is_overloaded"`
	RetryAfter Hint   `yaml:"retry_after" default:"none" doc:"the Retry-After hint, as in rate_limit"`
}

// Name returns "slow_down".
func (*SlowDown) Name() string { return "slow_down" }

// Validate refuses another form.
func (f *SlowDown) Validate() []Problem {
	var out problems
	if f.As != "slow_down" && f.As != "overloaded" {
		out.add("as", "%q is unknown: slow_down or overloaded", f.As)
	}
	return out
}

// Effect refuses the call because traffic grows too fast.
func (f *SlowDown) Effect(Dice) Effect {
	if f.As == "overloaded" {
		return Effect{Status: &Status{Code: 503, RetryAfter: f.RetryAfter}}
	}
	return Effect{Status: &Status{Kind: StatusSlowDown, Code: 429, RetryAfter: f.RetryAfter}}
}

var slowDown = Entry{
	Name: "slow_down", Stage: "quota", Slots: SlotStatus, Dialects: []string{"openai"},
	Summary: "refuses because traffic grew too fast",
	Doc: `Status 429 with type rate_limit_error and code slow_down, or 503 server_is_overloaded: what OpenAI answers where traffic grows by more than half within 15 minutes, however much of the limits is left. ` +
		`The growth is not measured: give the rule the phase that ramps up, such as during: ramp, and a probability that says how much of it is refused. ` +
		`A good client goes back to the rate that it had, holds it, and grows again more slowly; one that answers with retries grows faster still. ` +
		`Source: OpenAI's guide to error codes; the message on the wire is not published, and is that guide's explanation here. A Retry-After may come with it.`,
	New: func() Fault { return &SlowDown{As: "slow_down"} },
}

// never is a wait that no run outlasts.
const never = time.Duration(1<<63 - 1)
