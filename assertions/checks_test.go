package assertions

import (
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
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

func attemptsCases(t *testing.T) []checkCase {
	bare := spec[RetryAttempts](t, "retries.attempts", nil)
	thrice := func(t *tale) {
		t.users(40, "spike", func(u *user) {
			u.calls(500).waits(200 * ms).calls(500).waits(400 * ms).calls(200).gets("full")
		})
	}
	return []checkCase{
		{name: "three tries are allowed", spec: bare, tell: thrice, want: Pass, reason: "more than 3 times"},
		{name: "one user tries four times", spec: bare, want: Fail, reason: "1 attempt beyond try 3", witness: "spike/40", tell: func(t *tale) {
			thrice(t)
			t.user("spike", 19e9, func(u *user) { u.calls(500, 500, 500, 200).gets("full") })
		}},
		{name: "a witness convicts however few there are", spec: bare, want: Fail, witness: "spike/0", tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) { u.calls(500, 500, 500, 500).gets("error") })
		}},
		{name: "two tries at another model are no retries", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(500, 500, 500).asks("mini").calls(500, 200).degraded("smaller_model") })
		}},
		{name: "a call repeated after a clean answer is a new call", spec: bare, want: Pass, tell: func(t *tale) {
			thrice(t)
			t.user("spike", 15e9, func(u *user) { u.calls(200, 200, 200, 200, 200).gets("full") })
		}},
		{name: "hedges are no retries", spec: bare, want: Pass, tell: func(t *tale) {
			thrice(t)
			t.user("spike", 15e9, func(u *user) {
				u.calls(200)
				for range 4 { // each starts while the first is still open
					u.waits(-95 * ms).calls(200)
				}
				u.gets("full")
			})
		}},
		{name: "nothing failed", spec: bare, tell: func(*tale) {}, want: Vacuous, reason: "no calls whose first try failed"},
		{name: "twelve failures are too few", spec: bare, want: Inconclusive, reason: "12 calls whose first try failed; at least 30", tell: func(t *tale) {
			t.users(12, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "one in ten not joined", spec: bare, want: Inconclusive, reason: "could be told to belong", tell: func(t *tale) {
			thrice(t)
			t.users(40, "spike", func(u *user) { u.anon = true; u.calls(200).gets("full") })
		}},
		{name: "a late mock can be the reason for retries", spec: bare, want: Error, reason: "mock model was late: p99 150 ms, allowed 100 ms", tell: func(t *tale) {
			thrice(t)
			t.j.Marks = append(t.j.Marks, journal.Mark{TNs: 46e9, Kind: journal.MarkRunEnd, Attrs: map[string]string{"late_p99_ns": "150000000"}})
		}},
		{name: "who left before the call failed shows nothing", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(200)
				u.gets("timeout")
				u.hungUp(u.r.EndNs)
			})
		}},
		{name: "a first try that a hedge made needless did not fail", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(200)
				u.hungUp(u.last().ArrivedNs + int64(200*ms))
				u.now = u.attempts[0].ArrivedNs + int64(50*ms)
				u.calls(200).gets("full")
			})
		}},
		{name: "a retry after the target gave up is a retry", spec: spec(t, "retries.attempts", func(c *RetryAttempts) { c.Max = 1 }), want: Fail, tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) {
				u.calls(200)
				a := u.last()
				a.Status, a.HeaderNs, a.End, a.PeerClosedNs = 0, -1, journal.AttemptStall, a.EndNs
				u.calls(200).gets("full")
			})
		}},
	}
}

// backsOff is a user whose service waits base, then grow times as long before
// each further try; wobble spreads the waits.
func backsOff(base time.Duration, grow float64, tries int) func(*user) {
	return func(u *user) {
		wait := float64(base) * (1 + 0.02*float64(u.r.Key.Index%11))
		u.calls(500)
		for i := 2; i <= tries; i++ {
			u.waits(time.Duration(wait)).calls(500)
			wait *= grow
		}
		u.gets("error")
	}
}

func backoffCases(t *testing.T) []checkCase {
	bare := spec[RetryBackoff](t, "retries.backoff", nil)
	return []checkCase{
		{name: "doubling", spec: bare, want: Pass, reason: "the wait before retry 2 is 2.", tell: func(t *tale) { t.users(60, "spike", backsOff(250*ms, 2, 3)) }},
		{name: "always the same wait", spec: bare, want: Fail, reason: "at most", tell: func(t *tale) { t.users(60, "spike", backsOff(250*ms, 1, 3)) }},
		{name: "tenfold is too steep", spec: bare, want: Fail, reason: "at least", tell: func(t *tale) { t.users(60, "spike", backsOff(100*ms, 10, 3)) }},
		{name: "at once, every time", spec: bare, want: Fail, reason: "retries do not back off", tell: func(t *tale) { t.users(60, "spike", backsOff(3*ms, 1, 3)) }},
		{name: "a cap after growth is no fault", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(500).waits(100 * ms).calls(500).waits(200 * ms).calls(500).waits(200 * ms).calls(500).gets("error")
			})
		}},
		{name: "a cap that the plan gives", spec: spec(t, "retries.backoff", func(c *RetryBackoff) { d := 200 * ms; c.Cap = &d }), want: Pass, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(500).waits(100 * ms).calls(500).waits(200 * ms).calls(500).waits(200 * ms).calls(500).gets("error")
			})
		}},
		{name: "waits that a hint asked for are not the policy's", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(429).hinted(time.Second).waits(time.Second).calls(429).hinted(time.Second).waits(time.Second).calls(200).gets("full")
			})
		}},
		{name: "at once, to the nanosecond", spec: bare, want: Fail, reason: "at most 0 ms", tell: func(t *tale) { t.users(60, "spike", backsOff(0, 1, 3)) }},
		{name: "short waits that double are backoff", spec: bare, want: Pass, tell: func(t *tale) { t.users(60, "spike", backsOff(8*ms, 2, 3)) }},
		{name: "waits that fall have not reached a cap", spec: bare, want: Fail, reason: "the wait before retry 3 is 0.29", tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(500).waits(100 * ms).calls(500).waits(200 * ms).calls(500).waits(60 * ms).calls(500).gets("error")
			})
		}},
		{name: "a cap from the first wait on leaves nothing to see", spec: spec(t, "retries.backoff", func(c *RetryBackoff) { d := 100 * ms; c.Cap = &d }), want: Inconclusive, reason: "reached the cap", tell: func(t *tale) {
			t.users(60, "spike", backsOff(100*ms, 1, 3))
		}},
		{name: "a first wait that a hint asked for is no wait to compare with", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(429).hinted(50 * ms).waits(50 * ms).calls(500).waits(200 * ms).calls(200).gets("full")
			})
		}},
		{name: "equal waits prove nothing where queueing was not measured", spec: bare, want: Inconclusive, reason: "was not measured", tell: func(t *tale) {
			t.unmeasured()
			t.users(20, "warm", backsOff(250*ms, 1, 3))
			t.users(20, "spike", backsOff(250*ms, 1, 3))
		}},
		{name: "ten second retries are too few", spec: bare, want: Inconclusive, reason: "10 second retries", tell: func(t *tale) { t.users(10, "spike", backsOff(250*ms, 2, 3)) }},
		{name: "queueing hides whether it grows", spec: bare, want: Inconclusive, reason: "queueing", tell: func(t *tale) {
			t.users(60, "spike", backsOff(250*ms, 2, 3))
			queues(t, 300*ms)
		}},
	}
}

// queues makes the healthy users of spike wait inside the service.
func queues(t *tale, longest time.Duration) {
	t.users(100, "spike", func(u *user) {
		u.waits(longest * time.Duration(u.r.Key.Index%10) / 9).calls(200).gets("full")
	})
}

func firstDelayCases(t *testing.T) []checkCase {
	bare := spec[RetryFirstDelay](t, "retries.first_delay", nil)
	retriesAfter := func(d time.Duration) func(*user) {
		return func(u *user) { u.calls(500).waits(d).calls(200).gets("full") }
	}
	return []checkCase{
		{name: "all wait 120 ms", spec: bare, want: Pass, reason: "all 40 first retries waited at least 100 ms", tell: func(t *tale) { t.users(40, "spike", retriesAfter(120*ms)) }},
		{name: "one waits 3 ms", spec: bare, want: Fail, reason: "1 of 41 first retries", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", retriesAfter(120*ms))
			t.user("spike", 15e9, retriesAfter(3*ms))
		}},
		{name: "91 ms is within the tolerance of a tenth", spec: bare, want: Pass, tell: func(t *tale) { t.users(40, "spike", retriesAfter(91*ms)) }},
		{name: "120 ms proves nothing where 60 ms may be queueing", spec: bare, want: Inconclusive, reason: "only if the target did not queue", tell: func(t *tale) {
			t.users(40, "spike", retriesAfter(120*ms))
			queues(t, 60*ms)
		}},
		{name: "200 ms does", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", retriesAfter(200*ms))
			queues(t, 60*ms)
		}},
		{name: "in an outage those who failed tell of the queue", spec: bare, want: Inconclusive, reason: "p99 80 ms in spike", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.waits(79 * ms).calls(500).waits(120 * ms).calls(500).gets("error") })
		}},
		{name: "few requests of a phase that queue are not ignored", spec: bare, want: Inconclusive, reason: "p99 80 ms in spike", tell: func(t *tale) {
			t.users(20, "spike", func(u *user) {
				u.waits(79 * ms).calls(500).waits(120 * ms).calls(200)
				u.step = 8
				u.calls(500).waits(120 * ms).calls(200).gets("full")
			})
		}},
		{name: "a wait that reaches into a phase that queues", spec: bare, want: Inconclusive, reason: "p99 150 ms in recovery", tell: func(t *tale) {
			for i := range 40 {
				t.user("spike", 19.95e9+int64(i)*1e6, retriesAfter(200*ms))
			}
			t.users(100, "recovery", func(u *user) { u.waits(149 * ms).calls(200).gets("full") })
		}},
		{name: "nobody knows how much the target queues", spec: bare, want: Inconclusive, reason: "was not measured", tell: func(t *tale) {
			t.unmeasured()
			t.users(20, "warm", retriesAfter(120*ms))
			t.users(20, "spike", retriesAfter(120*ms))
		}},
		{name: "the trial knows it", spec: bare, want: Pass, tell: func(t *tale) {
			t.unmeasured()
			t.trial(10)
			t.users(20, "warm", retriesAfter(120*ms))
			t.users(20, "spike", retriesAfter(120*ms))
		}},
		{name: "an early retry is early however much the target queues", spec: bare, want: Fail, tell: func(t *tale) {
			t.users(40, "spike", retriesAfter(50*ms))
			queues(t, 60*ms)
		}},
		{name: "after a hint, after 400, after a broken connection: not judged", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(429).hinted(ms).calls(200).gets("full") })
			t.users(40, "spike", func(u *user) { u.calls(400).calls(200).gets("full") })
			t.users(40, "spike", func(u *user) {
				u.calls(500)
				u.last().Status, u.last().HeaderNs, u.last().End = 0, -1, journal.AttemptReset
				u.calls(200).gets("full")
			})
		}},
		{name: "a retry at another key is not judged", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(500)
				u.last().QuotaKey = "key-1"
				u.calls(200)
				u.last().QuotaKey = "key-2"
				u.gets("full")
			})
		}},
		{name: "cut: a witness still convicts", spec: bare, want: Fail, tell: func(t *tale) {
			t.j.Cut = true
			t.user("spike", 15e9, retriesAfter(3*ms))
		}},
		{name: "cut: nothing else is concluded", spec: bare, want: Inconclusive, reason: "run cut at 45 s", tell: func(t *tale) {
			t.j.Cut = true
			t.users(40, "spike", retriesAfter(120*ms))
		}},
	}
}

func jitterCases(t *testing.T) []checkCase {
	bare := spec[RetryJitter](t, "retries.jitter", nil)
	spread := func(base, step time.Duration) func(*user) {
		return func(u *user) {
			u.calls(500).waits(base + step*time.Duration(u.r.Key.Index%11)).calls(200).gets("full")
		}
	}
	return []checkCase{
		{name: "a quarter up and down", spec: bare, want: Pass, reason: "differ by", tell: func(t *tale) { t.users(150, "spike", spread(375*ms, 25*ms)) }},
		{name: "to the millisecond", spec: bare, want: Fail, reason: "differ by", tell: func(t *tale) { t.users(150, "spike", spread(500*ms, 100*time.Microsecond)) }},
		{name: "at once", spec: bare, want: Fail, reason: "nothing spreads the retries", tell: func(t *tale) { t.users(150, "spike", spread(2*ms, ms)) }},
		{name: "at once, to the nanosecond", spec: bare, want: Fail, reason: "half of them come back within 0 ms", tell: func(t *tale) { t.users(150, "spike", spread(0, 0)) }},
		{name: "nobody knows how much the target queues", spec: bare, want: Inconclusive, reason: "was not measured", tell: func(t *tale) {
			t.unmeasured()
			five := func(u *user) {
				for i := range 5 {
					u.step = uint64(i)
					u.calls(500).waits(375*ms + 25*ms*time.Duration(u.r.Key.Index%11)).calls(200)
				}
				u.gets("full")
			}
			t.users(20, "warm", five)
			t.users(20, "spike", five)
		}},
		{name: "three per cent is neither", spec: bare, want: Inconclusive, reason: "more than none", tell: func(t *tale) { t.users(150, "spike", spread(500*ms, 5*ms)) }},
		{name: "the spread may be queueing", spec: bare, want: Inconclusive, reason: "may be queueing", tell: func(t *tale) {
			t.users(150, "spike", spread(500*ms, 10*ms))
			queues(t, 150*ms)
		}},
		{name: "two tries with waits of their own are not one spread", spec: bare, want: Fail, tell: func(t *tale) {
			t.users(150, "spike", func(u *user) { u.calls(500).waits(250 * ms).calls(500).waits(500 * ms).calls(200).gets("full") })
		}},
		{name: "forty are too few", spec: bare, want: Inconclusive, reason: "at least 100", tell: func(t *tale) { t.users(40, "spike", spread(375*ms, 25*ms)) }},
		{name: "none", spec: bare, want: Vacuous, tell: func(*tale) {}},
	}
}

func retryAfterCases(t *testing.T) []checkCase {
	bare := spec[RetryAfter](t, "retries.retry_after", nil)
	waits := func(d time.Duration) func(*user) {
		return func(u *user) { u.calls(429).hinted(2 * time.Second).waits(d).calls(200).gets("full") }
	}
	return []checkCase{
		{name: "all wait", spec: bare, want: Pass, reason: "40 retries followed and none came early", tell: func(t *tale) { t.users(40, "spike", waits(2100*ms)) }},
		{name: "one does not", spec: bare, want: Fail, reason: "1 of 41 retries came early", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", waits(2100*ms))
			t.user("spike", 15e9, waits(3*ms))
		}},
		{name: "not trying again honours a hint", spec: bare, want: Pass, reason: "0 retries followed", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(429).hinted(30 * time.Second).gets("rejected") })
		}},
		{name: "another model is another quota", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(429).hinted(2 * time.Second).asks("mini").calls(200).degraded("smaller_model")
			})
		}},
		{name: "another model of the same quota is not", spec: bare, want: Fail, tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) {
				u.calls(429).hinted(2 * time.Second)
				u.last().QuotaKey = "team"
				u.asks("mini").calls(200)
				u.last().QuotaKey = "team"
				u.degraded("smaller_model")
			})
		}},
		{name: "a hedge is no retry", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", waits(2100*ms))
			t.user("spike", 15e9, func(u *user) {
				u.calls(200).waits(-50 * ms).calls(429).hinted(2 * time.Second)
				u.gets("full")
			})
		}},
		{name: "a date has whole seconds", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(429).hinted(2 * time.Second)
				u.last().HintRaw = "Wed, 01 Jul 2026 12:00:17 GMT"
				u.waits(1200 * ms).calls(200).gets("full")
			})
		}},
		{name: "queueing could hide an early retry", spec: bare, want: Inconclusive, reason: "only if the target did not queue", tell: func(t *tale) {
			t.users(40, "spike", waits(2010*ms))
			queues(t, 100*ms)
		}},
		{name: "a quota that only the second answer names", spec: bare, want: Fail, reason: "1 of 1", tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) {
				u.calls(429).hinted(2 * time.Second).waits(3 * ms).calls(200)
				u.last().QuotaKey = "gpt"
				u.gets("full")
			})
		}},
		{name: "who might still have come back early shows nothing", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(429).hinted(30 * time.Second)
				u.r.EndNs, u.r.EndBy = u.now, journal.EndRunEnd
			})
		}},
		{name: "no hint was given", spec: bare, want: Vacuous, reason: "no answers with a Retry-After", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "nine are too few", spec: bare, want: Inconclusive, reason: "9 answers with a Retry-After; at least 30", tell: func(t *tale) { t.users(9, "spike", waits(2100*ms)) }},
	}
}

func onlyRetryableCases(t *testing.T) []checkCase {
	bare := spec[OnlyRetryable](t, "retries.only_retryable", nil)
	gives := func(status int) func(*user) { return func(u *user) { u.calls(status).gets("error") } }
	return []checkCase{
		{name: "400 is final", spec: bare, want: Pass, reason: "none of 40 refusals", tell: func(t *tale) { t.users(40, "spike", gives(400)) }},
		{name: "one user tries again", spec: bare, want: Fail, reason: "1 retry", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", gives(400))
			t.user("spike", 15e9, func(u *user) { u.calls(400, 400).gets("error") })
		}},
		{name: "429 for want of quota", spec: bare, want: Fail, tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) {
				u.calls(429)
				u.last().Code = "insufficient_quota"
				u.calls(200).gets("full")
			})
		}},
		{name: "another key after 401 is a rotation", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(401)
				u.last().QuotaKey = "key-1"
				u.calls(200)
				u.last().QuotaKey = "key-2"
				u.gets("full")
			})
		}},
		{name: "x-should-retry: true is permission", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(400)
				u.last().ShouldRetry = "true"
				u.calls(200).gets("full")
			})
		}},
		{name: "who might still have tried again shows nothing", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(400)
				u.r.EndNs, u.r.EndBy = u.now, journal.EndRunEnd
			})
		}},
		{name: "500 and 429 may be tried again", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(500, 429, 200).gets("full") })
		}},
		{name: "a smaller model may be asked", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(404).asks("mini").calls(200).degraded("smaller_model") })
		}},
		{name: "five are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(5, "spike", gives(400)) }},
	}
}

func amplificationCases(t *testing.T) []checkCase {
	bare := spec[Amplification](t, "retries.amplification", nil)
	some := func(retried int64) func(*user) {
		return func(u *user) {
			if u.r.Key.Index%100 < retried {
				u.calls(500).waits(200 * ms)
			}
			u.calls(200).gets("full")
		}
	}
	return []checkCase{
		{name: "15 retries for 100 calls", spec: bare, want: Pass, reason: "1.15 each", tell: func(t *tale) { t.users(200, "spike", some(15)) }},
		{name: "30 for 100", spec: bare, want: Fail, reason: "1.30 each", tell: func(t *tale) { t.users(200, "spike", some(30)) }},
		{name: "quiet phases and healthy models do not dilute it", spec: bare, want: Fail, reason: "1.30 each", tell: func(t *tale) {
			t.users(200, "spike", func(u *user) {
				u.kind, u.model = "embed", "embedder"
				u.calls(200)
				u.kind, u.model, u.step = "chat", "gpt", 8
				some(30)(u)
			})
		}},
		{name: "many calls of one kind do not dilute another", spec: bare, want: Fail, reason: "of chat gpt that faults could hit: 1.32 each", tell: func(t *tale) {
			t.users(200, "spike", func(u *user) {
				u.kind, u.model = "embed", "embedder"
				for i := range 5 {
					u.step = uint64(10 + i)
					if i == 0 && u.r.Key.Index == 0 {
						u.calls(500)
					}
					u.calls(200)
				}
				u.kind, u.model, u.step = "chat", "gpt", 8
				some(30)(u)
			})
		}},
		{name: "calls before the fault was on do not dilute it", spec: bare, want: Fail, reason: "1.30 each", tell: func(t *tale) {
			t.setup.Rules[0].FromNs = 15e9
			t.users(400, "spike", func(u *user) {
				if u.r.DueNs < 15e9 {
					u.calls(200).gets("full")
				} else {
					some(30)(u)
				}
			})
		}},
		{name: "fallbacks are beside it", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(200, "spike", func(u *user) { u.calls(500).asks("mini").calls(200).degraded("smaller_model") })
		}},
		{name: "no fault hit", spec: bare, want: Vacuous, tell: func(*tale) {}},
		{name: "fifty calls are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(50, "spike", some(15)) }},
		{name: "the generator lagged", spec: bare, want: Error, reason: "the generator lagged: p99 600 ms", tell: func(t *tale) {
			t.users(200, "spike", func(u *user) { some(15)(u); u.r.DispatchNs += int64(600 * ms) })
		}},
	}
}
