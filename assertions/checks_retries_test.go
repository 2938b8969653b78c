package assertions

import (
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

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
		{name: "a model that races another may fail", spec: bare, want: Pass, reason: "no call was tried more than 2 times, of 40 whose first try failed", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).waits(-98*ms).asks("mini").calls(500, 200).gets("full") })
		}},
		{name: "nothing failed", spec: bare, tell: func(*tale) {}, want: Vacuous, reason: "no calls whose first try failed"},
		{name: "twelve failures are too few", spec: bare, want: Inconclusive, reason: "12 calls whose first try failed; at least 30", tell: func(t *tale) {
			t.users(12, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "one in ten not joined", spec: bare, want: Inconclusive, reason: "could be told to belong", tell: func(t *tale) {
			thrice(t)
			t.users(40, "spike", func(u *user) { u.anon = true; u.calls(200).gets("full") })
		}},
		{name: "none joined: nothing to see is not nothing there", spec: bare, want: Vacuous, reason: "none was seen, but only 0 of 240 attempts", tell: func(t *tale) {
			t.unmeasured()
			t.users(120, "spike", func(u *user) { u.anon = true; u.calls(500, 200).gets("full") })
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
		{name: "another key under the same quota is one too", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				u.calls(403)
				u.last().Principal = 1
				u.calls(200)
				u.last().Principal = 2
				u.gets("full")
			})
		}},
		{name: "the same key after 401 is none", spec: bare, want: Fail, tell: func(t *tale) {
			t.users(1, "spike", func(u *user) {
				u.calls(401)
				u.last().Principal = 1
				u.calls(401)
				u.last().Principal = 1
				u.gets("error")
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
		{name: "a model that races another is called once for each request", spec: bare, want: Pass, reason: "230 attempts for 200 calls of chat mini that faults could hit: 1.15 each", tell: func(t *tale) {
			t.users(200, "spike", func(u *user) { u.calls(200).waits(-98 * ms).asks("mini"); some(15)(u) })
		}},
		{name: "no fault hit", spec: bare, want: Vacuous, tell: func(*tale) {}},
		{name: "fifty calls are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(50, "spike", some(15)) }},
		{name: "the generator lagged", spec: bare, want: Error, reason: "the generator lagged: p99 600 ms", tell: func(t *tale) {
			t.users(200, "spike", func(u *user) { some(15)(u); u.r.DispatchNs += int64(600 * ms) })
		}},
	}
}
