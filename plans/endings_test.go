package plans

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// runUntil runs a plan in virtual time and calls act when the load has lasted
// for after.
func runUntil(t *testing.T, p *Plan, dir string, after time.Duration, act func(cancel context.CancelFunc, hurry chan struct{})) (*Result, error) {
	t.Helper()
	var res *Result
	var err error
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hurry := make(chan struct{})
		started := make(chan struct{})
		observe := func(e Event) {
			if e.Stage == StageLoad {
				close(started)
			}
		}
		go func() {
			select {
			case <-started:
			case <-ctx.Done():
				return
			}
			select {
			case <-time.After(after):
				act(cancel, hurry)
			case <-ctx.Done():
			}
		}()
		res, err = Run(ctx, p, RunOptions{Dir: dir, Network: &memNetwork{}, Clock: loadgen.TimerClock(), Hurry: hurry, Observe: observe})
	})
	return res, err
}

// marksOf lists the kinds of the marks of a run, without samples.
func marksOf(t *testing.T, dir string) []journal.MarkKind {
	t.Helper()
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []journal.MarkKind
	for _, m := range j.Marks {
		if m.Kind != journal.MarkSample && m.Kind != journal.MarkInflight {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds
}

func has(kinds []journal.MarkKind, kind journal.MarkKind) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

func TestAnInterruptedLoadIsDrainedAndJudged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	res, err := runUntil(t, loadText(t, shortPlan), dir, 4*time.Second, func(cancel context.CancelFunc, _ chan struct{}) { cancel() })
	if err != nil {
		t.Fatal(err)
	}
	l := res.Load
	switch {
	case res.ExitCode != ExitInterrupted:
		t.Errorf("exit %d, want %d", res.ExitCode, ExitInterrupted)
	case l.NotDue == 0 || l.Due+l.NotDue != l.Planned:
		t.Errorf("%+v: planned must be due + not due, and some were not due any more", l)
	case l.Open != 0 || l.Sent != l.Completed:
		t.Errorf("%+v: the open requests were not waited for", l)
	}
	kinds := marksOf(t, dir)
	for _, want := range []journal.MarkKind{journal.MarkInterrupt, journal.MarkLoadStop, journal.MarkLoadDrained, journal.MarkPhaseEnd, journal.MarkRuleOff} {
		if !has(kinds, want) {
			t.Errorf("no mark %s in %v", want, kinds)
		}
	}
	if last := kinds[len(kinds)-1]; last != journal.MarkRunEnd {
		t.Errorf("the last mark is %s, want %s", last, journal.MarkRunEnd)
	}
}

// hanging holds every call of a phase for ever: its requests stay open until
// their users give up.
const hanging = `faults=[{hang_before_headers: {}, during: spike}]`

func TestASecondInterruptDoesNotWaitForOpenRequests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := loadText(t, shortPlan, hanging, "target.builtin=naive", "load.client.timeout=60s")
	res, err := runUntil(t, p, dir, 4*time.Second, func(cancel context.CancelFunc, hurry chan struct{}) {
		cancel()
		close(hurry)
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.ExitCode != ExitInterrupted || res.Load.Open == 0 {
		t.Errorf("exit %d with %d requests open at the end, want %d and some", res.ExitCode, res.Load.Open, ExitInterrupted)
	}
	if res.Duration > 6 {
		t.Errorf("it took %.1f s: it waited for users of 60 s patience", res.Duration)
	}
}

func TestAStopConditionEndsTheLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := loadText(t, shortPlan, "faults=[{http_500: {}, during: spike}]", "target.builtin=naive", "load.phases.spike.for=60s",
		"safety.stop_when=[{outcome: error, above: 50%, for: 2s}]")
	res := runVirtual(t, p, dir)
	if res.ExitCode != ExitStopped || res.Stopped == "" {
		t.Errorf("exit %d, stopped %q; want %d with the reason", res.ExitCode, res.Stopped, ExitStopped)
	}
	if res.Load.NotDue == 0 || res.Load.Open != 0 {
		t.Errorf("%+v: the load must stop early and drain", res.Load)
	}
	if kinds := marksOf(t, dir); !has(kinds, journal.MarkStop) || !has(kinds, journal.MarkRuleOff) {
		t.Errorf("no mark of the stop, or the faults stayed on: %v", kinds)
	}
}

func TestAnInterruptBeforeTheLoadHasNothingToJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		dir := filepath.Join(t.TempDir(), "run")
		observe := func(e Event) {
			if e.Stage == StageTrial {
				cancel()
			}
		}
		res, err := Run(ctx, loadText(t, shortPlan), RunOptions{Dir: dir, Network: &memNetwork{}, Clock: loadgen.TimerClock(), Observe: observe})
		if res != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v; want no result and the context's error", res, err)
		}
		if kinds := marksOf(t, dir); !has(kinds, journal.MarkInterrupt) {
			t.Errorf("the journal does not say that it was interrupted: %v", kinds)
		}
	})
}

// What was said when the trial gave the run up is still said later.
func TestARunThatWasGivenUpSaysWhyWhenJudgedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := loadText(t, shortPlan, "target.request.headers={authorization: Bearer nobody}")
	synctest.Test(t, func(t *testing.T) {
		res, err := Run(t.Context(), p, RunOptions{Dir: dir, Network: &memNetwork{}, Clock: loadgen.TimerClock()})
		var harness *HarnessError
		if res != nil || !errors.As(err, &harness) {
			t.Errorf("%v, %v; want no result and a *HarnessError", res, err)
		}
	})
	res, err := Check(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.ExitCode != ExitHarness || !strings.Contains(res.Error, "the service refused 2 of 2 requests itself") {
		t.Errorf("exit %d: %q; want %d and the trial's word", res.ExitCode, res.Error, ExitHarness)
	}
}

// A journal that ends in the middle, as after kill -9, still reads; what it saw
// can fail a check, but nothing can pass on it.
func TestACutJournalProvesFailuresOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := loadText(t, shortPlan, "target.builtin=naive", "assertions=[retries.retry_after, {degradation.available: {min: 10%}}]")
	whole := runVirtual(t, p, dir)
	if whole.Verdict != string(assertions.Fail) {
		t.Fatalf("the whole run is %s, want fail", whole.Verdict)
	}
	path := filepath.Join(dir, FileJournal)
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, st.Size()*9/10); err != nil {
		t.Fatal(err)
	}
	res, err := Check(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []assertions.Verdict{assertions.Fail, assertions.Inconclusive}
	for i, a := range res.Assertions {
		if a.Verdict != want[i] {
			t.Errorf("%s is %s (%s), want %s", a.ID, a.Verdict, a.Reason, want[i])
		}
	}
}
