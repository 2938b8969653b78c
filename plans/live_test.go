package plans

import (
	"fmt"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// The target names the models that it asks for. One that invents a name for each
// call must not fill the memory of a run.
func TestProgressKeepsABoundedNumberOfModels(t *testing.T) {
	l := newLive()
	l.next = tee{}
	l.setPhases([]livePhase{{name: "spike", toNs: 1e9}})
	for i := range 10 * modelsMax {
		l.Attempt(&journal.Attempt{Kind: "chat", ModelAsked: fmt.Sprintf("model-%03d", i), Ordinal: 1})
	}
	models := l.snapshot(0, 0).Models
	if len(models) != modelsMax || models[0].Name != "model-000" {
		t.Errorf("%d models, the first of them %q; want %d, those that came first", len(models), models[0].Name, modelsMax)
	}
	if l.attempts != 10*modelsMax {
		t.Errorf("%d attempts counted, want all %d", l.attempts, 10*modelsMax)
	}
}

// A connection of a proxy is no attempt that could be joined; its rules count.
func TestProgressTellsConnectionsFromAttempts(t *testing.T) {
	l := newLive()
	l.next = tee{}
	l.setPhases([]livePhase{{name: "spike", toNs: 1e9}})
	l.Attempt(&journal.Attempt{Kind: "chat", ModelAsked: "gpt-4o", Ordinal: 1, Carrier: journal.CarrierHeader})
	l.Attempt(&journal.Attempt{Kind: journal.KindTCP, Rules: []journal.RuleHit{{Name: "gone", State: journal.RuleInjected}}})
	if s := l.snapshot(0, 0); s.Joined != 1 || len(s.Models) != 1 {
		t.Errorf("joined %v, models %v", s.Joined, s.Models)
	}
	if eligible, injected := l.ruleCounts("gone"); eligible != 1 || injected != 1 {
		t.Errorf("the rule hit %d of %d, want 1 of 1", injected, eligible)
	}
}
