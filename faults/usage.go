package faults

import (
	"math"
	"slices"
	"strings"
)

var usageKinds = []string{"missing", "zero", "inflated", "never"}

// UsageWrong holds the parameters of usage_wrong.
type UsageWrong struct {
	Kind   string  `yaml:"kind" default:"missing" enum:"missing,zero,inflated,never" doc:"missing: no usage anywhere; zero: all counts are 0; inflated: all counts are times as high; never: the stream ends before the event that has the final usage"`
	Factor float64 `yaml:"factor" default:"10" doc:"of inflated: what the counts are multiplied by; below 1 they are too low"`
}

// Name returns "usage_wrong".
func (*UsageWrong) Name() string { return "usage_wrong" }

// Validate refuses an unknown kind, and a factor that changes nothing.
func (f *UsageWrong) Validate() []Problem {
	var out problems
	if !slices.Contains(usageKinds, f.Kind) {
		out.add("kind", "%q is unknown: one of %s", f.Kind, strings.Join(usageKinds, ", "))
	}
	if !(f.Factor > 0 && f.Factor <= 1000) || math.Abs(f.Factor-1) < 1e-9 {
		out.add("factor", "is %v: give a number above 0 and up to 1000 that is not 1, such as 10", f.Factor)
	}
	return out
}

// StreamOnly: an answer in one piece has no event that could not come.
func (f *UsageWrong) StreamOnly() bool { return f.Kind == "never" }

// Effect lies about the usage, or keeps it back.
func (f *UsageWrong) Effect(Dice) Effect {
	switch f.Kind {
	case "never":
		return Effect{Ending: &Ending{Kind: EndingNoUsage, After: atEnd}}
	case "missing":
		return Effect{Mutation: &Mutation{Kind: MutationFieldsGone, Form: "usage"}}
	case "zero":
		return Effect{Mutation: &Mutation{Kind: MutationUsage}}
	}
	return Effect{Mutation: &Mutation{Kind: MutationUsage, Factor: f.Factor}}
}

var usageWrong = Entry{
	Name: "usage_wrong", Stage: "model", Slots: SlotMutation | SlotEnding, Dialects: answerDialects,
	Summary: "leaves the usage out, or lies about it",
	Doc: `The answer is right, and what it says of its tokens is not: the usage is missing, all counts in it are 0, or all are a factor too high (details and totals too; Ollama's durations are left alone). ` +
		`kind: never ends the stream in order right before the event with the final usage, and with it goes what follows or stands in it: [DONE]; the stop reason and message_stop of Anthropic; response.completed; the last element of Gemini, whose earlier ones have told a part; the last line of Ollama; metadata of Bedrock. A stream that has no usage is a miss: OpenAI sends it only with include_usage. ` +
		`The bill is not touched: tokens and cost of the report are what was really generated, so that what the service counted can be held against it. ` +
		`A good client counts by itself where nothing is told, doubts a count that its own contradicts, and lets a budget fail on the safe side: an answer without usage is not free, nor is one that was cut. ` +
		`Seen in litellm #38197 (zeros); OpenAI's reference says that an interrupted stream may not send the usage.`,
	New: func() Fault { return &UsageWrong{Kind: "missing", Factor: 10} },
}
