package tcpproxy

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for _, row := range []struct {
		words string
		cfg   Config
		says  string
	}{
		{"an address", Config{"cache", "127.0.0.1:6379", ""}, ""},
		{"a host and a listener", Config{"cache", "redis.internal:6379", "127.0.0.1:6380"}, ""},
		{"no upstream", Config{"cache", "", ""}, "is missing"},
		{"a URL", Config{"cache", "redis://127.0.0.1:6379", ""}, "write HOST:PORT"},
		{"no host", Config{"cache", ":6379", ""}, "write HOST:PORT"},
		{"port 0", Config{"cache", "127.0.0.1:0", ""}, "write HOST:PORT"},
		{"itself", Config{"cache", "127.0.0.1:6379", "127.0.0.1:6379"}, "would speak to itself"},
		{"no listener", Config{"cache", "127.0.0.1:6379", "6380"}, "leave it out for a free port"},
		{"a name with a dot, which ${proxy.NAME} could not hold", Config{"a.b", "127.0.0.1:6379", ""}, "is no name for a proxy"},
	} {
		found := row.cfg.Validate()
		if row.says == "" && len(found) > 0 || row.says != "" && (len(found) != 1 || !strings.Contains(found[0].Msg, row.says)) {
			t.Errorf("%s: %v, want %q", row.words, found, row.says)
		}
	}
}
