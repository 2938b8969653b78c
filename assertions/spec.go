package assertions

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong with a part of a plan. Path is relative to
// the part.
type Problem = struct{ Path, Msg string }

// Check is one property with its arguments. Implementations are pointers to the
// argument structs of this package, made by [Entry.New].
type Check interface {
	// Validate says what is wrong with the arguments.
	Validate() []Problem

	// examine looks at the history in scope. It decides nothing that judge.go
	// decides for all checks.
	examine(*view) exam
}

// Spec is one assertion of a plan.
type Spec struct {
	ID   string `yaml:"-"`
	Args Check  `yaml:"-"` // nil: the defaults

	Name      string     `yaml:"name" doc:"name of the assertion in reports; left out: its id"`
	During    string     `yaml:"during" doc:"phase whose requests are judged; left out: the whole load"`
	For       For        `yaml:"for" doc:"narrows the requests or calls that are judged; left out: all"`
	AllowFail *AllowFail `yaml:"allow_fail" doc:"a failure is still reported, but does not break the build for now"`

	Line    int      `yaml:"-"` // in the plan, 0: unknown
	Given   []string `yaml:"-"` // arguments that the plan wrote; nil: those that differ from the defaults
	Bundled bool     `yaml:"-"` // from the standard bundle, not asked for by name
}

// For narrows what an assertion judges. An empty field matches all.
type For struct {
	Tenants  []string `yaml:"tenants" json:"tenants,omitempty" doc:"tenants whose requests are judged"`
	Mix      string   `yaml:"mix" json:"mix,omitempty" doc:"entry of load.mix whose requests are judged"`
	Model    string   `yaml:"model" json:"model,omitempty" doc:"model that the request asks for, or for checks of calls the model that the call asks for"`
	Endpoint string   `yaml:"endpoint" json:"endpoint,omitempty" doc:"endpoint of the provider whose calls are judged; only for checks of calls"`
	Step     string   `yaml:"step" json:"step,omitempty" enum:"chat,embed,rerank,search,moderation,tool" doc:"kind of step whose calls are judged; only for checks of calls"`
}

// AllowFail tolerates a failure until the end of a day.
type AllowFail struct {
	Until  string `yaml:"until" doc:"last day on which a failure is tolerated, as 2026-12-31 (UTC)"`
	Reason string `yaml:"reason" doc:"why, in words; it is printed beside the failure"`
}

const dayLayout = "2006-01-02"

// Validate says what is wrong with the assertion, without knowing the load.
func (s Spec) Validate() []Problem {
	var ps []Problem
	entry, ok := Lookup(s.ID)
	if !ok {
		return append(ps, Problem{"", unknownID(s.ID)})
	}
	if s.Args != nil {
		ps = append(ps, s.Args.Validate()...)
	} else {
		ps = append(ps, entry.New().Validate()...)
	}
	if !entry.Calls {
		if s.For.Endpoint != "" {
			ps = append(ps, Problem{"for.endpoint", s.ID + " judges requests, not calls to the provider: leave endpoint out"})
		}
		if s.For.Step != "" {
			ps = append(ps, Problem{"for.step", s.ID + " judges requests, not calls to the provider: leave step out"})
		}
	}
	if s.For.Step != "" && !slices.Contains(stepKinds, s.For.Step) {
		ps = append(ps, Problem{"for.step", fmt.Sprintf("unknown kind of step %q: use one of %s", s.For.Step, strings.Join(stepKinds, ", "))})
	}
	if s.ID == recoversEntry.ID && s.During != "" {
		ps = append(ps, Problem{"during", s.ID + " judges what comes after a phase: write after: " + s.During})
	}
	if a := s.AllowFail; a != nil {
		if _, err := time.Parse(dayLayout, a.Until); err != nil {
			ps = append(ps, Problem{"allow_fail.until", fmt.Sprintf("%q is not a day: write it as 2026-12-31", a.Until)})
		}
		if strings.TrimSpace(a.Reason) == "" {
			ps = append(ps, Problem{"allow_fail.reason", "a tolerated failure needs a reason in words"})
		}
	}
	return ps
}

// allowed judges an allow_fail against the start of the run, the only wall time
// that a journal knows.
func allowed(a *AllowFail, started string) *Allowed {
	if a == nil {
		return nil
	}
	out := &Allowed{Until: a.Until, Reason: a.Reason}
	until, err1 := time.Parse(dayLayout, a.Until)
	at, err2 := time.Parse(time.RFC3339, started)
	out.Active = err1 == nil && err2 == nil && at.Before(until.AddDate(0, 0, 1))
	return out
}

// sourceOf says where the threshold comes from: the plan where it gave an
// argument, else where the default is from.
func sourceOf(spec *Spec, entry *Entry) (Source, string) {
	given := len(spec.Given) > 0
	if spec.Given == nil {
		given = !reflect.DeepEqual(argsOf(spec.Args), argsOf(entry.New()))
	}
	if given {
		return SourcePlan, ""
	}
	return entry.Source, entry.SourceNote
}

// argsOf prints arguments as a plan reads them: shares as numbers, durations as
// text. What is left out has no default.
func argsOf(c Check) map[string]any {
	out := map[string]any{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		field := v.Field(i)
		if field.Kind() == reflect.Pointer {
			if field.IsNil() {
				continue
			}
			field = field.Elem()
		}
		switch x := field.Interface().(type) {
		case time.Duration:
			out[name] = x.String()
		case Share:
			out[name] = float64(x)
		case string:
			if x != "" {
				out[name] = x
			}
		case []string:
			if len(x) > 0 {
				out[name] = slices.Clone(x)
			}
		default:
			out[name] = x
		}
	}
	return out
}

// stepKinds are the kinds of calls that a provider serves.
var stepKinds = []string{"chat", "embed", "rerank", "search", "moderation", "tool"}

// Window is a phase of the load, in nanoseconds of the run. Half-open.
type Window struct {
	Name    string
	FromNs  int64
	ToNs    int64
	Planned int64 // arrivals of the schedule; 0: unknown
}

// RuleInfo is what a judge must know of a fault rule.
type RuleInfo struct {
	Name        string
	Fault       string  // name in the catalogue of faults
	Text        string  // the rule as a plan writes it
	Probability float64 // 1: always
	Requests    int     // the rule's `requests`, 0: not limited
	Every       int     // the rule's `every`, 0: all
	Hint        Hint    // what its refusals say of how long to wait
	FromNs      int64   // when it applies, in nanoseconds of the run; journal.Never: it never did
	ToNs        int64
	Links       bool         // it strikes connections of a proxy, and no calls
	Barrier     *BarrierInfo // nil: it has none
}

func (r RuleInfo) meets() string {
	if r.Links {
		return "connections"
	}
	return "calls"
}

// Setup is what a judge must know of the plan and a journal does not say.
type Setup struct {
	Phases          []Window // in order; nil: taken from the marks of the journal
	TraceSpeed      float64  // of load.trace; 0: the load is no trace
	ClientTimeoutNs int64
	Rules           []RuleInfo
	DegradedKinds   []string // kinds that target.response.degraded declares
	Unmarked        bool     // provider.watermark is off: answers do not show who made them
	Tenants         int      // only for Preview: number of tenants; 0: unknown
	Shared          float64  // expected share of requests that ask what another tenant asked before
}
