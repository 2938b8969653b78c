package assertions

import (
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// lone is the journal of a provider that was served on its own: the calls of n
// callers, each with a body of its own, a second apart.
func lone(n int, does func(*user)) *journal.Journal {
	t := newTale()
	t.unmeasured()
	for i := range n {
		t.user("warm", int64(i)*int64(10*time.Second), func(u *user) {
			u.step = uint64(i)
			does(u)
		})
	}
	j := &journal.Journal{Header: journal.Header{Alone: true, Started: "2026-07-01T12:00:00Z"}, Attempts: t.j.Attempts, LastNs: int64(n+1) * int64(10*time.Second)}
	for i := range j.Attempts {
		a := &j.Attempts[i]
		a.Key, a.Carrier, a.Tenant = journal.Key{Phase: journal.PhaseAnon, Index: int64(a.StepHash)}, 0, ""
	}
	return j
}

// hintedFor makes the last refusal ask for a wait.
func (u *user) hintedFor(d time.Duration) *user {
	a := &u.attempts[len(u.attempts)-1]
	a.RetryAfterNs, a.HintRaw, a.Status = int64(d), "2", 429
	return u
}

func TestAProviderOnItsOwn(t *testing.T) {
	patient := func(u *user) { u.calls(429).hintedFor(2 * time.Second); u.now += int64(2 * time.Second); u.calls(200) }
	hasty := func(u *user) { u.calls(429).hintedFor(2 * time.Second).calls(200) }
	stubborn := func(u *user) { u.calls(500, 500, 500, 500, 200) }
	healthy := func(u *user) { u.calls(200) }
	rows := []struct {
		words string
		n     int
		does  func(*user)
		spec  Spec
		want  Verdict
		says  string
	}{
		{"one caller who waits as it is told is enough", 1, patient, Spec{ID: "retries.retry_after"}, Pass, "1 answer carried a hint"},
		{"one who does not wait is a witness", 1, hasty, Spec{ID: "retries.retry_after"}, Fail, "1 of 1 retry came early"},
		{"one who never gives up", 1, stubborn, Spec{ID: "retries.attempts"}, Fail, "tried 5 times"},
		{"one who gives up in time", 1, patient, Spec{ID: "retries.attempts"}, Pass, "no call was tried more than 2 times"},
		{"nothing went wrong, so nothing is known of retries", 3, healthy, Spec{ID: "retries.attempts"}, Vacuous, "there were no calls whose first try failed"},
		{"a budget of tokens needs no user", 1, healthy, Spec{ID: "budgets.tokens", Args: &Tokens{Max: 200}}, Pass, ""},
		{"a budget of tokens that retries break", 1, func(u *user) { u.calls(500, 200, 200) }, Spec{ID: "budgets.tokens", Args: &Tokens{Max: 200}}, Fail, ""},
		{"a median is not taken of one wait", 1, stubborn, Spec{ID: "retries.backoff"}, Inconclusive, "at least 30 are needed"},
		{"a spread is not taken of a few waits", 2, stubborn, Spec{ID: "retries.jitter"}, Inconclusive, "are needed"},
		{"enough waits for a median", 40, stubborn, Spec{ID: "retries.backoff"}, Fail, ""},
		{"what users got is asked by name", 3, healthy, Spec{ID: "degradation.available"}, Vacuous, "served on its own"},
		{"when they were served, too", 3, healthy, Spec{ID: "budgets.latency"}, Vacuous, "served on its own"},
		{"and whether their answers were good", 3, healthy, Spec{ID: "budgets.cost", Args: &Cost{Max: 1, Per: PerGoodAnswer}}, Vacuous, "which answers were good"},
		{"a phase is part of a load", 1, patient, Spec{ID: "retries.attempts", During: "spike"}, Vacuous, "leave during out"},
		{"of the bundle, what was never called for does not count", 3, healthy, Spec{ID: "retries.attempts", Bundled: true}, NotApplicable, ""},
		{"of the bundle, what was broken does", 1, stubborn, Spec{ID: "retries.attempts", Bundled: true}, Fail, ""},
	}
	setup := Setup{Rules: []RuleInfo{{Name: "storm", Fault: "http_500", Probability: 1, FromNs: 0, ToNs: journal.Never}}}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			f := Judge(lone(row.n, row.does), setup, []Spec{row.spec}).Assertions[0]
			if f.Verdict != row.want || !strings.Contains(f.Reason, row.says) {
				t.Errorf("%s: %s\nwant %s with %q", f.Verdict, f.Reason, row.want, row.says)
			}
		})
	}
}

func TestOnItsOwnAPassOnWaitsSaysWhatItRestsOn(t *testing.T) {
	j := lone(1, func(u *user) { u.calls(429).hintedFor(2 * time.Second); u.now += int64(2 * time.Second); u.calls(200) })
	for _, row := range []struct {
		id   string
		says bool
	}{{"retries.retry_after", true}, {"retries.attempts", false}} {
		f := Judge(j, Setup{}, []Spec{{ID: row.id}}).Assertions[0]
		if says := strings.Contains(strings.Join(f.Details, "\n"), "queueing inside the caller was not measured"); f.Verdict != Pass || says != row.says {
			t.Errorf("%s: %s %q", row.id, f.Verdict, f.Details)
		}
	}
}

func TestTheBundleOfAProviderOnItsOwn(t *testing.T) {
	for _, f := range Judge(lone(3, func(u *user) { u.calls(200) }), Setup{}, nil).Assertions {
		if e, _ := Lookup(f.ID); e.Users != "" || f.Verdict != NotApplicable {
			t.Errorf("%s: %s; nothing went wrong, and nobody was there to be asked", f.ID, f.Verdict)
		}
	}
}

func TestOnItsOwnTheMemoryOfCallsMayEnd(t *testing.T) {
	j := lone(1, func(u *user) { u.calls(429).hintedFor(2 * time.Second); u.now += int64(2 * time.Second); u.calls(200) })
	j.Lost = 7
	f := Judge(j, Setup{}, []Spec{{ID: "retries.retry_after"}}).Assertions[0]
	if f.Verdict != Inconclusive || !strings.Contains(f.Reason, "oldest 7 calls are gone") {
		t.Errorf("%s: %s; what was forgotten may have been a witness", f.Verdict, f.Reason)
	}
}

func TestOnItsOwnEqualBodiesAreOneCaller(t *testing.T) {
	ask := func(u *user) { u.calls(500) }
	j := lone(2, ask)
	for i := range j.Attempts {
		j.Attempts[i].StepHash, j.Attempts[i].Key.Index = 1, 1
	}
	one := Spec{ID: "retries.attempts", Args: &RetryAttempts{Max: 1}}
	f := Judge(j, Setup{}, []Spec{one}).Assertions[0]
	if f.Verdict != Fail || !strings.Contains(strings.Join(f.Details, "\n"), "the same question asked again") {
		t.Errorf("%s %q: the same body after a failure is a retry, and the finding must say so", f.Verdict, f.Details)
	}
	for i := range j.Attempts { // a name for each
		j.Attempts[i].Key, j.Attempts[i].Carrier = journal.Key{Phase: "test", Index: int64(i)}, journal.CarrierHeader
	}
	if f := Judge(j, Setup{}, []Spec{one}).Assertions[0]; f.Verdict != Pass {
		t.Errorf("%s: %s; callers with names of their own are two", f.Verdict, f.Reason)
	}
}

func TestAFlagThatProvokes(t *testing.T) {
	f := Judge(lone(1, func(u *user) { u.calls(200) }), Setup{}, []Spec{{ID: "retries.retry_after"}}).Assertions[0]
	if want := "--fault 'rate_limit: {retry_after: 2s}, probability: 0.3'"; f.ToConclude != want {
		t.Errorf("to conclude: %q, want %q", f.ToConclude, want)
	}
}
