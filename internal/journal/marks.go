package journal

// MarkKind names what a Mark marks.
type MarkKind string

// Kinds of marks.
const (
	MarkRunStart       MarkKind = "run.start"
	MarkRunEnd         MarkKind = "run.end"
	MarkPhaseStart     MarkKind = "phase.start"
	MarkPhaseEnd       MarkKind = "phase.end"
	MarkRuleOn         MarkKind = "rule.on"
	MarkRuleOff        MarkKind = "rule.off"
	MarkBarrierRelease MarkKind = "barrier.release"
	MarkLoadStop       MarkKind = "load.stop"
	MarkLoadDrained    MarkKind = "load.drained"
	MarkTargetStart    MarkKind = "target.start"
	MarkTargetReady    MarkKind = "target.ready"
	MarkTargetExit     MarkKind = "target.exit"
	MarkActionDo       MarkKind = "action.do"   // +
	MarkActionUndo     MarkKind = "action.undo" // +
	MarkStop           MarkKind = "stop"
	MarkInterrupt      MarkKind = "interrupt"
	MarkInflight       MarkKind = "inflight"
	MarkSample         MarkKind = "sample"
	MarkWriterBlocked  MarkKind = "writer.blocked"
)

// Attributes of a barrier.release mark, whose name is the rule's and whose value
// is how many calls went on together.
const (
	AttrOpened   = "opened"   // why: full, at, patience, window or off
	AttrWait     = "wait"     // how many it waits for; missing: a number does not open it
	AttrEndpoint = "endpoint" // of the provider at which they waited
)

// Mark is an instant of the run that is neither request nor attempt.
type Mark struct {
	TNs       int64             `cbor:"1,keyasint"`
	PlannedNs int64             `cbor:"2,keyasint"` // when the plan wanted it; Never: unplanned
	Kind      MarkKind          `cbor:"3,keyasint"`
	Name      string            `cbor:"4,keyasint,omitempty"`
	Value     int64             `cbor:"5,keyasint,omitempty"`
	Unit      string            `cbor:"6,keyasint,omitempty"`
	Attrs     map[string]string `cbor:"7,keyasint,omitempty"`

	// Only in an inflight mark: what was open at TNs. A reader takes these
	// as censored: no outcome, never an orphan, never a witness.
	OpenRequests []Key    `cbor:"8,keyasint,omitempty"`
	OpenAttempts []uint64 `cbor:"9,keyasint,omitempty"`
}
