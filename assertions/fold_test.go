package assertions

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// eligible = chosen + passed, chosen = injected + masked + missed; what was held
// or unknown is in neither. A rule that fills two slots of an attempt rolled once.
func TestFaultCounts(t *testing.T) {
	tale := newTale()
	hits := [][]journal.RuleHit{
		{{Name: "storm", State: journal.RuleInjected, Slot: "status"}, {Name: "storm", State: journal.RuleMasked, Slot: "delay"}},
		{{Name: "storm", State: journal.RuleMasked}, {Name: "by hand", State: journal.RuleInjected}},
		{{Name: "storm", State: journal.RuleMissed}},
		{{Name: "storm", State: journal.RulePassed}},
		{{Name: "storm", State: journal.RuleHeld}},
		{{Name: "storm", State: journal.RuleUnknown}},
		nil,
	}
	for i, h := range hits {
		tale.user("spike", 11e9+int64(i)*1e9, func(u *user) { u.calls(200).gets("full"); u.last().Rules = h })
	}
	tale.user(journal.PhaseTrial, 0, func(u *user) { u.r.Purpose = journal.PurposeTrial; u.calls(500).gets("error") })
	got := Judge(tale.end(), tale.setup, []Spec{}).Faults
	if len(got) != 2 {
		t.Fatalf("%d rules: %+v", len(got), got)
	}
	if c := got[0]; c.Rule != "storm" || c.Eligible != 4 || c.Chosen != 3 || c.Injected != 1 || c.Masked != 1 || c.Missed != 1 || c.Held != 1 || c.Unknown != 1 {
		t.Errorf("storm %+v", c)
	}
	if c := got[1]; c.Rule != "by hand" || c.Injected != 1 || c.Asked != nil {
		t.Errorf("a rule that only the records know: %+v", c)
	}
}

// Without a plan the marks say what the phases were: the edges as planned, and
// the end of a load that was stopped when it was.
func TestPhasesFromMarks(t *testing.T) {
	edge := func(kind journal.MarkKind, name string, ns int64) journal.Mark {
		return journal.Mark{Kind: kind, Name: name, TNs: ns + 300, PlannedNs: ns, Value: 7}
	}
	j := &journal.Journal{LastNs: 30e9, Marks: []journal.Mark{
		edge(journal.MarkPhaseEnd, "warm", 10e9), edge(journal.MarkPhaseStart, "warm", 0), edge(journal.MarkPhaseStart, "spike", 10e9),
		{Kind: journal.MarkPhaseEnd, Name: "spike", TNs: 15e9, PlannedNs: 20e9}, {Kind: journal.MarkLoadStop, Name: "interrupt", TNs: 15e9, PlannedNs: 20e9},
		{Kind: journal.MarkLoadDrained, TNs: 16e9, PlannedNs: journal.Never},
	}}
	h := newHistory(j, Setup{})
	want := []Window{{Name: "warm", FromNs: 0, ToNs: 10e9, Planned: 7}, {Name: "spike", FromNs: 10e9, ToNs: 15e9, Planned: 7}}
	if !slices.Equal(h.phases, want) || h.endNs != 15e9 || h.drain != 16e9 || !h.stopped() {
		t.Errorf("phases %+v, load to %d, drained at %d", h.phases, h.endNs, h.drain)
	}
}

// Who claims no request is in the join, who belongs to the trial is not.
func TestJoinFigures(t *testing.T) {
	tale := newTale()
	tale.unmeasured()
	tale.trial(3)
	tale.user("spike", 11e9, func(u *user) { u.calls(200).gets("full"); u.last().Conflict = true })
	tale.user("spike", 12e9, func(u *user) { u.calls(200).gets("full"); u.last().Stale = true })
	tale.user("spike", 13e9, func(u *user) { u.anon = true; u.calls(200).gets("full") })
	tale.user("spike", 14e9, func(u *user) { u.kind = "tool"; u.calls(200).gets("full") })
	got := Judge(tale.end(), tale.setup, []Spec{}).Join
	if got.Attempts != 3 || got.Attributed != 1 || got.Conflict != 1 || got.Stale != 1 || *got.Coverage != 0.333333 {
		t.Errorf("%+v", got)
	}
}

func TestWhoRetries(t *testing.T) {
	tests := []struct {
		name string
		sdk  []int // x-stainless-retry-count of the guilty attempts
		want string
	}{
		{"nobody", nil, ""},
		{"no header", []int{-1, -1}, "the service's own loop"},
		{"a new call of the SDK each time", []int{0, 0}, "the service's own loop"},
		{"the SDK", []int{1, 2}, "the SDK (x-stainless"},
		{"both", []int{1, 2, 0}, "the SDK in 2, a loop outside it in 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var clues []clue
			for _, n := range tt.sdk {
				clues = append(clues, clue{guilty: &attempt{Attempt: &journal.Attempt{SDKRetry: n}}})
			}
			if got := whoRetries(clues); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Every argument that makes no sense is refused with its name.
func TestArguments(t *testing.T) {
	day, no := 24*time.Hour, time.Duration(0)
	tests := []struct {
		args Check
		want string // paths
	}{
		{&RetryBackoff{Growth: []float64{3, 1.5}}, "growth"},
		{&RetryBackoff{Growth: []float64{2}, Cap: &no}, "growth cap"},
		{&RetryFirstDelay{}, "min"},
		{&RetryJitter{Spread: 0.6}, "spread"},
		{&Amplification{Max: 0.5}, "max"},
		{&Latency{Within: &no, Quantile: 1}, "within quantile"},
		{&Latency{Within: &day, Quantile: 0.5}, ""},
		{&Cost{Max: 0, Per: "week"}, "max per"},
		{&NoOrphanAttempts{Grace: -1, After: "never"}, "grace after"},
		{&Fallback{Min: 0}, "min"},
		{&Goodput{Min: 0}, "min"},
		{&Recovers{To: 0, Within: 0, Hold: -1}, "to within hold"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%T %s", tt.args, tt.want), func(t *testing.T) {
			var paths []string
			for _, p := range tt.args.Validate() {
				paths = append(paths, p.Path)
				if p.Msg == "" {
					t.Errorf("%s without a message", p.Path)
				}
			}
			if got := strings.Join(paths, " "); got != tt.want {
				t.Errorf("refused %q, want %q", got, tt.want)
			}
		})
	}
}
