package faults

// Chunk holds the parameters of the faults that hit single pieces of a stream:
// chunk_duplicate, chunk_lost and chunk_reorder.
type Chunk struct {
	name string
	kind MutationKind

	AfterTokens *int  `yaml:"after_tokens" doc:"hit the first piece that begins behind so many tokens of the answer; 10 where it is not given"`
	Every       Count `yaml:"every" doc:"hit another piece behind each so many tokens more; left out: only one"`
}

// Name returns the name of the fault in the catalogue.
func (c *Chunk) Name() string { return c.name }

// Validate refuses positions before the start.
func (c *Chunk) Validate() []Problem {
	return append(validatePosition(c.AfterTokens, nil, nil), validateEvery(c.Every)...)
}

// StreamOnly: an answer in one piece has no pieces.
func (*Chunk) StreamOnly() bool { return true }

// Effect hits pieces.
func (c *Chunk) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: c.kind, After: position(c.AfterTokens, nil, nil).N, Every: int(c.Every)}}
}

func validateEvery(c Count) []Problem {
	if c < 0 {
		return []Problem{{"every", "is below 0: give a number of tokens, or leave it out to hit once"}}
	}
	return nil
}

// chunkDoc is what the three have in common.
const chunkDoc = ` Which piece it is follows from the tokens alone: it is one token, and what goes together elsewhere ends before it. ` +
	`Pieces are those of text, shown thoughts and arguments of tools; events around them are left alone. Bedrock's frames keep valid checksums, and events that repeat ` +
	`all that was said, such as response.output_text.done, tell the truth. The first element of a Gemini array is not lost or swapped, as it holds the bracket. `

var chunkDuplicate = Entry{
	Name: "chunk_duplicate", Stage: "stream", Slots: SlotMutation, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "sends a piece of a stream twice",
	Doc: `The same event twice, byte for byte: same id, same sequence_number, same text. The user reads a few words double. ` +
		`A good client of the Responses API drops an event whose sequence_number it has seen; elsewhere nothing in the protocol tells, and a proxy that resumes a stream has to take care itself. ` +
		`The watermark of the answer shows it: such an answer is wrong.` + chunkDoc + `Seen in hermes #35718 and its like.`,
	New: func() Fault { return &Chunk{name: "chunk_duplicate", kind: MutationChunkTwice} },
}

var chunkLost = Entry{
	Name: "chunk_lost", Stage: "stream", Slots: SlotMutation, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "loses a piece in the middle of a stream",
	Doc: `One event is never sent; all others are, the end and the usage too. The usage counts what is missing, and the Responses API's sequence_number has a gap. ` +
		`A good client notices the gap, and starts again or marks the answer. The watermark of the answer shows it: such an answer is wrong, or truncated where its last words are gone.` +
		chunkDoc + `No report is known that tells it from a cut stream, which is why it is worth trying.`,
	New: func() Fault { return &Chunk{name: "chunk_lost", kind: MutationChunkLost} },
}

var chunkReorder = Entry{
	Name: "chunk_reorder", Stage: "stream", Slots: SlotMutation, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "swaps two pieces of a stream that follow each other",
	Doc: `An event is held back and sent behind the next one of the same text; in the Responses API their sequence_numbers are swapped too. ` +
		`A good client orders by sequence_number where there is one; elsewhere nothing in the protocol tells. The watermark of the answer shows it: such an answer is wrong. ` +
		`The last piece of a text has none to swap with.` + chunkDoc + `No report from a provider is known; behind a gateway events came out of their order in opencode #3596, which does not find out why.`,
	New: func() Fault { return &Chunk{name: "chunk_reorder", kind: MutationChunkSwapped} },
}

// ChunkCumulative holds the parameters of chunk_cumulative.
type ChunkCumulative struct {
	AfterTokens int `yaml:"after_tokens" default:"0" doc:"begin with the first piece behind so many tokens of the answer"`
}

// Name returns "chunk_cumulative".
func (*ChunkCumulative) Name() string { return "chunk_cumulative" }

// Validate refuses a position before the start.
func (f *ChunkCumulative) Validate() []Problem { return validatePosition(&f.AfterTokens, nil, nil) }

// StreamOnly: an answer in one piece has no pieces.
func (*ChunkCumulative) StreamOnly() bool { return true }

// Effect lets each piece begin with all before it.
func (f *ChunkCumulative) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationChunkCumulative, After: f.AfterTokens}}
}

var chunkCumulative = Entry{
	Name: "chunk_cumulative", Stage: "stream", Slots: SlotMutation, Dialects: streamDialects, Steps: []string{"chat"},
	Summary: "sends all of the text so far in every piece of a stream",
	Doc: `Each piece repeats all that its text, or its tool's arguments, has said before, where it should only go on. A client that appends shows the beginning over and over; the bytes grow with the square of the length. ` +
		`A good client notices that a piece begins with all that it has and takes it for the whole; most do not. The watermark of the answer shows it: such an answer is wrong. ` +
		`An answer in one piece has nothing to repeat and is a miss. Seen in hermes #35718 (DeepSeek and Qianfan behind compatible endpoints).`,
	New: func() Fault { return &ChunkCumulative{} },
}
