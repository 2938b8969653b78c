package plans

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"
)

// What users see of a cut answer, behind a service that passes on what it gets:
// what it is follows from the ending, wherever the position lies.
func TestUsersSeeCuts(t *testing.T) {
	for _, c := range []struct {
		cut, streams string
		sees         string // outcome of those that the fault struck
	}{
		{"{after_tokens: 3}", "true", "truncated"},
		{"{after_bytes: 900}", "true", "truncated"},
		{"{after_events: 2, ending: reset}", "true", "truncated"},
		{"{inside: code_point}", "true", "empty"}, // in its first event, of which a part is nothing
		{"{inside: code_point, after_tokens: 3, ending: reset}", "true", "truncated"},
		{"{after_tokens: 3, ending: in_stream_error}", "true", "error"},
		{"{after_tokens: 3, ending: stall}", "true", "timeout"},
		{"{inside: code_point, ending: half_open}", "true", "timeout"},
		{"{after_bytes: 900, ending: keep_alive, every: 1s}", "true", "timeout"},
		{"{after_tokens: 3}", "false", "error"},
		{"{inside: code_point, ending: reset}", "false", "error"},
		{"{after_bytes: 300, ending: stall}", "false", "timeout"},
	} {
		t.Run(c.cut+", streams "+c.streams, func(t *testing.T) {
			p := loadText(t, shortPlan, "target.builtin=naive", "load.phases.spike.rate=5",
				fmt.Sprintf("load.mix=[{name: short, model: gpt-4o, prompt_tokens: 20, stream: %s}]", c.streams),
				fmt.Sprintf("faults=[{cut: %s, during: spike, match: {step: chat}}]", c.cut))
			res := runVirtual(t, p, filepath.Join(t.TempDir(), "run"))
			want := map[string]int64{"full": 60, c.sees: 25}
			if !maps.Equal(res.Load.Outcomes, want) {
				t.Errorf("users got %v, want %v; the rule %+v", res.Load.Outcomes, want, res.Faults)
			}
		})
	}
}
