package assertions

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
)

// stormy is a history with something in it for every check.
func stormy() *tale {
	t := newTale()
	t.j.Header.PlannedReqs = 200 + 120 + 60
	t.users(120, "spike", func(u *user) {
		own := func() { u.marked(u.r.Key, u.r.Tenant, u.model) }
		switch i := u.r.Key.Index; {
		case i == 7: // tries at once, against the hint
			u.calls(429).hinted(2*time.Second).waits(3*ms).calls(429, 429, 429).gets("error")
		case i == 8: // gives up, and the service goes on
			u.calls(500).gets("timeout")
			u.now = u.r.EndNs
			u.waits(1500 * ms).calls(200)
		case i == 9:
			u.gets("full").marked(journal.Key{Phase: "warm", Index: 1}, "nobody", "gpt")
		case i%10 < 4:
			u.calls(429).hinted(2 * time.Second).waits(2100 * ms).calls(200).gets("full")
			own()
		case i%10 < 6:
			u.calls(500).waits(250*ms + time.Duration(i)*ms).calls(500).asks("mini").calls(200).degraded("smaller_model")
			own()
		default:
			u.calls(200).gets("full")
			own()
		}
	})
	t.users(60, "recovery", func(u *user) { u.calls(200).gets("full").marked(u.r.Key, u.r.Tenant, "gpt") })
	return t
}

func allSpecs(t *testing.T) []Spec {
	specs := Standard()
	for i := range specs {
		specs[i].Bundled = false
		switch c := specs[i].Args.(type) {
		case *Tokens:
			c.Max = 1000
		case *Cost:
			c.Max = 0.01
		case *Recovers:
			c.After, c.Within, c.Hold = "spike", 5*time.Second, 10*time.Second
		}
	}
	return specs
}

func jsonOf(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// The shape of a judgement is a contract with other programs: keys are only added.
func TestJudgementGolden(t *testing.T) {
	tale := stormy()
	got := jsonOf(t, Judge(tale.end(), tale.setup, allSpecs(t)))
	golden.Check(t, "judgement.json", got)
	var back Judgement
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if again := jsonOf(t, &back); !bytes.Equal(again, got) {
		t.Error("read and written again, it is another")
	}
}

// shuffle is the one of Fisher and Yates.
func shuffle[T any](rnd *draw.Stream, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		k := rnd.IntN(i + 1)
		s[i], s[k] = s[k], s[i]
	}
}

// The same records in another order give the same bytes, and judging twice too.
func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	tale := stormy()
	want := jsonOf(t, Judge(tale.end(), tale.setup, allSpecs(t)))
	rnd := draw.NewStream(1, "shuffle")
	for range 5 {
		j := *tale.end()
		j.Requests, j.Attempts, j.Marks = slices.Clone(j.Requests), slices.Clone(j.Attempts), slices.Clone(j.Marks)
		shuffle(rnd, j.Requests)
		shuffle(rnd, j.Attempts)
		shuffle(rnd, j.Marks)
		if got := jsonOf(t, Judge(&j, tale.setup, allSpecs(t))); !bytes.Equal(got, want) {
			t.Fatal("shuffled records give another judgement")
		}
	}
}

// A judge changes nothing that it is given.
func TestJudgeKeepsItsInput(t *testing.T) {
	tale := stormy()
	j := tale.end()
	before := *j
	before.Requests, before.Attempts, before.Marks = slices.Clone(j.Requests), slices.Clone(j.Attempts), slices.Clone(j.Marks)
	specs := allSpecs(t)
	Judge(j, tale.setup, specs)
	if !reflect.DeepEqual(*j, before) || !reflect.DeepEqual(specs, allSpecs(t)) {
		t.Error("the judge changed its input")
	}
}

func TestMerge(t *testing.T) {
	allowed := Finding{Verdict: Fail, AllowFail: &Allowed{Active: true}}
	expired := Finding{Verdict: Fail, AllowFail: &Allowed{}}
	of := func(vs ...Verdict) []Finding {
		var fs []Finding
		for _, v := range vs {
			fs = append(fs, Finding{Verdict: v})
		}
		return fs
	}
	tests := []struct {
		name string
		in   []Finding
		want Verdict
	}{
		{"no assertions at all", nil, Vacuous},
		{"nothing applies", of(NotApplicable, NotApplicable), Vacuous},
		{"all pass", of(Pass, NotApplicable, Pass), Pass},
		{"vacuous is worse than a pass", of(Pass, Vacuous), Vacuous},
		{"inconclusive is worse than vacuous", of(Inconclusive, Vacuous, Pass), Inconclusive},
		{"an unfit harness is worse", of(Error, Inconclusive), Error},
		{"a failure is worst", of(Pass, Error, Fail, Vacuous), Fail},
		{"a tolerated failure does not break the build", []Finding{allowed, {Verdict: Pass}}, Pass},
		{"but hides nothing else", []Finding{allowed, {Verdict: Vacuous}}, Vacuous},
		{"until its day is over", []Finding{expired, {Verdict: Pass}}, Fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Merge(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAllowFailLastsUntilTheEndOfItsDay(t *testing.T) {
	a := &AllowFail{Until: "2026-07-01", Reason: "known"}
	for started, want := range map[string]bool{
		"2026-07-01T23:59:59.000Z": true, "2026-07-02T00:00:00.000Z": false, "2026-06-01T00:00:00Z": true, "": false,
	} {
		if got := allowed(a, started); got.Active != want {
			t.Errorf("a run of %q: active %v, want %v", started, got.Active, want)
		}
	}
}

// Counts that do not add up mean that the harness lost something: nothing that
// it says is believed, a witness neither.
func TestBrokenCountsAreErrors(t *testing.T) {
	tests := []struct {
		name   string
		breaks func(*journal.Journal)
		want   string
	}{
		{"a request is missing", func(j *journal.Journal) { j.Requests = j.Requests[1:] }, "planned 380 is not due 379 + not due 0"},
		{"a request is there twice", func(j *journal.Journal) { j.Requests = append(slices.Clone(j.Requests), j.Requests[0]) }, "request warm/0 is in the journal twice"},
		{"no outcome", func(j *journal.Journal) { j.Requests = slices.Clone(j.Requests); j.Requests[3].Outcome = "" }, "1 of 380 completed requests have no outcome"},
		{"not due although the schedule ended", func(j *journal.Journal) {
			j.Requests = j.Requests[1:]
			j.Marks = slices.Clone(j.Marks)
			for i := range j.Marks {
				if j.Marks[i].Kind == journal.MarkRunEnd {
					j.Marks[i].Attrs = map[string]string{"not_due": "1"}
				}
			}
		}, "1 of its 380 requests never became due"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := stormy()
			j := tale.end()
			tt.breaks(j)
			out := Judge(j, tale.setup, allSpecs(t))
			if !strings.Contains(out.Load.Broken, tt.want) {
				t.Fatalf("broken: %q, want %q", out.Load.Broken, tt.want)
			}
			for _, f := range out.Assertions {
				if f.Verdict != Error || !strings.Contains(f.Reason, tt.want) {
					t.Errorf("%s: %s: %s", f.ID, f.Verdict, f.Reason)
				}
			}
		})
	}
}

// A load that was stopped has requests that never became due: that is no error.
func TestStoppedLoadAddsUp(t *testing.T) {
	tale := newTale()
	tale.j.Header.PlannedReqs = 1000
	j := tale.end()
	j.Marks = []journal.Mark{
		{TNs: 11e9, Kind: journal.MarkLoadStop, Name: "interrupt"},
		{TNs: 12e9, Kind: journal.MarkRunEnd, Attrs: map[string]string{"not_due": "800"}},
	}
	out := Judge(j, tale.setup, []Spec{})
	if c := out.Load; c.Broken != "" || c.Planned != 1000 || c.NotDue != 800 || c.Due != 200 {
		t.Errorf("%+v", c)
	}
	if len(out.Assertions) != 0 || Merge(out.Assertions) != Vacuous {
		t.Error("no assertions are vacuous")
	}
}

func TestFigures(t *testing.T) {
	tale := stormy()
	tale.user("trial", 0, func(u *user) { u.r.Purpose = journal.PurposeTrial; u.calls(200).gets("full") })
	tale.user("spike", 15e9, func(u *user) { u.anon = true; u.calls(200).gets("full") })
	tale.j.Header.PlannedReqs++
	out := Judge(tale.end(), tale.setup, []Spec{})
	l := out.Load
	if l.Broken != "" || l.Due != 381 || l.Sent != 381 || l.Completed != 381 || l.Open != 0 {
		t.Errorf("load %+v", l)
	}
	if l.Outcomes["full"]+l.Outcomes["degraded:smaller_model"]+l.Outcomes["error"]+l.Outcomes["timeout"] != 381 {
		t.Errorf("outcomes %v", l.Outcomes)
	}
	spike := out.Phases[1]
	if spike.Name != "spike" || spike.FromS != 10 || spike.ToS != 20 || spike.Requests != 121 {
		t.Errorf("spike %+v", spike)
	}
	// 100 ms in the answer and 1 ms before it, to the three digits of the histogram.
	if p50 := *out.Phases[0].LatencyMs.P50; p50 < 101 || p50 > 101.1 {
		t.Errorf("p50 in warm %v, want 101 ms", p50)
	}
	f := out.Faults[0]
	if f.Eligible != f.Chosen || f.Chosen != f.Injected || f.Injected == 0 || *f.Asked != 0.3 {
		t.Errorf("storm %+v: only what was injected is recorded in a tale", f)
	}
	j := out.Join
	if j.Attempts != j.Attributed+1 || j.Carriers["header"] != j.Attributed || *j.CoverageByStep["chat"] != *j.Coverage {
		t.Errorf("join %+v", j)
	}
	if out.Cost.USD <= 0 || out.Cost.USDPerGoodAnswer == nil || out.Cost.WastedTokens != 50 {
		t.Errorf("cost %+v: the answer to the user who had left is wasted", out.Cost)
	}
}

// Yellow says what to change, as text that a plan takes.
func TestToConclude(t *testing.T) {
	delay := func(u *user) { u.calls(500).waits(120 * ms).calls(200).gets("full") }
	tests := []struct {
		name string
		spec Spec
		tell func(*tale)
		want string
	}{
		{"too few: the phase where the fault is, longer", Spec{ID: "retries.first_delay"}, func(t *tale) { t.users(10, "spike", delay) }, "for: 33s   # phase spike, was 10s"},
		{"too few: the phase in scope, longer", during(Spec{ID: "retries.first_delay"}, "recovery"), func(t *tale) { t.users(10, "recovery", delay) }, "for: 1m6s   # phase recovery, was 20s"},
		{"nothing: a rule", Spec{ID: "retries.only_retryable"}, func(*tale) {}, "- {http_400: {}, during: spike, probability: 0.1}"},
		{"queueing unknown: a trial", Spec{ID: "retries.first_delay"}, func(t *tale) { t.unmeasured(); t.users(20, "warm", delay); t.users(20, "spike", delay) }, "calibrate: 20"},
		{"queueing unknown although there was a trial: a longer first phase", Spec{ID: "retries.first_delay"}, func(t *tale) {
			t.unmeasured()
			for range 20 {
				t.user(journal.PhaseTrial, 0, func(u *user) { u.r.Purpose = journal.PurposeTrial; u.gets("full") })
			}
			t.users(20, "warm", delay)
			t.users(20, "spike", delay)
		}, "for: 22s   # phase warm, was 10s"},
		{"queueing: half the rate", Spec{ID: "retries.first_delay"}, func(t *tale) { t.users(40, "spike", delay); queues(t, 60*ms) }, "rate: 7   # phase spike, was about 14: less queueing"},
		{"too few in a trace: a longer window", Spec{ID: "retries.first_delay"}, func(t *tale) { t.setup.TraceSpeed = 4; t.users(10, "spike", delay) }, "window: ...   # under load.trace: phase spike 3.3 times as long"},
		{"queueing in a trace: half the speed", Spec{ID: "retries.first_delay"}, func(t *tale) { t.setup.TraceSpeed = 4; t.users(40, "spike", delay); queues(t, 60*ms) }, "speed: 2   # under load.trace, was 4: less queueing"},
		{"not joined: a marker", Spec{ID: "retries.first_delay"}, func(t *tale) {
			t.users(40, "spike", delay)
			t.users(40, "spike", func(u *user) { u.anon = true; u.calls(200).gets("full") })
		}, "correlate: {marker: on}"},
		{"too few after the trouble: the last phase, longer", Spec{ID: "collapse.recovers"}, func(t *tale) {
			answered(400, 200)(t)
			t.users(40, "recovery", func(u *user) { u.calls(200).gets("full") })
		}, "for: 55s   # phase recovery, was 20s"},
		{"compared with itself: another phase", during(Spec{ID: "collapse.goodput"}, "warm"), answered(400, 200), "- collapse.goodput: {min: 90%, during: spike}"},
		{"a short first phase: a longer one", Spec{ID: "collapse.goodput"}, func(t *tale) {
			t.unmeasured()
			t.users(20, "warm", func(u *user) { u.calls(200).gets("full") })
			answered(400, 200)(t)
		}, "for: 17s   # phase warm, was 10s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tt.tell(tale)
			if f := tale.judge(tt.spec); f.ToConclude != tt.want {
				t.Errorf("%s: %s\n got %q\nwant %q", f.Verdict, f.Reason, f.ToConclude, tt.want)
			}
		})
	}
}

// A check that came to no verdict is a bug of ours and never a pass.
func TestNoVerdictIsAnError(t *testing.T) {
	tale := newTale()
	entry, _ := Lookup("retries.attempts")
	v := newView(newHistory(tale.end(), tale.setup), &Spec{ID: entry.ID}, &entry)
	var f Finding
	if v.decide(&f, &exam{exposure: 1}, &Judgement{}); f.Verdict != Error {
		t.Errorf("got %q", f.Verdict)
	}
	if got := Merge([]Finding{{Verdict: Pass}, {}}); got != Error {
		t.Errorf("merged: %s", got)
	}
}
