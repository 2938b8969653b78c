package plans

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// The promise of DESIGN section 4: two runs of one seed never disagree on a
// decision (rule, key, step, ordinal) that was eligible in both, whatever the
// order of arrival; in virtual time the logs are equal byte for byte.

// decisionPlan makes at least 5,000 attempts: 1,300 requests of four steps and
// the retries that the rules cause. The rules have windows, overlap and retry.
// The rate leaves two cores half idle with two runs side by side: what starves
// comes too late for its window, and is compared with nothing.
const decisionPlan = `name: decisions
description: Three rules with windows, over more than 5,000 attempts.
target: {builtin: resilient}
provider:
  models:
    gpt-4o: {ttft: 0s, tokens_per_second: 0, output_tokens: 8, slots: 4000}
    gpt-4o-mini: {ttft: 0s, tokens_per_second: 0, output_tokens: 8, slots: 4000}
    text-embedding-3-small: {ttft: 0s}
    rerank-v3.5: {ttft: 0s}
    search: {ttft: 0s}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 100, for: 1s}
    - {name: spike, rate: 185, for: 6s}
    - {name: recovery, rate: 100, for: 1s}
  mix: [{name: short, weight: 1, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 5s}
faults:
  - {name: busy, http_503: {}, during: spike, probability: 0.2, match: {step: chat}}
  - {name: limited, rate_limit: {retry_after: 100ms}, at: spike + 500ms, for: 4s, probability: 0.1, match: {model: gpt-4o}}
  - {name: empty, empty_200: {}, from: 500ms, to: 7500ms, probability: 0.05, match: {step: chat}}
calibrate: 3
assertions:
  - degradation.available: {min: 50%}
`

// decisions maps each decision to its outcome. A rule that was not eligible has
// no entry; held and unknown are physics, not dice.
func decisions(t *testing.T, dir string) (map[string]string, int) {
	t.Helper()
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, a := range j.Attempts {
		for _, h := range a.Rules {
			verdict := "chosen"
			switch h.State {
			case journal.RulePassed:
				verdict = "passed"
			case journal.RuleHeld, journal.RuleUnknown:
				continue
			}
			out[fmt.Sprintf("%s %s %016x %d", h.Name, a.Key, a.StepHash, a.Ordinal)] = verdict
		}
	}
	return out, len(j.Attempts)
}

func logOf(d map[string]string) string {
	lines := make([]string, 0, len(d))
	for k, v := range d {
		lines = append(lines, k+" "+v)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func loadText(t *testing.T, text string, set ...string) *Plan {
	t.Helper()
	p, err := Load(Source{Name: "test.yaml", Bytes: []byte(text)}, Options{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runVirtual runs the plan in virtual time and returns its result.
func runVirtual(t *testing.T, p *Plan, dir string) *Result {
	t.Helper()
	var res *Result
	synctest.Test(t, func(t *testing.T) {
		var err error
		res, err = Run(context.Background(), p, RunOptions{Dir: dir, Network: &memNetwork{}, Clock: loadgen.TimerClock()})
		if err != nil {
			t.Fatal(err)
		}
	})
	return res
}

func TestDecisionsInVirtualTimeAreEqualToTheByte(t *testing.T) {
	var logs []string
	for _, procs := range []int{1, 2, 2} {
		before := runtime.GOMAXPROCS(procs)
		dir := filepath.Join(t.TempDir(), "run")
		runVirtual(t, loadText(t, decisionPlan), dir)
		runtime.GOMAXPROCS(before)
		d, attempts := decisions(t, dir)
		if attempts < 5000 {
			t.Fatalf("%d attempts, want at least 5,000", attempts)
		}
		logs = append(logs, logOf(d))
	}
	for i, log := range logs[1:] {
		if log != logs[0] {
			t.Errorf("log %d differs from the first: %s", i+1, golden.Difference(log, logs[0]))
		}
	}
}

// compareDecisions counts the decisions that both runs made, and those on which
// they disagree.
func compareDecisions(a, b map[string]string) (both, disagree int, share float64) {
	for k, v := range a {
		if w, ok := b[k]; ok {
			both++
			if v != w {
				disagree++
			}
		}
	}
	return both, disagree, float64(both) / float64(max(len(a), len(b)))
}

// runReal runs the plan on the machine's own network and clock.
func runReal(t *testing.T, seed, pool int, bits faults.Bits) map[string]string {
	t.Helper()
	p := loadText(t, decisionPlan, fmt.Sprintf("seed=%d", seed))
	p.Target.poolSize = pool
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(context.Background(), p, RunOptions{Dir: dir, Bits: bits}); err != nil {
		t.Fatal(err)
	}
	d, attempts := decisions(t, dir)
	if attempts < 5000 {
		t.Fatalf("%d attempts, want at least 5,000", attempts)
	}
	return d
}

// realTries is how often two runs are compared until enough of their decisions
// were eligible in both: which attempts reach a window in time is up to the
// machine. That none disagree must hold every time.
const realTries = 3

func TestDecisionsInRealTimeNeverDisagree(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 50 s of real load; left out with -short")
	}
	t.Parallel()
	for _, seed := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			var share float64
			for try := 0; try < realTries && share < 0.95; try++ {
				one, many := runReal(t, seed, 1, nil), runReal(t, seed, 64, nil)
				var both, disagree int
				both, disagree, share = compareDecisions(one, many)
				t.Logf("%d and %d decisions, %d eligible in both (%.1f %%), %d disagree", len(one), len(many), both, 100*share, disagree)
				if disagree > 0 {
					t.Fatalf("%d decisions disagree", disagree)
				}
			}
			if share < 0.95 {
				t.Errorf("only %.1f %% of the decisions were eligible in both, in the last of %d tries", 100*share, realTries)
			}
		})
	}
}

// A generator that all decisions share is what every seeded mock does. It must
// not pass the test above.
func TestSharedGeneratorDisagrees(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 17 s of real load; left out with -short")
	}
	t.Parallel()
	shared := func() faults.Bits {
		s := &sharedBits{stream: draw.NewStream(1, "shared")}
		return s.bits
	}
	both, disagree, _ := compareDecisions(runReal(t, 1, 1, shared()), runReal(t, 1, 64, shared()))
	if disagree == 0 {
		t.Errorf("none of %d decisions disagree: the test cannot tell keyed dice from a shared generator", both)
	}
}
