package faults

// Fixed is a fault without parameters: it always does the same.
type Fixed struct {
	name    string
	streams bool   // an answer in one piece has nothing for it to strike
	does    Effect // copied for each attempt that is chosen
}

// fixed is the New of an entry of such a fault.
func fixed(name string, does Effect) func() Fault {
	return func() Fault { return &Fixed{name: name, does: does} }
}

// fixedInStreams is fixed for a fault that exists in streams only.
func fixedInStreams(name string, does Effect) func() Fault {
	return func() Fault { return &Fixed{name: name, streams: true, does: does} }
}

// Name returns the name of the fault in the catalogue.
func (f *Fixed) Name() string { return f.name }

// Validate finds nothing: there are no parameters.
func (*Fixed) Validate() []Problem { return nil }

// StreamOnly reports whether it exists in streams only.
func (f *Fixed) StreamOnly() bool { return f.streams }

// Effect returns slots of the attempt's own, as a rule signs those that it holds.
func (f *Fixed) Effect(Dice) Effect {
	e := f.does
	return Effect{own(e.Connection), own(e.Status), own(e.Delay), own(e.Pace), own(e.Mutation), own(e.Ending)}
}

func own[T any](slot *T) *T {
	if slot == nil {
		return nil
	}
	c := *slot
	return &c
}
