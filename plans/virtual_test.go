package plans

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/golden"
)

// longPlan is ten minutes of load: 12,000 JSON requests.
const longPlan = `name: ten-minutes
description: Ten minutes of JSON requests through the built-in target.
target: {builtin: resilient}
provider:
  models:
    gpt-4o: {ttft: 60ms, tokens_per_second: 400, output_tokens: 20, price: {input: 2.5, output: 10}}
    gpt-4o-mini: {ttft: 30ms, tokens_per_second: 400, output_tokens: 20}
    text-embedding-3-small: {}
    rerank-v3.5: {}
    search: {}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 20, for: 3m}
    - {name: trouble, rate: 20, for: 4m}
    - {name: after, rate: 20, for: 3m}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 10s}
faults:
  - {name: limited, rate_limit: {retry_after: 2s}, during: trouble, probability: 0.1, match: {model: gpt-4o}}
  - {name: failing, http_503: {}, during: trouble, probability: 0.1, match: {model: gpt-4o}}
assertions:
  - retries.attempts: {max: 3}
  - retries.retry_after
  - retries.first_delay
  - degradation.available: {min: 99%, during: trouble}
  - collapse.recovers: {to: 95%, within: 10s, hold: 60s, after: trouble}
`

func TestTenMinutesInVirtualTimeTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 12,000 requests twice; left out with -short")
	}
	var verdicts []string
	for i := range 2 {
		res := runVirtual(t, loadText(t, longPlan), filepath.Join(t.TempDir(), "run"))
		if res.Load.Planned != 12_000 || res.Load.Sent != 12_000 || res.Load.Completed != 12_000 {
			t.Fatalf("run %d: %+v, want 12,000 requests sent and completed", i+1, res.Load)
		}
		if res.ExitCode != ExitPass {
			t.Errorf("run %d: exit %d, verdict %s", i+1, res.ExitCode, res.Verdict)
		}
		verdicts = append(verdicts, verdictsOf(res))
	}
	if verdicts[0] != verdicts[1] {
		t.Errorf("two runs of one seed differ:\n%s\n%s", verdicts[0], verdicts[1])
	}
}

// TestMetastability: a model that was slow for a while stays overloaded by the
// retries of a service that asks again and again, long after it could answer
// all; a service that does not is back at once. Five seeds of each.
func TestMetastability(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates ten runs of 110 s; left out with -short")
	}
	for _, row := range []struct {
		name     string
		verdict  assertions.Verdict
		low, top float64 // s until the goodput was back
	}{
		{"metastable", assertions.Pass, 0, 30},
		{"metastable-naive", assertions.Fail, 60, math.Inf(1)},
	} {
		text, err := library.ReadFile("library/" + row.name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for seed := 1; seed <= 5; seed++ {
			res := runVirtual(t, loadText(t, string(text), fmt.Sprintf("seed=%d", seed)), filepath.Join(t.TempDir(), "run"))
			a := res.Assertions[0]
			if a.ID != "collapse.recovers" || a.Verdict != row.verdict || a.Measured == nil || *a.Measured.Value < row.low || *a.Measured.Value > row.top {
				t.Errorf("%s, seed %d: %s is %s: %s", row.name, seed, a.ID, a.Verdict, a.Reason)
			}
			t.Logf("%s, seed %d: %s, exit %d: %s", row.name, seed, res.Verdict, res.ExitCode, a.Reason)
		}
	}
}

// verdictsOf lists what was judged and how.
func verdictsOf(r *Result) string {
	s := r.Verdict
	for _, a := range r.Assertions {
		s += " " + a.ID + "=" + string(a.Verdict)
	}
	return s
}

// shortPlan is a few seconds of load with a fault.
const shortPlan = `name: short
target: {builtin: resilient}
provider:
  models:
    gpt-4o: {ttft: 20ms, tokens_per_second: 0, output_tokens: 10, price: {input: 2.5, output: 10}}
    gpt-4o-mini: {ttft: 10ms, tokens_per_second: 0, output_tokens: 10}
load:
  phases:
    - {name: warm, rate: 20, for: 3s}
    - {name: spike, rate: 40, for: 5s}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 5s}
faults:
  - {name: limited, rate_limit: {retry_after: 1s}, during: spike, probability: 0.3, match: {model: gpt-4o, step: chat}}
calibrate: 2
`

func TestCheckSaysWhatTheRunSaid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	runVirtual(t, loadText(t, shortPlan), dir)
	path := filepath.Join(dir, FileResult)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	res, err := Check(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := res.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("check says something else than the run:\n%s", golden.Difference(string(got), string(want)))
	}
}

func TestVerdictsOfAWholeRun(t *testing.T) {
	rows := []struct {
		words   string
		set     []string
		verdict string
		exit    int
	}{
		{"a good service under a fault that it survives", []string{`assertions=[{retries.attempts: {max: 3}}]`}, "pass", ExitPass},
		{"a naive one", []string{"target.builtin=naive", `assertions=[retries.retry_after]`}, "fail", ExitFail},
		{"a failure that is tolerated for now does not break the build", []string{"target.builtin=naive", `assertions=[{retries.retry_after: {allow_fail: {until: "2999-01-01", reason: known}}}]`}, "pass", ExitPass},
		{"a fault that hits nothing", []string{"faults.limited.match.model=gpt-4o-mini", `assertions=[retries.retry_after]`}, "vacuous", ExitInconclusive},
		{"too few samples", []string{`assertions=[{degradation.available: {min: 99.9%, during: spike}}]`}, "inconclusive", ExitInconclusive},
		{"no assertion at all", []string{`assertions=[]`}, "vacuous", ExitInconclusive},
		{"a generator that dropped requests", []string{"load.max_in_flight=1", `assertions=[degradation.available]`}, "error", ExitHarness},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			res := runVirtual(t, loadText(t, shortPlan, row.set...), filepath.Join(t.TempDir(), "run"))
			if res.Verdict != row.verdict || res.ExitCode != row.exit {
				t.Errorf("%s, exit %d; want %s, exit %d\n%+v", res.Verdict, res.ExitCode, row.verdict, row.exit, res.Assertions)
			}
		})
	}
}
