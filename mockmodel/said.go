package mockmodel

import (
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// What a caller's SDK or proxy says of a call in its headers.

// countIn reads a header that holds a number of things; absent where it does not.
func countIn(h http.Header, name string, absent int) int {
	v := h.Get(name)
	if v == "" { // most calls: an error of strconv would be an allocation
		return absent
	}
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return n
	}
	return absent
}

// sdkTimeout reads how long the caller's SDK will wait, in seconds:
// x-stainless-read-timeout of the Python SDKs, x-stainless-timeout of the rest.
func sdkTimeout(h http.Header) int64 {
	for _, name := range []string{"X-Stainless-Read-Timeout", "X-Stainless-Timeout"} {
		v := h.Get(name)
		if v == "" {
			continue
		}
		if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e9 {
			return int64(s * float64(time.Second))
		}
	}
	return journal.Never
}
