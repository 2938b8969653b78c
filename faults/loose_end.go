package faults

// atEnd is the position of what changes only the end of an answer.
var atEnd = Position{N: -1, In: End}

// NoBlankLine holds the parameters of eof_no_blank_line.
type NoBlankLine struct {
	LineEnd bool `yaml:"line_end" default:"false" doc:"the line end of the last line is sent, only the blank line behind it is missing"`
	NoDone  bool `yaml:"no_done" default:"false" doc:"the terminal event is missing too, so that the one before it has no blank line: usage or finish reason"`
}

// Name returns "eof_no_blank_line".
func (*NoBlankLine) Name() string { return "eof_no_blank_line" }

// Validate finds nothing: every combination is one.
func (*NoBlankLine) Validate() []Problem { return nil }

// StreamOnly: a body in one piece has no last event.
func (*NoBlankLine) StreamOnly() bool { return true }

// Effect takes away what ends the last event.
func (f *NoBlankLine) Effect(Dice) Effect {
	return Effect{Ending: &Ending{Kind: EndingNoBlankLine, After: atEnd, LineEnd: f.LineEnd, NoDone: f.NoDone}}
}

var eofNoBlankLine = Entry{
	Name: "eof_no_blank_line", Stage: "stream", Slots: SlotEnding, Sockets: SocketNever, Steps: []string{"chat"},
	Dialects: []string{"openai", "azure", "anthropic", "gemini", "ollama"},
	Summary:  "ends a stream without the blank line behind its last event",
	Doc: `All is sent, and the connection ends in order, but the last event lacks the line ends behind it (the line end of a line of Ollama's). ` +
		`A parser that keeps to the HTML standard (9.2.6) drops such an event: with no_done: true that is the finish reason or the usage. ` +
		`A good client flags the answer when it misses the end, and does not fail on what it has; many parsers take the event as if it were whole. ` +
		`Bedrock's frames and a Gemini array have no blank lines: the latter is a miss. Seen in anomalyco/opencode #40454.`,
	New: func() Fault { return &NoBlankLine{} },
}

var eofAfterFinishNoDone = Entry{
	Name: "eof_after_finish_no_done", Stage: "stream", Slots: SlotEnding, Sockets: SocketNever, Steps: []string{"chat"},
	Dialects: []string{"openai", "azure", "anthropic", "gemini", "bedrock"},
	Summary:  "ends a stream behind its finish reason, without the end",
	Doc: `Text, finish reason and usage are all there; what is missing is [DONE], message_stop, the bracket that closes a Gemini array, or Bedrock's metadata (and with it the usage). ` +
		`The harmless twin of eof_no_done: a good client accepts the answer. One that calls it truncated, or tries again, is too strict and pays twice. ` +
		`Where finish reason and terminal event are one (the Responses API, events of Gemini, Ollama), there is nothing to leave out: the first two are misses. Seen in the reports about eof_no_done, such as opencode #39968.`,
	New: fixedInStreams("eof_after_finish_no_done", Effect{Ending: &Ending{Kind: EndingNoDone, After: atEnd}}),
}

var doneNoFinish = Entry{
	Name: "done_no_finish", Stage: "stream", Slots: SlotEnding, Sockets: SocketNever, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "sends the terminal event, but never a finish reason",
	Doc: `Text, usage and terminal event are there; the event with the finish reason is missing (with Anthropic's message_delta the usage is, too), or the member is: finishReason of Gemini, done_reason of Ollama. ` +
		`Nobody can tell a whole answer from one that was cut by a limit or a filter. A good client flags it and runs no tool call from it. ` +
		`Vercel's AI SDK makes up the finish reason "other" or "unknown" and succeeds: opencode #39968 and #44210. In the Responses API both are one event: a miss.`,
	New: fixedInStreams("done_no_finish", Effect{Ending: &Ending{Kind: EndingNoFinish, After: atEnd}}),
}
