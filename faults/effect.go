package faults

import "strings"

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
