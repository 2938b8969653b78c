package faults

import (
	"slices"
	"strings"
)

var inStreamTypes = []string{"overloaded", "server_error", "rate_limit", "model_error", "invalid_request"}

// InStreamError holds the parameters of in_stream_error.
type InStreamError struct {
	AfterTokens *int   `yaml:"after_tokens" doc:"send the error behind so many tokens of text; 10 where no position is given"`
	AfterBytes  *int   `yaml:"after_bytes" doc:"send the error behind so many bytes of the response body"`
	AfterEvents *int   `yaml:"after_events" doc:"send the error behind so many events of the stream"`
	Type        string `yaml:"type" default:"overloaded" enum:"overloaded,server_error,rate_limit,model_error,invalid_request" doc:"what the error says, in the words of the dialect; model_error is the model's own failure, which Bedrock tells from the service's"`
}

// Name returns "in_stream_error".
func (*InStreamError) Name() string { return "in_stream_error" }

// Validate refuses an unknown type, a position before the start, and more than
// one position.
func (f *InStreamError) Validate() []Problem {
	out := problems(f.place().validate())
	validateInStreamType(f.Type, &out)
	return out
}

func validateInStreamType(kind string, out *problems) {
	if !slices.Contains(inStreamTypes, kind) {
		out.add("type", "%q is unknown: one of %s", kind, strings.Join(inStreamTypes, ", "))
	}
}

// StreamOnly: only a stream can fail after its 200.
func (*InStreamError) StreamOnly() bool { return true }

// Effect ends the stream with an error event.
func (f *InStreamError) Effect(Dice) Effect {
	return f.place().cut(Ending{Kind: EndingInStreamError, Type: f.Type})
}

func (f *InStreamError) place() place {
	return place{f.AfterTokens, f.AfterBytes, f.AfterEvents, ""}
}

var inStreamError = Entry{
	Name: "in_stream_error", Stage: "stream", Slots: SlotEnding, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "sends an error event inside a stream that began with 200",
	Doc: `The answer starts as usual, then comes the dialect's own error event and the end of the stream: data: {"error": ...} for OpenAI, ` +
		`event: error with overloaded_error, api_error or rate_limit_error for Anthropic, an element {"error": ...} for Gemini, a line {"error": ...} for Ollama, an exception frame such as throttlingException for Bedrock. The status stays 200, and SDK retries do not cover it. ` +
		`A good client surfaces the error, or starts again if nothing irreversible happened; it does not read it as an empty or finished answer. ` +
		`Seen in OmniRoute #8210 (false empty success), anthropic-sdk-go #200, omadia #122 and agent-os #2271. Answers in one piece are not eligible.`,
	New: func() Fault { return &InStreamError{Type: "overloaded"} },
}
