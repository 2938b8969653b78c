package plans

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
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
// comes too late for its window, and is compared with nothing. slower stretches
// time for a machine that has more to do: as many requests, so many times the
// room for each.
func decisionPlan(slower int) string {
	ms := func(n int) string { return fmt.Sprintf("%dms", n*slower) }
	rate := func(n float64) string { return strconv.FormatFloat(n/float64(slower), 'g', -1, 64) }
	return strings.NewReplacer("{100/s}", rate(100), "{185/s}", rate(185), "{500ms}", ms(500), "{1s}", ms(1000), "{4s}", ms(4000), "{6s}", ms(6000), "{7500ms}", ms(7500)).
		Replace(decisionText)
}

const decisionText = `name: decisions
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
    - {name: warm, rate: {100/s}, for: {1s}}
    - {name: spike, rate: {185/s}, for: {6s}}
    - {name: recovery, rate: {100/s}, for: {1s}}
  mix: [{name: short, weight: 1, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 5s}
faults:
  - {name: busy, http_503: {}, during: spike, probability: 0.2, match: {step: chat}}
  - {name: limited, rate_limit: {retry_after: 100ms}, at: "spike + {500ms}", for: {4s}, probability: 0.1, match: {model: gpt-4o}}
  - {name: empty, empty_200: {}, from: {500ms}, to: {7500ms}, probability: 0.05, match: {step: chat}}
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
		runVirtual(t, loadText(t, decisionPlan(1)), dir)
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

// runReal runs the plan on the machine's own network and clock, and returns its
// decisions and how many attempts there were.
func runReal(t *testing.T, seed, slower, pool int, bits faults.Bits) (map[string]string, int) {
	t.Helper()
	p := loadText(t, decisionPlan(slower), fmt.Sprintf("seed=%d", seed))
	p.Target.poolSize = pool
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(context.Background(), p, RunOptions{Dir: dir, Bits: bits}); err != nil {
		t.Fatal(err)
	}
	return decisions(t, dir)
}

// realPaces are how much slower each try is than the one before it was too fast
// for the machine: how many attempts are made, and which reach a window in time,
// is up to what else it does. That none disagree must hold every time.
var realPaces = []int{1, 2, 4}

// realDecisions is how many different decisions the tries must have compared: 95 %
// of the 3,940 that the plan makes in its 5,640 attempts when nothing is late.
const realDecisions = 3743

func TestDecisionsInRealTimeNeverDisagree(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 50 s of real load; left out with -short")
	}
	t.Parallel()
	for _, seed := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			compared := map[string]string{}
			for _, slower := range realPaces {
				one, attempts := runReal(t, seed, slower, 1, nil)
				many, others := runReal(t, seed, slower, 64, nil)
				both, disagree, share := compareDecisions(one, many)
				t.Logf("%d times slower: %d and %d attempts, %d and %d decisions, %d eligible in both (%.1f %%), %d disagree",
					slower, attempts, others, len(one), len(many), both, 100*share, disagree)
				if disagree > 0 {
					t.Fatalf("%d decisions disagree", disagree)
				}
				for k, v := range one {
					if _, ok := many[k]; !ok {
						continue
					}
					if before, ok := compared[k]; ok && before != v {
						t.Fatalf("%s is %s, and in an earlier try it was %s", k, v, before)
					}
					compared[k] = v
				}
				if len(compared) >= realDecisions {
					return
				}
			}
			t.Errorf("%d decisions were eligible in both runs of a try, want %d", len(compared), realDecisions)
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
	one, _ := runReal(t, 1, 1, 1, shared())
	many, _ := runReal(t, 1, 1, 64, shared())
	both, disagree, _ := compareDecisions(one, many)
	if disagree == 0 {
		t.Errorf("none of %d decisions disagree: the test cannot tell keyed dice from a shared generator", both)
	}
}
