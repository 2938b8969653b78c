package assertions

import (
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Histories in tests are literal: a tale has three phases, warm (0 to 10 s),
// spike (10 to 20 s) and recovery (20 to 40 s), and users who do what they are
// told. Each user's service calls the provider 1 ms after the request is due,
// unless it is told to wait.

const ms = time.Millisecond

type tale struct {
	j      journal.Journal
	setup  Setup
	count  map[string]int64
	lastID uint64
}

var talePhases = []Window{
	{Name: "warm", FromNs: 0, ToNs: 10e9},
	{Name: "spike", FromNs: 10e9, ToNs: 20e9},
	{Name: "recovery", FromNs: 20e9, ToNs: 40e9},
}

// newTale begins with 200 healthy users in warm and a storm that is due in spike.
func newTale() *tale {
	t := &tale{count: map[string]int64{}}
	t.j.Header = journal.Header{Seed: 42, Started: "2026-07-01T12:00:00.000Z", Models: []string{"gpt", "mini"}, Tenants: []string{"t0", "t1"}}
	t.setup = Setup{
		Phases: append([]Window(nil), talePhases...), ClientTimeoutNs: 10e9, DegradedKinds: []string{"smaller_model"},
		Rules: []RuleInfo{{Name: "storm", Fault: "http_500", Probability: 0.3, FromNs: 10e9, ToNs: 20e9}},
	}
	t.users(200, "warm", func(u *user) { u.calls(200).gets("full") })
	return t
}

// unmeasured takes the quiet users of warm back: nobody showed how long the
// service queues.
func (t *tale) unmeasured() {
	t.j.Requests, t.j.Attempts, t.count = nil, nil, map[string]int64{}
}

// quietMarked gives the quiet users of warm answers with watermarks.
func (t *tale) quietMarked() {
	t.unmeasured()
	t.users(200, "warm", func(u *user) { u.calls(200).gets("full").marked(u.r.Key, u.r.Tenant, "gpt") })
}

// trial adds serial requests before the load.
func (t *tale) trial(n int) {
	for range n {
		t.user(journal.PhaseTrial, 0, func(u *user) { u.r.Purpose = journal.PurposeTrial; u.calls(200).gets("full") })
	}
}

// judge ends the tale and judges one assertion on it.
func (t *tale) judge(spec Spec) Finding {
	return Judge(t.end(), t.setup, []Spec{spec}).Assertions[0]
}

// end writes the marks that a whole journal ends with.
func (t *tale) end() *journal.Journal {
	j := t.j
	j.LastNs = 45e9
	for i := range t.setup.Phases {
		t.setup.Phases[i].Planned = t.count[t.setup.Phases[i].Name]
	}
	if !j.Cut {
		j.Marks = append([]journal.Mark{
			{TNs: 40e9, PlannedNs: 40e9, Kind: journal.MarkLoadStop, Name: stopSchedule},
			{TNs: 44e9, PlannedNs: -1, Kind: journal.MarkLoadDrained},
			{TNs: 45e9, PlannedNs: -1, Kind: journal.MarkRunEnd, Attrs: map[string]string{"late_p50_ns": "1000", "late_p99_ns": "100000", "late_max_ns": "900000", "not_due": "0"}},
		}, j.Marks...)
	}
	return &j
}

// user is one request and what was called for it.
type user struct {
	t        *tale
	r        journal.Request
	attempts []journal.Attempt
	now      int64 // of the service
	model    string
	kind     string
	step     uint64
	anon     bool
}

// users adds n requests, due at equal distances over a phase.
func (t *tale) users(n int, phase string, does func(*user)) {
	w := t.setup.Phases[0]
	for _, p := range t.setup.Phases {
		if p.Name == phase {
			w = p
		}
	}
	for i := range n {
		due := w.FromNs + int64(i)*(w.ToNs-w.FromNs)/int64(n)
		t.user(phase, due, does)
	}
}

func (t *tale) user(phase string, due int64, does func(*user)) *user {
	u := &user{t: t, r: journal.NewRequest(), model: "gpt", kind: "chat", step: 7}
	u.r.Key = journal.Key{Phase: phase, Index: t.count[phase]}
	t.count[phase]++
	u.r.Purpose, u.r.Tenant, u.r.ModelAsked = journal.PurposeLoad, "t0", "gpt"
	if u.r.Key.Index%2 == 1 {
		u.r.Tenant = "t1"
	}
	u.r.DueNs, u.r.DispatchNs, u.r.SentNs = due, due, due
	u.now = due + int64(ms)
	does(u)
	for i := range u.attempts {
		if u.anon {
			u.attempts[i].Key, u.attempts[i].Carrier = journal.Key{Phase: journal.PhaseAnon, Index: 7}, 0
		}
	}
	t.j.Requests = append(t.j.Requests, u.r)
	t.j.Attempts = append(t.j.Attempts, u.attempts...)
	return u
}

// calls adds one attempt per status: a refusal takes 1 ms, an answer 100 ms.
func (u *user) calls(statuses ...int) *user {
	for _, status := range statuses {
		a := journal.NewAttempt()
		u.t.lastID++
		a.ID, a.Key, a.Tenant, a.Carrier = u.t.lastID, u.r.Key, u.r.Tenant, journal.CarrierHeader
		a.Kind, a.ModelAsked, a.ModelServed, a.StepHash, a.Status = u.kind, u.model, u.model, u.step, status
		a.ArrivedNs, a.End, a.LateMaxNs = u.now, journal.AttemptComplete, 0
		u.now += int64(ms)
		a.HeaderNs = u.now
		if status == 200 {
			u.now += int64(99 * ms)
			a.TokensIn, a.TokensEmitted, a.CostNanoUSD = 100, 50, 1_000_000
		}
		a.EndNs, a.LastNs = u.now, u.now
		if status != 200 {
			a.Cause = journal.CauseFault
			a.Rules = []journal.RuleHit{{Name: "storm", State: journal.RuleInjected, Slot: "status", At: -1}}
		}
		u.attempts = append(u.attempts, a)
	}
	return u
}

func (u *user) waits(d time.Duration) *user { u.now += int64(d); return u }
func (u *user) asks(model string) *user     { u.model = model; return u }

func (u *user) last() *journal.Attempt { return &u.attempts[len(u.attempts)-1] }

// hungUp makes the service leave the last call before an answer.
func (u *user) hungUp(ns int64) {
	a := u.last()
	a.Status, a.HeaderNs, a.LastNs, a.End, a.EndNs, a.PeerClosedNs = 0, -1, -1, journal.AttemptPeerClosed, ns, ns
}

// hinted gives the last answer a Retry-After.
func (u *user) hinted(d time.Duration) *user {
	u.last().RetryAfterNs = int64(d)
	return u
}

// cut ends the last answer in its middle.
func (u *user) cut() *user {
	a := u.last()
	a.End, a.Cause = journal.AttemptEOF, journal.CauseFault
	a.Rules = []journal.RuleHit{{Name: "storm", State: journal.RuleInjected, Slot: "ending", At: 10}}
	return u
}

// gets ends the request with an outcome, now.
func (u *user) gets(outcome string) *user {
	r := &u.r
	r.Outcome, r.EndNs, r.EndBy, r.Status, r.FirstNs = journal.Outcome(outcome), u.now, journal.EndServer, 200, u.now
	switch r.Outcome {
	case journal.OutcomeError:
		r.Status = 500
	case journal.OutcomeTimeout:
		r.EndBy, r.EndNs, r.Status = journal.EndClientTimeout, r.DueNs+10e9, 0
	case journal.OutcomeRejected:
		r.Status = 429
	case journal.OutcomeTruncated:
		r.TerminalNs, r.TerminalKind = u.now, "[DONE]"
	}
	return u
}

// degraded ends the request with an answer of the small model that says so.
func (u *user) degraded(kind string) *user {
	u.gets("degraded")
	u.r.DegradedKind, u.r.Disclosed = kind, true
	return u
}

// marked says for whom the words of the answer were made.
func (u *user) marked(key journal.Key, tenant, model string) *user {
	u.r.Marks = append(u.r.Marks, journal.MarkSeen{Attempt: 1, Key: key, Tenant: tenant, Model: model, Whole: true})
	return u
}

// named says which attempt a part of the answer that is no text came from.
func (u *user) named(attempt uint64, found wire.Finding) *user {
	for len(u.r.MarkFindings) < len(u.r.Marks) {
		u.r.MarkFindings = append(u.r.MarkFindings, 0)
	}
	u.r.Marks = append(u.r.Marks, journal.MarkSeen{Attempt: attempt})
	u.r.MarkFindings = append(u.r.MarkFindings, uint16(found))
	return u
}

// spec makes an assertion with its defaults changed by set.
func spec[C any](t *testing.T, id string, set func(*C)) Spec {
	t.Helper()
	entry, ok := Lookup(id)
	if !ok {
		t.Fatalf("no assertion %s", id)
	}
	args := entry.New()
	if set != nil {
		set(any(args).(*C))
	}
	return Spec{ID: id, Args: args}
}

func during(s Spec, phase string) Spec {
	s.During = phase
	return s
}
