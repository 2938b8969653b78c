package wire

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// ParseRetryAfter reads when a server wants to be asked again: retry-after-ms
// (OpenAI), else retry-after as seconds, whole (RFC 9110 section 10.2.3) or
// not, or as a date. ok is false where there is no usable, non-negative wait.
func ParseRetryAfter(h http.Header, now time.Time) (wait time.Duration, raw string, ok bool) {
	if raw = h.Get("retry-after-ms"); raw != "" {
		if ms, err := strconv.ParseFloat(trimASCII(raw), 64); err == nil {
			return waitOf(ms*1e6, raw)
		}
	}
	ms := raw
	if raw = h.Get("retry-after"); raw == "" {
		return 0, ms, false
	}
	if s, err := strconv.ParseFloat(trimASCII(raw), 64); err == nil {
		return waitOf(s*1e9, raw)
	}
	if t, err := http.ParseTime(raw); err == nil {
		return waitOf(float64(t.Sub(now)), raw)
	}
	return 0, raw, false
}

func waitOf(ns float64, raw string) (time.Duration, string, bool) {
	if !(ns >= 0) || ns >= math.MaxInt64 {
		return 0, raw, false
	}
	return time.Duration(ns), raw, true
}
