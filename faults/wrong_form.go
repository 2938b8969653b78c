package faults

import (
	"slices"
	"strings"
)

var wrongTypes = []string{"plain", "json", "whole"}

// WrongContentType holds the parameters of wrong_content_type.
type WrongContentType struct {
	As string `yaml:"as" default:"plain" enum:"plain,json,whole" doc:"plain: text/plain, whatever it is; json: a stream is called application/json; whole: a call for a stream gets an answer in one piece, which is called what it is"`
}

// Name returns "wrong_content_type".
func (*WrongContentType) Name() string { return "wrong_content_type" }

// Validate refuses an unknown form.
func (f *WrongContentType) Validate() []Problem {
	var out problems
	if !slices.Contains(wrongTypes, f.As) {
		out.add("as", "%q is unknown: one of %s", f.As, strings.Join(wrongTypes, ", "))
	}
	return out
}

// StreamOnly: an answer in one piece is JSON, and is one already.
func (f *WrongContentType) StreamOnly() bool { return f.As != "plain" }

// Effect gives the answer another form than was asked for, or says so.
func (f *WrongContentType) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationMedia, Form: f.As}}
}

var wrongContentType = Entry{
	Name: "wrong_content_type", Stage: "body", Slots: SlotMutation, Sockets: SocketNever,
	Summary: "has the wrong Content-Type, or is not the stream asked for",
	Doc: `The bytes of the answer are right. as: plain calls them text/plain; charset=utf-8, JSON and streams alike: what a proxy does that adds a type of its own. as: json calls a stream application/json. as: whole answers a call for a stream with a whole JSON body, which gateways do that do not stream for a model or have a cached answer; it comes when its last token is done. ` +
		`Where the type is no other one (an array of Gemini's is JSON) and in the Realtime API's socket the rule has missed; as: whole also where another rule ends the stream in a way that only streams end. ` +
		`A good client either looks at what it got and reads it all the same, or fails with an error that names the type. What it must not do is to find no event in it and call that an empty answer. SDKs differ: openai-node returns the body as a string where an answer in one piece is text/plain, openai-go raises, and others read it. ` +
		`As errorworks does it, a mock of broken providers.`,
	New: func() Fault { return &WrongContentType{As: "plain"} },
}

var choiceless = []string{"none", "no_content", "chunk"}

// EmptyChoices holds the parameters of empty_choices.
type EmptyChoices struct {
	As          string `yaml:"as" default:"none" enum:"none,no_content,chunk" doc:"none: the answer has no choice or candidate; no_content: it has one without content; chunk: a stream is whole, and has one more event without a choice"`
	AfterTokens int    `yaml:"after_tokens" default:"0" doc:"of chunk: it comes behind the event that says more than so many tokens"`
}

// Name returns "empty_choices".
func (*EmptyChoices) Name() string { return "empty_choices" }

// Validate refuses an unknown form, and a position before the start.
func (f *EmptyChoices) Validate() []Problem {
	out := problems(validatePosition(&f.AfterTokens, nil, nil))
	if !slices.Contains(choiceless, f.As) {
		out.add("as", "%q is unknown: one of %s", f.As, strings.Join(choiceless, ", "))
	}
	return out
}

// StreamOnly: an answer in one piece has no further event.
func (f *EmptyChoices) StreamOnly() bool { return f.As == "chunk" }

// Effect leaves choices out.
func (f *EmptyChoices) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationNoChoices, Form: f.As, After: f.AfterTokens}}
}

var emptyChoices = Entry{
	Name: "empty_choices", Stage: "body", Slots: SlotMutation, Dialects: []string{"openai", "azure", "gemini"}, Steps: []string{"chat"},
	Summary: "answers without a choice, or with an event that has none",
	Doc: `as: none is a 200 whose choices are an empty list, where Gemini leaves candidates out, with the usage of the prompt, which is billed; a stream has one such event, and its end. as: no_content has a choice whose message has no content: Gemini's candidate has none at all and finishReason OTHER. In the Responses and the Realtime API both are an empty output. ` +
		`as: chunk lets a stream say all that it has to, with one more event without a choice amid it; the usage's own event, which OpenAI sends with include_usage, and Azure's first one about the prompt look so by nature. The Responses API has no such events: a miss. ` +
		`A good client looks whether there is a choice before it takes the first, skips an event without one, and treats an answer without any as an error of the provider: a bounded retry, and no IndexError. ` +
		`Seen in semantic-kernel #3650 and pydantic-ai #164 (Azure), generative-ai-docs #235 (OTHER, and no content). Where a dialect's answers are lists of blocks, empty_200 is the same.`,
	New: func() Fault { return &EmptyChoices{As: "none"} },
}
