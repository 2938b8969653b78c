// Package faults decides what goes wrong, when and for whom. It does no I/O:
// [Schedule.Decide] takes what is known of an attempt and returns an [Effect],
// data that one interpreter in mockmodel carries out.
//
// # How an attempt is chosen
//
// A rule first has to be eligible: its window holds the instant of arrival,
// and its selectors match. That is physics. Then it throws dice:
//
//	u(seed, purpose, rule, request key, step hash, ordinal) < probability
//
// u is a hash, so a throw does not depend on any other throw, on the clock or
// on the order of arrival. Only the rule's name is in it, never its
// probability, parameters, window or place in the list: raising a probability
// only adds attempts, and editing one rule leaves the others alone. Which
// fields are in it says what one throw covers:
//
//	per: attempt   request key, step hash, ordinal (the default)
//	per: step      request key, step hash
//	per: request   request key
//	per: tenant    tenant
//
// A rule with burst is on and off by turns: a Markov process with two states in
// time, one throw for each slot of time, with (seed, rule, slot) in its key. It
// is physics too: a pure function of the instant, and off is not eligible.
//
// A rule with barrier holds whom it chose until an instant, or until enough of
// them wait, so that its fault meets all at once. That is physics as well: it is
// no part of a throw, and the instant is recorded (see [Gate]).
//
// An attempt without a request id has the key ("anon", step hash). A rule that
// asks for what only the id tells (match.tenant, per: tenant, requests, every, trace)
// does not apply to it, and leaves a [Hit] with state unknown.
//
// A connection of a proxy between the target and anything else is asked for in
// the same way, with its proxy and its number as its key (see [Arrival]); what can
// go wrong with it is a list of its own, [TCP].
//
// # How faults combine
//
// All rules roll. Each slot of the Effect goes to the first rule in plan order
// that chose the attempt. A connection fault hides all else; a status other
// than 200 hides pace, mutation and ending. The hits say who holds what.
//
// # Where an answer ends, and how
//
// Both are one slot, and two choices: an [Ending] has a position and a kind. The
// position counts tokens, bytes or events; with [Inside] it is the first place from
// there on that lies in the middle of a character or of a tool call's arguments.
// The kind is an end in order, a reset, silence, a connection that is half open, an
// error in the stream, or signs of life without end. Every kind is possible at
// every position, but for what the wire rules out: in a body in one piece nothing
// can follow the cut, and in a stream what follows it stands behind a whole event
// ([EndingKind.Follows]). The fault cut takes all of them; conn_reset_mid,
// eof_no_done, stall_mid_stream, half_open, in_stream_error and ping_only are names
// for one kind each, and the same data.
//
// # Adding a fault
//
// The example of package level at the end of this page is a whole fault.
//
//  1. Write a file with a struct whose exported fields are the parameters, each
//     with the tags yaml and doc and, where it has one, default and enum. Give it
//     Name, Validate and Effect; StreamOnly as well if it means nothing for an
//     answer in one piece. Draw what is random from the [Dice] alone. A fault that
//     has no parameters and always does the same is a [Fixed]: it needs no struct.
//  2. Write an [Entry] beside it: New returns the defaults of the tags, Summary
//     is up to 58 bytes without a full stop, Doc says what is on the wire, what a
//     good client does and where it was seen (or that nobody has published it).
//     Dialects, Steps and Sockets say where it exists; left out: everywhere.
//  3. Add the entry to the list in catalogue.go, and take its name out of unbuilt
//     there if it stands in it. Plan syntax, schema, `chaos list`, `chaos explain`,
//     printing and reports follow from that.
//  4. Name it in assertions/fed.go, in the list of what it looks like to a client,
//     so that checks know what they can look at; if a client may take it as it is,
//     among the harmless ones of plans/fed_test.go.
//  5. Give it a row in plans/reference_test.go ("-" where the reference has none), and
//     write docs/faults.md: go test ./plans -run TestFaultsPage -update.
//  6. Give it parameters that neither wait nor write much in faultParameters of
//     mockmodel/fault_bytes_test.go, if its own do. Then go test ./mockmodel -run
//     TestFaultBytes -update writes what is on the wire, in every dialect in which
//     it exists, below mockmodel/testdata/faults: read these files. A last line
//     rule: with missed in all forms of a dialect says that it does not exist there.
//  7. See what the official SDKs make of it: in mockmodel/conformance, go test -run
//     TestFaultsSDKs -update . writes docs/faults-sdks.md and, where the packages of
//     npm are installed, docs/faults-sdks-npm.md; faultValues there holds the
//     parameters. Waits are in virtual time before an SDK for Go, and not before one
//     of npm: there they have to be short, or longer than patience.
//
// A fault fills slots that exist, and the interpreter never looks at its name.
// Where none can say what it does, a slot gets another kind: a constant, and the
// fields that it needs at the end of the slot's struct, in effect_*.go. In mockmodel
// a file of the kind's own carries it out for all dialects. What was not really done,
// because the answer is too short or the caller gone, must not be shown as done: the
// rule has missed. What waits is a line in mockmodel/waits.go.
package faults
