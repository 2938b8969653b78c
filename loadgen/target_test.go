package loadgen

import (
	"fmt"
	"strings"
	"testing"
)

func TestTargetProblems(t *testing.T) {
	off := false
	requests := func(c RequestConfig) []Problem { return c.Validate() }
	responses := func(c ResponseConfig) []Problem { return c.Validate() }
	tests := []struct {
		words string
		got   []Problem
		path  string // of the one problem, "-" for none
		says  string // what its message must contain
	}{
		{"nothing given", requests(RequestConfig{}), "-", ""},
		{"a body that quotes its text", requests(RequestConfig{Body: `{"question": {{json .Prompt}}, "user": {{json .Tenant}}, "stream": {{.Stream}}, "n": {{.MaxTokens}}, "id": {{json .Request}}, "i": {{.Index}}, "m": {{json .Mix}}}`}), "-", ""},
		{"a branch", requests(RequestConfig{Body: `{"q": {{json .Prompt}}{{if .Model}}, "model": {{json .Model}}{{end}}}`}), "-", ""},
		{"plain text", requests(RequestConfig{Headers: []Header{{"content-type", "text/plain"}}, Body: "{{.Prompt}}"}), "-", ""},
		{"a header for each tenant", requests(RequestConfig{Headers: []Header{{"authorization", "Bearer key-{{.Tenant}}"}}}), "-", ""},
		{"a method that is none", requests(RequestConfig{Method: "PO ST"}), "method", "POST"},
		{"a template that does not parse", requests(RequestConfig{Body: "{\n\"q\": {{json .Prompt}\n}"}), "body", "line 2"},
		{"a function that does not exist", requests(RequestConfig{Body: "{{jason .Prompt}}"}), "body", `line 1 of the template: function "jason" not defined`},
		{"a field that does not exist", requests(RequestConfig{Body: "{\"q\":\n {{json .Promt}}}"}), "body", "line 2 of the template: there is no .Promt; there are .Prompt, .Tenant"},
		{"text without quotes", requests(RequestConfig{Body: `{"q": {{.Prompt}}}`}), "body", "{{json .Prompt}}"},
		{"text in quotes, but not escaped", requests(RequestConfig{Body: "{\n\n\"q\": \"{{.Prompt}}\"}"}), "body", "line 3"},
		{"a branch that leaves a comma", requests(RequestConfig{Body: `{"q": {{json .Prompt}},{{if .Model}} "model": {{json .Model}}{{end}}}`}), "body", "no JSON"},
		{"a header that is none", requests(RequestConfig{Headers: []Header{{"x y", "1"}}}), "headers.x y", "no header name"},
		{"a header with a line break", requests(RequestConfig{Headers: []Header{{"x-y", "1\r\nhost: evil"}}}), "headers.x-y", "line break"},
		{"a header that becomes one with a line break", requests(RequestConfig{Headers: []Header{{"x-y", "{{.Prompt}}"}}}), "headers.X-Y", "line break"},
		{"a header twice", requests(RequestConfig{Headers: []Header{{"x-y", "1"}, {"X-Y", "2"}}}), "headers.X-Y", "twice"},
		{"a header of the client's", requests(RequestConfig{Headers: []Header{{"content-length", "1"}}}), "headers.content-length", "leave it out"},
		{"compression", requests(RequestConfig{Headers: []Header{{"accept-encoding", "gzip"}}}), "headers.accept-encoding", "uncompressed"},

		{"nothing given", responses(ResponseConfig{}), "-", ""},
		{"a path makes it json", responses(ResponseConfig{Answer: "$.answer"}), "-", ""},
		{"an unknown format", responses(ResponseConfig{Format: "openai"}), "format", "use openai-chat, anthropic, json, text"},
		{"a format that is not built yet", responses(ResponseConfig{Format: "ndjson"}), "format", "ndjson is not built yet"},
		{"a stream description", responses(ResponseConfig{Stream: map[string]any{}}), "stream", "not built yet"},
		{"json without a path", responses(ResponseConfig{Format: "json"}), "answer", "$.answer"},
		{"a path without json", responses(ResponseConfig{Format: "text", Answer: "$.a"}), "answer", "belongs to format json"},
		{"a path without $", responses(ResponseConfig{Answer: "answer"}), "answer", "starts with $"},
		{"a path that does not parse", responses(ResponseConfig{Answer: "$.a["}), "answer", "no JSONPath"},
		{"no status", responses(ResponseConfig{Rejected: []RejectedRule{{}}}), "rejected[0].status", "from 200 to 599"},
		{"an error rule without anything", responses(ResponseConfig{Error: []ErrorRule{{Status: 418}, {}}}), "error[1]", "exactly one"},
		{"an error rule with both", responses(ResponseConfig{Error: []ErrorRule{{Status: 418, Path: "$.e"}}}), "error[0]", "exactly one"},
		{"an error rule with a bad path", responses(ResponseConfig{Error: []ErrorRule{{Path: "e"}}}), "error[0].path", "starts with $"},
		{"a degraded rule without kind", responses(ResponseConfig{Degraded: []DegradedRule{{Model: "m"}}}), "degraded[0].kind", "smaller_model"},
		{"a degraded rule that matches nothing", responses(ResponseConfig{Degraded: []DegradedRule{{Kind: "cached"}}}), "degraded[0]", "matches nothing"},
		{"a degraded rule on a secret", responses(ResponseConfig{Degraded: []DegradedRule{{Kind: "cached", Header: []Header{{"set-cookie", "a"}}}}}), "degraded[0].header.set-cookie", "secrets"},

		{"the defaults of correlate", Correlate{}.Validate(), "-", ""},
		{"no marker", Correlate{Marker: "never"}.Validate(), "marker", "neither auto, on nor off"},
		{"no carrier at all", Correlate{Marker: "off", Headers: &off}.Validate(), "", "leave one of them on"},
		{"only the marker", Correlate{Marker: "on", Headers: &off}.Validate(), "-", ""},
	}
	for _, test := range tests {
		switch {
		case test.path == "-" && len(test.got) == 0:
		case len(test.got) == 1 && test.got[0].Path == test.path && strings.Contains(test.got[0].Msg, test.says):
		default:
			t.Errorf("%s: %q, want %s: ...%s...", test.words, test.got, test.path, test.says)
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	tests := []struct{ words, url, says string }{
		{"no URL", "http://[::1", "is no URL"},
		{"no scheme", "localhost:8080", "is no http or https URL"},
		{"another scheme", "ftp://host/", "is no http or https URL"},
		{"a password", "http://user:hunter2@host/", "would end in the journal"},
	}
	for _, test := range tests {
		_, problems := NewClient(ClientOptions{URL: test.url, Codec: testCodec})
		if len(problems) != 1 || problems[0].Path != "target.url" || !strings.Contains(problems[0].Msg, test.says) {
			t.Errorf("%s: %q", test.words, problems)
		}
		if strings.Contains(fmt.Sprint(problems), "hunter2") {
			t.Errorf("%s: the password is in %q", test.words, problems)
		}
	}
	_, problems := NewClient(ClientOptions{
		URL: "http://host/", Codec: testCodec,
		Request: RequestConfig{Body: "{{"}, Response: ResponseConfig{Format: "x"}, Correlate: Correlate{Marker: "x"},
	})
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	if got, want := fmt.Sprint(paths), "[target.request.body target.response.format correlate.marker]"; got != want {
		t.Errorf("problems at %s, want %s", got, want)
	}
}

func TestDefaults(t *testing.T) {
	if c := (RequestConfig{}).WithDefaults(); c.Method != "POST" {
		t.Errorf("method %q", c.Method)
	}
	if c := (ResponseConfig{}).WithDefaults(); c.Format != Formats()[0] {
		t.Errorf("format %q", c.Format)
	}
	if c := (ResponseConfig{Answer: "$.a"}).WithDefaults(); c.Format != "json" {
		t.Errorf("format with answer: %q", c.Format)
	}
	if c := (Correlate{}).WithDefaults(); c.Marker != "auto" || !*c.Headers {
		t.Errorf("correlate %+v", c)
	}
}
