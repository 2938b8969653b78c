package faults

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func cutWith(set func(*AnyCut)) *AnyCut {
	f := newFault("cut").(*AnyCut)
	set(f)
	return f
}

// The named faults are cut with one ending each: the same data.
func TestNamedEndingsAreCuts(t *testing.T) {
	n := func(i int) *int { return &i }
	for _, c := range []struct {
		named Fault
		cut   func(*AnyCut)
	}{
		{newFault("eof_no_done"), func(f *AnyCut) {}},
		{newFault("conn_reset_mid"), func(f *AnyCut) { f.Ending = EndingReset }},
		{newFault("stall_mid_stream"), func(f *AnyCut) { f.Ending = EndingStall }},
		{&Cut{kind: EndingReset, AfterBytes: n(3)}, func(f *AnyCut) { f.Ending, f.AfterBytes = EndingReset, n(3) }},
		{&HalfOpen{AfterEvents: n(3)}, func(f *AnyCut) { f.Ending, f.AfterEvents = EndingHalfOpen, n(3) }},
		{newFault("in_stream_error"), func(f *AnyCut) { f.Ending = EndingInStreamError }},
		{&InStreamError{AfterTokens: n(0), Type: "rate_limit"}, func(f *AnyCut) { f.Ending, f.AfterTokens, f.Type = EndingInStreamError, n(0), "rate_limit" }},
		{newFault("ping_only"), func(f *AnyCut) { f.Ending, f.AfterTokens = EndingKeepAlive, n(0) }},
		{&PingOnly{Every: time.Second}, func(f *AnyCut) { f.Ending, f.AfterTokens, f.Every = EndingKeepAlive, n(0), time.Second }},
	} {
		named, cut := c.named.Effect(Dice{}), cutWith(c.cut).Effect(Dice{})
		if named.Slots() != SlotEnding || *named.Ending != *cut.Ending {
			t.Errorf("%s is %+v, and as a cut %+v", c.named.Name(), named.Ending, cut.Ending)
		}
	}
}

// The position where the rule gives none: late in a text, but the first one that
// there is of what is cut in two.
func TestCutsBegin(t *testing.T) {
	n := 7
	for _, c := range []struct {
		say string
		set func(*AnyCut)
		at  Position
	}{
		{"nothing is given", func(f *AnyCut) {}, Position{10, Tokens}},
		{"inside alone", func(f *AnyCut) { f.Inside = InsideToolArguments }, Position{0, Tokens}},
		{"inside, behind bytes", func(f *AnyCut) { f.Inside, f.AfterBytes = InsideCodePoint, &n }, Position{7, Bytes}},
		{"inside, behind events", func(f *AnyCut) { f.Inside, f.AfterEvents = InsideCodePoint, &n }, Position{7, Events}},
		{"inside, behind tokens", func(f *AnyCut) { f.Inside, f.AfterTokens = InsideCodePoint, &n }, Position{7, Tokens}},
	} {
		f := cutWith(c.set)
		if e := f.Effect(Dice{}).Ending; e.After != c.at || e.Inside != f.Inside {
			t.Errorf("%s: %+v", c.say, e)
		}
	}
}

// What cannot be is refused before anything is sent: that it can not, and where
// else it could.
func TestCutsThatCannotBe(t *testing.T) {
	n := 3
	below := -1
	for _, c := range []struct {
		say   string
		set   func(*AnyCut)
		match Match
		want  string // of the problem; "": there is none
	}{
		{"the default", func(f *AnyCut) {}, Match{}, ""},
		{"an unknown ending", func(f *AnyCut) { f.Ending = "bang" }, Match{}, `cut.ending: "bang" is unknown: one of eof, reset, stall, half_open, in_stream_error, keep_alive`},
		{"an unknown inside", func(f *AnyCut) { f.Inside = "word" }, Match{}, `cut.inside: "word" is unknown: one of code_point, tool_arguments`},
		{"two positions", func(f *AnyCut) { f.AfterBytes, f.AfterEvents = &n, &n }, Match{}, "cut.after_events: contradicts after_bytes"},
		{"a position before the start", func(f *AnyCut) { f.AfterBytes = &below }, Match{}, "cut.after_bytes: is -1"},
		{"an error in a character", func(f *AnyCut) { f.Ending, f.Inside = EndingInStreamError, InsideCodePoint }, Match{}, "cut.inside: contradicts ending: in_stream_error"},
		{"signs of life in a character", func(f *AnyCut) { f.Ending, f.Inside = EndingKeepAlive, InsideCodePoint }, Match{}, "cut.inside: contradicts ending: keep_alive"},
		{"silence in a character", func(f *AnyCut) { f.Ending, f.Inside = EndingHalfOpen, InsideCodePoint }, Match{}, ""},
		{"an error in arguments", func(f *AnyCut) { f.Ending, f.Inside = EndingInStreamError, InsideToolArguments }, Match{}, ""},
		{"a type without an error", func(f *AnyCut) { f.Type = "rate_limit" }, Match{}, "cut.type: says what an error in the stream says, and ending: eof sends none"},
		{"an unknown type", func(f *AnyCut) { f.Ending, f.Type = EndingInStreamError, "odd" }, Match{}, `cut.type: "odd" is unknown`},
		{"a time without signs of life", func(f *AnyCut) { f.Every = time.Second }, Match{}, "cut.every: is the time between signs of life, and ending: eof sends none"},
		{"no time between them", func(f *AnyCut) { f.Ending, f.Every = EndingKeepAlive, 0 }, Match{}, "cut.every: is 0s"},
		{"signs of life of Ollama", func(f *AnyCut) { f.Ending = EndingKeepAlive }, Match{Dialect: "ollama"}, `match.dialect: cut: {ending: keep_alive} does not exist in "ollama", only in openai, azure, anthropic, gemini`},
		{"signs of life of Bedrock", func(f *AnyCut) { f.Ending = EndingKeepAlive }, Match{Dialect: "bedrock"}, `does not exist in "bedrock"`},
		{"signs of life of Gemini", func(f *AnyCut) { f.Ending = EndingKeepAlive }, Match{Dialect: "gemini"}, ""},
		{"an error in Gemini's arguments", func(f *AnyCut) { f.Ending, f.Inside = EndingInStreamError, InsideToolArguments }, Match{Dialect: "gemini"}, `does not exist in "gemini", only in openai, azure, anthropic, bedrock`},
		{"the end in Gemini's arguments", func(f *AnyCut) { f.Inside = InsideToolArguments }, Match{Dialect: "gemini"}, ""},
		{"arguments of a reranker", func(f *AnyCut) { f.Inside = InsideToolArguments }, Match{Dialect: "cohere"}, `does not exist in "cohere"`},
		{"arguments of an embedding", func(f *AnyCut) { f.Inside = InsideToolArguments }, Match{Step: "embed"}, "match.step: cut: {inside: tool_arguments} does not exist in embed calls"},
		{"an error in an embedding", func(f *AnyCut) { f.Ending = EndingInStreamError }, Match{Step: "embed"}, "match.step: cut: {ending: in_stream_error} does not exist in embed calls"},
		{"a character of an embedding", func(f *AnyCut) { f.Inside = InsideCodePoint }, Match{Step: "embed"}, ""},
	} {
		got := Rule{Fault: cutWith(c.set), Match: c.match}.Validate()
		switch {
		case c.want == "" && len(got) == 0:
		case c.want != "" && len(got) == 1 && strings.Contains(got[0].Path+": "+got[0].Msg, c.want):
		default:
			t.Errorf("%s: %v, want %s", c.say, got, c.want)
		}
	}
}

// A rule that names no dialect is not eligible where its fault does not exist with
// its parameters.
func TestCutsAreNotEligibleWhereTheyDoNotExist(t *testing.T) {
	n := 3
	all := []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock", "cohere"}
	for _, c := range []struct {
		say    string
		set    func(*AnyCut)
		whole  string // dialects of answers in one piece
		stream string
	}{
		{"the end", func(f *AnyCut) {}, "all", "all"},
		{"behind events", func(f *AnyCut) { f.AfterEvents = &n }, "", "all"},
		{"an error", func(f *AnyCut) { f.Ending = EndingInStreamError }, "", "openai azure anthropic gemini ollama bedrock"},
		{"signs of life", func(f *AnyCut) { f.Ending = EndingKeepAlive }, "", "openai azure anthropic gemini"},
		{"in arguments", func(f *AnyCut) { f.Inside = InsideToolArguments }, "openai azure anthropic gemini ollama bedrock", "openai azure anthropic gemini ollama bedrock"},
		{"an error in arguments", func(f *AnyCut) { f.Inside, f.Ending = InsideToolArguments, EndingInStreamError }, "", "openai azure anthropic bedrock"},
		{"signs of life in arguments", func(f *AnyCut) { f.Inside, f.Ending = InsideToolArguments, EndingKeepAlive }, "", "openai azure anthropic"},
	} {
		s, problems := NewSchedule(1, []Rule{{Fault: cutWith(c.set)}}, nil, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, d := range all {
			for stream, want := range map[bool]string{false: c.whole, true: c.stream} {
				eligible := len(s.Decide(Call{Dialect: d, Kind: "chat", Stream: stream, Ordinal: 1}).Hits) > 0
				if eligible != (want == "all" || slices.Contains(strings.Fields(want), d)) {
					t.Errorf("%s, %s, stream %v: eligible %v", c.say, d, stream, eligible)
				}
			}
		}
	}
}
