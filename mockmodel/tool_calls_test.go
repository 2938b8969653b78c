package mockmodel

import (
	"slices"
	"strings"
	"testing"
)

func TestToolCallsWaitForTheirResults(t *testing.T) {
	for _, c := range []struct {
		name        string
		calls       string
		results     string
		strangers   string // results that no call waits for
		unanswered  string
		unansweredN int
	}{
		{"nothing waits", "", "", "", "", 0},
		{"in order", "a b", "a b", "", "", 0},
		{"in another order", "a b c", "c a b", "", "", 0},
		{"one is left", "a b c", "b", "", "a c", 2},
		{"a result without a call", "a", "b", "b", "a", 1},
		{"a result twice", "a b", "a a", "a", "b", 1},
		{"two calls of one id want two results", "a b a", "a", "", "b a", 2},
	} {
		var o toolCalls
		for _, id := range strings.Fields(c.calls) {
			o.add(id)
		}
		var strangers []string
		for _, id := range strings.Fields(c.results) {
			if !o.take(id) {
				strangers = append(strangers, id)
			}
		}
		if got := strings.Join(strangers, " "); got != c.strangers {
			t.Errorf("%s: results of no call: %q, want %q", c.name, got, c.strangers)
		}
		if got := o.unanswered(); !slices.Equal(got, strings.Fields(c.unanswered)) || o.left != c.unansweredN {
			t.Errorf("%s: %d wait: %q, want %q", c.name, o.left, got, c.unanswered)
		}
	}
}
