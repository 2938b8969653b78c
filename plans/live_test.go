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
