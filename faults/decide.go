package faults

import (
	"slices"
	"strconv"

	"github.com/chaoskit/chaos/internal/draw"
)

// trialPhase is the phase of the requests that precede the load. They measure
// the healthy service, so no rule applies to them.
const trialPhase = "trial"

// Call is what is known of an attempt when it arrives at the provider.
type Call struct {
	Phase  string // with Index the request key; only with HasKey
	Index  int64
	HasKey bool   // the attempt carried a request id
	Tenant string // only with HasKey

	Model    string // as asked
	Dialect  string
	Kind     string // of the step: chat, embed, rerank, search, moderation, tool
	Endpoint string
	Stream   bool
	Socket   bool // the answer is messages of a socket

	// Proxy is set for a connection of a proxy, and then nothing below is: see
	// [Arrival]. Open: it was accepted before ArrivedNs. Way: only what concerns
	// this way through it, each of which has slots of its own; "": both.
	Proxy string
	Open  bool
	Way   Direction

	// Header is what the call carries, by canonical names, as net/http has it;
	// only read.
	Header map[string][]string

	StepHash  uint64
	Ordinal   int   // from 1: attempts of this key and step, across models
	ArrivedNs int64 // since the start of the run

	// Held names the rules whose honest limit on this step has not run out
	// (see [Status.Hold]). An eligible rule in it applies without dice; a rule that is no longer eligible does not.
	Held []string
}

// State says what a rule made of an attempt. A rule that was not eligible
// leaves no Hit.
type State string

// States of a rule for one attempt.
const (
	Chosen  State = "chosen"  // by its dice
	Held    State = "held"    // no dice: an earlier honest limit on the step still lasts
	Passed  State = "passed"  // by its dice
	Unknown State = "unknown" // the attempt has no request id, and the rule asks for what only that tells
)

// Hit is the state of one rule for one attempt.
type Hit struct {
	Rule   int // index in the plan
	Name   string
	State  State
	Wants  Slots // the slots that its fault fills, where it is chosen or held
	Slots  Slots // those of them that it holds in the Effect
	Masked bool  // chosen or held, but it holds no slot: other rules hide it
	Gate   *Gate // where the attempt waits before the slots are carried out; nil: it does not
}

// Decision is what the faults do to one attempt.
type Decision struct {
	Effect Effect
	Hits   []Hit // one per rule that was eligible, in plan order
}

// Decide returns what happens to an attempt. It is a pure function of the seed,
// the rules and the call: it does not matter what was asked before.
func (s *Schedule) Decide(c Call) Decision {
	var d Decision
	if c.HasKey && c.Phase == trialPhase {
		return d
	}
	a := s.asked(&c)
	for i := range s.filters {
		if !s.filters[i].passes(&c, a) {
			continue
		}
		b := &s.rules[i]
		state := s.state(b, &c)
		if state == "" {
			continue
		}
		if d.Hits == nil {
			d.Hits = make([]Hit, 0, len(s.rules)-i)
		}
		hit := Hit{Rule: i, Name: b.name, State: state}
		if state == Chosen || state == Held {
			e := s.effect(b, c)
			hit.Wants = e.Slots()
			d.Effect.take(i, e)
		}
		d.Hits = append(d.Hits, hit)
	}
	d.Effect.mask()
	for i := range d.Hits {
		h := &d.Hits[i]
		h.Slots = d.Effect.slotsOf(h.Rule)
		h.Masked = h.Wants != 0 && h.Slots == 0
		if h.State == Chosen && h.Slots != 0 {
			h.Gate = s.rules[h.Rule].gate
		}
	}
	return d
}

// effect takes its own copy of the call, so that a call that no rule chooses
// costs no allocation.
func (s *Schedule) effect(b *bound, c Call) Effect {
	return b.rule.Fault.Effect(Dice{schedule: s, rule: b.name, call: &c})
}

// state returns "" for a rule that is not eligible: physics, not dice.
func (s *Schedule) state(b *bound, c *Call) State {
	if !b.applies(c) {
		return ""
	}
	if b.needsKey && !c.HasKey {
		return Unknown
	}
	if !b.selects(c) {
		return ""
	}
	// Before the dice: if held attempts that the dice chose counted and the
	// others did not, a client that retries early would raise the injected rate.
	if slices.Contains(c.Held, b.name) {
		return Held
	}
	if draw.Below(s.throw(b, c), b.probability) {
		return Chosen
	}
	return Passed
}

// applies holds the selectors that any attempt can be asked about. The window
// comes first: it alone rules out most rules most of the time.
func (b *bound) applies(c *Call) bool {
	m := &b.rule.Match
	switch {
	case c.ArrivedNs < b.from || c.ArrivedNs >= b.to:
		return false
	case m.Proxy != c.Proxy: // a call is of no proxy
		return false
	case b.arrivalOnly && c.Open, b.way != "" && c.Way != "" && !b.way.Has(c.Way):
		return false
	case m.Model != "" && m.Model != c.Model:
		return false
	case m.Step != "" && m.Step != c.Kind:
		return false
	case m.Dialect != "" && m.Dialect != c.Dialect, m.Endpoint != "" && m.Endpoint != c.Endpoint:
		return false
	case m.Attempt > 0 && int(m.Attempt) != c.Ordinal:
		return false
	case b.rule.Times > 0 && c.Ordinal > int(b.rule.Times):
		return false
	case b.streamOnly && !c.Stream, b.sockets == SocketNever && c.Socket, b.sockets == SocketOnly && !c.Socket:
		return false
	case b.steps != nil && !slices.Contains(b.steps, c.Kind), b.dialects != nil && !slices.Contains(b.dialects, c.Dialect):
		return false
	case b.headers != nil && !matchHeaders(b.headers, c.Header):
		return false
	}
	if b.spans != nil && !within(b.spans, c.ArrivedNs) {
		return false
	}
	return b.burst == nil || b.burst.on(c.ArrivedNs)
}

// selects holds the selectors that need the request id.
func (b *bound) selects(c *Call) bool {
	r := &b.rule
	switch {
	case r.Match.Tenant != "" && r.Match.Tenant != c.Tenant:
		return false
	case r.Every > 0 && c.Index%int64(r.Every) != 0:
		return false
	case b.firstKeys != nil && !b.isFirst(c.Phase, c.Index):
		return false
	}
	return true
}

// Purposes keep draws for different ends apart.
const (
	purposeChoose = "fault.choose"
	purposeValue  = "fault.value."
)

// throw draws the bits that decide whether the rule chooses. What is in the
// fields is what one throw covers.
func (s *Schedule) throw(b *bound, c *Call) uint64 {
	if b.rule.Per == PerTenant {
		return s.bits(s.seed, purposeChoose, b.name, c.Tenant)
	}
	phase, index := c.keyFields()
	switch b.rule.Per {
	case PerRequest:
		return s.bits(s.seed, purposeChoose, b.name, phase, index)
	case PerStep:
		return s.bits(s.seed, purposeChoose, b.name, phase, index, c.stepField())
	}
	return s.bits(s.seed, purposeChoose, b.name, phase, index, c.stepField(), strconv.Itoa(c.Ordinal))
}

// keyFields returns the request key as two fields. An attempt without a key is
// interchangeable with every other of the same body: its key is its step.
func (c *Call) keyFields() (phase, index string) {
	if !c.HasKey {
		return "anon", c.stepField()
	}
	return c.Phase, strconv.FormatInt(c.Index, 10)
}

func (c *Call) stepField() string { return strconv.FormatUint(c.StepHash, 16) }

// Dice draws the parameters of a fault for one attempt. Always per attempt,
// whatever one throw of the rule covers: a jitter that is the same for a whole
// tenant would be none. The zero Dice always shows its middle.
type Dice struct {
	schedule *Schedule
	rule     string
	call     *Call
}

// Unit returns a uniform value in [0, 1) for the named parameter.
func (d Dice) Unit(parameter string) float64 {
	if d.schedule == nil {
		return 0.5
	}
	phase, index := d.call.keyFields()
	bits := d.schedule.bits(d.schedule.seed, purposeValue+parameter, d.rule, phase, index, d.call.stepField(), strconv.Itoa(d.call.Ordinal))
	return float64(bits>>11) / (1 << 53)
}
