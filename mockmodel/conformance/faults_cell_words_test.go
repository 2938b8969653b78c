package conformance

import (
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// TestCells: what a page says of a call.
func TestCells(t *testing.T) {
	healthy := said{Text: "one two three qzx123 four", Stop: "stop", Tokens: 9}
	ok := called{said: healthy, Tries: 1}
	with := func(change func(*called)) called {
		c := ok
		change(&c)
		return c
	}
	for _, row := range []struct {
		words  string
		call   called
		missed bool
		want   cell
	}{
		{"the same words, with other marks", with(func(c *called) { c.Text = "one two three qzx999 four" }), false, cell{"accepts the whole answer", isWhole}},
		{"after a retry", with(func(c *called) { c.Tries = 2 }), false, cell{"accepts the whole answer after 2 attempts", isWhole}},
		{"without its end", with(func(c *called) { c.Stop = "" }), false, cell{`accepts the whole answer, stop ""`, isNearly}},
		{"with other counts", with(func(c *called) { c.Tokens = 0 }), false, cell{"accepts the whole answer, 0 tokens", isNearly}},
		{"cut", with(func(c *called) { c.Text, c.Stop = "one two", "" }), false, cell{`accepts the first 2 of 4 words, stop ""`, isPart}},
		{"with a hole", with(func(c *called) { c.Text = "one three four" }), false, cell{`accepts another answer: says 3 words, stop "stop", 9 tokens`, isOther}},
		{"without a word", with(func(c *called) { c.Text = "" }), false, cell{`accepts no answer, stop "stop"`, isNothing}},
		{"an error", with(func(c *called) { c.Failed = &raised{Class: "E", Status: 500, Message: "a | b"} }), false, cell{`raises E 500 "a \| b"`, isRaises}},
		{"patience that ran out", with(func(c *called) { c.Waited, c.Failed = true, &raised{Class: "E", Message: "context deadline exceeded"} }), false, cell{"waits", isWaits}},
		{"patience that ran out between attempts", with(func(c *called) { c.Waited, c.Failed, c.Tries = true, &raised{Class: "AbortError"}, 5 }), false, cell{"waits, in 5 attempts", isWaits}},
		{"patience that ran out, and an end as if all was said", with(func(c *called) { c.Waited, c.Text = true, "one" }), false, cell{"waits, then accepts the first 1 of 4 words", isPart}},
		{"another error when patience ran out", with(func(c *called) { c.Waited, c.Failed = true, &raised{Class: "E"} }), false, cell{"waits, then raises E", isRaises}},
		{"nothing struck", ok, true, cell{"missed", isNone}},
	} {
		state := journal.RuleInjected
		if row.missed {
			state = journal.RuleMissed
		}
		s := seen{calls: []called{row.call}, attempts: []journal.Attempt{{Rules: []journal.RuleHit{{State: state}}}}}
		if got := verdict(s, seen{calls: []called{ok}}); got != row.want {
			t.Errorf("%s: %q, %s; want %q, %s", row.words, got.text, got.is, row.want.text, row.want.is)
		}
	}
	a, b := cell{"raises E", isRaises}, cell{"accepts no answer", isNothing}
	r := row{"f", []cell{a, a, {}, a, b}}
	if got := r.glance(); got != "nothing, raises" {
		t.Errorf("at a glance %q", got)
	}
	if got := r.texts(); got[1] != "same" || got[2] != "-" || got[3] != "same" || got[4] != b.text {
		t.Errorf("texts %q", got)
	}
}
