package assertions

import (
	"strings"
	"testing"
)

// One table for all checks. A case tells a history in a line and a half; the
// twin beside a failing case differs in the one thing that the check is about.
func TestChecks(t *testing.T) {
	for _, family := range checkCases {
		for _, tt := range family(t) {
			t.Run(tt.spec.ID+"/"+tt.name, func(t *testing.T) {
				tale := newTale()
				tt.tell(tale)
				f := tale.judge(tt.spec)
				if f.Verdict != tt.want || !strings.Contains(f.Reason, tt.reason) {
					t.Fatalf("%s: %s\nwant %s: %s", f.Verdict, f.Reason, tt.want, tt.reason)
				}
				wellFormed(t, &f, tt.witness)
			})
		}
	}
}

// checkCases are the families of cases, one a check.
var checkCases = []func(*testing.T) []checkCase{
	attemptsCases, backoffCases, firstDelayCases, jitterCases, retryAfterCases, onlyRetryableCases, amplificationCases,
	latencyCases, tokensCases, costCases, orphanCases,
	availableCases, fallbackCases, disclosedCases, emptyCases, truncatedCases, leakCases,
	goodputCases, recoversCases,
}

// Every check can pass, fail, want more and find nothing; that an unfit harness
// is an error for all of them is in TestBrokenCountsAreErrors.
func TestEveryVerdictIsReachable(t *testing.T) {
	told := map[string]map[Verdict]bool{}
	for _, family := range checkCases {
		for _, c := range family(t) {
			if told[c.spec.ID] == nil {
				told[c.spec.ID] = map[Verdict]bool{}
			}
			told[c.spec.ID][c.want] = true
		}
	}
	for _, id := range IDs() {
		for _, v := range []Verdict{Pass, Fail, Inconclusive, Vacuous} {
			if !told[id][v] {
				t.Errorf("no case in which %s is %s", id, v)
			}
		}
	}
}

type checkCase struct {
	name    string
	spec    Spec
	tell    func(*tale)
	want    Verdict
	reason  string // part of it
	witness string // of a failure: the first request shown
}

// wellFormed is what holds for every verdict: it is said why, a failure shows
// somebody, and yellow says what to change.
func wellFormed(t *testing.T, f *Finding, witness string) {
	t.Helper()
	if f.Reason == "" || f.Claim == "" || f.Label == "" {
		t.Errorf("claim %q, label %q, reason %q", f.Claim, f.Label, f.Reason)
	}
	if f.Verdict == Fail && len(f.Witnesses) == 0 {
		t.Error("a failure without a witness")
	}
	if f.Verdict != Fail && len(f.Witnesses) > 0 {
		t.Errorf("%s with witnesses", f.Verdict)
	}
	if witness != "" && f.Witnesses[0].Request != witness {
		t.Errorf("witness %s, want %s", f.Witnesses[0].Request, witness)
	}
	if f.Verdict == Inconclusive && f.ToConclude == "" {
		t.Error("inconclusive, and nothing said that would conclude")
	}
	if f.Verdict == Pass && f.ToConclude != "" {
		t.Errorf("a pass that wants %q", f.ToConclude)
	}
	if f.Verdict == Vacuous && f.ToConclude == "" {
		t.Error("vacuous, and nothing said that would make it happen")
	}
	if q := f.Threshold; q == nil || q.Value == nil || q.Unit == "" || q.Op == "" || f.ThresholdSource == "" {
		t.Errorf("threshold %+v from %q", q, f.ThresholdSource)
	}
	if f.Verdict == Pass || f.Verdict == Fail {
		if q := f.Measured; q == nil || q.Value == nil || q.Unit != f.Threshold.Unit {
			t.Errorf("%s with measured %+v, threshold %+v", f.Verdict, q, f.Threshold)
		}
		if f.Verdict == Pass && f.Exposure == 0 {
			t.Error("a pass without exposure")
		}
	}
	if len(f.Witnesses) > WitnessesMax {
		t.Errorf("%d witnesses", len(f.Witnesses))
	}
	for _, w := range f.Witnesses {
		if len(w.Timeline) == 0 || w.What == "" {
			t.Errorf("witness %s: %q with %d lines", w.Request, w.What, len(w.Timeline))
		}
	}
	if f.Interval != nil && f.Measured != nil && f.Measured.Value != nil {
		if lo := f.Interval.Lo; lo != nil && *lo > *f.Measured.Value {
			t.Errorf("interval from %v above the measured %v", *lo, *f.Measured.Value)
		}
		if hi := f.Interval.Hi; hi != nil && *hi < *f.Measured.Value {
			t.Errorf("interval to %v below the measured %v", *hi, *f.Measured.Value)
		}
	}
}
