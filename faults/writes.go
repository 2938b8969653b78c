package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Character is what is put into generated text, behind a token that is hit: four
// bytes of UTF-8, a pair of surrogates in UTF-16, and no letter, so that neither
// usage nor watermarks count it.
const Character = "\U0001F642"

// characterDoc is what the two faults of characters have in common.
const characterDoc = `Generated text is ASCII, so a character of four bytes (U+1F642) is put behind the token that is hit; neither the usage nor the watermarks count it. ` +
	`An answer of the plan is left as it is and is hit where it has such a character of its own, else it is a miss. `

// UTF8Split holds the parameters of utf8_split.
type UTF8Split struct {
	AfterTokens *int          `yaml:"after_tokens" doc:"hit the first piece that begins behind so many tokens of the answer; 10 where it is not given"`
	Every       Count         `yaml:"every" doc:"hit another piece behind each so many tokens more; left out: only one"`
	Behind      int           `yaml:"behind" default:"2" doc:"bytes of the character that come before the pause, 1 to 3"`
	Pause       time.Duration `yaml:"pause" default:"20ms" doc:"between the two writes"`
}

// Name returns "utf8_split".
func (*UTF8Split) Name() string { return "utf8_split" }

// Validate wants a place inside of a character.
func (f *UTF8Split) Validate() []Problem {
	out := problems(append(validatePosition(f.AfterTokens, nil, nil), validateEvery(f.Every)...))
	if f.Behind < 1 || f.Behind > 3 {
		out.add("behind", "is %d: the character has four bytes, so give 1, 2 or 3", f.Behind)
	}
	return append(out, validatePause(f.Pause)...)
}

// StreamOnly: an answer in one piece is one write.
func (*UTF8Split) StreamOnly() bool { return true }

// Effect ends writes inside of characters.
func (f *UTF8Split) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationCharWrites, After: position(f.AfterTokens, nil, nil).N, Every: int(f.Every), N: f.Behind, Pause: f.Pause}}
}

// pauseMax bounds the pause between two writes: more is a stall.
const pauseMax = 10 * time.Second

func validatePause(d time.Duration) []Problem {
	if d <= 0 || d > pauseMax {
		return []Problem{{"pause", fmt.Sprintf("is %s: give a duration above 0 and up to %s", d, pauseMax)}}
	}
	return nil
}

var utf8Split = Entry{
	Name: "utf8_split", Stage: "stream", Slots: SlotMutation, Sockets: SocketNever, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "ends a write inside of a character",
	Doc: `The bytes are those of a right stream, but one write (and one chunk of HTTP) ends inside of a character, and the rest comes after a pause. ` + characterDoc +
		`A good client decodes with a decoder that keeps an unfinished character, or splits into events before it decodes: its text is intact. One that decodes each read for itself shows U+FFFD. ` +
		`Seen in librefang #3448, aisix #111, Fabric #2203, claude-code-router #1672 (four of four transforms), nuphus #41 (14.9 % of rows), braintrust #2091 and llama.cpp #28926.`,
	New: func() Fault { return &UTF8Split{Behind: 2, Pause: 20 * time.Millisecond} },
}

var tokenSplitForms = []string{"replacement", "surrogates"}

// UTF8TokenSplit holds the parameters of utf8_token_split.
type UTF8TokenSplit struct {
	AfterTokens *int   `yaml:"after_tokens" doc:"hit the first piece that begins behind so many tokens of the answer; 10 where it is not given"`
	Every       Count  `yaml:"every" doc:"hit another piece behind each so many tokens more; left out: only one"`
	As          string `yaml:"as" default:"replacement" enum:"replacement,surrogates" doc:"what each of the two pieces has: U+FFFD, or an escaped lone surrogate, which together are the character"`
}

// Name returns "utf8_token_split".
func (*UTF8TokenSplit) Name() string { return "utf8_token_split" }

// Validate refuses an unknown form and positions before the start.
func (f *UTF8TokenSplit) Validate() []Problem {
	out := problems(append(validatePosition(f.AfterTokens, nil, nil), validateEvery(f.Every)...))
	if !slices.Contains(tokenSplitForms, f.As) {
		out.add("as", "%q is unknown: one of %s", f.As, strings.Join(tokenSplitForms, ", "))
	}
	return out
}

// StreamOnly: an answer in one piece has no pieces.
func (*UTF8TokenSplit) StreamOnly() bool { return true }

// Effect splits characters over two pieces.
func (f *UTF8TokenSplit) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationCharPieces, After: position(f.AfterTokens, nil, nil).N, Every: int(f.Every), Form: f.As}}
}

var utf8TokenSplit = Entry{
	Name: "utf8_token_split", Stage: "stream", Slots: SlotMutation, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "splits a character over two pieces of a stream",
	Doc: `A token that ends inside of a character is sent before the next one completes it: one piece ends with U+FFFD and the next begins with it, or with as: surrogates one ends with the escape of a high surrogate and the next begins with that of the low one. ` +
		`Events that repeat all that was said have the whole character. ` + characterDoc +
		`Of U+FFFD nothing can be made, and a good client shows the text anyway; lone surrogates it joins before it decodes, and does not refuse the event as bad JSON. The words are intact: the answer is full. ` +
		`Seen in llama.cpp #28926.`,
	New: func() Fault { return &UTF8TokenSplit{As: "replacement"} },
}

var (
	splitPlaces = []string{"both", "head", "tail", "none"}
	frameForms  = []string{"usual", "cr", "crlf", "no_space", "multi_line", "bom"}
)

// FrameSplit holds the parameters of frame_split.
type FrameSplit struct {
	Where       string        `yaml:"where" default:"both" enum:"both,head,tail,none" doc:"where a write ends: inside of data: (head), between the bytes of the line ends behind an event (tail); elsewhere than in event streams behind the third byte of a frame and before its last"`
	Form        string        `yaml:"form" default:"usual" enum:"usual,cr,crlf,no_space,multi_line,bom" doc:"another legal form of the events of an event stream: lines that end in CR, in CRLF, fields without the space, data on two lines, a byte order mark at the start"`
	AfterTokens int           `yaml:"after_tokens" default:"0" doc:"split the frames behind so many tokens of the answer; the form is that of the whole stream"`
	Pause       time.Duration `yaml:"pause" default:"2ms" doc:"between two writes"`
}

// Name returns "frame_split".
func (*FrameSplit) Name() string { return "frame_split" }

// Validate refuses unknown words, and a fault that does nothing.
func (f *FrameSplit) Validate() []Problem {
	out := problems(validatePosition(&f.AfterTokens, nil, nil))
	if !slices.Contains(splitPlaces, f.Where) {
		out.add("where", "%q is unknown: one of %s", f.Where, strings.Join(splitPlaces, ", "))
	}
	if !slices.Contains(frameForms, f.Form) {
		out.add("form", "%q is unknown: one of %s", f.Form, strings.Join(frameForms, ", "))
	}
	if f.Where == "none" && f.Form == "usual" {
		out.add("where", "is none, and form is usual: nothing would happen; give another where or another form")
	}
	return append(out, validatePause(f.Pause)...)
}

// StreamOnly: an answer in one piece has no frames.
func (*FrameSplit) StreamOnly() bool { return true }

// Effect splits and reforms frames.
func (f *FrameSplit) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationFrameWrites, After: f.AfterTokens, Where: f.Where, Form: f.Form, Pause: f.Pause}}
}

var frameSplit = Entry{
	Name: "frame_split", Stage: "stream", Slots: SlotMutation, Sockets: SocketNever, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "ends writes inside of frames, or frames them otherwise",
	Doc: `Nothing is wrong with the stream: its writes, and chunks of HTTP, end where few do, such as inside of data: or between the two line feeds behind an event, and go on after a pause; ` +
		`with form, events look as the HTML standard (9.2.6) allows and few servers write them. Forms are those of event streams only: elsewhere they are a miss, unless where splits. ` +
		`A good client keeps what is no whole line until the rest comes, and its parser keeps to the standard: the text is intact. ` +
		`Seen in RoundHouse #3 and many parsers that split each read at blank lines.`,
	New: func() Fault { return &FrameSplit{Where: "both", Form: "usual", Pause: 2 * time.Millisecond} },
}

// FrameCoalesce holds the parameters of frame_coalesce.
type FrameCoalesce struct {
	Events int `yaml:"events" default:"8" doc:"events of a write, 2 to 1000; the last write has the rest"`
}

// Name returns "frame_coalesce".
func (*FrameCoalesce) Name() string { return "frame_coalesce" }

// Validate wants more than one event.
func (f *FrameCoalesce) Validate() []Problem {
	if f.Events < 2 || f.Events > 1000 {
		return []Problem{{"events", fmt.Sprintf("is %d: give 2 to 1000", f.Events)}}
	}
	return nil
}

// StreamOnly: an answer in one piece has no events.
func (*FrameCoalesce) StreamOnly() bool { return true }

// Effect holds frames back.
func (f *FrameCoalesce) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationFrameJoin, N: f.Events}}
}

var frameCoalesce = Entry{
	Name: "frame_coalesce", Stage: "stream", Slots: SlotMutation, Sockets: SocketNever, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "sends many events of a stream in one write",
	Doc: `Events are held back until there are as many as events says, or 32 KB, and are then sent in one write, as buffering proxies do; the events before the first token go with the headers as usual. ` +
		`A good client takes all events out of a read and does not count reads as tokens; its timeouts between chunks allow for the wait. The text is intact. ` +
		`An answer that comes at once is one write anyway, and a miss where it has fewer events. Seen behind nginx, which buffers answers unless proxy_buffering is off (litellm #6458), and in RoundHouse #3.`,
	New: func() Fault { return &FrameCoalesce{Events: 8} },
}
