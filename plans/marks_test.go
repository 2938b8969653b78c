package plans

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// comesAndGoes is a rule with bursts, and one that refuses connections.
const comesAndGoes = `name: comes-and-goes
target: {builtin: naive}
provider:
  models:
    gpt-4o: {ttft: 20ms, tokens_per_second: 0, output_tokens: 10}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 10, for: 2s}
    - {name: spike, rate: 20, for: %s}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 10s}
faults:
  - {name: burst, http_529: {}, during: spike, burst: {on: %s, off: %s}, match: {step: chat}}
calibrate: 2
`

// Each stretch of a rule with bursts has its two marks, in turn; what it hit lies
// between them. There are a thousand marks at most, and the last stretch then
// holds all that comes behind it.
func TestBurstsAreMarked(t *testing.T) {
	for _, c := range []struct {
		name, lasts, on, off string
		least, most          int
	}{
		{"a few", "20s", "1s", "2s", 4, 30},
		{"more than are marked", "150s", "100ms", "100ms", 2 * burstsMarked, 2 * burstsMarked},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		runVirtual(t, loadText(t, fmt.Sprintf(comesAndGoes, c.lasts, c.on, c.off)), dir)
		j, err := LoadJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		var edges []int64
		for _, m := range j.Marks {
			if m.Name == "burst" && (m.Kind == journal.MarkRuleOn || m.Kind == journal.MarkRuleOff) {
				if on := m.Kind == journal.MarkRuleOn; on != (len(edges)%2 == 0) {
					t.Errorf("%s: mark %d is %s", c.name, len(edges), m.Kind)
				}
				edges = append(edges, m.PlannedNs)
			}
		}
		if len(edges) < c.least || len(edges) > c.most {
			t.Errorf("%s: %d marks", c.name, len(edges))
		}
		hit := 0
		for _, a := range j.Attempts {
			for _, h := range a.Rules {
				within := false
				for i := 0; i+1 < len(edges); i += 2 {
					within = within || a.ArrivedNs >= edges[i] && a.ArrivedNs < edges[i+1]
				}
				if h.State != journal.RulePassed && !within {
					t.Errorf("%s: hit at %d, outside of all stretches", c.name, a.ArrivedNs)
				}
				hit++
			}
		}
		if hit < 20 {
			t.Errorf("%s: %d attempts were hit", c.name, hit)
		}
	}
}
