package assertions

import (
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// hit is a healthy answer while the storm merely slows: it exposes the spike to
// a fault without changing what the user gets.
func hit(u *user) {
	u.calls(200)
	u.last().Rules = []journal.RuleHit{{Name: "storm", State: journal.RuleInjected, Slot: "delay+pace", At: -1}}
}

func latencyCases(t *testing.T) []checkCase {
	within := func(d time.Duration) Spec {
		return during(spec(t, "budgets.latency", func(c *Latency) { c.Within = &d }), "spike")
	}
	took := func(d time.Duration) func(*user) {
		return func(u *user) { hit(u); u.waits(d).gets("full") }
	}
	return []checkCase{
		{name: "all in time", spec: within(2 * time.Second), want: Pass, reason: "400 of 400 requests were in time", tell: func(t *tale) { t.users(400, "spike", took(time.Second)) }},
		{name: "one in ten late", spec: within(2 * time.Second), want: Fail, reason: "360 of 400", tell: func(t *tale) {
			t.users(360, "spike", took(time.Second))
			t.users(40, "spike", took(3*time.Second))
		}},
		{name: "time counts from due, not from sent", spec: within(2 * time.Second), want: Fail, tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.r.SentNs += 1500e6; u.waits(1500 * ms); took(time.Second)(u) })
		}},
		{name: "a request that timed out is late whatever the budget", spec: within(time.Minute), want: Fail, tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { hit(u); u.gets("timeout") })
		}},
		{name: "a hundred in time are too few for 99 %", spec: within(2 * time.Second), want: Inconclusive, reason: "about 299 would tell", tell: func(t *tale) { t.users(100, "spike", took(time.Second)) }},
		{name: "the quiet phase is late too", spec: within(50 * ms), want: Inconclusive, reason: "the quiet phase warm fails by itself", tell: func(t *tale) { t.users(400, "spike", took(time.Second)) }},
		{name: "the fault hit nothing", spec: within(2 * time.Second), want: Vacuous, reason: "no call matched fault storm", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "lag above 5 % of the budget", spec: within(2 * time.Second), want: Error, reason: "allowed 100 ms (5 % of 2,000 ms)", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { took(time.Second)(u); u.r.DispatchNs += 120e6 })
		}},
		{name: "the harness dropped one in a hundred", spec: within(2 * time.Second), want: Error, reason: "raise load.max_in_flight", tell: func(t *tale) {
			t.users(400, "spike", took(time.Second))
			t.users(4, "spike", func(u *user) { u.r.Dropped = "max_in_flight" })
		}},
	}
}

func tokensCases(t *testing.T) []checkCase {
	most := func(n int64) Spec { return spec(t, "budgets.tokens", func(c *Tokens) { c.Max = n }) }
	plain := func(u *user) { u.calls(200).gets("full") } // 100 in, 50 out
	return []checkCase{
		{name: "within the budget", spec: most(150), want: Pass, reason: "none of 200 requests", tell: func(*tale) {}},
		{name: "one request asks twice", spec: most(200), want: Fail, reason: "1 of 201 requests", witness: "spike/0", tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) { u.calls(200, 200).gets("full") })
		}},
		{name: "nobody called", spec: during(most(150), "recovery"), want: Vacuous, tell: func(*tale) {}},
		{name: "twenty are too few", spec: during(most(150), "spike"), want: Inconclusive, tell: func(t *tale) { t.users(20, "spike", plain) }},
		{name: "calls that nobody claims may be theirs", spec: during(most(150), "spike"), want: Inconclusive, reason: "could be told to belong", tell: func(t *tale) {
			t.users(40, "spike", plain)
			t.users(10, "spike", func(u *user) { u.anon = true; plain(u) })
		}},
	}
}

func costCases(t *testing.T) []checkCase {
	most := func(usd float64, per string) Spec {
		return during(spec(t, "budgets.cost", func(c *Cost) { c.Max, c.Per = usd, per }), "spike")
	}
	plain := func(u *user) { u.calls(200).gets("full") } // $0.001
	return []checkCase{
		{name: "a request", spec: most(0.001, PerRequest), want: Pass, reason: "$0.001", tell: func(t *tale) { t.users(40, "spike", plain) }},
		{name: "one request pays twice", spec: most(0.001, PerRequest), want: Fail, witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", plain)
			t.user("spike", 15e9, func(u *user) { u.calls(200, 200).gets("full") })
		}},
		{name: "a good answer", spec: most(0.0015, PerGoodAnswer), want: Pass, reason: "$0.04 for 40 good answers", tell: func(t *tale) { t.users(40, "spike", plain) }},
		{name: "answers that failed are paid for too", spec: most(0.0015, PerGoodAnswer), want: Fail, reason: "$0.08 for 40 good answers", tell: func(t *tale) {
			t.users(40, "spike", plain)
			t.users(40, "spike", func(u *user) { u.calls(200).gets("error") })
		}},
		{name: "no good answer at all", spec: most(0.0015, PerGoodAnswer), want: Fail, reason: "no good answer at all", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).gets("error") })
		}},
		{name: "an answer that the run cut short is not paid for in vain", spec: most(0.0015, PerGoodAnswer), want: Pass, reason: "$0.04 for 40 good answers", tell: func(t *tale) {
			t.users(40, "spike", plain)
			t.users(40, "spike", func(u *user) { u.calls(200); u.r.EndNs, u.r.EndBy = u.now, journal.EndRunEnd })
		}},
		{name: "twenty are too few", spec: most(0.001, PerRequest), want: Inconclusive, reason: "at least 30", tell: func(t *tale) { t.users(20, "spike", plain) }},
		{name: "no calls", spec: most(0.0015, PerGoodAnswer), want: Vacuous, tell: func(*tale) {}},
	}
}

func orphanCases(t *testing.T) []checkCase {
	bare := spec[NoOrphanAttempts](t, "budgets.no_orphan_attempts", nil)
	ended := spec(t, "budgets.no_orphan_attempts", func(c *NoOrphanAttempts) { c.After = AfterEnded })
	// gaveUp is a user who left after 10 s; the service called again so long after.
	gaveUp := func(again time.Duration) func(*user) {
		return func(u *user) {
			u.calls(500).gets("timeout")
			u.now = u.r.EndNs
			u.waits(again).calls(200)
		}
	}
	return []checkCase{
		{name: "calls within the grace", spec: bare, want: Pass, reason: "after 40 requests had been given up", tell: func(t *tale) { t.users(40, "spike", gaveUp(900*ms)) }},
		{name: "one call too late", spec: bare, want: Fail, reason: "1 attempt arrived more than 1,000 ms after", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", gaveUp(900*ms))
			t.user("spike", 15e9, gaveUp(1100*ms))
		}},
		{name: "background work after an answer is not judged", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).gets("full").waits(3 * time.Second).calls(200) })
		}},
		{name: "unless the plan asks for it", spec: ended, want: Fail, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).gets("full").waits(3 * time.Second).calls(200) })
		}},
		{name: "what the harness ended is never judged", spec: ended, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(200)
				u.r.EndNs, u.r.EndBy = u.now, journal.EndRunEnd
				u.waits(3 * time.Second).calls(200)
			})
		}},
		{name: "a request without a record is never judged", spec: bare, want: Inconclusive, reason: "run cut", tell: func(t *tale) {
			t.j.Cut = true
			t.user("spike", 15e9, gaveUp(3*time.Second))
			t.j.Requests = t.j.Requests[:len(t.j.Requests)-1]
			t.j.CensoredRequests = map[journal.Key]bool{{Phase: "spike", Index: 0}: true}
		}},
		{name: "three are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(3, "spike", gaveUp(0)) }},
		{name: "nobody watched for long enough after they left", spec: bare, want: Vacuous, tell: func(t *tale) {
			for i := range 40 {
				t.user("recovery", 33.2e9+int64(i)*1e6, func(u *user) { u.calls(500).gets("timeout") })
			}
		}},
		{name: "late calls that nobody claims may be theirs", spec: bare, want: Inconclusive, reason: "could be told to belong", tell: func(t *tale) {
			t.users(40, "spike", gaveUp(0))
			t.users(40, "recovery", func(u *user) { u.anon = true; u.waits(10 * time.Second).calls(200); u.now = u.r.DueNs; u.gets("full") })
		}},
	}
}
