package plans

import (
	"reflect"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/loadgen"
)

// Preview is what can be said of a plan before it is run.
type Preview struct {
	Plan      *Plan
	Lasts     time.Duration // of the load
	Planned   int64         // requests, exact
	Phases    []loadgen.Window
	Rules     []RulePreview
	Forecasts []assertions.Forecast
}

// RulePreview says when a rule applies, since the start of the load.
type RulePreview struct {
	Name, Text string
	From, To   time.Duration
	// On is when the rule is on between From and To: all of it, but for a rule
	// with bursts.
	On []Span
}

// Span is a time of the load: [From, To), since its start.
type Span struct{ From, To time.Duration }

// spansOf lists when a rule is on, and for which share of its window.
func spansOf(rules *faults.Schedule, w faults.RuleWindow, endNs int64) (on []Span, share float64) {
	var sum int64
	for _, x := range rules.Stretches(w.Rule, endNs) {
		on = append(on, Span{time.Duration(x.FromNs), time.Duration(x.ToNs)})
		sum += x.ToNs - x.FromNs
	}
	return on, float64(sum) / float64(max(1, min(w.ToNs, endNs)-w.FromNs))
}

// MakePreview computes the schedule of a plan, and which assertions can
// conclude with that many requests. A trace is read for it, and what answers
// were recorded.
func MakePreview(p *Plan) (*Preview, error) {
	s, err := loadgen.Open(p.Load, p.Dir(), p.SeedValue())
	if err != nil {
		return nil, err
	}
	if err := checkSafety(p, s); err != nil {
		return nil, err
	}
	if _, err := readRecorded(p.Dir(), p.Provider.Answers); err != nil {
		return nil, err
	}
	rules, err := bindFaults(p, s, 0)
	if err != nil {
		return nil, err
	}
	v := &Preview{Plan: p, Lasts: time.Duration(s.EndNs()), Planned: s.Planned(), Phases: s.Windows()}
	setup := assertions.Setup{
		ClientTimeoutNs: int64(p.Load.Client.Timeout), Tenants: int(p.Load.Tenants), Shared: sharedShare(p.Load),
		DegradedKinds: degradedKinds(p), Unmarked: !p.Provider.Watermarks(),
	}
	for _, w := range v.Phases {
		setup.Phases = append(setup.Phases, assertions.Window{Name: w.Name, FromNs: w.FromNs, ToNs: w.ToNs, Planned: w.Planned})
	}
	for _, w := range rules.Windows() {
		to := min(w.ToNs, s.EndNs())
		r := p.Faults[w.Rule]
		on, share := spansOf(rules, w, s.EndNs())
		v.Rules = append(v.Rules, RulePreview{Name: w.Name, Text: r.String(), From: time.Duration(w.FromNs), To: time.Duration(to), On: on})
		info := ruleInfo(r)
		info.Probability *= share // what is off is not hit
		info.Name, info.FromNs, info.ToNs = w.Name, w.FromNs, to
		if gate := rules.Gate(w.Rule); gate != nil {
			info.Barrier.PatienceNs = int64(gate.Patience)
		}
		setup.Rules = append(setup.Rules, info)
	}
	v.Forecasts = assertions.Preview(setup, p.Assertions)
	return v, nil
}

// sharedShare is the expected share of requests that ask what another tenant
// asked before: a repetition asks the latest prompt of its kind, whoever asked.
func sharedShare(c loadgen.Config) float64 {
	var weights, repeats float64
	for _, m := range c.Mix {
		weights += m.Weight
		repeats += m.Weight * m.Repeat
	}
	if weights == 0 || c.Tenants < 2 {
		return 0
	}
	return repeats / weights * (1 - 1/float64(c.Tenants))
}

func degradedKinds(p *Plan) []string {
	var kinds []string
	for _, k := range p.Target.response().Degraded {
		kinds = append(kinds, k.Kind)
	}
	return kinds
}

// Argument is one argument of an assertion or one parameter of a fault, as a
// plan writes it.
type Argument struct {
	Name, Default, Doc string
	Enum               []string // the values that it takes; nil: any of its type
}

// ArgumentsOf lists what a plan can say of v, an [assertions.Check] or a
// [faults.Fault].
func ArgumentsOf(v any) []Argument {
	var out []Argument
	for _, f := range fieldsOf(reflect.Indirect(reflect.ValueOf(v)).Type()) {
		out = append(out, Argument{Name: f.key, Default: f.def, Doc: f.doc, Enum: f.enum})
	}
	return out
}
