package faults

import (
	"fmt"
	"testing"

	"github.com/chaoskit/chaos/internal/draw"
)

// The filter rules out exactly what the selectors that it holds rule out: rules
// and calls of all combinations of few values.
func TestFilterSaysWhatTheSelectorsSay(t *testing.T) {
	n := draw.NewStream(1, "test.filter").IntN
	pick := func(of ...string) string { return of[n(len(of))] }
	faultNames := []string{"http_500", "eof_no_done", "in_stream_error", "slow_ttft"}
	var rules []Rule
	for i := range RulesMax {
		r := Rule{Name: fmt.Sprint("r", i), Fault: newFault(pick(faultNames...)), During: Phases(pick("", "", "", "spike"))}
		r.Match = Match{Model: pick("", "", "", "a", "b"), Step: pick("", "", "", "chat", "embed"), Endpoint: pick("", "", "", "provider"), Dialect: pick("", "", "", "openai", "anthropic"), Attempt: Count(max(0, n(6)-3))}
		r.Times = Count(max(0, n(5)-2))
		rules = append(rules, r)
	}
	var valid []Rule
	for _, r := range rules {
		if len(Validate([]Rule{r}, load)) == 0 {
			valid = append(valid, r)
		}
	}
	s := schedule(t, 1, valid...)
	passed, out := 0, 0
	for range 10_000 {
		c := Call{
			HasKey: true, Phase: "spike", Model: pick("a", "b", "c"), Kind: pick("chat", "embed", "rerank", ""), Dialect: pick("openai", "anthropic", "gemini"),
			Endpoint: pick("provider", "backup", ""), Stream: n(2) == 0, Ordinal: 1 + n(4), ArrivedNs: int64(n(int(load[len(load)-1].ToNs) + 1e9)),
		}
		a := s.asked(&c)
		for i := range s.rules {
			by, want := s.filters[i].passes(&c, a), s.rules[i].applies(&c)
			if by != want {
				t.Fatalf("%s of %+v: the filter says %v, the selectors %v", s.rules[i].rule, c, by, want)
			}
			if by {
				passed++
			} else {
				out++
			}
		}
	}
	if len(valid) < 20 || passed < 5_000 || out < 5_000 {
		t.Errorf("%d rules, %d passed, %d did not: too few to mean anything", len(valid), passed, out)
	}
}
