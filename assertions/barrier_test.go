package assertions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// TestBarrierFinding: a barrier that gathered as many as it is for is no finding;
// any other is one, and the run does not pass.
func TestBarrierFinding(t *testing.T) {
	opened := func(why string, calls int64) journal.Mark {
		return journal.Mark{TNs: 12e9, PlannedNs: journal.Never, Kind: journal.MarkBarrierRelease, Name: "storm", Value: calls, Attrs: map[string]string{journal.AttrOpened: why}}
	}
	hit := func(n int, state journal.RuleState) func(*tale) {
		return func(t *tale) {
			t.users(n, "spike", func(u *user) {
				u.calls(500, 200).gets("full")
				u.attempts[0].Rules[0].State = state
			})
		}
	}
	wait, at := &BarrierInfo{Wait: 20}, &BarrierInfo{At: true}
	for _, row := range []struct {
		name    string
		barrier *BarrierInfo
		calls   func(*tale)
		marks   []journal.Mark
		verdict Verdict // "": no finding
		says    string  // of reason and of what would conclude
		counts  string
	}{
		{"it was filled", wait, hit(20, journal.RuleInjected), []journal.Mark{opened("full", 20)}, "", "", "once as enough calls waited (20 calls)"},
		{"it was filled twice, and some were left over", wait, hit(47, journal.RuleInjected), []journal.Mark{opened("patience", 7), opened("full", 20), opened("full", 20)}, "", "",
			"2 times as enough calls waited (40 calls), once as the patience of the first of them ended (7 calls)"},
		{"its instant came", at, hit(5, journal.RuleInjected), []journal.Mark{opened("at", 5)}, "", "", "once at its instant (5 calls)"},
		{"its instant came before it was full", &BarrierInfo{Wait: 20, At: true}, hit(5, journal.RuleInjected), []journal.Mark{opened("at", 5)}, "", "", "once at its instant (5 calls)"},
		{"the rule has none", nil, hit(5, journal.RuleInjected), nil, "", "", ""},
		{"patience ended each time", wait, hit(20, journal.RuleInjected), []journal.Mark{opened("patience", 13), opened("patience", 7)}, Inconclusive,
			"13 calls at most failed at one instant, and the barrier is for 20; it opened 2 times as the patience of the first of them ended (20 calls) | wait: 13   # of its barrier; or more load, or a longer patience", ""},
		{"the window ended", wait, hit(1, journal.RuleInjected), []journal.Mark{opened("window", 1)}, Inconclusive,
			"1 call at most failed at one instant, and the barrier is for 20; it opened once as the window of the rule ended (1 call) | probability: 1   # of the rule; or more load, or a longer patience", ""},
		{"one call alone is there at the instant", at, hit(1, journal.RuleInjected), []journal.Mark{opened("at", 1)}, Inconclusive, "and the barrier is for 2; it opened once at its instant (1 call)", ""},
		{"all callers left", wait, hit(9, journal.RuleMissed), nil, Inconclusive,
			"the barrier never opened: the callers of 9 calls that were held left before | patience: ...   # of its barrier: shorter than its callers wait", ""},
		{"nobody came before the instant", at, hit(9, journal.RuleInjected), nil, Inconclusive, "no call was held: of 9 calls that fault storm chose none came before the barrier opened for good", ""},
		{"the dice chose nobody", wait, hit(9, journal.RulePassed), nil, Vacuous, "no call came to the barrier: the dice of fault storm chose none of 9 calls | probability: 1", ""},
		{"no call matched", wait, func(t *tale) { t.users(9, "spike", func(u *user) { u.calls(200).gets("full") }) }, nil, Vacuous, "no call came to the barrier: none matched fault storm in its window", ""},
		{"the run was cut", wait, func(t *tale) { t.j.Cut = true; hit(9, journal.RuleInjected)(t) }, nil, Inconclusive, "run cut at 45 s | run it again, to the end", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			tale := newTale()
			tale.setup.Rules[0].Barrier = row.barrier
			row.calls(tale)
			tale.j.Marks = append(tale.j.Marks, row.marks...)
			j := Judge(tale.end(), tale.setup, []Spec{{ID: "degradation.available", Args: &Available{Min: 0.5}}})
			if n := len(j.Assertions); (row.verdict != "") != (n == 2) {
				t.Fatalf("%d findings: %+v", n, j.Assertions[1:])
			}
			if c := j.Faults[0].Barrier; row.counts != "" && c.String() != row.counts || (c == nil) != (row.barrier == nil) {
				t.Errorf("opened %s, want %s", c, row.counts)
			}
			if row.verdict == "" {
				return
			}
			f := j.Assertions[1]
			if got := f.Reason + " | " + f.ToConclude; f.ID != BarrierID || f.Verdict != row.verdict || !strings.Contains(got, row.says) {
				t.Errorf("%s is %s: %s\nwant %s: %s", f.ID, f.Verdict, got, row.verdict, row.says)
			}
			if v := Merge(j.Assertions); v == Pass {
				t.Errorf("the run is %s", v)
			}
		})
	}
}

// TestBarrierForecast: before anything is sent, a plan says whether enough calls
// will wait at once.
func TestBarrierForecast(t *testing.T) {
	setup := Setup{Phases: []Window{{Name: "warm", ToNs: 10e9, Planned: 100}, {Name: "spike", FromNs: 10e9, ToNs: 20e9, Planned: 1000}}}
	for _, row := range []struct {
		name   string
		change func(*RuleInfo)
		want   string
	}{
		{"half of 100 a second for a second", func(r *RuleInfo) {}, "50 of 20, true: "},
		{"more than that", func(r *RuleInfo) { r.Barrier.Wait = 60 }, "50 of 60, false: about 50 are chosen within its patience of 1s, if a request makes one call that the rule matches; 60 are needed"},
		{"one in ten", func(r *RuleInfo) { r.Every = 10 }, "5 of 20, false: about 5 are"},
		{"so many requests", func(r *RuleInfo) { r.Requests = 7 }, "7 of 20, false: about 7 are"},
		{"the window is shorter than the patience", func(r *RuleInfo) { r.ToNs = 10.2e9 }, "10 of 20, false: about 10 are"},
		{"the quiet phase", func(r *RuleInfo) { r.FromNs, r.ToNs = 0, 10e9 }, "5 of 20, false: about 5 are"},
		{"an instant", func(r *RuleInfo) { r.Barrier.At = true }, ""},
		{"no barrier", func(r *RuleInfo) { r.Barrier = nil }, ""},
	} {
		r := RuleInfo{Name: "storm", Fault: "http_500", Probability: 0.5, FromNs: 10e9, ToNs: 20e9, Barrier: &BarrierInfo{Wait: 20, PatienceNs: 1e9}}
		row.change(&r)
		setup.Rules = []RuleInfo{r}
		got := ""
		for _, f := range Preview(setup, []Spec{{ID: "degradation.available"}})[1:] {
			got += fmt.Sprintf("%d of %d, %t: %s", f.Expected, f.Needed, f.CanConclude, f.Note)
		}
		if !strings.HasPrefix(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// The story of a request says why a call took so long.
func TestHeldCallsSaySo(t *testing.T) {
	tale := newTale()
	tale.users(1, "spike", func(u *user) { u.calls(500).gets("error"); u.attempts[0].HeldNs = 2e9 })
	w, ok := Story(tale.end(), journal.Key{Phase: "spike"})
	if !ok || !strings.Contains(fmt.Sprintf("%+v", w.Timeline), "held 2,000 ms by a barrier") {
		t.Errorf("%+v", w.Timeline)
	}
}
