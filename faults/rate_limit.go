package faults

import (
	"slices"
	"time"
)

// RateLimit holds the parameters of rate_limit, the whole family of 429s that
// differ in what they say about when to come back.
type RateLimit struct {
	RetryAfter   Hint          `yaml:"retry_after" default:"2s" doc:"the Retry-After hint: a wait (2s, 1.5s, 150s, -1s), none, date (an HTTP date 2 s ahead), date + 30s, date - 1h, or soon (a word that no parser understands)"`
	RetryAfterMS *bool         `yaml:"retry_after_ms" doc:"send a retry-after-ms header too; left out: as the dialect's provider does"`
	ShouldRetry  *bool         `yaml:"should_retry" doc:"value of an x-should-retry header; left out: not sent"`
	Honest       bool          `yaml:"honest" default:"true" doc:"a retry of the step before the hint has run out is limited again; false: every attempt has dice of its own"`
	Lie          time.Duration `yaml:"lie" doc:"how much longer than its hint the limit really lasts; needs honest"`
	Scope        string        `yaml:"scope" default:"step" enum:"step" doc:"whose retries an honest limit holds back"`
}

// unbuiltScopes are what a limit could hold back beside the step.
var unbuiltScopes = []string{"request", "model", "tenant", "principal", "provider"}

// Name returns "rate_limit".
func (*RateLimit) Name() string { return "rate_limit" }

// Validate refuses a lie that has no truth to differ from.
func (f *RateLimit) Validate() []Problem {
	var out problems
	_, usable := f.RetryAfter.Wait(time.Unix(0, 0))
	switch {
	case f.Lie < 0:
		out.add("lie", "is %s: give how much longer than its hint the limit lasts, such as 5s", f.Lie)
	case f.Lie > 0 && !f.Honest:
		out.add("lie", "contradicts honest: false, which holds nobody back at all: drop one of them")
	case f.Lie > 0 && !usable:
		out.add("lie", "needs a retry_after that names a time ahead, and %s does not", f.RetryAfter)
	}
	switch {
	case f.Scope == "step":
	case slices.Contains(unbuiltScopes, f.Scope):
		out.add("scope", "%s is not built yet: leave it out, a limit holds back the retries of its step", f.Scope)
	default:
		out.add("scope", "%q is unknown: leave it out, a limit holds back the retries of its step", f.Scope)
	}
	return out
}

// Effect answers 429.
func (f *RateLimit) Effect(Dice) Effect {
	return Effect{Status: &Status{
		Code: 429, RetryAfter: f.RetryAfter, RetryAfterMS: f.RetryAfterMS, ShouldRetry: f.ShouldRetry, Honest: f.Honest, Lie: f.Lie,
	}}
}

var rateLimit = Entry{
	Name: "rate_limit", Stage: "quota", Slots: SlotStatus,
	Summary: "refuses with 429 and a hint, true, missing or absurd",
	Doc: `Status 429 with the dialect's own body and rate-limit headers. The hint stands where the provider puts it, in Retry-After or, at Gemini, in the RetryInfo of the body. It is retry_after: a wait, an HTTP date, a past or negative one, nonsense, or none at all. ` +
		`By default the limit is honest: a retry of the same step at the same model that arrives before the hint has run out is limited again, while the rule applies, so that six instant tries do not beat a 40 % limit. ` +
		`lie makes the real limit longer than the hint. A good client waits at least as long as a sensible hint says, backs off with jitter where there is none, ` +
		`and gives up or falls back where the hint is longer than its user will wait. 2 s probes every client; 30 s, 90 s and 150 s separate the SDKs, as ` + "`chaos list sdks`" + ` says, measured: above some length they give up, take their own backoff, or sleep however long they are told. ` +
		`Seen: no hint, agentgateway #3329 and litellm-rs #833; 198,300 s, pi #3671; 16 days, opencode #4991; 60 s said and 171 s meant, hermes #26293.`,
	New: func() Fault {
		return &RateLimit{RetryAfter: Hint{Kind: HintSeconds, For: 2 * time.Second}, Honest: true, Scope: "step"}
	},
}
