package conformance

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/plans"
)

// A service that nobody here wrote the retries of: openaigo-target answers with
// the official SDK and its stock settings. chaos must judge it as its source
// says (internal/requestconfig/requestconfig.go; policy_test.go measures it).

const judgedPlan = `name: openai-go
description: A service on openai-go with stock retries.
target:
  command: [%q]
  ready: {path: /healthz, within: 10s}
provider:
  models:
    gpt-4o: {ttft: 20ms, tokens_per_second: 0, output_tokens: 20}
load:
  arrivals: constant
  phases:
    - {name: warm,  rate: 10, for: 2s}
    - {name: fault, rate: 10, for: 8s}
    - {name: after, rate: 10, for: 2s}
  mix: [{name: chat, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 2m}
calibrate: 3
`

// judged is what chaos said and saw.
type judged struct {
	res      *plans.Result
	attempts []journal.Attempt
}

// judgeTries is how often a plan is carried out until nothing is inconclusive:
// on a machine that is busy with other things queueing may hide what a wait was.
// A failure is one the first time.
const judgeTries = 3

// judge carries a plan out against the target and checks that everything
// passes.
func judge(t *testing.T, target, faults, assertions string) judged {
	t.Helper()
	for try := 1; ; try++ {
		j := carryOut(t, target, faults, assertions)
		for _, a := range j.res.Assertions {
			t.Logf("%s %s: %s", a.ID, a.Verdict, a.Reason)
		}
		if j.res.Verdict != "inconclusive" && j.res.Verdict != "error" || try == judgeTries {
			if j.res.Verdict != "pass" {
				t.Errorf("judged %s, want pass", j.res.Verdict)
			}
			return j
		}
	}
}

// carryOut runs a plan against the target and reads back what was seen.
func carryOut(t *testing.T, target, faults, assertions string) judged {
	t.Helper()
	text := fmt.Sprintf(judgedPlan, target) + "faults: [" + faults + "]\nassertions: [" + assertions + "]\n"
	p, err := plans.Load(plans.Source{Name: "openai-go.yaml", Bytes: []byte(text)}, plans.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	res, err := plans.Run(context.Background(), p, plans.RunOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	j, err := plans.LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	return judged{res, j.Attempts}
}

// gaps returns the n-th gap of each request, from the end of an attempt to the
// arrival of the next, sorted.
func (j judged) gaps(n int) []time.Duration {
	byKey := map[journal.Key][]journal.Attempt{}
	for _, a := range j.attempts {
		if a.Key.Phase != journal.PhaseTrial {
			byKey[a.Key] = append(byKey[a.Key], a)
		}
	}
	var out []time.Duration
	for _, as := range byKey {
		slices.SortFunc(as, func(a, b journal.Attempt) int { return cmp.Compare(a.ArrivedNs, b.ArrivedNs) })
		if len(as) > n {
			out = append(out, time.Duration(as[n].ArrivedNs-as[n-1].EndNs))
		}
	}
	slices.Sort(out)
	return out
}

// queueing is what a loaded machine may add to half of the waits: connecting,
// and being scheduled.
const queueing = 250 * time.Millisecond

// within checks that no gap is below least, which is the SDK's promise and holds
// on any machine, and that half of them at least are not above most plus
// queueing: what a stalled machine adds to one wait has no bound.
func within(t *testing.T, what string, gaps []time.Duration, least, most time.Duration, atLeast int) {
	t.Helper()
	if len(gaps) < atLeast {
		t.Errorf("%s: %d gaps, want %d at least", what, len(gaps), atLeast)
		return
	}
	middle := gaps[len(gaps)/2]
	t.Logf("%s: %d gaps, %v to %v, half below %v", what, len(gaps), gaps[0], gaps[len(gaps)-1], middle)
	if gaps[0] < least || middle > most+queueing {
		t.Errorf("%s: %v to %v, want %v to %v", what, gaps[0], gaps[len(gaps)-1], least, most)
	}
}

func TestOpenAIGoIsJudgedRight(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 45 s of real load; left out with -short")
	}
	target := filepath.Join(t.TempDir(), "openaigo-target")
	build := exec.Command("go", "build", "-o", target, "./openaigo-target")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	t.Run("without a hint", func(t *testing.T) {
		t.Parallel()
		j := judge(t, target, `{http_503: {}, during: fault, times: 2, per: step}`, `retries.attempts, retries.backoff, retries.first_delay, retries.jitter`)
		within(t, "first wait", j.gaps(1), 375*time.Millisecond, 500*time.Millisecond, 70)
		within(t, "second wait", j.gaps(2), 750*time.Millisecond, time.Second, 60)
	})
	for _, hint := range []time.Duration{2 * time.Second, 30 * time.Second} {
		t.Run(fmt.Sprintf("a Retry-After of %s is honoured", hint), func(t *testing.T) {
			t.Parallel()
			j := judge(t, target, fmt.Sprintf(`{rate_limit: {retry_after: %s}, during: fault, times: 1, probability: 0.6}`, hint), `retries.retry_after`)
			within(t, "wait", j.gaps(1), hint, hint, 30)
		})
	}
	t.Run("150 s are too long: no retry", func(t *testing.T) {
		t.Parallel()
		// Not trying again honours the hint.
		j := judge(t, target, `{rate_limit: {retry_after: 150s}, during: fault, probability: 0.6}`, `retries.retry_after`)
		if gaps := j.gaps(1); len(gaps) > 0 {
			t.Errorf("%d retries, want none", len(gaps))
		}
	})
}
