package assertions

import (
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

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
		{name: "a step that the cap cuts short", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(500).waits(100 * ms).calls(500).waits(200 * ms).calls(500).waits(260 * ms).calls(500).waits(260 * ms).calls(500).gets("error")
			})
		}},
		{name: "the same step more each time is no cap", spec: bare, want: Fail, reason: "the wait before retry 4 is 1.33", tell: func(t *tale) {
			t.users(60, "spike", func(u *user) {
				u.calls(500)
				for i := 1; i <= 5; i++ {
					u.waits(time.Duration(i) * 200 * ms).calls(500)
				}
				u.gets("error")
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
		{name: "after a hint that means nothing: not judged either", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(429)
				u.last().HintRaw = "soon"
				u.calls(200).gets("full")
			})
		}},
		{name: "a call that may double one still open is not judged", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(200).waits(-90 * ms).calls(500).waits(3 * ms).calls(200).gets("full")
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
		{name: "most of the spread is queueing", spec: bare, want: Inconclusive, reason: "most of the spread", tell: func(t *tale) {
			t.users(150, "spike", spread(500*ms, 24*ms))
			queues(t, 200*ms)
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
