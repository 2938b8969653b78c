package faults

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// A rule in several phases applies in each, and not between them.
func TestARuleInSeveralPhases(t *testing.T) {
	s := schedule(t, 1, Rule{Fault: newFault("http_500"), During: "recovery,warm"}, Rule{Fault: newFault("http_503"), During: "ramp,spike"})
	for _, c := range []struct {
		at   float64
		want string
	}{{0.4, ""}, {0.5, "http_500"}, {8.4, "http_500"}, {8.5, "http_503"}, {12.5, "http_503"}, {22.4, "http_503"}, {22.5, "http_500"}, {40.4, "http_500"}, {40.5, ""}} {
		a := call(1)
		a.ArrivedNs = sec(c.at)
		if got := strings.ReplaceAll(states(s.Decide(a)), "=chosen", ""); got != c.want {
			t.Errorf("at %v s: %q, want %q", c.at, got, c.want)
		}
	}
	if got, want := s.Spans(0), []Stretch{{sec(0.5), sec(8.5)}, {sec(22.5), sec(40.5)}}; !slices.Equal(got, want) {
		t.Errorf("spans %v, want %v", got, want)
	}
	if got, want := s.Spans(1), []Stretch{{sec(8.5), sec(22.5)}}; !slices.Equal(got, want) {
		t.Errorf("phases that touch: %v, want %v", got, want)
	}
	if got, want := s.Stretches(0, sec(30)), []Stretch{{sec(0.5), sec(8.5)}, {sec(22.5), sec(30)}}; !slices.Equal(got, want) {
		t.Errorf("stretches %v, want %v", got, want)
	}
}

func TestPhasesOfAPlan(t *testing.T) {
	for _, c := range []struct {
		say  string
		yaml any
		want Phases
		says string
	}{
		{"one", "spike", "spike", ""},
		{"several", []string{"warm", "spike"}, "warm,spike", ""},
		{"a list of one", []string{"warm"}, "warm", ""},
		{"none", []string{}, "", "name at least one"},
		{"a list in a word", "warm,spike", "", "for several write a list"},
		{"a list in a list", []string{"warm,spike"}, "", "is no list of phases"},
	} {
		var p Phases
		err := p.UnmarshalPlan(func(into any) error {
			switch x := into.(type) {
			case *string:
				if s, ok := c.yaml.(string); ok {
					*x = s
					return nil
				}
			case *[]string:
				if s, ok := c.yaml.([]string); ok {
					*x = s
					return nil
				}
			}
			return errors.New("another shape")
		})
		if p != c.want || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v", c.say, p, err)
		}
	}
	checkRefusals(t, []refusal{
		{hang(func(r *Rule) { r.During = "warm,spike" }), ""},
		{hang(func(r *Rule) { r.During = "warm,spik" }), `[0].during: there is no phase "spik": one of warm, ramp, spike, recovery; did you mean spike?`},
		{hang(func(r *Rule) { r.During = "warm,warm" }), "[0].during: names warm twice: keep one"},
	})
	r := Rule{Fault: newFault("http_500"), During: "warm,spike"}
	if got := r.String(); got != "{http_500: {}, during: [warm, spike]}" {
		t.Error(got)
	}
}
