package mockmodel

import (
	"net/http"
	"net/url"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, pattern, path, at string
		ok                      bool
	}{
		{"literal", "/v1/messages", "/v1/messages", "", true},
		{"longer path", "/v1/messages", "/v1/messages/count", "", false},
		{"shorter path", "/v1/messages", "/v1", "", false},
		{"trailing slash", "/v1/messages", "/v1/messages/", "", false},
		{"a segment", "/model/{model}/converse", "/model/claude/converse", "claude", true},
		{"an escaped slash and colon", "/model/{model}/converse", "/model/arn%3Aaws%2Fx%3A0/converse", "arn:aws/x:0", true},
		{"a bad escape", "/model/{model}/converse", "/model/%zz/converse", "", false},
		{"an empty segment", "/model/{model}/converse", "/model//converse", "", false},
		{"text behind a capture", "/v1beta/models/{model}:generateContent", "/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", true},
		{"another method behind it", "/v1beta/models/{model}:generateContent", "/v1beta/models/gemini-2.5-pro:countTokens", "", false},
		{"nothing before the text", "/v1beta/models/{model}:generateContent", "/v1beta/models/:generateContent", "", false},
		{"the last of two captures", "/v1/projects/{p}/models/{model}:x", "/v1/projects/a/models/b:x", "b", true},
		{"all that is left", "/v1/models/{model...}", "/v1/models/org/any-model", "org/any-model", true},
		{"one segment left", "/v1/models/{model...}", "/v1/models/m", "m", true},
		{"nothing left", "/v1/models/{model...}", "/v1/models/", "", false},
	} {
		if at, ok := match(c.pattern, c.path); at != c.at || ok != c.ok {
			t.Errorf("%s: match(%q, %q) = %q, %v", c.name, c.pattern, c.path, at, ok)
		}
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		vendor             string // of what was found
		kind               string // route, page, method or nothing
	}{
		{"an endpoint", "POST", "/v1/messages", "anthropic", "route"},
		{"an endpoint of a dialect", "POST", "/cohere/v2/rerank", "cohere", "route"},
		{"a page", "GET", "/v1/models/gpt-4o", "openai", "page"},
		{"the head of a page", "HEAD", "/openai/v1/models", "openai", "page"},
		{"Azure's own path before the dialect that it seems to name", "POST", "/openai/v1/chat/completions", "azure", "route"},
		{"another method", "GET", "/v1/messages", "anthropic", "method"},
		{"another method behind a dialect", "GET", "/anthropic/v1/messages", "anthropic", "method"},
		{"not this dialect's", "POST", "/anthropic/v1/embeddings", "anthropic", "nothing"},
		{"nobody's", "POST", "/v1/nothing", "", "nothing"},
		{"no dialect", "POST", "/acme/v1/messages", "", "nothing"},
	} {
		f := find(&http.Request{Method: c.method, URL: &url.URL{Path: c.path}}, newEndpoint(MainEndpoint, nil))
		kind, v := "nothing", f.only
		switch {
		case f.route != nil:
			kind, v = "route", f.route.vendor
		case f.page != nil:
			kind, v = "page", f.page.vendor
		case f.other != nil:
			kind, v = "method", f.other
		}
		name := ""
		if v != nil {
			name = v.name
		}
		if kind != c.kind || name != c.vendor {
			t.Errorf("%s: %s %s is a %s of %q, want a %s of %q", c.name, c.method, c.path, kind, name, c.kind, c.vendor)
		}
	}
}
