package faults

import (
	"strings"
	"time"
)

// Slots is a set of the parts of an answer that a fault can take over.
type Slots uint8

// The slots, in the order in which the provider reaches them.
const (
	SlotConnection Slots = 1 << iota // the connection dies or hangs before any byte
	SlotStatus                       // status line, headers and body of an error
	SlotDelay                        // wait before the first token
	SlotPace                         // gaps between tokens
	SlotMutation                     // what the answer says
	SlotEnding                       // how the answer ends
)

var slotNames = []string{"connection", "status", "delay", "pace", "mutation", "ending"}

// Has reports whether every slot of o is in s.
func (s Slots) Has(o Slots) bool { return s&o == o }

// String lists the slots in their order, joined by "+"; "" for none.
func (s Slots) String() string {
	var names []string
	for i, n := range slotNames {
		if s.Has(1 << i) {
			names = append(names, n)
		}
	}
	return strings.Join(names, "+")
}

// Effect is what the faults that chose an attempt do to it, as data: one
// interpreter, in mockmodel, carries it out. A nil slot is free. A slot is
// never changed after it was returned, and belongs to exactly one rule.
type Effect struct {
	Connection *Connection
	Status     *Status
	Delay      *Delay
	Pace       *Pace
	Mutation   *Mutation
	Ending     *Ending
}

// Slots returns the slots that are taken.
func (e Effect) Slots() Slots { return e.held(func(int) bool { return true }) }

// slotsOf returns the slots that rule holds.
func (e Effect) slotsOf(rule int) Slots { return e.held(func(r int) bool { return r == rule }) }

func (e Effect) held(by func(rule int) bool) (s Slots) {
	if e.Connection != nil && by(e.Connection.Rule) {
		s |= SlotConnection
	}
	if e.Status != nil && by(e.Status.Rule) {
		s |= SlotStatus
	}
	if e.Delay != nil && by(e.Delay.Rule) {
		s |= SlotDelay
	}
	if e.Pace != nil && by(e.Pace.Rule) {
		s |= SlotPace
	}
	if e.Mutation != nil && by(e.Mutation.Rule) {
		s |= SlotMutation
	}
	if e.Ending != nil && by(e.Ending.Rule) {
		s |= SlotEnding
	}
	return s
}

// take gives each slot that is still free to rule, where its fault fills it.
// Called in plan order, so the first rule that chose an attempt wins the slot.
func (e *Effect) take(rule int, of Effect) {
	if e.Connection == nil && of.Connection != nil {
		of.Connection.Rule, e.Connection = rule, of.Connection
	}
	if e.Status == nil && of.Status != nil {
		of.Status.Rule, e.Status = rule, of.Status
	}
	if e.Delay == nil && of.Delay != nil {
		of.Delay.Rule, e.Delay = rule, of.Delay
	}
	if e.Pace == nil && of.Pace != nil {
		of.Pace.Rule, e.Pace = rule, of.Pace
	}
	if e.Mutation == nil && of.Mutation != nil {
		of.Mutation.Rule, e.Mutation = rule, of.Mutation
	}
	if e.Ending == nil && of.Ending != nil {
		of.Ending.Rule, e.Ending = rule, of.Ending
	}
}

// mask empties the slots that can no longer show: behind a dead connection
// nothing is seen, behind an error there is no answer to slow, change or cut.
// A delay stays: an error may be late.
func (e *Effect) mask() {
	switch {
	case e.Connection != nil:
		*e = Effect{Connection: e.Connection}
	case e.Status != nil && e.Status.InPlace():
		e.Pace, e.Mutation, e.Ending = nil, nil, nil
	}
}

// ConnectionKind says what happens to the connection.
type ConnectionKind string

// Fates of a connection.
const (
	ConnectionResetPre ConnectionKind = "reset_pre" // read the request, then RST: no byte is answered
	ConnectionHang     ConnectionKind = "hang"      // read the request, then not one byte until the caller leaves
	ConnectionRefuse   ConnectionKind = "refuse"    // as reset_pre, and so is every new connection for a while, unread
	ConnectionHalfOpen ConnectionKind = "half_open" // as hang, but the connection is not closed either when the caller closes it
)

// Connection is the fate of the connection before any byte of the answer.
type Connection struct {
	Rule int // index of the rule that holds the slot
	Kind ConnectionKind
	For  time.Duration // refuse: how long new connections to the endpoint are reset
}

// StatusKind says what an error is about, where its code does not say it.
type StatusKind string

// What errors of one code differ in.
const (
	StatusPlain     StatusKind = ""          // what the dialect says with the code
	StatusTooLarge  StatusKind = "too_large" // the call asks for more than its limit has at all
	StatusExhausted StatusKind = "exhausted" // the account may not go on
	StatusSlowDown  StatusKind = "slow_down" // traffic grows too fast
	StatusTooLong   StatusKind = "too_long"  // the call does not fit into the model's context
	StatusPage      StatusKind = "page"      // none of the dialect's: a proxy's page of HTML, with the code
	StatusNothing   StatusKind = "nothing"   // no body, with the code
)

// Status replaces the answer by an error (or by an empty success) of the
// dialect: the interpreter writes the body that the real provider sends.
type Status struct {
	Rule int
	Code int
	// RetryAfter is the hint to send; the zero Hint sends none.
	RetryAfter Hint
	// RetryAfterMS asks for a retry-after-ms header beside it; nil: as the
	// dialect does (OpenAI sends it, Anthropic does not).
	RetryAfterMS *bool
	// ShouldRetry is the x-should-retry header; nil: not sent.
	ShouldRetry *bool
	// Honest: a retry of the step before the hint has run out is limited
	// again. The interpreter keeps that state and says so in Call.Held.
	Honest bool
	// Lie is how much longer than its hint an honest limit really lasts.
	Lie time.Duration
	// Kind is what the error is about. A call that is too large, or an account
	// that is exhausted, is not mended by waiting: if Honest, for good.
	Kind StatusKind
	Type string // exhausted: what is used up, as OpenAI's code; the dialect has its own words for it

	Window int // too_long: the context that the refusal speaks of, in tokens
}

// InPlace reports whether the status stands in the place of an answer, though it
// may be 200: nothing of the answer is left to be seen.
func (s *Status) InPlace() bool {
	return s.Code != 200 || s.Kind == StatusPage || s.Kind == StatusNothing
}

// Hold returns for how long after its arrival the attempt's step stays
// limited; 0: not at all, each retry is decided on its own. wall is the wall
// time of the answer, the same that was given to [Hint.Header].
func (s *Status) Hold(wall time.Time) time.Duration {
	if s.Honest && (s.Kind == StatusTooLarge || s.Kind == StatusExhausted || s.Kind == StatusTooLong) {
		return never
	}
	wait, ok := s.RetryAfter.Wait(wall)
	if !s.Honest || !ok {
		return 0
	}
	return wait + s.Lie
}

// Delay makes the first token late. Before the first token of a stream the
// headers are already out; with an error status there is no token, and the
// delay comes before its headers.
type Delay struct {
	Rule   int
	Extra  time.Duration // added to the model's own time to first token
	Factor float64       // multiplies the model's own time to first token; 0: by 1
	// Load makes the delay grow with what the provider is serving.
	From       int           // attempts in flight that are still free of charge
	PerRequest time.Duration // for each one above From
	Max        time.Duration // bound of the part that grows; 0: none
	// Headers: those of a stream are late too, by what the delay adds.
	Headers bool
	// Finish: the work goes on, and is paid for, though the caller has left.
	Finish bool

	// Of a proxy's connection: Extra is added to each piece of a direction, and
	// varies by the share Jitter of it to both sides, drawn from Draw.
	Direction Direction
	Jitter    float64
	Draw      uint64
}

// FirstToken returns the time to first token where the model alone would take
// base and inFlight attempts (this one included) are being served:
//
//	base * Factor + Extra + min(Max, PerRequest * max(0, inFlight - From))
func (d *Delay) FirstToken(base time.Duration, inFlight int) time.Duration {
	wait := base
	if d.Factor > 0 {
		wait = scale(base, d.Factor)
	}
	return wait + d.Extra + d.grown(inFlight)
}

func (d *Delay) grown(inFlight int) time.Duration {
	over := time.Duration(max(0, inFlight-d.From))
	if over == 0 || d.PerRequest <= 0 {
		return 0
	}
	if d.Max > 0 && over > d.Max/d.PerRequest { // also keeps the product from overflowing
		return d.Max
	}
	return over * d.PerRequest
}

// Pace makes the tokens after the first one slow.
type Pace struct {
	Rule       int
	Interval   time.Duration // gap between two tokens; 0: the model's own
	From       int           // attempts in flight that are still free of charge
	Stretch    float64       // share by which gaps grow for each one above From
	StretchMax float64       // bound of the factor; 0: none

	// Of a proxy's connection: no token has a gap, bytes of a direction have.
	BytesPerSecond int64
	Direction      Direction
}

// Gap returns the gap between two tokens where the model alone would take base
// and inFlight attempts (this one included) are being served:
//
//	gap * min(StretchMax, 1 + Stretch * max(0, inFlight - From))
//
// with gap = Interval, or base where no interval is set.
func (p *Pace) Gap(base time.Duration, inFlight int) time.Duration {
	gap := base
	if p.Interval > 0 {
		gap = p.Interval
	}
	factor := 1 + float64(p.Stretch*float64(max(0, inFlight-p.From)))
	if p.StretchMax > 0 {
		factor = min(factor, p.StretchMax)
	}
	return scale(gap, factor)
}

// scale multiplies and saturates instead of wrapping around.
func scale(d time.Duration, by float64) time.Duration {
	const most = time.Duration(1<<63 - 1)
	f := float64(d) * by
	if f >= float64(most) {
		return most
	}
	return time.Duration(f)
}

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

	// Of calls of tools.
	MutationToolCut      MutationKind = "tool_cut"      // only a share Keep of their arguments
	MutationToolSpoilt   MutationKind = "tool_spoilt"   // as Form says: invalid_json, wrong_type, unknown_tool
	MutationToolHeadless MutationKind = "tool_headless" // what begins them is not sent
	MutationToolTwins    MutationKind = "tool_twins"    // the second has the index of the first
	MutationToolAgain    MutationKind = "tool_again"    // on each turn there is one

	// Of the length of an answer, in N tokens.
	MutationLength   MutationKind = "length"   // it stops there, as a limit on tokens does
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
	Where    string        // frame_writes: head, tail, both or none: where writes end
	Pause    time.Duration // frame_writes, char_writes: between two writes
}

// OfFrames reports whether the mutation changes single frames of a stream: it
// has shown when one of them was changed, and not with the first word.
func (m *Mutation) OfFrames() bool {
	switch m.Kind {
	case MutationChunkTwice, MutationChunkLost, MutationChunkSwapped, MutationChunkCumulative,
		MutationCharPieces, MutationCharWrites, MutationFrameWrites, MutationFrameJoin:
		return true
	}
	return false
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

	// Of a proxy's connection: whose bytes After counts. Then eof, reset and
	// half_open end both directions.
	Direction Direction
}

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
