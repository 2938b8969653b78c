package refapp

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// A failure is one attempt that did not give an answer, and what may be done
// about it.
type failure struct {
	// what went wrong, in a few words fit for a header.
	what string
	// status of the provider's answer, 0 where there was none.
	status int
	// code is the provider's error code, or its type where it has no code.
	code string
	// body of an error answer, bounded, to hand on a 400 as it is.
	body []byte

	retryable bool
	// final failures are not tried again even by those who retry everything:
	// the caller is gone, the caller has seen a part, the breaker is open.
	final bool
	// fault of the caller: another model would refuse it as well.
	callers bool
	// gone: the caller left, or the app was closed.
	gone bool

	hint   time.Duration // Retry-After
	hinted bool
}

func (f *failure) String() string { return f.what }

// health is what the failure says about the model.
func (f *failure) health() verdict {
	if f == nil {
		return healthy
	}
	if f.gone || f.callers {
		return unknown
	}
	return sick
}

const errorBodyMax = 16 << 10

// Codes with which OpenAI refuses for want of money, under status 429. Waiting
// does not help. Source: the provider's guide to error codes.
var outOfMoney = map[string]bool{
	"insufficient_quota":                true,
	"credit_balance_exhausted":          true,
	"organization_spend_limit_exceeded": true,
	"project_spend_limit_exceeded":      true,
	"organization_usage_limit_exceeded": true,
}

// refused reads a non-200 answer. 408, 409, 429 and 5xx are retryable, which
// is what the official SDKs hold as well; x-should-retry overrules it in
// either direction.
func refused(resp *http.Response, now time.Time) *failure {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, errorBodyMax)) // the status is enough, the body only explains
	f := &failure{status: resp.StatusCode, body: body, what: fmt.Sprintf("status %d", resp.StatusCode)}
	f.code = errorCode(body)
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		f.retryable = !outOfMoney[f.code]
	case s == http.StatusRequestTimeout, s == http.StatusConflict, s >= 500:
		f.retryable = true
	case s == http.StatusBadRequest, s == http.StatusRequestEntityTooLarge, s == http.StatusUnprocessableEntity:
		f.callers = true
	}
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		f.retryable = true
	case "false":
		f.retryable = false
	}
	if hint, _, ok := wire.ParseRetryAfter(resp.Header, now); ok {
		f.hint, f.hinted = hint, true
	}
	if f.code != "" {
		f.what += " " + f.code
	}
	return f
}

// errorCode finds the code, else the type, in {"error":{...}}. The code may be
// a number in the answers of some compatible servers.
func errorCode(body []byte) string {
	var e struct {
		Error struct {
			Type string          `json:"type"`
			Code json.RawMessage `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	if code := strings.Trim(string(e.Error.Code), `"`); code != "" && code != "null" {
		return clip(code, 64)
	}
	return clip(e.Error.Type, 64)
}

// unfit is an answer with status 200 that is none: empty, cut, malformed.
func unfit(what string) *failure {
	return &failure{what: what, status: http.StatusOK, retryable: true}
}

// misrouted is an answer that is garbage. Who is sent to a bad server is mostly sent
// there again, so it is not asked again: another model has other servers.
func misrouted() *failure {
	return &failure{what: "answer in a foreign script", status: http.StatusOK}
}

// clip bounds a text that came from outside and makes it fit for a header.
func clip(s string, n int) string {
	clean := func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}
	s = strings.Map(clean, s)
	return s[:min(len(s), n)]
}
