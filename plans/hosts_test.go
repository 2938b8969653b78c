package plans

import (
	"strings"
	"testing"
)

// TestHosts: load goes where it may, whatever hides where that is.
func TestHosts(t *testing.T) {
	const plan = `name: hosts
target: {url: %URL}
provider: {%PROVIDER}
load: {phases: [{name: warm, rate: 1, for: 10s}]}
safety: {%SAFETY}
`
	const fixed = "listen: 127.0.0.1:4010"
	for _, row := range []struct{ words, url, provider, safety, says string }{
		{"this machine", "http://127.0.0.1:8080/v1", fixed, "", ""},
		{"by name", "http://localhost:8080/v1", fixed, "", ""},
		{"by IPv6", "http://[::1]:8080/v1", fixed, "", ""},
		{"the provider itself", "${provider.openai}/chat/completions", "", "", ""},
		{"no scheme", "127.0.0.1:8080", fixed, "", "is no address of a service"},
		{"no host", "/v1/chat", fixed, "", "is no address of a service"},
		{"no HTTP", "ftp://127.0.0.1/v1", fixed, "", "target.url"},
		{"a provider that moves", "http://127.0.0.1:8080/v1", "", "", "fixed address"},
		{"another host", "https://service.example.com/v1", fixed, "", "is not this machine"},
		{"another host that names the provider", "https://service.example.com/v1?up=${provider.openai}", fixed, "", "is not this machine"},
		{"another host that is called the provider", "${provider.origin}/v1", fixed + ", advertise: service.example.com", "", "is not this machine"},
		{"another host from the environment", "${env:WHERE}/v1", fixed, "", "is not this machine"},
		{"allowed, but without limits", "https://service.example.com/v1", fixed, "allow_hosts: [service.example.com]", "needs limits"},
		{"allowed", "https://service.example.com/v1", fixed, "allow_hosts: [service.example.com], max_rate: 5, max_requests: 50", ""},
	} {
		text := strings.NewReplacer("%URL", `"`+row.url+`"`, "%PROVIDER", row.provider, "%SAFETY", row.safety).Replace(plan)
		_, err := Load(Source{Bytes: []byte(text)}, Options{Env: map[string]string{"WHERE": "https://service.example.com"}})
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%s: %v, want %q", row.words, err, row.says)
		}
	}
}
