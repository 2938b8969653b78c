package faults

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Phases are the phases in which a rule applies: their names, joined by commas,
// which no name contains. In a plan one name, or a list: [warm, spike].
type Phases string

// names lists the phases; nil for none.
func (p Phases) names() []string {
	if p == "" {
		return nil
	}
	return strings.Split(string(p), ",")
}

// UnmarshalPlan reads a name, or a list of names.
func (p *Phases) UnmarshalPlan(decode func(any) error) error {
	var one string
	err := decode(&one)
	if err == nil {
		if strings.Contains(one, ",") {
			return errors.New("is no name of a phase: for several write a list, such as [warm, spike]")
		}
		*p = Phases(one)
		return nil
	}
	var list []string
	if other := decode(&list); other != nil {
		if decode(new([]any)) == nil {
			return other // it is a list, and what is in it is wrong
		}
		return err
	}
	if len(list) == 0 || slices.Contains(list, "") || strings.Contains(strings.Join(list, ""), ",") {
		return errors.New("is no list of phases: name at least one, such as [warm, spike]")
	}
	*p = Phases(strings.Join(list, ","))
	return nil
}

// print is what a plan reads back.
func (p Phases) print() string {
	names := p.names()
	for i, name := range names {
		names[i] = scalar(name)
	}
	if len(names) == 1 {
		return names[0]
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// spans returns the parts of a window that is made of several phases, in the
// order of time; those that touch are one.
func (p Phases) spans(windows []PhaseWindow) []Stretch {
	var all []Stretch
	for _, name := range p.names() {
		w, _ := phase(windows, name)
		all = append(all, Stretch{w.FromNs, w.ToNs})
	}
	slices.SortFunc(all, func(a, b Stretch) int { return cmp.Compare(a.FromNs, b.FromNs) })
	var out []Stretch
	for _, x := range all {
		if last := len(out) - 1; last >= 0 && x.FromNs <= out[last].ToNs {
			out[last].ToNs = max(out[last].ToNs, x.ToNs)
			continue
		}
		out = append(out, x)
	}
	return out
}

// within reports whether an instant is in one of the spans.
func within(spans []Stretch, ns int64) bool {
	for _, x := range spans {
		if ns >= x.FromNs && ns < x.ToNs {
			return true
		}
	}
	return false
}

// Spans returns the parts of a rule's window: one, but where it applies in
// several phases that do not touch.
func (s *Schedule) Spans(rule int) []Stretch {
	b := &s.rules[rule]
	if b.spans != nil {
		return slices.Clone(b.spans)
	}
	return []Stretch{{b.from, b.to}}
}
