package faults

// Where vectors and rankings exist.
var (
	embedDialects  = []string{"openai", "azure", "gemini", "ollama"}
	rerankDialects = []string{"cohere", "jina", "voyage"}
)

// vectorMax bounds the length of a wrong vector, and with it that of an answer.
const vectorMax = 4096

// EmbedWrongDim holds the parameters of embed_wrong_dim.
type EmbedWrongDim struct {
	Dimensions int `yaml:"dimensions" doc:"length of the vectors, up to 4096; left out: half of the right one"`
}

// Name returns "embed_wrong_dim".
func (*EmbedWrongDim) Name() string { return "embed_wrong_dim" }

// Validate bounds the length.
func (f *EmbedWrongDim) Validate() []Problem {
	var out problems
	if f.Dimensions < 0 || f.Dimensions > vectorMax {
		out.add("dimensions", "is %d: give a length from 1 to %d, or leave it out", f.Dimensions, vectorMax)
	}
	return out
}

// Effect changes the length of the vectors.
func (f *EmbedWrongDim) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationVectorLength, N: f.Dimensions}}
}

var embedWrongDim = Entry{
	Name: "embed_wrong_dim", Stage: "body", Slots: SlotMutation, Dialects: embedDialects, Steps: []string{"embed"},
	Summary: "embeds in vectors of another length",
	Doc: `A whole and valid answer whose vectors have another number of dimensions than the model has or the call asks for, in JSON and in base64 alike; the rest of the answer says nothing of it. Where dimensions is the right length the rule has missed. ` +
		`It is what a silent change of model behind a gateway looks like. A good client compares the length with that of its index before it writes or searches, and refuses the answer: some stores take what comes, and the index is spoilt.`,
	New: func() Fault { return &EmbedWrongDim{} },
}

// EmbedNaN holds the parameters of embed_nan.
type EmbedNaN struct {
	As string `yaml:"as" default:"javascript" enum:"javascript,python" doc:"who writes the JSON, which has no NaN: javascript writes null, python the word NaN; in base64 the bits are those of a NaN"`
}

// Name returns "embed_nan".
func (*EmbedNaN) Name() string { return "embed_nan" }

// Validate refuses another spelling.
func (f *EmbedNaN) Validate() []Problem {
	var out problems
	if f.As != "javascript" && f.As != "python" {
		out.add("as", "%q is unknown: javascript or python", f.As)
	}
	return out
}

// Effect makes the numbers none.
func (f *EmbedNaN) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationVectorNaN, Form: f.As}}
}

var embedNaN = Entry{
	Name: "embed_nan", Stage: "body", Slots: SlotMutation, Dialects: embedDialects, Steps: []string{"embed"},
	Summary: "embeds in vectors that are not numbers",
	Doc: `Every number of every vector is a NaN, which is what an overflow in half precision leaves. In base64, which the official OpenAI SDKs ask for, these are four bytes 00 00 c0 7f each, and nothing fails to parse. ` +
		`JSON has no NaN: as: javascript sends null, which is valid JSON, and what orjson writes too; as: python sends the word NaN, as Python's json writes it, which Python reads back and strict parsers refuse. ` +
		`A good client checks that all numbers are finite before it writes or searches: a NaN has no distance to anything, and one such vector can spoil an index.`,
	New: func() Fault { return &EmbedNaN{As: "javascript"} },
}

// EmbedShort holds the parameters of embed_short.
type EmbedShort struct {
	By int `yaml:"by" default:"1" doc:"how many vectors are missing, the last ones"`
}

// Name returns "embed_short".
func (*EmbedShort) Name() string { return "embed_short" }

// Validate wants something to be missing.
func (f *EmbedShort) Validate() []Problem {
	var out problems
	if f.By < 1 {
		out.add("by", "is %d: give a number of vectors, 1 or more", f.By)
	}
	return out
}

// Effect leaves vectors out.
func (f *EmbedShort) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationVectorsFewer, N: f.By}}
}

var embedShort = Entry{
	Name: "embed_short", Stage: "body", Slots: SlotMutation, Dialects: embedDialects, Steps: []string{"embed"},
	Summary: "gives fewer vectors than there are inputs",
	Doc: `The vectors of the last inputs are missing; status and usage are those of a whole answer. A call with one input gets none. ` +
		`A good client counts the vectors before it pairs them with its texts, and asks again for the rest or fails the batch: zip of Python and its like stop at the shorter list in silence, and the texts are never found again.`,
	New: func() Fault { return &EmbedShort{By: 1} },
}

var embedOrder = Entry{
	Name: "embed_order", Stage: "body", Slots: SlotMutation, Dialects: embedDialects, Steps: []string{"embed"},
	Summary: "gives the vectors in another order than the inputs",
	Doc: `The list is turned by one: the second vector comes first, and the first one last. At OpenAI and Azure index still says which input a vector belongs to; Gemini and Ollama have no index, and nothing but the vectors shows it. A call with one input has no order, and the rule has missed. ` +
		`A good client sorts by index where there is one, and otherwise tests now and then that a known text still has its vector: texts filed under the vectors of others are found for the wrong questions.`,
	New: fixed("embed_order", Effect{Mutation: &Mutation{Kind: MutationVectorsTurned}}),
}

var rerankEmpty = Entry{
	Name: "rerank_empty", Stage: "body", Slots: SlotMutation, Dialects: rerankDialects, Steps: []string{"rerank"},
	Summary: "ranks no document at all",
	Doc: `Status 200 with an empty list of results, although there were documents; what is billed is what a whole answer is billed. ` +
		`A good client falls back to the order in which its search found the documents, and says so where it matters: else the model answers without any source.`,
	New: fixed("rerank_empty", Effect{Mutation: &Mutation{Kind: MutationRanksNone}}),
}

var rerankIndexOOB = Entry{
	Name: "rerank_index_oob", Stage: "body", Slots: SlotMutation, Dialects: rerankDialects, Steps: []string{"rerank"},
	Summary: "ranks a document that was not sent",
	Doc: `The index of the last result is the number of documents, one behind the last of them; the other results are right. It is what counting from one, or a cached ranking of a longer list, looks like. ` +
		`A good client checks each index before it takes the document, leaves that result out or falls back to its own order, and does not fail the whole request for it.`,
	New: fixed("rerank_index_oob", Effect{Mutation: &Mutation{Kind: MutationRankBeyond}}),
}
