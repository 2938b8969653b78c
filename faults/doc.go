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
// # Adding a fault
//
// Write a file with a struct whose exported fields are the parameters, tagged
// yaml, doc and, where they have one, default and enum; give it Name, Validate
// and Effect; write an [Entry] beside it, with New returning the defaults; add
// one line to the list in catalogue.go. Plan syntax, schema, `chaos list`,
// `chaos explain`, printing and reports follow from that. A fault fills slots
// that exist; it never asks the interpreter for a case of its own.
//
// What it does on the wire is held, in every dialect in which it exists, by
// golden files that are to be read: TestFaultBytes in mockmodel writes them with
// -update, TestReference and TestFaultsPage in plans want it in a row of
// docs/faults.md, and TestFaultsSDKs in mockmodel/conformance tells in
// docs/faults-sdks.md what the official SDKs make of it.
package faults
