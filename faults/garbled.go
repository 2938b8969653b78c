package faults

import (
	"slices"
	"strings"
)

// answerDialects are those whose answers are JSON with names of their own.
var answerDialects = []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock", "cohere", "jina", "voyage"}

var brokenForms = []string{"truncated", "trailing_comma", "nan", "python", "control"}

// InvalidJSON holds the parameters of invalid_json.
type InvalidJSON struct {
	How         string `yaml:"how" default:"truncated" enum:"truncated,trailing_comma,nan,python,control" doc:"truncated: all is missing from the middle of the longest string on; trailing_comma: one more before the last brace; nan: the word NaN for the first number; python: a dict as Python prints it, in single quotes; control: a line feed as it is in the last string"`
	AfterTokens *int   `yaml:"after_tokens" doc:"of a stream: break the first event that says more than so many tokens; 10 where no position is given"`
	AfterEvents *int   `yaml:"after_events" doc:"of a stream: break the first event behind so many"`
}

// Name returns "invalid_json".
func (*InvalidJSON) Name() string { return "invalid_json" }

// Validate refuses an unknown way, a position before the start, and more than one.
func (f *InvalidJSON) Validate() []Problem {
	out := problems(validatePosition(f.AfterTokens, nil, f.AfterEvents))
	if !slices.Contains(brokenForms, f.How) {
		out.add("how", "%q is unknown: one of %s", f.How, strings.Join(brokenForms, ", "))
	}
	return out
}

// Effect breaks the answer, or one event of it.
func (f *InvalidJSON) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationBroken, Form: f.How, At: position(f.AfterTokens, nil, f.AfterEvents)}}
}

var invalidJSON = Entry{
	Name: "invalid_json", Stage: "body", Slots: SlotMutation,
	Summary: "breaks the JSON of a body, or of one event of a stream",
	Doc: `Status 200 and the right Content-Type, but what should be JSON is none: the whole body of an answer in one piece (whose Content-Length fits), or exactly one event of a stream, all others being whole: a data: line, a line of Ollama's, an element of a Gemini array, the payload of a frame of Bedrock's, whose checksums are right. ` +
		`how: control is a line feed inside a string, which in an event stream ends the line. An event that has nothing to break in that way is passed over, and the next one is broken; without one the rule has missed. ` +
		`A good client fails that request alone, with an error that says so: it neither takes half a text for all of it, nor drops the event in silence, nor dies. Python's json reads NaN; nothing else does. ` +
		`Proxies that cut at the size of a buffer, workers that print a dict, and weights that overflow do it.`,
	New: func() Fault { return &InvalidJSON{How: "truncated"} },
}

// fieldNames are what missing_fields can leave out, in the words of OpenAI.
var fieldNames = []string{"usage", "id", "role", "model", "object", "created", "delta", "finish_reason", "index"}

// MissingFields holds the parameters of missing_fields.
type MissingFields struct {
	Fields []string `yaml:"fields" doc:"what is left out, in the words of OpenAI: usage, id, role, model, object, created, delta, finish_reason, index; usage, id, role and model where none is given"`
}

// Name returns "missing_fields".
func (*MissingFields) Name() string { return "missing_fields" }

// Validate refuses names that are not known, and the same one twice.
func (f *MissingFields) Validate() []Problem {
	var out problems
	for i, name := range f.Fields {
		if !slices.Contains(fieldNames, name) {
			out.add("fields", "%q is unknown: one of %s, which mean the member of that sense in every dialect", name, strings.Join(fieldNames, ", "))
		}
		if slices.Contains(f.Fields[:i], name) {
			out.add("fields", "%q stands there twice: once is enough", name)
		}
	}
	return out
}

// Effect leaves members out.
func (f *MissingFields) Effect(Dice) Effect {
	fields := f.Fields
	if len(fields) == 0 {
		fields = fieldNames[:4]
	}
	return Effect{Mutation: &Mutation{Kind: MutationFieldsGone, Form: strings.Join(fields, " ")}}
}

var missingFields = Entry{
	Name: "missing_fields", Stage: "body", Slots: SlotMutation, Dialects: answerDialects,
	Summary: "leaves members out that a client may rely on",
	Doc: `Valid JSON without some of its members, in a stream without them in every event. Each name means the member of that sense, wherever the dialect has it: ` +
		`usage is usageMetadata of Gemini, prompt_eval_count and eval_count of Ollama, meta of Cohere; finish_reason is stop_reason, finishReason, done_reason, stopReason, and status of the Responses API; ` +
		`delta is what an event says: delta, the content of Gemini's candidate, message or response of Ollama; id is responseId; created is created_at; index is the number of a choice, of a block or of a result. ` +
		`What a dialect does not have is not missed; a rule that found nothing to leave out has missed. ` +
		`A good client takes each of them as optional: it shows the text it has, counts tokens itself, and does not die of a None. Azure's chunks about its filter lack the delta: semantic-kernel #3650, openai-python #1677, langchain #18977. Compatible servers leave out usage, role or id as it suits them.`,
	New: func() Fault { return &MissingFields{} },
}
