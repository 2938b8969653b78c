package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseRetryAfter reads how long a server asks to wait: retry-after-ms, a
// number of milliseconds that OpenAI and Azure send and their SDKs prefer; else
// retry-after, as seconds, whole (RFC 9110 section 10.2.3) or not, or as an
// HTTP date. raw is the text that it read, or refused. ok is false where there
// is no usable hint: none, an unreadable or negative one, or a date that has
// passed at now.
func ParseRetryAfter(h http.Header, now time.Time) (wait time.Duration, raw string, ok bool) {
	ms := h.Get("retry-after-ms")
	if wait, ok = parseWait(ms, time.Millisecond); ok {
		return wait, ms, true
	}
	raw = h.Get("retry-after")
	if raw == "" {
		return 0, ms, false
	}
	if wait, ok = parseWait(raw, time.Second); ok {
		return wait, raw, true
	}
	if t, err := http.ParseTime(raw); err == nil {
		if wait = t.Sub(now); wait >= 0 {
			return wait, raw, true
		}
	}
	return 0, raw, false
}

// waitMax keeps a wait within a Duration. Real hints of 16 days are known; a
// century is none.
const waitMax = 100 * 365 * 24 * time.Hour

// parseWait reads a plain decimal number: no sign, exponent, Inf or NaN, all of
// which strconv would take.
func parseWait(s string, unit time.Duration) (time.Duration, bool) {
	s = strings.Trim(s, " \t")
	if s == "" || len(s) > 32 || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f*float64(unit) > float64(waitMax) {
		return 0, false
	}
	return time.Duration(f * float64(unit)), true
}
