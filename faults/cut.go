package faults

import (
	"slices"
	"strings"
	"time"
)

// Where an answer is cut when the rule does not say: late enough that a caller
// has begun to use it, early enough that short answers are cut too.
const defaultAfterTokens = 10

// place is where a rule cuts an answer. Every fault that cuts one says it so:
// those that are one ending each have no choice of it and no inside.
type place struct {
	tokens, bytes, events *int
	inside                Inside
}

func (p place) given() bool { return p.tokens != nil || p.bytes != nil || p.events != nil }

func (p place) validate() []Problem { return validatePosition(p.tokens, p.bytes, p.events) }

// cut ends the answer there as e says.
func (p place) cut(e Ending) Effect {
	e.After, e.Inside = position(p.tokens, p.bytes, p.events), p.inside
	if p.inside != "" && !p.given() {
		e.After = Position{0, Tokens} // the first one that there is
	}
	return Effect{Ending: &e}
}

func position(tokens, bytes, events *int) Position {
	switch {
	case tokens != nil:
		return Position{*tokens, Tokens}
	case bytes != nil:
		return Position{*bytes, Bytes}
	case events != nil:
		return Position{*events, Events}
	}
	return Position{defaultAfterTokens, Tokens}
}

func validatePosition(tokens, bytes, events *int) []Problem {
	var out problems
	first := ""
	for _, p := range []struct {
		key string
		n   *int
	}{{"after_tokens", tokens}, {"after_bytes", bytes}, {"after_events", events}} {
		if p.n == nil {
			continue
		}
		if *p.n < 0 {
			out.add(p.key, "is %d: give 0 or more", *p.n)
		}
		if first != "" {
			out.add(p.key, "contradicts %s: an answer is cut at one position, keep one of them", first)
			continue
		}
		first = p.key
	}
	return out
}

// AnyCut holds the parameters of cut: any ending at any position.
type AnyCut struct {
	Ending      EndingKind    `yaml:"ending" default:"eof" enum:"eof,reset,stall,half_open,in_stream_error,keep_alive" doc:"how it ends. eof: in order, as far as TCP can tell; reset: RST; stall: silence until the caller leaves; half_open: silence, and no FIN even then; in_stream_error: the dialect's own error in a 200; keep_alive: signs of life without end"`
	AfterTokens *int          `yaml:"after_tokens" doc:"cut behind so many tokens of text; 10 where no position is given, 0 with inside"`
	AfterBytes  *int          `yaml:"after_bytes" doc:"cut behind so many bytes of the response body"`
	AfterEvents *int          `yaml:"after_events" doc:"cut behind so many events of the stream"`
	Inside      Inside        `yaml:"inside" enum:"code_point,tool_arguments" doc:"what is cut in two, the first one at or behind the position: a character that is not ASCII, or the arguments of a tool call"`
	Type        string        `yaml:"type" default:"overloaded" enum:"overloaded,server_error,rate_limit,model_error,invalid_request" doc:"ending: in_stream_error: what the error says, in the words of the dialect"`
	Every       time.Duration `yaml:"every" default:"5s" doc:"ending: keep_alive: time between two signs of life"`
}

var (
	cutEndings = []EndingKind{EndingEOF, EndingReset, EndingStall, EndingHalfOpen, EndingInStreamError, EndingKeepAlive}
	cutInsides = []Inside{InsideCodePoint, InsideToolArguments}
)

// Name returns "cut".
func (*AnyCut) Name() string { return "cut" }

// Validate refuses unknown words, positions that cannot be, parameters of
// another ending, and a character that is cut in two before something else.
func (f *AnyCut) Validate() []Problem {
	out := problems(f.place().validate())
	if !slices.Contains(cutEndings, f.Ending) {
		out.add("ending", "%q is unknown: one of %s", string(f.Ending), listed(cutEndings))
		return out
	}
	switch {
	case f.Inside == "":
	case !slices.Contains(cutInsides, f.Inside):
		out.add("inside", "%q is unknown: one of %s", string(f.Inside), listed(cutInsides))
	case f.Inside == InsideCodePoint && f.Ending.Follows():
		out.add("inside", "contradicts ending: %s, which comes behind a whole event, so that no character is cut: take inside: tool_arguments or another ending", f.Ending)
	}
	validateInStreamType(f.Type, &out)
	if f.Ending != EndingInStreamError && f.Type != inStreamTypes[0] {
		out.add("type", "says what an error in the stream says, and ending: %s sends none: leave it out, or give ending: in_stream_error", f.Ending)
	}
	out = append(out, above("every", f.Every)...)
	if f.Ending != EndingKeepAlive && f.Every != pingEvery {
		out.add("every", "is the time between signs of life, and ending: %s sends none: leave it out, or give ending: keep_alive", f.Ending)
	}
	return out
}

// listed joins the words of an enumeration.
func listed[W ~string](words []W) string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	return strings.Join(names, ", ")
}

// StreamOnly: a body in one piece has no events, and nothing can follow in it.
func (f *AnyCut) StreamOnly() bool { return f.AfterEvents != nil || f.Ending.Follows() }

// Exists narrows the dialects and steps to those that have what the parameters
// ask for: an error in a stream, a sign of life, arguments of a tool call that
// come in pieces.
func (f *AnyCut) Exists() (dialects, steps []string) {
	switch f.Ending {
	case EndingInStreamError:
		dialects = streamDialects
	case EndingKeepAlive:
		dialects = pingDialects
	}
	if f.Inside == InsideToolArguments {
		switch {
		case dialects == nil:
			dialects = toolDialects
		default:
			dialects = slices.DeleteFunc(slices.Clone(dialects), func(d string) bool { return !slices.Contains(textDialects, d) })
		}
	}
	if dialects != nil {
		steps = []string{"chat"}
	}
	return dialects, steps
}

// Effect cuts the answer.
func (f *AnyCut) Effect(Dice) Effect {
	e := Ending{Kind: f.Ending}
	switch f.Ending {
	case EndingInStreamError:
		e.Type = f.Type
	case EndingKeepAlive:
		e.Every = f.Every
	}
	return f.place().cut(e)
}

func (f *AnyCut) place() place { return place{f.AfterTokens, f.AfterBytes, f.AfterEvents, f.Inside} }

var anyCut = Entry{
	Name: "cut", Stage: "stream", Slots: SlotEnding,
	Summary: "ends an answer anywhere, in any way",
	Doc: `Position and ending are two choices; conn_reset_mid, eof_no_done, stall_mid_stream, half_open, in_stream_error and ping_only are names for one ending each. ` +
		`An answer in one piece has promised more by its Content-Length, so that eof shows there too; after_events, in_stream_error and keep_alive are of streams. ` +
		`inside: code_point ends between two bytes of a character. Generated text is ASCII and is given one (U+1F642); an answer of the plan is hit where it has one of its own. ` +
		`inside: tool_arguments ends in the middle of them: between two events where they come in pieces (streams of OpenAI, Azure, Anthropic, Bedrock), else between two bytes. ` +
		`An error and signs of life follow a whole event: they wait for the end of the one in which a position in bytes lies, they cut no character, and no arguments of Gemini and Ollama, which are one event. ` +
		`An answer without a character or a tool call from the position on is a miss, and so is a character in the messages of a realtime session, which are sent whole or not at all. ` +
		`Signs of life are pings of Anthropic, comments of event streams, white space in Gemini's array; Ollama has none (its own client takes a blank line for an error), nor has Bedrock (ConverseStreamOutput has no such member): keep_alive does not exist in them. ` +
		`A good client knows from the protocol that the end did not come, shows a part as a part, never runs a tool call from it, and counts content and not bytes as life. ` +
		`Seen in opencode #39968, where 16 of 23 streams ended inside of a tool call, and cline #13001, where a repair closed the string and the half command was run.`,
	New: func() Fault { return &AnyCut{Ending: EndingEOF, Type: inStreamTypes[0], Every: pingEvery} },
}
