package plans

import (
	"strings"
	"testing"
)

// TestRequestsNameTheProvider: a gateway is told in a request where to find its
// provider, and that is known only once the provider listens.
func TestRequestsNameTheProvider(t *testing.T) {
	const fixed = "url: http://127.0.0.1:8787/v1/chat/completions"
	const started = "command: [gateway]"
	for _, row := range []struct{ words, target, header, want, says string }{
		{"where OpenAI's dialect is", fixed, "${provider.openai}", "http://127.0.0.1:4010/v1", ""},
		{"inside a text", fixed, `{"custom_host": "${provider.origin}"}`, `{"custom_host": "http://127.0.0.1:4010"}`, ""},
		{"beside a template", fixed, "${provider.port} of {{.Tenant}}", "4010 of {{.Tenant}}", ""},
		{"a literal ${", fixed, "$${provider.openai}", "${provider.openai}", ""},
		{"a value of the environment that looks like it", fixed, "${env:ODD}", "${provider.openai}", ""},
		{"the port of a target that the plan starts", started, "${target.port}", "8787", ""},
		{"the port of one that it does not", fixed, "${target.port}", "", "goes with target.command only"},
		{"a name that nothing has", fixed, "${provider.opanai}", "", "did you mean provider.openai"},
	} {
		for _, where := range []struct{ words, key, path string }{
			{"in a header", "headers: {x-host: %}", "target.request.headers.x-host"}, {"in the body", "body: %, headers: {content-type: text/plain}", "target.request.body"},
		} {
			quoted := "'" + row.header + "'"
			p, err := Load(Source{Bytes: []byte("name: gateway\ntarget: {" + row.target + ", request: {" + strings.Replace(where.key, "%", quoted, 1) +
				"}}\nprovider: {listen: 127.0.0.1:4010}\nload: {phases: [{name: warm, rate: 1, for: 10s}]}\n")}, Options{Env: map[string]string{"ODD": "${provider.openai}"}})
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), where.path) {
					t.Errorf("%s, %s: %v, want %q at %s", row.words, where.words, err, row.says, where.path)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", row.words, where.words, err)
				continue
			}
			r := newRun(p, RunOptions{})
			r.provider = urlsOf("127.0.0.1:4010", "")
			r.provider.targetPort = 8787
			req, err := r.request()
			got := req.Body
			if strings.HasPrefix(where.key, "headers") {
				got = req.Headers[0].Value
			}
			if err != nil || got != row.want {
				t.Errorf("%s, %s: %q, %v, want %q", row.words, where.words, got, err, row.want)
			}
		}
	}
}
