package faults

// streamDialects are the dialects whose streams have a terminal event, and an
// error that may stand in its place.
var streamDialects = []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock"}

// Cut holds the parameters of the faults that are one ending of cut each:
// stall_mid_stream, conn_reset_mid and eof_no_done.
type Cut struct {
	name string
	kind EndingKind

	AfterTokens *int `yaml:"after_tokens" doc:"cut behind so many tokens of text; 10 where no position is given"`
	AfterBytes  *int `yaml:"after_bytes" doc:"cut behind so many bytes of the response body"`
	AfterEvents *int `yaml:"after_events" doc:"cut behind so many events of the stream"`
}

// Name returns the name of the fault in the catalogue.
func (c *Cut) Name() string { return c.name }

// Validate refuses a position before the start, and more than one position.
func (c *Cut) Validate() []Problem {
	return c.place().validate()
}

// StreamOnly: a body in one piece has no events, and no terminal event that an
// early end could lack.
func (c *Cut) StreamOnly() bool { return c.kind == EndingEOF || c.AfterEvents != nil }

// Effect cuts the answer.
func (c *Cut) Effect(Dice) Effect { return c.place().cut(Ending{Kind: c.kind}) }

func (c *Cut) place() place { return place{c.AfterTokens, c.AfterBytes, c.AfterEvents, ""} }

var stallMidStream = Entry{
	Name: "stall_mid_stream", Stage: "stream", Slots: SlotEnding,
	Summary: "falls silent in the middle of an answer",
	Doc: `The answer starts as usual, then nothing more is sent and the connection stays open until the caller leaves. ` +
		`A good client has an idle timeout between chunks of content (pings do not count), gives the connection back, and either keeps what it has ` +
		`as a part that is marked as such or starts again within its budget. The official Node SDKs clear their timeout at the headers and wait forever: ` +
		`anthropics/anthropic-sdk-typescript #867, #959 and #1206; also claude-code #25979 and kimi-code #1050.`,
	New: func() Fault { return &Cut{name: "stall_mid_stream", kind: EndingStall} },
}

var connResetMid = Entry{
	Name: "conn_reset_mid", Stage: "stream", Slots: SlotEnding,
	Summary: "resets the connection in the middle of an answer",
	Doc: `The answer starts as usual, then the connection is closed with a TCP reset; the HTTP library reports an error such as "incomplete chunked read". ` +
		`A good client passes that error on or starts again within its budget; it never shows or stores half an answer as a whole one. ` +
		`Seen in bytedance/deer-flow #1923.`,
	New: func() Fault { return &Cut{name: "conn_reset_mid", kind: EndingReset} },
}

var eofNoDone = Entry{
	Name: "eof_no_done", Stage: "stream", Slots: SlotEnding, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "ends a stream cleanly but without its terminal event",
	Doc: `The stream ends in order as far as HTTP can tell (last chunk sent), but there is no finish_reason and no [DONE] or message_stop, finishReason or "done": true. ` +
		`No HTTP library reports an error, and openai-python and openai-go do not either: only a client that waits for the terminal event notices. ` +
		`A good client takes the answer as truncated and never runs a tool call from it. ` +
		`Seen in opencode #39968: 23 of 13,312 streams (0.17 %), 7 of them accepted as complete, 16 cut inside a tool call; also maka #2297 and TensorRT-LLM #18289. ` +
		`Answers in one piece are not eligible.`,
	New: func() Fault { return &Cut{name: "eof_no_done", kind: EndingEOF} },
}
