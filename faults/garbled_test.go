package faults

import "testing"

// Parameters that the faults of what an answer says refuse, and at which key.
func TestGarbledParameters(t *testing.T) {
	three, less := 3, -1
	for _, c := range []struct {
		name  string
		fault Fault
		want  string // the paths of the problems
	}{
		{"a way to break", &InvalidJSON{How: "python"}, ""},
		{"an unknown way to break", &InvalidJSON{How: "yaml"}, "how"},
		{"two positions", &InvalidJSON{How: "nan", AfterTokens: &three, AfterEvents: &three}, "after_events"},
		{"a position before the start", &InvalidJSON{How: "nan", AfterEvents: &less}, "after_events"},
		{"no fields: those that it has by itself", &MissingFields{}, ""},
		{"fields", &MissingFields{Fields: []string{"delta", "index"}}, ""},
		{"a field of one dialect", &MissingFields{Fields: []string{"usageMetadata"}}, "fields"},
		{"a field twice", &MissingFields{Fields: []string{"id", "id"}}, "fields"},
		{"a filter of prompts", &ContentFilter{Where: "prompt"}, ""},
		{"a filter of something else", &ContentFilter{Where: "tools", AfterTokens: -1}, "whereafter_tokens"},
		{"a cut at another limit", &LengthCut{AfterTokens: 1, Limit: "time"}, "limit"},
		{"a type that is wrong", &WrongContentType{As: "json"}, ""},
		{"a type that is unknown", &WrongContentType{As: "xml"}, "as"},
		{"no choice", &EmptyChoices{As: "none"}, ""},
		{"no choice in an unknown way, before the start", &EmptyChoices{As: "null", AfterTokens: -1}, "after_tokensas"},
		{"a kind of usage", &UsageWrong{Kind: "zero", Factor: 10}, ""},
		{"an unknown kind", &UsageWrong{Kind: "none", Factor: 10}, "kind"},
		{"a factor of one", &UsageWrong{Kind: "inflated", Factor: 1}, "factor"},
		{"no factor", &UsageWrong{Kind: "inflated"}, "factor"},
		{"a factor without end", &UsageWrong{Kind: "inflated", Factor: 1e300}, "factor"},
	} {
		got := ""
		for _, p := range c.fault.Validate() {
			got += p.Path
		}
		if got != c.want {
			t.Errorf("%s: problems at %q, want %q", c.name, got, c.want)
		}
	}
}

// What only a stream can show is not for answers in one piece.
func TestFormsOfStreams(t *testing.T) {
	for _, as := range wrongTypes {
		if f := (&WrongContentType{As: as}); f.StreamOnly() != (as != "plain") {
			t.Errorf("wrong_content_type as %s: streams only %v", as, f.StreamOnly())
		}
	}
	for _, as := range choiceless {
		f := &EmptyChoices{As: as}
		if m := f.Effect(Dice{}).Mutation; f.StreamOnly() != (as == "chunk") || m.OfJSON() != (as == "chunk") {
			t.Errorf("empty_choices as %s: streams only %v, of JSON %v", as, f.StreamOnly(), m.OfJSON())
		}
	}
}

// Only a stream can end before its usage.
func TestUsageThatNeverComesIsOfStreams(t *testing.T) {
	for _, kind := range usageKinds {
		f := &UsageWrong{Kind: kind, Factor: 10}
		if f.StreamOnly() != (kind == "never") || (f.Effect(Dice{}).Ending != nil) != (kind == "never") {
			t.Errorf("%s: streams only %v, %v", kind, f.StreamOnly(), f.Effect(Dice{}).Slots())
		}
	}
}
