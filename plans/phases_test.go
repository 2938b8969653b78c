package plans

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// A rule in two phases hits in both and not between them, its first requests
// are counted over both, and the journal says when it was on.
func TestARuleInTwoPhases(t *testing.T) {
	p := loadText(t, `name: phases
description: A rule in the first phase and in the last.
target: {builtin: resilient}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 10, for: 1s}
    - {name: spike, rate: 10, for: 1s}
    - {name: recovery, rate: 10, for: 1s}
  mix: [{name: short, weight: 1, model: gpt-4o}]
faults:
  - {http_503: {}, during: [warm, recovery], requests: 14, times: 1, match: {step: embed}}
assertions: [degradation.available]
`)
	dir := filepath.Join(t.TempDir(), "run")
	runVirtual(t, p, dir)
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	var edges []string
	for _, m := range j.Marks {
		if m.Kind == journal.MarkRuleOn || m.Kind == journal.MarkRuleOff {
			edges = append(edges, string(m.Kind))
		}
	}
	if got := strings.Join(edges, " "); got != "rule.on rule.off rule.on rule.off" {
		t.Errorf("marks %s", got)
	}
	hit := map[string]int{}
	for _, a := range j.Attempts {
		if len(a.Rules) > 0 && a.Rules[0].State == journal.RuleInjected {
			hit[a.Key.Phase]++
		}
	}
	if got := fmt.Sprint(hit); got != "map[recovery:4 warm:10]" {
		t.Errorf("hit %s", got)
	}
}

// What is wrong with the phases of a rule is told of the name that is wrong.
func TestPhasesOfARuleProblems(t *testing.T) {
	for _, c := range []struct{ name, during, want string }{
		{"a number in a list", "[warm, 5]", `during[1]: is the number 5, but must be text: write "5"`},
		{"a number", "5", `during: is the number 5, but must be text: write "5"`},
		{"names in one text", `"warm,spike"`, "during: is no name of a phase: for several write a list, such as [warm, spike]"},
		{"none at all", "[]", "during: is no list of phases: name at least one, such as [warm, spike]"},
		{"a mapping", "{warm: spike}", "during: is a mapping, but must be text"},
	} {
		_, err := ParseRules("--fault", "{http_503: {}, during: "+c.during+"}")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}
