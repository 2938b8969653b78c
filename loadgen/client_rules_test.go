package loadgen

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// newAnswer returns an answer that is about to be read, and its record.
func newAnswer(c ResponseConfig) (*answer, *journal.Request) {
	rec := journal.NewRequest()
	a := new(answer)
	a.reset(newReader(c, testCodec, nil), &rec)
	return a, &rec
}

func TestNeedle(t *testing.T) {
	for _, text := range []string{"", "a", "aab", "abab", "temporarily unavailable"} {
		n := newNeedle(text)
		for _, in := range []string{"", "a", "aaab", "aabaab", "ababab", "abaab", "tempotemporarily unavailable", "temporarily unavailabl"} {
			for cut := range len(in) + 1 {
				found := n.find(n.find(0, []byte(in[:cut])), []byte(in[cut:]))
				if n.done(found) != strings.Contains(in, text) {
					t.Errorf("%q in %q cut at %d: %v", text, in, cut, n.done(found))
				}
			}
		}
	}
}

func TestDegradedRules(t *testing.T) {
	config := ResponseConfig{Degraded: []DegradedRule{
		{Kind: "cached", Header: []Header{{"x-cache", "hit"}}},
		{Kind: "smaller_model", Model: "gpt-4o-mini"},
		{Kind: "stale", Header: []Header{{"x-cache", "stale"}}, Contains: "yesterday"},
		{Kind: "message", Contains: "try later"},
	}}
	tests := []struct {
		words, cache, model, text, want string
	}{
		{"nothing matches", "miss", "gpt-4o", "all well", ""},
		{"a header, in any case", "HIT", "gpt-4o", "all well", "cached"},
		{"a header of several values", "miss, hit", "gpt-4o", "all well", ""},
		{"the model", "", "gpt-4o-mini", "all well", "smaller_model"},
		{"the first match wins", "hit", "gpt-4o-mini", "try later", "cached"},
		{"a text", "", "", "please try later!", "message"},
		{"one of two conditions", "stale", "", "all well", ""},
		{"both of two conditions", "stale", "", "as of yesterday", "stale"},
	}
	for _, test := range tests {
		a, rec := newAnswer(config)
		a.content([]byte(test.text))
		h := http.Header{}
		h.Set("X-Cache", test.cache)
		if got := a.reader.degradedKind(h, test.model, a.found); got != test.want {
			t.Errorf("%s: %q, want %q", test.words, got, test.want)
		}
		if rec.Chunks != 1 {
			t.Errorf("%s: %d chunks", test.words, rec.Chunks)
		}
	}
}

func TestErrorPaths(t *testing.T) {
	r := newReader(ResponseConfig{Error: []ErrorRule{{Path: "$.error"}, {Path: "$.results[*].failed"}}}, testCodec, nil)
	for body, want := range map[string]string{
		`{"answer":"42"}`:                             "",
		`{"error":null}`:                              "",
		`{"error":""}`:                                "",
		`{"error":false}`:                             "",
		`{"error":"boom"}`:                            "$.error: boom",
		`{"error":{"b":1,"a":2}}`:                     `$.error: {"b":1,"a":2}`,
		`{"results":[{"failed":false},{"a":1}]}`:      "",
		`{"results":[{"failed":false},{"failed":7}]}`: "$.results[*].failed: 7",
	} {
		tree, ok := parseTree([]byte(body))
		if got := r.errorByPath(tree); !ok || got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// A path with a wildcard finds the same text each time, in the order of the
// body.
func TestPathsKeepTheOrder(t *testing.T) {
	for path, want := range map[string]string{"$.parts.*": "one two three", "$..t": "xyz", "$.list[?@.k == 'b'].t": "z", "$.list[-1].t": "z"} {
		a, rec := newAnswer(ResponseConfig{Answer: path})
		a.body = []byte(`{"parts":{"z":"one ","a":"two ","m":"three"},"list":[{"k":"a","t":"x"},{"t":"y"},{"k":"b","t":"z"}]}`)
		readJSON(a.body, a)
		if string(a.head) != want || rec.ContentBytes != len(want) {
			t.Errorf("%s finds %q, want %q", path, a.head, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct{ in, want string }{{"abcdef", "abcd"}, {"abcé", "abc"}, {"ab\xff", "ab"}, {"日本", "日"}, {"é", "é"}} {
		if got := clip(test.in, 4); got != test.want {
			t.Errorf("clip(%q): %q, want %q", test.in, got, test.want)
		}
	}
}
