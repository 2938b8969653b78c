package wire

import (
	"net/http"
	"testing"
	"time"
)

// How long a server asks to wait, by what it sends.
func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rows := []struct {
		words   string
		ms, sec string
		wait    time.Duration // -1: no usable hint
		raw     string
	}{
		{"nothing", "", "", -1, ""},
		{"seconds", "", "2", 2 * time.Second, "2"},
		{"no wait at all", "", "0", 0, "0"},
		{"a fraction, as OpenAI sends it", "", "0.25", 250 * time.Millisecond, "0.25"},
		{"16 days, as seen in the wild", "", "1382400", 16 * 24 * time.Hour, "1382400"},
		{"milliseconds go before seconds", "1500", "2", 1500 * time.Millisecond, "1500"},
		{"milliseconds that are none", "soon", "2", 2 * time.Second, "2"},
		{"milliseconds that are none, alone", "soon", "", -1, "soon"},
		{"a date", "", "Sun, 01 Mar 2026 12:00:30 GMT", 30 * time.Second, "Sun, 01 Mar 2026 12:00:30 GMT"},
		{"a date that is now", "", "Sun, 01 Mar 2026 12:00:00 GMT", 0, "Sun, 01 Mar 2026 12:00:00 GMT"},
		{"a date that has passed", "", "Sun, 01 Mar 2026 11:59:59 GMT", -1, "Sun, 01 Mar 2026 11:59:59 GMT"},
		{"a negative number", "", "-1", -1, "-1"},
		{"a word", "", "soon", -1, "soon"},
		{"an exponent", "", "1e3", -1, "1e3"},
		{"no number", "", "NaN", -1, "NaN"},
		{"for ever", "", "Inf", -1, "Inf"},
		{"two points", "", "1.2.3", -1, "1.2.3"},
		{"more than a century", "", "99999999999", -1, "99999999999"},
	}
	for _, row := range rows {
		h := http.Header{}
		if row.ms != "" {
			h.Set("retry-after-ms", row.ms)
		}
		if row.sec != "" {
			h.Set("retry-after", row.sec)
		}
		wait, raw, ok := ParseRetryAfter(h, now)
		if !ok {
			if wait != 0 {
				t.Errorf("%s: a wait of %v that is not usable", row.words, wait)
			}
			wait = -1
		}
		if wait != row.wait || raw != row.raw {
			t.Errorf("%s: %v from %q, want %v from %q", row.words, wait, raw, row.wait, row.raw)
		}
	}
}
