package faults

import "time"

// pingDialects are the dialects whose streams have a form of a keep-alive, which
// is not content.
var pingDialects = []string{"openai", "azure", "anthropic", "gemini"}

const pingEvery = 5 * time.Second

// SlowHeaders holds the parameters of slow_headers.
type SlowHeaders struct {
	By time.Duration `yaml:"by" default:"30s" doc:"time added before the headers"`
}

// Name returns "slow_headers".
func (*SlowHeaders) Name() string { return "slow_headers" }

// Validate wants a delay that is one.
func (f *SlowHeaders) Validate() []Problem { return above("by", f.By) }

// Effect delays the headers, and all behind them.
func (f *SlowHeaders) Effect(Dice) Effect {
	return Effect{Delay: &Delay{Extra: f.By, Headers: true}}
}

func above(key string, d time.Duration) []Problem {
	var out problems
	if d <= 0 {
		out.add(key, "is %s: give a duration above 0", d)
	}
	return out
}

var slowHeaders = Entry{
	Name: "slow_headers", Stage: "headers", Slots: SlotDelay,
	Summary: "lets the headers come late, and the answer behind them",
	Doc: `The request is read, and nothing is sent until the given time has passed; then comes the whole answer, as fast as ever. slow_ttft sends the headers of a stream at once: a timeout on headers sees this fault and not that one. ` +
		`A caller that leaves in time is not paid for beyond that. A good client stays within its budget: it waits where the answer can still be used, and otherwise leaves and says so. ` +
		`Seen in OpenAI's incident of 2024-12-04: stalls of 30 s, 45 % of calls given up by their callers (499).`,
	New: func() Fault { return &SlowHeaders{By: 30 * time.Second} },
}

// LateSuccess holds the parameters of late_success.
type LateSuccess struct {
	After time.Duration `yaml:"after" default:"1m" doc:"time added before the headers: more than the client waits"`
}

// Name returns "late_success".
func (*LateSuccess) Name() string { return "late_success" }

// Validate wants a delay that is one.
func (f *LateSuccess) Validate() []Problem { return above("after", f.After) }

// Effect delays the headers, and lets the work go on without the caller.
func (f *LateSuccess) Effect(Dice) Effect {
	return Effect{Delay: &Delay{Extra: f.After, Headers: true, Finish: true}}
}

var lateSuccess = Entry{
	Name: "late_success", Stage: "headers", Slots: SlotDelay,
	Summary: "succeeds after the caller gave up, and is paid for",
	Doc: `As slow_headers, but the model does not notice that its caller leaves: it keeps its slot to the end of the answer, and all of the answer is paid for. Who waits gets a whole answer. ` +
		`A good client knows that a call it gave up may have succeeded: it counts its cost, and does not run a side effect twice. ` +
		`Seen in BerriAI/litellm #13774, #30223 and #37140, where a proxy does not pass a hang-up on.`,
	New: func() Fault { return &LateSuccess{After: time.Minute} },
}

// PingOnly holds the parameters of ping_only.
type PingOnly struct {
	Every time.Duration `yaml:"every" default:"5s" doc:"time between two signs of life"`
}

// Name returns "ping_only".
func (*PingOnly) Name() string { return "ping_only" }

// Validate wants a time that is one.
func (f *PingOnly) Validate() []Problem { return above("every", f.Every) }

// StreamOnly: what comes in one piece has no signs of life.
func (*PingOnly) StreamOnly() bool { return true }

// Effect sends signs of life in place of the answer.
func (f *PingOnly) Effect(Dice) Effect {
	start := 0
	return place{tokens: &start}.cut(Ending{Kind: EndingKeepAlive, Every: f.Every})
}

var pingOnly = Entry{
	Name: "ping_only", Stage: "stream", Slots: SlotEnding, Dialects: pingDialects, Steps: []string{"chat"},
	Summary: "keeps a stream alive that says nothing",
	Doc: `The stream begins, and then nothing but signs of life come until the caller leaves: event: ping for Anthropic, comments for the others that have event streams, white space for Gemini's array. ` +
		`A good client counts content and not bytes: its idle timeout runs on, fires, and it closes the call. ` +
		`The comments are what OpenRouter sends while it waits (": OPENROUTER PROCESSING"), the pings Anthropic's. Ollama and Bedrock have no such form. Answers in one piece are not eligible.`,
	New: func() Fault { return &PingOnly{Every: pingEvery} },
}
