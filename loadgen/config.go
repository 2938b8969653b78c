package loadgen

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Problem is one thing wrong with a part of a plan. Path is relative to the
// part and written as in YAML; Msg says what is wrong and what to do.
type Problem = struct{ Path, Msg string }

type problems []Problem

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{path, fmt.Sprintf(format, args...)})
}

// Config is the part `load` of a plan: when requests are due, and what they ask.
type Config struct {
	Arrivals    Arrivals     `yaml:"arrivals" default:"constant" doc:"how requests are spread: constant, poisson, or {gamma: {shape: 0.5}} for bursts"`
	Phases      []Phase      `yaml:"phases" doc:"stretches of the load, one after the other"`
	Trace       *Trace       `yaml:"trace" doc:"replay a recorded trace instead of phases"`
	Mix         []Mix        `yaml:"mix" doc:"kinds of requests and their weights"`
	Tenants     Tenants      `yaml:"tenants" default:"1" doc:"number of tenants that requests come from"`
	Client      ClientConfig `yaml:"client" doc:"how a simulated user behaves"`
	MaxInFlight int          `yaml:"max_in_flight" default:"2000" doc:"open requests at a time; more are dropped and counted, never delayed"`
}

// ClientConfig says how a simulated user behaves.
type ClientConfig struct {
	Timeout time.Duration `yaml:"timeout" default:"30s" doc:"how long a user waits, from when the request is due"`
}

// Phase is a named stretch of the load.
type Phase struct {
	Name string        `yaml:"name" doc:"name of the phase: lower-case letters, digits, - and _"`
	Rate Rate          `yaml:"rate" doc:"requests per second: 20, or 20 -> 200 for a ramp"`
	For  time.Duration `yaml:"for" doc:"how long the phase lasts"`
}

// Mix is one kind of request.
type Mix struct {
	Name         string  `yaml:"name" doc:"name in reports and in for: {mix: NAME}"`
	Weight       float64 `yaml:"weight" default:"1" doc:"share of requests, relative to the other kinds"`
	Model        string  `yaml:"model" doc:"model that the request asks for; left out: the first of provider.models, and none where target.request.body is given"`
	PromptTokens int     `yaml:"prompt_tokens" default:"200" doc:"length of the prompt in tokens; a trace row decides where there is one"`
	OutputTokens int     `yaml:"output_tokens" doc:"length of the answer in tokens; left out: the model decides; a trace row decides where there is one"`
	Stream       bool    `yaml:"stream" doc:"ask for a streamed answer"`
	Repeat       float64 `yaml:"repeat" doc:"share of requests that ask an earlier prompt again, whichever tenant asked it first, 0 to 1"`
	Prompts      any     `yaml:"prompts,unbuilt" doc:"file of real prompts"`
}

// Tenants is who requests come from: a number, or groups with rates of their
// own, which are not built yet.
type Tenants int

// UnmarshalPlan reads a number and refuses groups by name.
func (t *Tenants) UnmarshalPlan(decode func(any) error) error {
	var n int
	if err := decode(&n); err == nil {
		*t = Tenants(n)
		return nil
	}
	var other any
	if err := decode(&other); err != nil {
		return err
	}
	if _, groups := other.(map[string]any); groups {
		return fmt.Errorf("groups of tenants are not built yet: give a number")
	}
	return decode(&n)
}

// PlanSchema returns an example of each shape.
func (Tenants) PlanSchema() []any { return []any{5} }

// Arrivals is how requests are spread in time.
type Arrivals struct {
	Process string  // constant, poisson, gamma
	Shape   float64 // of gamma
}

type gammaArrivals struct {
	Gamma struct {
		Shape float64 `yaml:"shape" doc:"1 is poisson, below 1 is burstier, above 1 more even"`
	} `yaml:"gamma" doc:"gaps of a gamma distribution"`
}

// UnmarshalPlan reads a word or {gamma: {shape}}.
func (a *Arrivals) UnmarshalPlan(decode func(any) error) error {
	var word string
	if err := decode(&word); err == nil {
		switch word {
		case "constant", "poisson":
			*a = Arrivals{Process: word}
			return nil
		}
		return fmt.Errorf("%q is no arrival process: use constant, poisson or {gamma: {shape: 0.5}}", word)
	}
	var g gammaArrivals
	if err := decode(&g); err != nil {
		return err
	}
	*a = Arrivals{Process: "gamma", Shape: g.Gamma.Shape}
	return nil
}

// PlanSchema returns the words, and an example of the other shape.
func (Arrivals) PlanSchema() []any { return []any{[]string{"constant", "poisson"}, gammaArrivals{}} }

// String prints what a plan reads back.
func (a Arrivals) String() string {
	if a.Process == "gamma" {
		return "{gamma: {shape: " + number(a.Shape) + "}}"
	}
	return a.Process
}

// Rate is requests per second at the start and at the end of a phase.
type Rate struct{ From, To float64 }

// UnmarshalText reads "20" or "20 -> 200".
func (r *Rate) UnmarshalText(text []byte) error {
	from, to, ramp := strings.Cut(string(text), "->")
	a, err := strconv.ParseFloat(strings.TrimSpace(from), 64)
	b := a
	if ramp && err == nil {
		b, err = strconv.ParseFloat(strings.TrimSpace(to), 64)
	}
	if err != nil || !(a >= 0 && b >= 0 && a <= rateMax && b <= rateMax) {
		return fmt.Errorf("%q is no rate: write requests per second as 20, or 20 -> 200 for a ramp", text)
	}
	*r = Rate{a, b}
	return nil
}

// Mean is the rate over the whole of a phase.
func (r Rate) Mean() float64 { return float64(r.From+r.To) / 2 }

const rateMax = 1e6

// String prints what UnmarshalText reads.
func (r Rate) String() string {
	if r.From == r.To {
		return number(r.From)
	}
	return number(r.From) + " -> " + number(r.To)
}

// SchemaPattern is the regular expression of a rate written as text.
func (Rate) SchemaPattern() string {
	return `^\s*[0-9]+(\.[0-9]+)?\s*(->\s*[0-9]+(\.[0-9]+)?\s*)?$`
}

// SchemaNumber is what a rate may be as a number.
func (Rate) SchemaNumber() map[string]any {
	return map[string]any{"type": "number", "minimum": 0, "maximum": rateMax}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Span is a stretch of trace time, half-open.
type Span struct{ From, To time.Duration }

// UnmarshalText reads "13m..16m".
func (w *Span) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "..")
	a, err := time.ParseDuration(strings.TrimSpace(from))
	b, err2 := time.ParseDuration(strings.TrimSpace(to))
	if !ok || err != nil || err2 != nil || a < 0 || b <= a {
		return fmt.Errorf("%q is no window: write two durations as 13m..16m, the second one later", text)
	}
	*w = Span{a, b}
	return nil
}

// String prints what UnmarshalText reads.
func (w Span) String() string { return w.From.String() + ".." + w.To.String() }

// SchemaPattern is the regular expression of a window.
func (Span) SchemaPattern() string { return `^\s*[0-9][0-9a-zµ.]*\s*\.\.\s*[0-9][0-9a-zµ.]*\s*$` }

// Trace replays a recorded trace.
type Trace struct {
	File   string       `yaml:"file" doc:"path of the trace, relative to the plan: Azure 2023 or 2024, BurstGPT, Mooncake"`
	Window *Span        `yaml:"window" doc:"part of the trace to replay, in trace time since its first row; left out: all"`
	Speed  float64      `yaml:"speed" default:"1" doc:"how much faster than recorded"`
	Models []TraceModel `yaml:"models" doc:"names of models in the trace and what they become"`
	Phases []TracePhase `yaml:"phases" doc:"named parts of the trace, in trace time; left out: one phase called trace"`
}

// TraceModel maps a model's name in a trace.
type TraceModel struct {
	Name  string `yaml:",key"`
	Model string `yaml:",value"`
}

// TracePhase is a named part of a trace.
type TracePhase struct {
	Name   string `yaml:"name" doc:"name of the phase"`
	Window Span   `yaml:"window" doc:"in trace time since the first row"`
}

// Defaults and bounds.
const (
	timeoutDefault     = 30 * time.Second
	maxInFlightDefault = 2000
	promptTokens       = 200
	tokensMax          = 1_000_000
	tenantsMax         = 10_000
	arrivalsMax        = 100_000_000 // a week of 165/s: they are counted, one by one, before the run
)

// WithDefaults returns a copy in which what was left out has its default.
func (c Config) WithDefaults() Config {
	if c.Arrivals.Process == "" {
		c.Arrivals.Process = "constant"
	}
	if c.Tenants == 0 {
		c.Tenants = 1
	}
	if c.Client.Timeout == 0 {
		c.Client.Timeout = timeoutDefault
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = maxInFlightDefault
	}
	if c.Trace != nil && c.Trace.Speed == 0 {
		t := *c.Trace
		t.Speed = 1
		c.Trace = &t
	}
	mix := append([]Mix(nil), c.Mix...)
	if len(mix) == 0 {
		mix = []Mix{{Name: "default"}}
	}
	for i := range mix {
		if mix[i].Weight == 0 {
			mix[i].Weight = 1
		}
		if mix[i].PromptTokens == 0 {
			mix[i].PromptTokens = promptTokens
		}
	}
	c.Mix = mix
	return c
}

// TenantNames returns the names of the tenants: 1 to N.
func (c Config) TenantNames() []string {
	names := make([]string, max(1, int(c.Tenants)))
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}

var phaseName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// Validate returns everything that is wrong with the part.
func (c Config) Validate() []Problem {
	var out problems
	switch {
	case c.Trace == nil && len(c.Phases) == 0:
		out.add("", "has no phases and no trace: give phases: [{name: warm, rate: 20, for: 10s}]")
	case c.Trace != nil && len(c.Phases) > 0:
		out.add("trace", "contradicts phases: a trace says itself when requests come; keep one, or use trace.phases")
	}
	if c.Arrivals.Process == "gamma" && !(c.Arrivals.Shape >= 0.01 && c.Arrivals.Shape <= 1000) {
		out.add("arrivals.gamma.shape", "is %v: give a number from 0.01 to 1000", c.Arrivals.Shape)
	}
	c.validatePhases(&out)
	if c.Trace != nil {
		c.Trace.validate(&out)
	}
	c.validateMix(&out)
	if c.Tenants < 0 || c.Tenants > tenantsMax {
		out.add("tenants", "is %d: give a number from 1 to %d", c.Tenants, tenantsMax)
	}
	if t := c.Client.Timeout; t < 0 || t > time.Hour {
		out.add("client.timeout", "is %s: give a duration up to 1h", t)
	}
	if c.MaxInFlight < 0 {
		out.add("max_in_flight", "is %d: give a positive number", c.MaxInFlight)
	}
	return out
}

func (c Config) validatePhases(out *problems) {
	seen := map[string]bool{}
	total := 0.0
	for i, p := range c.Phases {
		path := fmt.Sprintf("phases[%d]", i)
		validateName(out, path+".name", p.Name, seen)
		if p.For < time.Millisecond || p.For > 7*24*time.Hour {
			out.add(path+".for", "is %s: give a duration from 1ms to 168h, such as 10s", p.For)
		}
		total += float64(p.Rate.Mean() * p.For.Seconds())
		if p.Rate.From == 0 && p.Rate.To == 0 {
			out.add(path+".rate", "is 0: give requests per second, or leave the phase out")
		}
	}
	if total > arrivalsMax {
		out.add("phases", "ask for %.0f requests: one run sends up to %d", total, arrivalsMax)
	}
}

func validateName(out *problems, path, name string, seen map[string]bool) {
	switch _, err := time.ParseDuration(name); {
	case name == "trial" || name == "anon" || err == nil:
		out.add(path, "%q has a meaning of its own: choose another name", name)
	case !phaseName.MatchString(name):
		out.add(path, "%q is no name for a phase: use up to 32 lower-case letters, digits, - and _, the first one a letter", name)
	case seen[name]:
		out.add(path, "%q is used twice: each phase needs a name of its own", name)
	}
	seen[name] = true
}

func (t *Trace) validate(out *problems) {
	if t.File == "" {
		out.add("trace.file", "is missing: give the path of a trace")
	}
	if t.Speed < 0 || t.Speed > 10_000 {
		out.add("trace.speed", "is %v: give a number above 0, up to 10000", t.Speed)
	}
	seen := map[string]bool{}
	var last time.Duration
	for i, p := range t.Phases {
		path := fmt.Sprintf("trace.phases[%d]", i)
		validateName(out, path+".name", p.Name, seen)
		if p.Window.From < last {
			out.add(path+".window", "%s begins before the phase before it ends: phases follow each other", p.Window)
		}
		if t.Window != nil && (p.Window.From < t.Window.From || p.Window.To > t.Window.To) {
			out.add(path+".window", "%s is not inside trace.window %s", p.Window, *t.Window)
		}
		last = p.Window.To
	}
}

func (c Config) validateMix(out *problems) {
	seen := map[string]bool{}
	for i, m := range c.Mix {
		path := fmt.Sprintf("mix[%d]", i)
		switch {
		case m.Name == "":
			out.add(path+".name", "is missing: give each kind of request a name")
		case seen[m.Name]:
			out.add(path+".name", "%q is used twice: each kind of request needs a name of its own", m.Name)
		}
		seen[m.Name] = true
		if m.Weight < 0 {
			out.add(path+".weight", "is %v: give a positive number", m.Weight)
		}
		if m.PromptTokens < 0 || m.PromptTokens > tokensMax {
			out.add(path+".prompt_tokens", "is %d: give a number from 1 to %d", m.PromptTokens, tokensMax)
		}
		if m.OutputTokens < 0 || m.OutputTokens > tokensMax {
			out.add(path+".output_tokens", "is %d: give a number up to %d", m.OutputTokens, tokensMax)
		}
		if m.Repeat < 0 || m.Repeat > 1 {
			out.add(path+".repeat", "is %v: give a share from 0 to 1", m.Repeat)
		}
	}
}
