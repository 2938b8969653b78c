package faults

import (
	"fmt"
	"strconv"
)

// statuses is the one table of the http_STATUS faults. 429 is not in it: a rate
// limit has a hint and a truth behind it, so it is a fault of its own.
var statuses = []struct {
	code    int
	summary string
	client  string // what a good client does
	seen    string
}{
	{400, "the request is invalid", noRetry, "OpenAI invalid_request_error, Anthropic invalid_request_error"},
	{401, "the key is wrong", noRetry, "OpenAI invalid_api_key, Anthropic authentication_error; BerriAI/litellm #41385 (a 401 that became a 200)"},
	{403, "the key may not do this", noRetry, "OpenAI unsupported_country_region_territory, Anthropic permission_error"},
	{404, "the model does not exist", noRetry, "OpenAI model_not_found, Anthropic not_found_error"},
	{408, "the provider gave up waiting", retry, "Bedrock ModelTimeoutException; retried by the OpenAI and Anthropic SDKs"},
	{409, "the request conflicts with another", retry, "Anthropic conflict_error; retried by the OpenAI and Anthropic SDKs"},
	{413, "the request is too large", noRetry, "Anthropic request_too_large, above 32 MB, from the proxy before it"},
	{422, "the request cannot be processed", noRetry, "OpenAI-compatible servers that check bodies with FastAPI"},
	{424, "a thing behind the provider failed", retry, "Bedrock modelStreamErrorException"},
	{500, "the provider failed", retry, "OpenAI server_error, Anthropic api_error"},
	{502, "a proxy got no good answer", retry, "gateways and proxies before every provider"},
	{503, "the provider is overloaded", retry, "OpenAI server_is_overloaded, Gemini UNAVAILABLE, Ollama \"server busy\""},
	{504, "the provider timed out", retry, "Anthropic timeout_error, Gemini DEADLINE_EXCEEDED"},
	{529, "the provider is overloaded", retry, "Anthropic overloaded_error, in bursts: omadia #122"},
	{530, "the proxy does not reach the provider", retry, "OpenAI, 2024-12-04: every call for four minutes"},
}

const (
	noRetry = "does not retry, because the same request fails again: it reports the error, or falls back where another key or model can help"
	retry   = "retries a few times with growing, jittered waits within its deadline and retry budget, then falls back or says so"
)

// HTTPStatus holds the parameters of a fault http_STATUS.
type HTTPStatus struct {
	code int

	RetryAfter Hint `yaml:"retry_after" default:"none" doc:"the Retry-After hint, as in rate_limit"`
}

// Name returns "http_" and the status.
func (f *HTTPStatus) Name() string { return "http_" + strconv.Itoa(f.code) }

// Validate finds nothing: every hint that parses can be sent.
func (*HTTPStatus) Validate() []Problem { return nil }

// Effect answers with the status.
func (f *HTTPStatus) Effect(Dice) Effect {
	return Effect{Status: &Status{Code: f.code, RetryAfter: f.RetryAfter}}
}

// httpStatuses returns an entry for each row of the table.
func httpStatuses() []Entry {
	entries := make([]Entry, len(statuses))
	for i, s := range statuses {
		entries[i] = Entry{
			Name: "http_" + strconv.Itoa(s.code), Stage: "headers", Slots: SlotStatus,
			Summary: fmt.Sprintf("refuses with %d: %s", s.code, s.summary),
			Doc: fmt.Sprintf("Status %d with the error body of the dialect, and a Retry-After header where retry_after asks for one. "+
				"A good client %s. Real ones: %s.", s.code, s.client, s.seen),
			New: func() Fault { return &HTTPStatus{code: s.code} },
		}
	}
	return entries
}
