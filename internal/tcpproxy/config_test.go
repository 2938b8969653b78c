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
		{"a URL", Config{"cache", "redis://127.0.0.1:6379", ""}, "write its HOST:PORT alone"},
		{"a Unix socket", Config{"cache", "/run/redis.sock", ""}, "is a Unix socket"},
		{"a Unix socket, as a URL", Config{"cache", "unix:///run/redis.sock", ""}, "is a Unix socket"},
		{"IPv6", Config{"cache", "[::1]:6379", "[::1]:6380"}, ""},
		{"no host", Config{"cache", ":6379", ""}, "write HOST:PORT"},
		{"port 0", Config{"cache", "127.0.0.1:0", ""}, "write HOST:PORT"},
		{"itself", Config{"cache", "127.0.0.1:6379", "127.0.0.1:6379"}, "would speak to itself"},
		{"itself, by another name", Config{"cache", "127.0.0.1:6379", "localhost:6379"}, "would speak to itself"},
		{"itself, in other letters", Config{"cache", "[::1]:6379", "[0:0:0:0:0:0:0:1]:06379"}, "would speak to itself"},
		{"the same port of another host", Config{"cache", "redis.internal:6379", "127.0.0.1:6379"}, ""},
		{"a free port", Config{"cache", "127.0.0.1:6379", "127.0.0.1:0"}, ""},
		{"no listener", Config{"cache", "127.0.0.1:6379", "6380"}, "leave it out for a free port"},
		{"a name with a dot, which ${proxy.NAME} could not hold", Config{"a.b", "127.0.0.1:6379", ""}, "is no name for a proxy"},
	} {
		found := row.cfg.Validate()
		if row.says == "" && len(found) > 0 || row.says != "" && (len(found) != 1 || !strings.Contains(found[0].Msg, row.says)) {
			t.Errorf("%s: %v, want %q", row.words, found, row.says)
		}
	}
}
