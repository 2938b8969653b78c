package faults_test

import (
	"fmt"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// LateRefusal holds the parameters of late_refusal. What stands here for the
// whole of a fault would be faults/late_refusal.go, without the package's name.
type LateRefusal struct {
	By time.Duration `yaml:"by" default:"2s" doc:"how long the provider thinks before it refuses"`
}

// Name returns "late_refusal".
func (*LateRefusal) Name() string { return "late_refusal" }

// Validate wants a time.
func (f *LateRefusal) Validate() []faults.Problem {
	if f.By <= 0 {
		return []faults.Problem{{Path: "by", Msg: fmt.Sprintf("is %s: give a time above 0, such as 2s", f.By)}}
	}
	return nil
}

// Effect makes the answer late, and an error: two slots, which the provider
// fills in every dialect in that dialect's own words.
func (f *LateRefusal) Effect(faults.Dice) faults.Effect {
	return faults.Effect{
		Delay:  &faults.Delay{Extra: f.By},
		Status: &faults.Status{Code: 503},
	}
}

// lateRefusal is what the list in catalogue.go has a line for.
var lateRefusal = faults.Entry{
	Name: "late_refusal", Stage: "headers", Slots: faults.SlotDelay | faults.SlotStatus,
	Summary: "refuses, after it has let the client wait",
	Doc: `Status 503, some seconds late: the queue of a gateway that is full to its end. ` +
		`A good client counts the wait against its deadline, and has no time left for a retry. Nobody has published it.`,
	New: func() faults.Fault { return &LateRefusal{By: 2 * time.Second} },
}

// A fault is parameters, and the effect that they have: data, which one
// interpreter carries out.
func Example_addingAFault() {
	fmt.Println(lateRefusal.Name, "fills", lateRefusal.Slots)

	rule := faults.Rule{Fault: lateRefusal.New(), Match: faults.Match{Model: "gpt-4o"}}
	fmt.Println(rule)

	schedule, problems := faults.NewSchedule(42, []faults.Rule{rule}, nil, nil)
	if problems != nil {
		fmt.Println(problems)
		return
	}
	call := faults.Call{Phase: "spike", HasKey: true, StepHash: 7, Ordinal: 1, Model: "gpt-4o"}
	effect := schedule.Decide(call).Effect
	fmt.Println(effect.Slots(), effect.Status.Code, effect.Delay.Extra)

	fmt.Println((&LateRefusal{By: -time.Second}).Validate())
	// Output:
	// late_refusal fills status+delay
	// {late_refusal: {by: 2s}, match: {model: gpt-4o}}
	// status+delay 503 2s
	// [{by is -1s: give a time above 0, such as 2s}]
}
