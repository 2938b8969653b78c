package assertions

import (
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// answered adds n requests to spike of which bad end in an error.
func answered(n, bad int) func(*tale) {
	return func(t *tale) {
		t.users(n-bad, "spike", func(u *user) { hit(u); u.gets("full") })
		t.users(bad, "spike", func(u *user) { u.calls(500).gets("error") })
	}
}

// linked has a rule for connections hit one that lives from an instant to another.
func linked(t *tale, fromNs, toNs int64) {
	t.setup.Rules = append(t.setup.Rules, RuleInfo{Name: "lost", Fault: "tcp_reset", Probability: 1, FromNs: 0, ToNs: 30e9, Links: true})
	a := journal.NewAttempt()
	a.ID, a.Kind, a.ArrivedNs, a.EndNs = 1<<40, journal.KindTCP, fromNs, toNs
	a.Rules = []journal.RuleHit{{Name: "lost", State: journal.RuleInjected, Slot: "ending"}}
	t.j.Attempts = append(t.j.Attempts, a)
}

func availableCases(t *testing.T) []checkCase {
	bare := during(spec[Available](t, "degradation.available", nil), "spike")
	return []checkCase{
		{name: "299 of 299", spec: bare, want: Pass, reason: "at least 99.00 %", tell: answered(299, 0)},
		{name: "298 of 298 are one too few", spec: bare, want: Inconclusive, reason: "about 299 would tell", tell: answered(298, 0)},
		{name: "degraded answers are answers", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.calls(500).asks("mini").calls(200).degraded("smaller_model") })
		}},
		{name: "one in twenty failed", spec: bare, want: Fail, reason: "380 of 400 requests due were answered", tell: answered(400, 20)},
		{name: "one in a hundred failed: on the threshold", spec: bare, want: Inconclusive, reason: "too few to tell", tell: answered(400, 3)},
		{name: "the quiet phase fails too", spec: bare, want: Inconclusive, reason: "the quiet phase warm fails by itself", tell: func(t *tale) {
			answered(400, 20)(t)
			t.users(20, "warm", func(u *user) { u.calls(500).gets("error") })
		}},
		{name: "who was caught by the trouble does not speak against the quiet phase", spec: bare, want: Fail, reason: "380 of 400", tell: func(t *tale) {
			answered(400, 20)(t)
			for range 20 {
				t.user("warm", 9.95e9, func(u *user) { u.calls(200).calls(500).gets("error") })
			}
		}},
		{name: "the fault hit nothing", spec: bare, want: Vacuous, reason: "no requests due that a fault reached; no call matched fault storm", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a rule for connections met none", spec: bare, want: Vacuous, reason: "no connection matched fault lost", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
			t.setup.Rules = []RuleInfo{{Name: "lost", Fault: "tcp_reset", Probability: 1, FromNs: 10e9, ToNs: 30e9, Links: true}}
		}},
		{name: "nobody was served, for want of a service and not of a provider", spec: bare, want: Fail, reason: "0 of 400 requests due were answered", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.gets("error") })
		}},
		{name: "nobody was served, in the quiet phase neither", spec: bare, want: Inconclusive, reason: "the quiet phase warm fails by itself", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.gets("error") })
			t.users(20, "warm", func(u *user) { u.gets("error") })
		}},
		{name: "the load was stopped before the fault came", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.setup.Rules[0].FromNs, t.setup.Rules[0].ToNs = journal.Never, journal.Never
			t.j.Marks = append(t.j.Marks, journal.Mark{TNs: 41e9, Kind: journal.MarkLoadStop, Name: "interrupt"})
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a fault whose end was not written", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.setup.Rules[0].ToNs = journal.Never
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a phase without a fault needs none", spec: during(bare, "recovery"), want: Pass, tell: func(t *tale) {
			t.users(400, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "the generator lagged", spec: bare, want: Error, reason: "the generator lagged", tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { hit(u); u.gets("full"); u.r.DispatchNs += 600e6 })
		}},
		{name: "a natural 429 challenges too", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(400, "spike", func(u *user) {
				u.calls(429)
				u.last().Rules, u.last().Cause = nil, journal.CauseLimit
				u.calls(200).gets("full")
			})
		}},
		{name: "a fault hit connections of a proxy alone", spec: bare, want: Pass, reason: "400 of 400", tell: func(t *tale) {
			linked(t, 15e9, 16e9)
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "it hit connections in another phase", spec: bare, want: Vacuous, reason: "fault lost hit 1 of 1 connections", tell: func(t *tale) {
			linked(t, 1e9, 2e9)
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "what a stop of the run kept back has no outcome", spec: bare, want: Pass, reason: "400 of 400", tell: func(t *tale) {
			answered(400, 0)(t)
			t.users(50, "spike", func(u *user) { u.r.Dropped = string(journal.EndStopped) })
		}},
		{name: "open requests have no outcome", spec: bare, want: Pass, tell: func(t *tale) {
			answered(400, 0)(t)
			t.users(50, "spike", func(u *user) { hit(u); u.r.EndBy, u.r.EndNs = journal.EndStopped, u.now })
		}},
	}
}

func fallbackCases(t *testing.T) []checkCase {
	bare := spec[Fallback](t, "degradation.fallback", nil)
	falls := func(u *user) { u.calls(500, 500).asks("mini").calls(200).degraded("smaller_model") }
	return []checkCase{
		{name: "all fall back", spec: bare, want: Pass, reason: "60 of 60 requests with a failed step", tell: func(t *tale) { t.users(60, "spike", falls) }},
		{name: "half of them do not", spec: bare, want: Fail, reason: "30 of 60", tell: func(t *tale) {
			t.users(30, "spike", falls)
			t.users(30, "spike", func(u *user) { u.calls(500, 500).gets("error") })
		}},
		{name: "a kind that is not declared", spec: bare, want: Fail, reason: "not declared (declared: smaller_model)", witness: "spike/60", tell: func(t *tale) {
			t.users(60, "spike", falls)
			t.user("spike", 15e9, func(u *user) { u.calls(500).degraded("haiku") })
		}},
		{name: "words of the service's own, which are not declared", spec: bare, want: Fail, reason: "60 answers degraded in a way that is not declared", witness: "spike/100", tell: func(t *tale) {
			t.quietMarked()
			t.users(100, "spike", func(u *user) { u.calls(200).gets("full").marked(u.r.Key, u.r.Tenant, "gpt") })
			t.users(60, "spike", func(u *user) { u.calls(500, 500).gets("full") })
		}},
		{name: "answers without watermarks where no answer has one", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) { u.calls(500, 500).gets("full") })
		}},
		{name: "that the argument allows", spec: spec(t, "degradation.fallback", func(c *Fallback) { c.Kinds = []string{"haiku", "smaller_model"} }), want: Pass, tell: func(t *tale) {
			t.users(60, "spike", falls)
			t.user("spike", 15e9, func(u *user) { u.calls(500).degraded("haiku") })
		}},
		{name: "no kinds are declared", spec: bare, want: Inconclusive, reason: "declares no kinds", tell: func(t *tale) {
			t.setup.DegradedKinds = nil
			t.users(60, "spike", falls)
		}},
		{name: "no kinds are declared, and half of them get nothing", spec: bare, want: Fail, reason: "30 of 60", tell: func(t *tale) {
			t.setup.DegradedKinds = nil
			t.users(30, "spike", falls)
			t.users(30, "spike", func(u *user) { u.calls(500, 500).gets("error") })
		}},
		{name: "a retry that helped is no failed step", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(60, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "ten are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(10, "spike", falls) }},
		{name: "watermarks are off: in which ways is not known", spec: bare, want: Inconclusive, reason: "the plan switches watermarks off", tell: func(t *tale) {
			t.setup.Unmarked = true
			t.users(120, "spike", falls)
		}},
	}
}

func disclosedCases(t *testing.T) []checkCase {
	bare := spec[Disclosed](t, "degradation.disclosed", nil)
	says := func(u *user) { u.calls(500).asks("mini").calls(200).degraded("smaller_model") }
	hides := func(u *user) {
		says(u)
		u.r.Disclosed = false
		u.marked(u.r.Key, u.r.Tenant, "mini")
	}
	return []checkCase{
		{name: "all say so", spec: bare, want: Pass, reason: "all 40 degraded answers said so", tell: func(t *tale) { t.users(40, "spike", says) }},
		{name: "one does not", spec: bare, want: Fail, reason: "1 of 41", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", says)
			t.user("spike", 15e9, hides)
		}},
		{name: "naming the model is saying so", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { hides(u); u.r.ModelDeclared = "mini" })
		}},
		{name: "naming the model that was asked for is not", spec: bare, want: Fail, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { hides(u); u.r.ModelDeclared = "gpt" })
		}},
		{name: "words of the service's own may say so or not", spec: bare, want: Inconclusive, reason: "40 answers hold no words of a model", tell: func(t *tale) {
			t.quietMarked()
			t.users(40, "spike", func(u *user) { u.calls(500).gets("full") })
		}},
		{name: "words that a later try wrote", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.quietMarked()
			t.users(40, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "watermarks are off: what hides it is not seen", spec: bare, want: Vacuous, reason: "the plan switches watermarks off", tell: func(t *tale) {
			t.setup.Unmarked = true
			t.users(40, "spike", says)
		}},
		{name: "nothing degraded", spec: bare, want: Vacuous, tell: func(*tale) {}},
		{name: "seven are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(7, "spike", says) }},
	}
}

func emptyCases(t *testing.T) []checkCase {
	bare := spec[NoEmpty](t, "degradation.no_empty", nil)
	mended := func(u *user) { u.calls(500, 200).gets("full") }
	return []checkCase{
		{name: "every failure was mended", spec: bare, want: Pass, reason: "40 of them although", tell: func(t *tale) { t.users(40, "spike", mended) }},
		{name: "one answer is empty", spec: bare, want: Fail, reason: "1 of 241 answers", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", mended)
			t.user("spike", 15e9, func(u *user) { u.calls(500).gets("empty") })
		}},
		{name: "a model that thought too long says so", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(500, 200).gets("empty"); u.r.Finish = "length" })
		}},
		{name: "nothing went wrong", spec: bare, want: Vacuous, tell: func(*tale) {}},
		{name: "seven are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(7, "spike", mended) }},
	}
}

func truncatedCases(t *testing.T) []checkCase {
	bare := spec[NoTruncated](t, "degradation.no_truncated", nil)
	mended := func(u *user) { u.calls(200).cut().calls(200).gets("full") }
	return []checkCase{
		{name: "every cut was mended", spec: bare, want: Pass, reason: "of 40 requests", tell: func(t *tale) { t.users(40, "spike", mended) }},
		{name: "one looks whole", spec: bare, want: Fail, reason: "1 of 241", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", mended)
			t.user("spike", 15e9, func(u *user) { u.calls(200).cut().gets("truncated") })
		}},
		{name: "an answer that just stops looks whole too", spec: bare, want: Fail, tell: func(t *tale) {
			t.user("spike", 15e9, func(u *user) { u.calls(200).cut().gets("truncated"); u.r.TerminalNs = -1 })
		}},
		{name: "an answer cut for its length says so", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", mended)
			t.user("spike", 15e9, func(u *user) { u.calls(200).cut().gets("truncated"); u.r.Finish = "length" })
		}},
		{name: "a broken connection tells the user", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).cut().gets("truncated"); u.r.EndBy = journal.EndEOF })
		}},
		{name: "watermarks are off: a cut that looks whole would not show", spec: bare, want: Vacuous, reason: "the plan switches watermarks off", tell: func(t *tale) {
			t.setup.Unmarked = true
			t.users(40, "spike", mended)
		}},
		{name: "watermarks are off, and one just stops: that shows all the same", spec: bare, want: Fail, tell: func(t *tale) {
			t.setup.Unmarked = true
			t.user("spike", 15e9, func(u *user) { u.calls(200).cut().gets("truncated"); u.r.TerminalNs = -1 })
		}},
		{name: "nothing was cut", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(500, 200).gets("full") })
		}},
		{name: "all was said, and only what follows it was missing", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.calls(200).cut().last().Rules[0].At = -1; u.gets("full") })
		}},
		{name: "seven are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(7, "spike", mended) }},
	}
}

func leakCases(t *testing.T) []checkCase {
	bare := during(spec[NoLeak](t, "cache.no_leak", nil), "spike")
	same := func(u *user) { u.r.PromptHash = 1 } // everybody asks the same
	own := func(u *user) { same(u); u.calls(200).gets("full").marked(u.r.Key, u.r.Tenant, "gpt") }
	return []checkCase{
		{name: "everybody gets their own", spec: bare, want: Pass, reason: "all 40 answers were made for the tenant that got them, 39 of them to what another", tell: func(t *tale) { t.users(40, "spike", own) }},
		{name: "one gets another's", spec: bare, want: Fail, reason: "1 of 41", witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", own)
			t.user("spike", 15e9, func(u *user) { u.gets("full").marked(journal.Key{Phase: "spike", Index: 1}, "t1", "gpt") })
		}},
		{name: "the own answer of an earlier request is no leak", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { same(u); u.gets("full").marked(journal.Key{Phase: "warm", Index: 0}, u.r.Tenant, "gpt") })
		}},
		{name: "words of another run name nobody", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { same(u); u.gets("full").marked(journal.Key{}, "t9", "gpt") })
		}},
		{name: "a call without an id was made for nobody known", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) {
				same(u)
				u.gets("full").marked(journal.Key{Phase: journal.PhaseAnon, Index: 3}, "t9", "gpt")
			})
		}},
		{name: "a tool call that was made for another tenant", spec: bare, want: Fail, witness: "spike/40", tell: func(t *tale) {
			t.users(40, "spike", own)
			t.user("spike", 15e9, func(u *user) { u.calls(200).gets("full").named(u.t.lastID-1, wire.FoundShort) })
		}},
		{name: "the own tool call", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { own(u); u.named(u.last().ID, wire.FoundShort) })
		}},
		{name: "an embedding that tenants share", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { own(u); u.named(max(1, u.t.lastID-1), wire.FoundShort|wire.FoundNumbers) })
		}},
		{name: "a tool call of another run", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { own(u); u.named(max(1, u.t.lastID-1), wire.FoundShort|wire.FoundOtherRun) })
		}},
		{name: "watermarks are off: nothing was seen", spec: bare, want: Vacuous, reason: "the plan switches watermarks off", tell: func(t *tale) {
			t.setup.Unmarked = true
			t.users(40, "spike", func(u *user) { same(u); u.calls(200).gets("full") })
		}},
		{name: "the provider gave other tenants' words, and the service did not pass them on", spec: bare, want: Pass, tell: func(t *tale) {
			t.users(80, "spike", func(u *user) {
				own(u)
				u.r.PromptHash = uint64(u.r.Key.Index + 1)
				u.last().MarkID = max(1, u.last().ID-1)
			})
		}},
		{name: "one tenant cannot leak", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { u.r.Tenant = "t0"; own(u) })
		}},
		{name: "nobody asks what another asked: no cache could mix them up", spec: bare, want: Vacuous, reason: "there were no answers to what another tenant had been answered before", tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { own(u); u.r.PromptHash = uint64(u.r.Key.Index + 1) })
		}},
		{name: "all ask the same at once: it is in no cache yet", spec: bare, want: Vacuous, tell: func(t *tale) {
			for range 40 {
				t.user("spike", 15e9, own)
			}
		}},
		{name: "a marker makes every prompt another", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(40, "spike", func(u *user) { own(u); u.r.CarriersSent = journal.CarrierMarker })
		}},
		{name: "nine are too few", spec: bare, want: Inconclusive, tell: func(t *tale) { t.users(9, "spike", own) }},
	}
}

func goodputCases(t *testing.T) []checkCase {
	bare := during(spec[Goodput](t, "collapse.goodput", nil), "spike")
	return []checkCase{
		{name: "it stays", spec: bare, want: Pass, reason: "was 95.0 %", tell: answered(1000, 50)},
		{name: "it halves", spec: bare, want: Fail, reason: "50.0 %", tell: answered(1000, 500)},
		{name: "the busiest phase is found", spec: spec[Goodput](t, "collapse.goodput", nil), want: Fail, tell: answered(1000, 500)},
		{name: "on the threshold", spec: bare, want: Inconclusive, reason: "too few requests to tell", tell: answered(400, 36)},
		{name: "the quiet phase was only a sample too", spec: bare, want: Inconclusive, reason: "too few requests to tell", tell: func(t *tale) {
			answered(2000, 250)(t) // 87.5 %: above nine tenths of 95.2 %, not surely of what 200 of 210 may stand for
			t.users(10, "warm", func(u *user) { u.calls(500).gets("error") })
		}},
		{name: "the first phase is not compared with itself", spec: during(bare, "warm"), want: Vacuous, tell: answered(1000, 500)},
		{name: "the phase under fault is found, however busy the first one is", spec: spec[Goodput](t, "collapse.goodput", nil), want: Fail, reason: "goodput in spike", tell: func(t *tale) {
			answered(150, 100)(t)
			t.users(180, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a first phase of twenty", spec: bare, want: Inconclusive, reason: "has 20 requests due", tell: func(t *tale) {
			t.unmeasured()
			t.users(20, "warm", func(u *user) { u.calls(200).gets("full") })
			answered(1000, 50)(t)
		}},
		{name: "there is no quiet phase", spec: bare, want: Inconclusive, reason: "not healthy itself", tell: func(t *tale) {
			answered(1000, 50)(t)
			t.users(100, "warm", func(u *user) { u.calls(500).gets("error") })
		}},
		{name: "the fault hit nothing", spec: bare, want: Vacuous, tell: func(t *tale) {
			t.users(400, "spike", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "ten requests", spec: bare, want: Inconclusive, reason: "at least 30", tell: answered(10, 1)},
		{name: "the harness dropped requests", spec: bare, want: Error, reason: "dropped", tell: func(t *tale) {
			answered(1000, 50)(t)
			t.users(10, "spike", func(u *user) { u.r.Dropped = "max_in_flight" })
		}},
	}
}

func recoversCases(t *testing.T) []checkCase {
	want := func(within, hold time.Duration) Spec {
		return spec(t, "collapse.recovers", func(c *Recovers) { c.Within, c.Hold, c.After = within, hold, "spike" })
	}
	// backAfter is a recovery in which the users of the first seconds get errors.
	backAfter := func(bad time.Duration) func(*tale) {
		return func(t *tale) {
			answered(400, 200)(t)
			t.users(400, "recovery", func(u *user) {
				if u.r.DueNs < 20e9+int64(bad) {
					u.calls(500).gets("error")
				} else {
					u.calls(200).gets("full")
				}
			})
		}
	}
	return []checkCase{
		{name: "at once", spec: want(5*time.Second, 10*time.Second), want: Pass, reason: "back 0 s after spike", tell: backAfter(0)},
		{name: "after three seconds", spec: want(5*time.Second, 10*time.Second), want: Pass, reason: "back 3 s after spike", tell: backAfter(3 * time.Second)},
		{name: "too late", spec: want(5*time.Second, 10*time.Second), want: Fail, reason: "came back only 7 s after spike, 5s allowed", tell: backAfter(7 * time.Second)},
		{name: "never", spec: want(5*time.Second, 10*time.Second), want: Fail, reason: "did not come back for 20s", tell: backAfter(20 * time.Second)},
		{name: "never, and nothing to hold", spec: want(5*time.Second, 0), want: Fail, reason: "did not come back", tell: backAfter(20 * time.Second)},
		{name: "good for a moment is not recovered", spec: want(5*time.Second, 10*time.Second), want: Fail, tell: func(t *tale) {
			answered(400, 200)(t)
			t.users(400, "recovery", func(u *user) {
				if s := (u.r.DueNs - 20e9) / 1e9; s < 2 || s >= 8 && s < 12 {
					u.calls(500).gets("error")
				} else {
					u.calls(200).gets("full")
				}
			})
		}},
		{name: "the load ends too soon to see it", spec: want(15*time.Second, 10*time.Second), want: Inconclusive, reason: "25s are needed", tell: backAfter(12 * time.Second)},
		{name: "nothing had happened", spec: want(5*time.Second, 10*time.Second), want: Vacuous, tell: func(t *tale) {
			t.users(200, "spike", func(u *user) { u.calls(200).gets("full") })
			t.users(400, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a phase without a fault and without more load is no trouble", spec: want(5*time.Second, 10*time.Second), want: Vacuous, tell: func(t *tale) {
			t.setup.Rules = nil
			t.users(200, "spike", func(u *user) { u.calls(200).gets("full") })
			t.users(400, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "a surge is trouble without any fault", spec: want(5*time.Second, 10*time.Second), want: Pass, tell: func(t *tale) {
			t.users(2000, "spike", func(u *user) { u.calls(200).gets("full") })
			t.users(400, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "forty requests are too few", spec: want(5*time.Second, 10*time.Second), want: Inconclusive, reason: "at least 100", tell: func(t *tale) {
			answered(400, 200)(t)
			t.users(40, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
		{name: "slow load makes longer windows", spec: want(5*time.Second, 5*time.Second), want: Pass, reason: "back 0 s", tell: func(t *tale) {
			answered(400, 200)(t)
			t.users(200, "recovery", func(u *user) { u.calls(200).gets("full") })
		}},
	}
}
