package plans

import (
	"strings"
	"testing"
)

// TestProviderURLs: what a target is told of where the mock listens.
func TestProviderURLs(t *testing.T) {
	for _, row := range []struct{ words, addr, advertise, openai, anthropic string }{
		{"loopback", "127.0.0.1:4010", "", "http://127.0.0.1:4010/v1", "http://127.0.0.1:4010"},
		{"IPv6", "[::1]:4010", "", "http://[::1]:4010/v1", "http://[::1]:4010"},
		{"everywhere is called at loopback", "0.0.0.0:4010", "", "http://127.0.0.1:4010/v1", "http://127.0.0.1:4010"},
		{"another name", "0.0.0.0:4010", "host.docker.internal", "http://host.docker.internal:4010/v1", "http://host.docker.internal:4010"},
	} {
		u := urlsOf(row.addr, row.advertise)
		for name, want := range map[string]string{"provider.openai": row.openai, "provider.anthropic": row.anthropic, "provider.origin": row.anthropic, "provider.port": "4010"} {
			if got, ok := u.lookup(name); got != want || !ok {
				t.Errorf("%s: %s is %q, want %q", row.words, name, got, want)
			}
		}
		if _, ok := u.lookup("target.port"); ok {
			t.Errorf("%s: a port of a target that there is not", row.words)
		}
	}
}

// TestEndpointURLs: ${provider.NAME} is the base URL of the endpoint's dialect,
// and its origin where it speaks all of them.
func TestEndpointURLs(t *testing.T) {
	u := urlsOf("127.0.0.1:4010", "")
	u.endpoints = []endpointURL{
		{"backup", "openai", addressOf("127.0.0.1:4011", "")},
		{"claude", "anthropic", addressOf("127.0.0.1:4012", "")},
		{"any", "", addressOf("127.0.0.1:4013", "host.docker.internal")},
	}
	for name, want := range map[string]string{
		"provider.backup": "http://127.0.0.1:4011/v1", "provider.backup.origin": "http://127.0.0.1:4011", "provider.backup.port": "4011",
		"provider.claude": "http://127.0.0.1:4012", "provider.any": "http://host.docker.internal:4013", "provider.any.host": "host.docker.internal",
		"provider.openai": "http://127.0.0.1:4010/v1", "provider.gemini": "http://127.0.0.1:4010", "provider.ollama": "http://127.0.0.1:4010", "provider.nobody": "", "provider.any.path": "", "backup": "",
	} {
		if got, ok := u.lookup(name); got != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestCommandEnv: no key of a real provider reaches a target; what the plan says
// goes over all.
func TestCommandEnv(t *testing.T) {
	u := urlsOf("127.0.0.1:4010", "")
	base := []string{"PATH=/bin", "OPENAI_API_KEY=sk-real", "ANTHROPIC_BASE_URL=https://api.anthropic.com", "ODD", "AWS_SECRET_ACCESS_KEY=sk-real", "AWS_BEARER_TOKEN_BEDROCK=sk-real", "AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=", "NO_PROXY=.corp", "HTTP_PROXY=http://proxy"}
	over := u.env(base)
	over["OPENAI_BASE_URL"] = "http://127.0.0.1:1"
	got := mergeEnv(base, over)
	env := "\n" + strings.Join(got, "\n") + "\n"
	for _, want := range []string{"PATH=/bin", "OPENAI_API_KEY=" + dummyKey, "ANTHROPIC_API_KEY=" + dummyKey, "ANTHROPIC_BASE_URL=http://127.0.0.1:4010", "OPENAI_BASE_URL=http://127.0.0.1:1", "ODD",
		"GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:4010", "OLLAMA_HOST=http://127.0.0.1:4010", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:4010", "AWS_ACCESS_KEY_ID=" + dummyKey, "AWS_SECRET_ACCESS_KEY=" + dummyKey, "AWS_SESSION_TOKEN=" + dummyKey,
		"AWS_BEARER_TOKEN_BEDROCK=", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false", "AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=us-east-1", "GOOGLE_API_KEY=" + dummyKey, "OLLAMA_API_KEY=" + dummyKey,
		"NO_PROXY=.corp,127.0.0.1,localhost,::1", "no_proxy=127.0.0.1,localhost,::1", "HTTP_PROXY=http://proxy"} {
		if !strings.Contains(env, "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(env, "sk-real") || strings.Contains(env, "api.anthropic.com") {
		t.Errorf("the real provider is still reachable: %s", env)
	}
}
