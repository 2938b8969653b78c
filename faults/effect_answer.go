package faults

import "time"

// MutationKind says what is wrong with what the answer says.
type MutationKind string

// Mutations of an answer.
const (
	MutationEmpty      MutationKind = "empty"       // a 200 without content, its usage zero
	MutationWrongModel MutationKind = "wrong_model" // another model than the one asked for answers

	// Of the pieces of a stream, from After on: see [Mutation.OfFrames].
	MutationChunkTwice      MutationKind = "chunk_twice"      // sent twice
	MutationChunkLost       MutationKind = "chunk_lost"       // not sent
	MutationChunkSwapped    MutationKind = "chunk_swapped"    // sent behind the next one of its part
	MutationChunkCumulative MutationKind = "chunk_cumulative" // each says all that its part has said
	MutationCharPieces      MutationKind = "char_pieces"      // a character is split over two: see [Character]
	MutationCharWrites      MutationKind = "char_writes"      // a write ends inside of a character
	MutationFrameWrites     MutationKind = "frame_writes"     // writes end inside of frames, or frames have another form
	MutationFrameJoin       MutationKind = "frame_join"       // many frames are one write

	// Of words; the watermarks vouch for those that should be there.
	MutationOtherWords  MutationKind = "other_words"  // plausible ones
	MutationOtherScript MutationKind = "other_script" // letters of another script amid them
	MutationOtherAnswer MutationKind = "other_answer" // all that another request was answered, watermarks too: see From and Age

	// Of calls of tools.
	MutationToolCut      MutationKind = "tool_cut"      // only a share Keep of their arguments
	MutationToolSpoilt   MutationKind = "tool_spoilt"   // as Form says: invalid_json, wrong_type, unknown_tool
	MutationToolHeadless MutationKind = "tool_headless" // what begins them is not sent
	MutationToolTwins    MutationKind = "tool_twins"    // the second has the index of the first
	MutationToolAgain    MutationKind = "tool_again"    // on each turn there is one

	// Of the length of an answer, in N tokens.
	MutationLength   MutationKind = "length"   // it stops there, as a limit on tokens does; Form context_window: as the end of the model's context does
	MutationThoughts MutationKind = "thoughts" // all that the call allows are thoughts; N where it has no limit
	MutationHuge     MutationKind = "huge"     // so much text, whatever the call allows
	MutationLoop     MutationKind = "loop"     // so much of one sentence
	MutationRunaway  MutationKind = "runaway"  // as loop, and it is cut off there

	// Of vectors and rankings.
	MutationVectorLength  MutationKind = "vector_length"  // vectors have N dimensions; 0: half of what they should have
	MutationVectorNaN     MutationKind = "vector_nan"     // no number of a vector is one; Form says how JSON says that
	MutationVectorsFewer  MutationKind = "vectors_fewer"  // the last N are missing
	MutationVectorsTurned MutationKind = "vectors_turned" // the second comes first, and so on; the first comes last
	MutationRanksNone     MutationKind = "ranks_none"     // no result
	MutationRankBeyond    MutationKind = "rank_beyond"    // the last result has the index behind the last document

	// Of the JSON that an answer is made of: of its body, or of the events of its
	// stream.
	MutationBroken     MutationKind = "broken"      // as Form says, it is none; in a stream, one event behind At: see [InvalidJSON]
	MutationFieldsGone MutationKind = "fields_gone" // the members that Form lists are missing, in the words of OpenAI and joined by spaces: see [MissingFields]
	MutationUsage      MutationKind = "usage"       // all counts of the usage are times Factor

	MutationMedia     MutationKind = "media"      // its Content-Type is another, or its form: see [WrongContentType]
	MutationNoChoices MutationKind = "no_choices" // as Form says: none, no_content, or one more event without any behind After: chunk

	MutationFiltered MutationKind = "filtered" // a content filter ends it behind N tokens, or refuses the prompt: Where says answer or prompt
)

// Mutation changes what an answer says while its form stays right.
type Mutation struct {
	Rule     int
	Kind     MutationKind
	Model    string        // wrong_model: who answers
	Declared bool          // wrong_model: the answer's model field admits it; else only the watermark shows it
	After    int           // of frames: the first piece that is hit begins behind so many tokens
	Every    int           // of frames: another one behind each so many more; 0: none
	N        int           // of vectors and of lengths: see their kinds; frame_join: frames of a write; char_writes: bytes of the character in the first one
	Form     string        // tool_spoilt; vector_nan: javascript for null, python for the word NaN; frame_writes: of events; char_pieces: of halves
	Keep     float64       // tool_cut: above 0 and below 1
	Where    string        // frame_writes: head, tail, both or none: where writes end; filtered: answer or prompt
	Pause    time.Duration // frame_writes, char_writes: between two writes
	At       Position      // broken: in a stream, tokens or events that come before
	Factor   float64       // usage
	From     string        // other_answer: whose it is, [FromSame], [FromOther] or [FromAny]
	Age      time.Duration // other_answer: it was given at least so long ago
}

// OfFrames reports whether the mutation changes single frames of a stream: it
// has shown when one of them was changed, and not with the first word.
func (m *Mutation) OfFrames() bool {
	switch m.Kind {
	case MutationChunkTwice, MutationChunkLost, MutationChunkSwapped, MutationChunkCumulative,
		MutationCharPieces, MutationCharWrites, MutationFrameWrites, MutationFrameJoin:
		return true
	}
	return m.OfJSON()
}

// OfJSON reports whether the mutation edits the JSON of an answer when that is
// written, in a stream that of its frames.
func (m *Mutation) OfJSON() bool {
	switch m.Kind {
	case MutationBroken, MutationFieldsGone, MutationUsage:
		return true
	}
	return m.Kind == MutationNoChoices && m.Form == "chunk"
}

// EndingKind says how an answer ends before its time.
type EndingKind string

// Endings of an answer.
const (
	EndingEOF           EndingKind = "eof"             // clean end of the body without the terminal event
	EndingReset         EndingKind = "reset"           // RST in the middle
	EndingStall         EndingKind = "stall"           // silence, the connection stays open until the caller leaves
	EndingInStreamError EndingKind = "in_stream_error" // an error event of the dialect inside a 200
	EndingHalfOpen      EndingKind = "half_open"       // as stall, but the connection is not closed either when the caller closes it
	EndingKeepAlive     EndingKind = "keep_alive"      // nothing but signs of life of the dialect until the caller leaves
	EndingClose         EndingKind = "close"           // the whole answer, and then the end of a connection that was to be kept; it has no position

	// Of a stream that says everything; they stand at [End].
	EndingNoBlankLine EndingKind = "no_blank_line" // the last event is not ended
	EndingNoDone      EndingKind = "no_done"       // the terminal event is missing
	EndingNoFinish    EndingKind = "no_finish"     // the finish reason is missing

	// Of the response of a socket.
	EndingSocketClose EndingKind = "socket_close" // the socket is closed with Code and the reason Type; [CloseNone]: without a word
	EndingSocketError EndingKind = "socket_error" // an event that says error, and the session goes on
	EndingNoUsage     EndingKind = "no_usage"     // the event with the final usage is missing, and all behind it
)

// Ending cuts an answer short at a position.
type Ending struct {
	Rule  int
	Kind  EndingKind
	After Position
	Type  string // in_stream_error: overloaded, server_error, rate_limit; the dialect has its own words for it

	LineEnd bool          // no_blank_line: the last line ends, and no blank one follows
	NoDone  bool          // no_blank_line: the terminal event is missing too
	Every   time.Duration // keep_alive: between two signs of life

	Code int // socket_close

	// Of a proxy's connection: whose bytes After counts. Then eof, reset and
	// half_open end both directions.
	Direction Direction

	Inside Inside // what is cut in two, at or behind After; "": nothing has to be
}

// Follows reports whether something of the stream comes behind the cut: an error
// or signs of life. They stand behind a whole event, as inside of one they would
// be none of their own; so no character is cut in two before them.
func (k EndingKind) Follows() bool {
	return k == EndingInStreamError || k == EndingKeepAlive || k == EndingSocketError
}

// Inside is what an ending cuts in two.
type Inside string

// What may be cut in two: the first one whose middle is at or behind the
// position. An answer that has none there is a miss of the rule.
const (
	// InsideCodePoint cuts between two bytes of a character that is not ASCII.
	// Text that is generated is given one: see [Character].
	InsideCodePoint Inside = "code_point"
	// InsideToolArguments cuts in the middle of the arguments of a tool call:
	// between two events where a dialect sends them in pieces, else between two
	// bytes.
	InsideToolArguments Inside = "tool_arguments"
)

// Unit is what a position counts.
type Unit string

// Units of a position.
const (
	Tokens Unit = "tokens" // of generated text
	Bytes  Unit = "bytes"  // of the response body
	Events Unit = "events" // of the stream, whatever they carry
	End    Unit = "end"    // nothing: it is where the answer ends anyway; N is -1
)

// Position is a place in an answer: behind its first N tokens, bytes or
// events. An answer that ends before it is a miss of the rule.
type Position struct {
	N  int
	In Unit
}
