package faults

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func schedule(t testing.TB, seed uint64, rules ...Rule) *Schedule {
	t.Helper()
	s, problems := NewSchedule(seed, rules, load, nil)
	if problems != nil {
		t.Fatal(problems)
	}
	return s
}

// call is a first attempt of a chat step in the middle of the spike.
func call(index int64) Call {
	return Call{
		Phase: "spike", Index: index, HasKey: true, Tenant: fmt.Sprint(index % 5), Model: "gpt-4o", Dialect: "openai", Kind: "chat",
		Stream: true, StepHash: 0xabc, Ordinal: 1, ArrivedNs: sec(15),
	}
}

// states says what each rule made of an attempt: "name=state".
func states(d Decision) string {
	var out []string
	for _, h := range d.Hits {
		out = append(out, h.Name+"="+string(h.State))
	}
	return strings.Join(out, " ")
}

// Eligibility is physics: who is asked at all. The rule always chooses.
func TestEligible(t *testing.T) {
	at := func(s float64) func(*Call) { return func(c *Call) { c.ArrivedNs = sec(s) } }
	anon := func(c *Call) { c.HasKey, c.Phase, c.Index, c.Tenant = false, "", 0, "" }
	ordinal := func(n int) func(*Call) { return func(c *Call) { c.Ordinal = n } }
	during := func(r *Rule) { r.During = "spike" }
	atFor := func(r *Rule) { r.At, r.For = &At{"spike", 2 * time.Second}, ptr(5*time.Second) }
	fromTo := func(r *Rule) { r.From, r.To = ptr(13*time.Second), ptr(16*time.Second) } // from the start of the load, at 0.5 s
	forever := func(*Rule) {}
	for _, c := range []struct {
		say  string
		rule func(*Rule)
		call func(*Call)
		want State // "": not eligible
	}{
		{"during: the first nanosecond of the phase is in", during, at(12.5), Chosen},
		{"during: the last one is out", during, at(22.5), ""},
		{"during counts the arrival, not the phase of the request", during, func(c *Call) { c.Phase, c.ArrivedNs = "warm", sec(15) }, Chosen},
		{"a retry that arrives after the phase is left alone", during, func(c *Call) { c.ArrivedNs, c.Ordinal = sec(23), 2 }, ""},
		{"at + for: not yet", atFor, at(14.499), ""},
		{"at + for: from there on", atFor, at(14.5), Chosen},
		{"at + for: until there", atFor, at(19.5), ""},
		{"from .. to: not yet", fromTo, at(13.4), ""},
		{"from .. to: in", fromTo, at(13.5), Chosen},
		{"from .. to: over", fromTo, at(16.5), ""},
		{"no window: before the load nothing is hit", forever, at(0.4), ""},
		{"no window: the drain after the load still is", forever, at(60), Chosen},
		{"the trial is never hit, even when it runs late", forever, func(c *Call) { c.Phase = "trial" }, ""},

		{"match.model", func(r *Rule) { r.Match.Model = "gpt-4o" }, nil, Chosen},
		{"match.model: another", func(r *Rule) { r.Match.Model = "gpt-4o-mini" }, nil, ""},
		{"match.step: another", func(r *Rule) { r.Match.Step = "embed" }, nil, ""},
		{"match.dialect: another", func(r *Rule) { r.Match.Dialect = "anthropic" }, nil, ""},
		{"match.tenant", func(r *Rule) { r.Match.Tenant = "2" }, nil, Chosen},
		{"match.tenant: another", func(r *Rule) { r.Match.Tenant = "3" }, nil, ""},
		{"match.attempt: the first retry only", func(r *Rule) { r.Match.Attempt = 2 }, ordinal(2), Chosen},
		{"match.attempt: not the first try", func(r *Rule) { r.Match.Attempt = 2 }, ordinal(1), ""},
		{"times: the second of two", func(r *Rule) { r.Times = 2 }, ordinal(2), Chosen},
		{"times: then the step succeeds", func(r *Rule) { r.Times = 2 }, ordinal(3), ""},
		{"every: index 12 of 4", func(r *Rule) { r.Every = 4 }, nil, Chosen},
		{"every: index 12 of 5", func(r *Rule) { r.Every = 5 }, nil, ""},

		{"no request id: a plain rule applies", forever, anon, Chosen},
		{"no request id: match.tenant cannot be told", func(r *Rule) { r.Match.Tenant = "2" }, anon, Unknown},
		{"no request id: per: tenant neither", func(r *Rule) { r.Per = PerTenant }, anon, Unknown},
		{"no request id: every neither", func(r *Rule) { r.Every = 4 }, anon, Unknown},
		{"no request id, and another model: not even asked", func(r *Rule) { r.Match.Tenant, r.Match.Model = "2", "x" }, anon, ""},

		{"probability 0: eligible, never chosen", func(r *Rule) { r.Probability = ptr(Share(0)) }, nil, Passed},
	} {
		r := Rule{Fault: newFault("http_500")}
		c.rule(&r)
		a := call(12)
		if c.call != nil {
			c.call(&a)
		}
		got := State("")
		if hits := schedule(t, 1, r).Decide(a).Hits; len(hits) > 0 {
			got = hits[0].State
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.say, got, c.want)
		}
	}
}

// A fault of a stream means nothing for an answer in one piece.
func TestStreamOnlyFaults(t *testing.T) {
	whole := call(1)
	whole.Stream = false
	for _, c := range []struct {
		fault    Fault
		eligible bool
	}{
		{newFault("eof_no_done"), false},
		{newFault("in_stream_error"), false},
		{newFault("stall_mid_stream"), true},
		{&Cut{name: "conn_reset_mid", kind: EndingReset, AfterEvents: ptr(1)}, false},
	} {
		r := Rule{Fault: c.fault}
		if got := len(schedule(t, 1, r).Decide(whole).Hits) > 0; got != c.eligible {
			t.Errorf("%s: eligible %v, want %v", r, got, c.eligible)
		}
		if len(schedule(t, 1, r).Decide(call(1)).Hits) != 1 {
			t.Errorf("%s: not eligible for a stream", r)
		}
	}
}

// A fault of tokens means nothing for a call that generates none.
func TestFaultsOfTokens(t *testing.T) {
	embed := call(1)
	embed.Kind = "embed"
	for _, c := range []struct {
		fault    Fault
		eligible bool
	}{{&Trickle{TokensPerSecond: 1}, false}, {newFault("eof_no_done"), false}, {newFault("brownout"), true}, {newFault("empty_200"), true}} {
		r := Rule{Fault: c.fault}
		if got := len(schedule(t, 1, r).Decide(embed).Hits) > 0; got != c.eligible {
			t.Errorf("%s: eligible %v, want %v", r, got, c.eligible)
		}
		if len(schedule(t, 1, r).Decide(call(1)).Hits) != 1 {
			t.Errorf("%s: not eligible for a chat", r)
		}
	}
}

// requests: N are keys that were bound before the run, not the first to arrive.
func TestRequestsAreBoundByKey(t *testing.T) {
	rules := []Rule{{Name: "a", Fault: newFault("http_500")}, {Name: "b", Fault: newFault("empty_200"), During: "spike", Requests: 4}}
	asked := []int{}
	s, problems := NewSchedule(1, rules, load, func(rule int) []KeyRange {
		asked = append(asked, rule)
		return []KeyRange{{"spike", 10, 12}, {"trace", 7, 8}, {"spike", 3, 4}} // in any order
	})
	if problems != nil || !slices.Equal(asked, []int{1}) {
		t.Fatal(problems, asked)
	}
	for _, c := range []struct {
		phase string
		index int64
		want  bool
	}{
		{"spike", 2, false}, {"spike", 3, true}, {"spike", 4, false}, {"spike", 9, false}, {"spike", 10, true}, {"spike", 11, true},
		{"spike", 12, false}, {"trace", 7, true}, {"trace", 8, false}, {"warm", 3, false},
	} {
		a := call(c.index)
		a.Phase = c.phase
		if got := strings.Contains(states(s.Decide(a)), "b="); got != c.want {
			t.Errorf("%s/%d: eligible %v, want %v", c.phase, c.index, got, c.want)
		}
	}
	if got := states(s.Decide(Call{StepHash: 1, Ordinal: 1, ArrivedNs: sec(15)})); got != "a=chosen b=unknown" {
		t.Errorf("no request id: %s", got)
	}
	_, problems = NewSchedule(1, rules, load, func(int) []KeyRange { return []KeyRange{{"spike", 0, 3}} })
	want := Problem{"[1].requests", "asks for 4 requests, but only 3 are due in the window of b: lower it, or widen the window"}
	if len(problems) != 1 || problems[0] != want {
		t.Errorf("too few requests: %v", problems)
	}
	if _, problems = NewSchedule(1, rules, load, nil); len(problems) != 1 {
		t.Errorf("unbound requests: %v", problems)
	}
}

// Each slot goes to the first rule in plan order that chose the attempt;
// a dead connection hides all, an error hides pace, mutation and ending.
func TestCombine(t *testing.T) {
	hang, reset, storm, fail := newFault("hang_before_headers"), newFault("conn_reset_pre"), newFault("rate_limit"), newFault("http_500")
	slow, slower := &SlowTTFT{By: time.Second}, &SlowTTFT{By: time.Minute}
	trickle, empty, cut := &Trickle{TokensPerSecond: 1}, newFault("empty_200"), newFault("eof_no_done")
	brown := &Brownout{PerRequest: time.Second, Max: time.Second, Stretch: 1, StretchMax: 2}
	for _, c := range []struct {
		say    string
		faults []Fault
		want   string // per rule: the slots it holds, "-" when masked
	}{
		{"disjoint slots live together", []Fault{slow, trickle, empty, cut}, "delay pace mutation ending"},
		{"the first in plan order wins a slot", []Fault{storm, fail}, "status -"},
		{"and the other way round", []Fault{fail, storm}, "status -"},
		{"a connection fault hides all, wherever it stands", []Fault{slow, fail, trickle, hang}, "- - - connection"},
		{"two of them: the first", []Fault{reset, hang}, "connection -"},
		{"an error hides pace, mutation and ending, not the delay", []Fault{slow, trickle, empty, cut, fail}, "delay - - - status"},
		{"a rule that loses one of two slots keeps the other", []Fault{slow, brown}, "delay pace"},
		{"and is masked only when it holds none", []Fault{slow, trickle, brown}, "delay pace -"},
		{"of two delays the first, not the longer", []Fault{slow, slower}, "delay -"},
	} {
		var rules []Rule
		for i, f := range c.faults {
			rules = append(rules, Rule{Name: fmt.Sprint("r", i), Fault: f})
		}
		d := schedule(t, 1, rules...).Decide(call(1))
		var got []string
		held := Slots(0)
		for i, h := range d.Hits {
			if h.Rule != i || h.State != Chosen || h.Masked != (h.Slots == 0) || h.Wants == 0 || !h.Wants.Has(h.Slots) {
				t.Errorf("%s: hit %+v", c.say, h)
			}
			if h.Masked {
				got = append(got, "-")
			} else {
				got = append(got, h.Slots.String())
			}
			held |= h.Slots
		}
		if strings.Join(got, " ") != c.want || held != d.Effect.Slots() {
			t.Errorf("%s: %v, effect %s, want %s", c.say, got, d.Effect.Slots(), c.want)
		}
	}
	d := schedule(t, 1, Rule{Fault: slow}, Rule{Name: "x", Fault: slower}).Decide(call(1))
	if d.Effect.Delay.Extra != time.Second || d.Effect.Delay.Rule != 0 {
		t.Errorf("delay %+v", d.Effect.Delay)
	}
}

// A retry before an honest hint has run out is limited again, whatever its
// dice say, as long as the rule applies.
func TestHeld(t *testing.T) {
	never := Rule{Fault: newFault("rate_limit"), During: "spike", Probability: ptr(Share(0)), Times: 3}
	s := schedule(t, 1, Rule{Fault: newFault("empty_200"), During: "warm"}, never)
	retry := call(1)
	retry.Ordinal, retry.Held = 2, []string{"rate_limit"}
	d := s.Decide(retry)
	if len(d.Hits) != 1 || d.Hits[0].State != Held || d.Hits[0].Slots != SlotStatus || d.Effect.Status == nil || d.Effect.Status.Rule != 1 {
		t.Errorf("held: %+v", d)
	}
	retry.Ordinal = 4
	if d := s.Decide(retry); d.Effect.Status != nil {
		t.Error("times: 3 is over, and the step is still held")
	}
	retry.Ordinal, retry.ArrivedNs = 2, sec(22.5)
	if d := s.Decide(retry); d.Effect.Status != nil {
		t.Error("the window is over, and the step is still held")
	}
}

func TestWindows(t *testing.T) {
	got := schedule(t, 1,
		Rule{Fault: newFault("empty_200"), During: "spike"},
		Rule{Fault: newFault("http_500"), At: &At{"ramp", -time.Second}, For: ptr(3 * time.Second)},
		Rule{Fault: newFault("http_503"), From: ptr(time.Second)},
	).Windows()
	want := []RuleWindow{
		{0, "empty_200", sec(12.5), sec(22.5)},
		{1, "http_500", sec(7.5), sec(10.5)},
		{2, "http_503", sec(1.5), math.MaxInt64},
	}
	if !slices.Equal(got, want) {
		t.Errorf("windows %v, want %v", got, want)
	}
}
