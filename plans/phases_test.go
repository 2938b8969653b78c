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
