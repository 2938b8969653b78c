package plans

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
)

// Calls that fail at one instant tell a service that spreads its retries from one
// whose retries all come back as one wave.
func TestTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates two runs of 30 s; left out with -short")
	}
	for name, want := range map[string]assertions.Verdict{"together": assertions.Pass, "together-naive": assertions.Fail} {
		t.Run(name, func(t *testing.T) {
			text, _ := libraryText(name)
			dir := filepath.Join(t.TempDir(), "run")
			res := runVirtual(t, loadText(t, string(text)), dir)
			if b := res.Faults[0].Barrier; b == nil || b.Most != 20 {
				t.Errorf("opened %s, want 20 calls at one instant", b)
			}
			for _, a := range res.Assertions {
				if a.ID == "retries.jitter" && a.Verdict != want {
					t.Errorf("%s is %s: %s", a.ID, a.Verdict, a.Reason)
				}
			}
			if res.Verdict != string(want) {
				t.Errorf("%s", verdictsOf(res))
			}
			failedTogether(t, dir)
		})
	}
}

// failedTogether holds the journal to it that each wave failed in one nanosecond
// of virtual time.
func failedTogether(t *testing.T, dir string) {
	t.Helper()
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	failed := map[int64]int64{}
	for _, a := range j.Attempts {
		if a.Cause == journal.CauseFault {
			failed[a.EndNs]++
		}
	}
	waves := 0
	for _, m := range j.Marks {
		if m.Kind != journal.MarkBarrierRelease {
			continue
		}
		waves++
		if failed[m.TNs] != m.Value {
			t.Errorf("a wave of %d at %v, %d failed then", m.Value, time.Duration(m.TNs), failed[m.TNs])
		}
	}
	if waves < 10 || waves != len(failed) {
		t.Errorf("%d waves, and calls failed at %d instants", waves, len(failed))
	}
}

// A barrier is no die: none of the decisions is another than without it, and they
// repeat to the byte. They do so for a target whose calls share nothing: which of
// ten that fail in one nanosecond gets the last retry of a budget is decided by
// the target's scheduler, and by no die.
func TestABarrierKeepsAllDecisions(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates six runs of 8 s; left out with -short")
	}
	run := func(procs int, set ...string) map[string]string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		dir := filepath.Join(t.TempDir(), "run")
		res := runVirtual(t, loadText(t, decisionPlan(1), set...), dir)
		if b := res.Faults[0].Barrier; len(set) == 2 && (b == nil || b.Most < 10) {
			t.Errorf("the barrier opened %s", b)
		}
		d, _ := decisions(t, dir)
		return d
	}
	for _, row := range []struct {
		target, barrier string
		repeats         bool
	}{{"resilient", "{wait: 10, patience: 500ms}", false}, {"naive", "{at: spike + 3s}", true}} {
		target, barrier := "target.builtin="+row.target, "faults.busy.barrier="+row.barrier
		without, one, two := run(1, target), run(1, target, barrier), run(2, target, barrier)
		if log, again := logOf(one), logOf(two); row.repeats && log != again {
			t.Errorf("%s: two runs with a barrier differ: %s", row.barrier, golden.Difference(again, log))
		}
		for what, other := range map[string]map[string]string{"without the barrier": without, "again": two} {
			both, disagree, share := compareDecisions(one, other)
			t.Logf("%s at %s, %s: %d decisions in both (%.1f %%)", row.barrier, row.target, what, both, 100*share)
			if disagree > 0 || share < 0.9 {
				t.Errorf("%s at %s, %s: %d of %d decisions differ (%.1f %% were made in both)", row.barrier, row.target, what, disagree, both, 100*share)
			}
		}
	}
}

// An unfilled barrier shows in the verdict of a run and of its journal, though
// all that the plan asks for holds.
func TestAnUnfilledBarrierDoesNotPass(t *testing.T) {
	for _, row := range []struct{ words, barrier, verdict string }{
		{"filled", "{wait: 5}", "pass"},
		{"more than will ever come", "{wait: 1000, patience: 1s}", "inconclusive"},
		{"nobody comes, as nobody is chosen", "{wait: 5}, probability: 0", "vacuous"},
		{"at an instant", "{at: spike + 2s}", "pass"},
		{"patience beyond that of the callers", "{wait: 1000, patience: 2m}", "inconclusive"},
	} {
		t.Run(row.words, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			set := []string{fmt.Sprintf("faults=[{name: storm, http_500: {}, during: spike, times: 1, match: {model: gpt-4o, step: chat}, barrier: %s}]", row.barrier), "assertions=[{retries.attempts: {max: 3}}]"}
			if row.verdict == "vacuous" { // what is left then passes by a second fault
				set[0] = set[0][:len(set[0])-1] + ", {http_503: {}, during: spike, probability: 0.5, times: 1, match: {model: gpt-4o, step: chat}}]"
			}
			res := runVirtual(t, loadText(t, shortPlan, set...), dir)
			if res.Verdict != row.verdict {
				t.Errorf("%s, want %s: opened %s; %s", res.Verdict, row.verdict, res.Faults[0].Barrier, verdictsOf(res))
			}
			for _, a := range res.Assertions {
				t.Logf("%s is %s: %s", a.ID, a.Verdict, a.Reason)
			}
			again, err := Check(dir, nil)
			if err != nil || again.Verdict != res.Verdict {
				t.Errorf("checked again: %v, %v", again, err)
			}
		})
	}
}

// A rule with a barrier can be put on a mock that runs, and off: whoever waits
// goes on, a scope gathers its own, and the release is in the journal of the API
// and of the run.
func TestABarrierOfAMockThatRuns(t *testing.T) {
	onStand(t, "", func(g *standRig) {
		const rule = "{http_500: {}, barrier: {wait: 3, patience: 1m}}"
		if status, body := g.call("PUT", "/_chaos/faults", "["+rule+"]"); status != 200 || !strings.Contains(body, rule) {
			t.Fatal(body)
		}
		if _, body := g.call("POST", "/_chaos/scopes", "{name: one, faults: ["+rule+"]}"); !strings.Contains(body, rule) {
			t.Fatal(body)
		}
		var all sync.WaitGroup
		got := make([]int, 5)
		for i, below := range []string{"", "", "/_scopes/one", "/_scopes/one", "/_scopes/one"} {
			all.Go(func() { got[i] = g.ask(below, fmt.Sprint(i), "") })
		}
		<-time.After(time.Second)
		if n := g.api.inFlight(); n != 2 {
			t.Errorf("%d wait: want the two outside of the scope, which is full", n)
		}
		g.call("PUT", "/_chaos/faults", "[]")
		all.Wait()
		if want := []int{500, 500, 500, 500, 500}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		_, lines := g.call("GET", "/_chaos/journal", "")
		if want := `"kind":"barrier.release","name":"http_500","value":2,"attrs":{"endpoint":"provider","opened":"off","wait":"3"}`; !strings.Contains(lines, want) {
			t.Errorf("%s\nlacks %s", lines, want)
		}
		if r := g.api.stand.Judge([]assertions.Spec{}); r.Verdict != "inconclusive" || r.Assertions[0].ID != assertions.BarrierID {
			t.Errorf("%s: %+v", r.Verdict, r.Assertions)
		}
		var names []string
		for _, m := range g.file.Marks() {
			if m.Kind == journal.MarkBarrierRelease {
				name, of, _ := strings.Cut(m.Name, "~")
				names = append(names, fmt.Sprintf("%s %t %d", name, of != "", m.Value))
			}
		}
		if want := []string{"http_500 true 3", "http_500 false 2"}; !slices.Equal(names, want) {
			t.Errorf("in the run: %v, want %v (of a scope, and how many calls)", names, want)
		}
	})
}

// The barrier of an incident counts from its start, and is moved and stretched
// with its timeline.
func TestTheBarrierOfAnIncidentMovesWithIt(t *testing.T) {
	patience := 4 * time.Second
	b := faults.Barrier{Wait: 20, At: &faults.At{Offset: 10 * time.Second}, Patience: &patience}
	n := new(include).barrier(b, faults.At{Phase: "spike", Offset: time.Second}, 0.5)
	var got faults.Barrier
	d := newDecoder(newEnvironment(n, nil, false))
	d.value(n, reflect.ValueOf(&got).Elem(), "")
	rule := faults.Rule{Barrier: &got}
	if want := "{barrier: {wait: 20, at: spike + 6s, patience: 2s}}"; len(d.problems) > 0 || rule.String() != want {
		t.Errorf("%s, want %s; %v", rule, want, d.problems)
	}
}
