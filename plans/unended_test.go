package plans

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chaoskit/chaos/assertions"
)

// A stream that has said all, and why it ended, is whole though its terminal event
// is missing: users get full answers, nobody asks twice for them, and no check
// takes it for one that was cut.
func TestAStreamWithoutItsTerminalEventIsWhole(t *testing.T) {
	const text = `name: unended
description: Streams end behind their finish reason.
target: {builtin: %s}
provider: {models: {gpt-4o: {ttft: 60ms, tokens_per_second: 400, output_tokens: 20}, gpt-4o-mini: {}, text-embedding-3-small: {}, rerank-v3.5: {}, search: {}}}
load:
  phases:
    - {name: warm, rate: 10, for: 2s}
    - {name: spike, rate: 20, for: 3s}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20, stream: true}]
faults:
  - {eof_after_finish_no_done: {}, during: spike}
assertions:
  - degradation.no_truncated
  - degradation.available: {min: 90%%, during: spike}
`
	for _, target := range []string{"resilient", "naive"} {
		res := runVirtual(t, loadText(t, fmt.Sprintf(text, target)), filepath.Join(t.TempDir(), "run"))
		if hit := res.Faults[0]; hit.Injected != 60 || hit.Missed != 0 {
			t.Errorf("%s: %+v", target, hit)
		}
		if n := res.Load.Outcomes["full"]; n != res.Load.Completed {
			t.Errorf("%s: outcomes %v", target, res.Load.Outcomes)
		}
		want := []assertions.Verdict{assertions.Vacuous, assertions.Pass}
		for i, a := range res.Assertions {
			if a.Verdict != want[i] {
				t.Errorf("%s: %s is %s: %s", target, a.ID, a.Verdict, a.Reason)
			}
		}
	}
}
