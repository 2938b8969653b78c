package loadgen

import (
	"encoding/json"
	"strings"
	"testing"
)

// The bodies that are sent where a plan gives none.
func TestDefaultBodies(t *testing.T) {
	tests := []struct {
		words, format string
		data          askData
		want          string
	}{
		{"a stream of OpenAI asks for usage", "openai-chat", askData{Prompt: "a\"b\n", Model: "gpt-4o", Stream: true, MaxTokens: 64},
			`{"model":"gpt-4o","messages":[{"role":"user","content":"a\"b\n"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":64}`},
		{"a body of OpenAI", "openai-chat", askData{Prompt: "a", Model: "gpt-4o"}, `{"model":"gpt-4o","messages":[{"role":"user","content":"a"}],"stream":false}`},
		{"the service chooses the model", "openai-chat", askData{Prompt: "a"}, `{"messages":[{"role":"user","content":"a"}],"stream":false}`},
		{"Anthropic wants a length", "anthropic", askData{Prompt: "a", Model: "claude"}, `{"model":"claude","max_tokens":1024,"messages":[{"role":"user","content":"a"}],"stream":false}`},
		{"Anthropic with a length", "anthropic", askData{Prompt: "a", Model: "claude", Stream: true, MaxTokens: 9}, `{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"a"}],"stream":true}`},
		{"a service of any other shape is asked as OpenAI", "json", askData{Prompt: "a"}, `{"messages":[{"role":"user","content":"a"}],"stream":false}`},
	}
	for _, test := range tests {
		c, problems := newTemplates(RequestConfig{}.WithDefaults(), test.format)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got, err := c.fill(&test.data)
		if err != nil || string(got) != test.want {
			t.Errorf("%s:\n%s, want\n%s (%v)", test.words, got, test.want, err)
		}
		if (c.fixed.Get("Anthropic-Version") != "") != (test.format == "anthropic") {
			t.Errorf("%s: headers %v", test.words, c.fixed)
		}
	}
}

// Templates are filled with text of all kinds; what they make of it is what
// they were given.
func TestJSONInTemplates(t *testing.T) {
	var controls strings.Builder
	for c := rune(0); c < 0x20; c++ {
		controls.WriteRune(c)
	}
	for _, text := range []string{"", "plain", "\"\\/", "<b>&amp;", "é日\U0001f600", "\u2028\u2029", controls.String(), "\x7f", "\ufffd", "a\xffb\xc3"} {
		want := strings.ToValidUTF8(text, "\ufffd")
		var got string
		if err := json.Unmarshal(appendJSON(nil, text), &got); err != nil || got != want {
			t.Errorf("appendJSON(%q) is %s, which reads as %q (%v)", text, appendJSON(nil, text), got, err)
		}
		s, err := jsonText(text)
		if err != nil || json.Unmarshal([]byte(s), &got) != nil || got != want {
			t.Errorf("json %q is %s, which reads as %q (%v)", text, s, got, err)
		}
		if strings.Contains(text, "<") && !strings.Contains(s, "<") {
			t.Errorf("json %q is %s", text, s)
		}
	}
}

func TestGetHasNoBody(t *testing.T) {
	c, problems := newTemplates(RequestConfig{Method: "GET"}, "text")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if b, err := c.fill(&askData{Prompt: "a"}); b != nil || err != nil || c.fixed.Get("Content-Type") != "" {
		t.Errorf("body %s, headers %v, %v", b, c.fixed, err)
	}
}
