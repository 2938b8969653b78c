package mockmodel

import (
	"fmt"
	"testing"
)

// The keywords that an SDK moved into a description are read where they stand
// alone at its end, and nothing else that people write is taken for them.
func TestKeywordsInADescription(t *testing.T) {
	rows := []struct{ words, description, says string }{
		{"alone", `{minimum: 0, maximum: 1}`, "[{minimum 0} {maximum 1}]"},
		{"below words", "A score.\n\n{exclusiveMinimum: -1.5}", "[{exclusiveMinimum -1.5}]"},
		{"a pattern", "{pattern: \"^[a-z]{2}, x: 1$\", minLength: 2}", `[{pattern "^[a-z]{2}, x: 1$"} {minLength 2}]`},
		{"others beside them", `{default: {"a": 1}, maxItems: 3, deprecated: true}`, "[{maxItems 3}]"},
		{"words", "A score from 0 to 1.", "[]"},
		{"words in braces", "A score.\n\n{see below}", "[]"},
		{"in the middle", "{minimum: 0}\n\nA score.", "[]"},
		{"in a line", "A score {minimum: 0}", "[]"},
		{"cut", "{minimum: ", "[]"},
		{"no JSON", "{minimum: zero}", "[]"},
		{"a bound that is none", `{minimum: "low", pattern: 1}`, "[]"},
		{"nothing", "", "[]"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			if says := fmt.Sprint(described(row.description)); says != row.says {
				t.Errorf("reads %s, want %s", says, row.says)
			}
		})
	}
}

// The value keeps to them.
func TestADescribedBoundHolds(t *testing.T) {
	var cache schemas
	for seed := range uint64(50) {
		v, err := cache.generate(`{"type":"integer","description":"How many.\n\n{minimum: 7, maximum: 9}"}`, seed, func(int) string { return "" }, "k")
		if err != nil {
			t.Fatal(err)
		}
		if s := string(v); s != "7" && s != "8" && s != "9" {
			t.Errorf("seed %d: %s is outside 7 to 9", seed, s)
		}
	}
}
