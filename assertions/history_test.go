package assertions

import (
	"slices"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

func TestWastedTokens(t *testing.T) {
	at := func(end int64, a journal.Attempt) int64 {
		r := journal.NewRequest()
		r.Outcome, r.EndNs, r.EndBy = journal.OutcomeFull, end, journal.EndServer
		x := attempt{Attempt: &a, req: &request{Request: &r}}
		return x.wasted()
	}
	a := journal.NewAttempt()
	a.ArrivedNs, a.LastNs, a.EndNs, a.End, a.TokensEmitted = 10, 100, 100, journal.AttemptComplete, 90
	a.Emitted = []journal.Point{{TNs: 40, Tokens: 30}, {TNs: 70, Tokens: 60}, {TNs: 100, Tokens: 90}}
	if got := at(200, a); got != 0 {
		t.Errorf("read to the end: %d wasted", got)
	}
	if got := at(60, a); got != 30 {
		t.Errorf("the user left at 60: %d wasted, want the 30 after the next sample", got)
	}
	if got := at(5, a); got != 90 {
		t.Errorf("arrived after the end: %d wasted", got)
	}
	a.End, a.PeerClosedNs = journal.AttemptPeerClosed, 100
	if got := at(200, a); got != 90 {
		t.Errorf("hung up on: %d wasted", got)
	}
}

func TestRelations(t *testing.T) {
	tale := newTale()
	u := tale.user("spike", 15e9, func(u *user) {
		u.calls(500).waits(100 * ms).calls(500) // first, retry
		u.asks("mini").calls(500, 200)          // fallback, retry
		u.calls(200)                            // repeat
		u.waits(-50 * ms).calls(200)            // hedge of that
		u.step = 8
		u.calls(200) // another body: first of another step
		u.gets("full")
	})
	h := newHistory(tale.end(), tale.setup)
	var got []relation
	for _, r := range h.reqs {
		if r.Key == u.r.Key {
			for _, a := range r.attempts {
				got = append(got, a.relation)
			}
		}
	}
	// The hedge began before the first of the next step.
	want := []relation{first, retry, fallback, retry, repeat, hedge, first}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Two models asked at once are a race, not a fallback; one asked after a clean
// answer is a new call.
func TestRelationsAcrossModels(t *testing.T) {
	for want, tell := range map[relation]func(*user){
		hedge:    func(u *user) { u.calls(200).waits(-90 * ms).asks("mini").calls(200) },
		fallback: func(u *user) { u.calls(500).asks("mini").calls(200) },
		repeat:   func(u *user) { u.calls(200).asks("mini").calls(200) },
	} {
		tale := newTale()
		tale.user("spike", 15e9, func(u *user) { tell(u); u.gets("full") })
		h := newHistory(tale.end(), tale.setup)
		if got := h.reqs[len(h.reqs)-1].attempts[1].relation; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A service that hangs up and tries again at once is not hedging, even where the
// provider notices the hang-up after the new attempt.
func TestLateNoticeOfAHangUp(t *testing.T) {
	tale := newTale()
	u := tale.user("spike", 15e9, func(u *user) {
		u.calls(200)
		a := u.last()
		a.Status, a.HeaderNs, a.End, a.PeerClosedNs = 0, -1, journal.AttemptStall, a.EndNs
		u.waits(-5 * ms).calls(200).gets("full")
	})
	h := newHistory(tale.end(), tale.setup)
	r := h.reqs[len(h.reqs)-1]
	if r.Key != u.r.Key || r.attempts[1].relation != timeoutRetry {
		t.Errorf("%s: %s, want %s", r.Key, r.attempts[1].relation, timeoutRetry)
	}
}

// A phase is judged by its own queueing; where too few show it, by the phase
// before, unless those few show worse.
func TestQueueingIsMeasuredWhereItHappens(t *testing.T) {
	after := func(d time.Duration) func(*user) {
		return func(u *user) { u.waits(d - ms).calls(200).gets("full") }
	}
	tests := []struct {
		name string
		tell func(*tale)
		want []time.Duration // q99 by phase, 0: not measured
	}{
		{"nothing but warm", func(*tale) {}, []time.Duration{ms, ms, ms}},
		{"each phase its own", func(t *tale) {
			t.users(30, "spike", after(40*ms))
			t.users(30, "recovery", after(5*ms))
		}, []time.Duration{ms, 40 * ms, 5 * ms}},
		{"ten that queue worse than the phase before count", func(t *tale) { t.users(10, "spike", after(40*ms)) }, []time.Duration{ms, 40 * ms, 40 * ms}},
		{"ten that queue less do not", func(t *tale) {
			t.users(30, "spike", after(40*ms))
			t.users(10, "recovery", after(5*ms))
		}, []time.Duration{ms, 40 * ms, 40 * ms}},
		{"requests that fail later show it too", func(t *tale) {
			t.users(30, "spike", func(u *user) { u.waits(39 * ms).calls(500).gets("error") })
		}, []time.Duration{ms, 40 * ms, 40 * ms}},
		{"answers from a cache show nothing", func(t *tale) { t.users(30, "spike", func(u *user) { u.gets("full") }) }, []time.Duration{ms, ms, ms}},
		{"twenty in the first phase and no trial", func(t *tale) { t.unmeasured(); t.users(20, "warm", after(ms)) }, []time.Duration{0, 0, 0}},
		{"twenty in the first phase and a short trial", func(t *tale) { t.unmeasured(); t.trial(9); t.users(20, "warm", after(ms)) }, []time.Duration{0, 0, 0}},
		{"twenty in the first phase and a trial", func(t *tale) { t.unmeasured(); t.trial(10); t.users(20, "warm", after(2*ms)) }, []time.Duration{2 * ms, 2 * ms, 2 * ms}},
		{"the next phase knows itself", func(t *tale) {
			t.unmeasured()
			t.users(20, "warm", after(ms))
			t.users(80, "spike", after(3*ms))
		}, []time.Duration{0, 3 * ms, 3 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tt.tell(tale)
			h := newHistory(tale.end(), tale.setup)
			for i, want := range tt.want {
				var got time.Duration
				if q := h.queues[i]; q != nil {
					got = time.Duration(q.q99)
				}
				if got != want {
					t.Errorf("%s: q99 %v, want %v", h.phases[i].Name, got, want)
				}
			}
		})
	}
}

// A target may act on the last byte before the provider notes the end of the
// call: that is a retry, and no hedge.
func TestRetryBeforeTheEndWasNoted(t *testing.T) {
	tale := newTale()
	tale.user("spike", 15e9, func(u *user) {
		u.calls(200)
		a := u.last()
		a.Rules = []journal.RuleHit{{Name: "storm", State: journal.RuleInjected, Slot: "mutation", At: -1}}
		a.EndNs += int64(2 * ms)
		u.waits(ms).calls(200).gets("full")
	})
	h := newHistory(tale.end(), tale.setup)
	if a := h.reqs[len(h.reqs)-1].attempts[1]; a.relation != retry {
		t.Errorf("%s, want %s", a.relation, retry)
	}
}

func TestStory(t *testing.T) {
	tale := stormy()
	w, ok := Story(tale.end(), journal.Key{Phase: "spike", Index: 7})
	if !ok || w.Request != "spike/7" || len(w.Timeline) < 6 {
		t.Fatalf("%v %+v", ok, w)
	}
	if e := w.Timeline[2]; e.Relation != "retry" || e.Note != "waited 3 ms" || e.Rule != "storm" {
		t.Errorf("third line %+v", e)
	}
	if _, ok := Story(tale.end(), journal.Key{Phase: "spike", Index: 7000}); ok {
		t.Error("a story of nobody")
	}
}

// Of a hundred attempts the timeline keeps the first, the last and the guilty.
func TestLongTimelinesAreBounded(t *testing.T) {
	tale := newTale()
	tale.user("spike", 15e9, func(u *user) {
		for range 100 {
			u.calls(429).hinted(2 * time.Second)
		}
		u.gets("error")
	})
	f := tale.judge(spec[RetryAfter](t, "retries.retry_after", nil))
	if n := len(f.Witnesses[0].Timeline); n > 2*timelineMax+4 || f.Violations != 99 {
		t.Errorf("%d lines, %d violations", n, f.Violations)
	}
}
