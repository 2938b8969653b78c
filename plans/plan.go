// Package plans is what an experiment is, and carrying one out. A [Plan] is
// strict YAML: every key is known, every value is possible, and what is not is
// refused with its line and what to write instead, all at once and before
// anything is sent. The parts of a plan belong to the packages that use them;
// this one decodes them, checks them against each other, and runs them.
package plans

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/tcpproxy"
	"github.com/chaoskit/chaos/loadgen"
	"github.com/chaoskit/chaos/mockmodel"
)

// Plan is one experiment. A loaded plan is valid and has its defaults; nobody
// changes it.
type Plan struct {
	Name        string            `yaml:"name" required:"true" doc:"name of the plan, of its run folders and in reports: letters, digits, '_', '-' and '.'"`
	Description string            `yaml:"description" doc:"what the experiment shows, in a sentence"`
	Seed        *uint64           `yaml:"seed" default:"1" doc:"seed of everything random"`
	Extends     any               `yaml:"extends,unbuilt" doc:"a plan that this one changes"`
	Target      Target            `yaml:"target" required:"true" doc:"the service under test"`
	Provider    mockmodel.Config  `yaml:"provider" doc:"the mock model: who answers the target's calls, how fast and with what"`
	Proxies     []tcpproxy.Config `yaml:"proxies" doc:"what the target uses beside the model, such as a Redis or a database, each behind a proxy that faults can strike: ${proxy.NAME}"`
	Correlate   loadgen.Correlate `yaml:"correlate" doc:"how a request is recognised at the provider"`
	Load        loadgen.Config    `yaml:"load" required:"true" doc:"when requests are due and what they ask"`
	Faults      []faults.Rule     `yaml:"faults" doc:"what goes wrong at the provider and at the proxies, when and to whom"`
	Assertions  []assertions.Spec `yaml:"assertions" doc:"what must hold; left out: the standard bundle"`
	Safety      Safety            `yaml:"safety" doc:"what the run must never do"`
	Calibrate   *int              `yaml:"calibrate" default:"20" doc:"requests sent one after the other before the load, to see that the experiment can prove anything; 0: none"`

	// Source is the file that the plan came from, or its name in the library.
	Source string `yaml:"-"`
	// Set is what --set changed in it, the seed left out and secrets masked:
	// without it nobody can repeat the run.
	Set []string `yaml:"-"`

	dir     string
	bundled bool // no assertions were given: the standard bundle stands there
	kept    []byte
	// unexpanded is the plan as it is kept, with no value from the environment.
	unexpanded *Plan
	secrets    []string // taken from the environment: they belong in no journal, log or report
}

// Target is the service under test: exactly one of Builtin, URL and Command.
type Target struct {
	Builtin  string                 `yaml:"builtin" doc:"a service of chaos's own: see chaos list targets"`
	URL      string                 `yaml:"url" doc:"where requests go, for a service that runs already"`
	Command  []string               `yaml:"command" doc:"program and arguments that start the service, in a process group of its own; it is stopped at the end"`
	Dir      string                 `yaml:"dir" doc:"with command: the folder to start it in; left out: the plan's folder"`
	Env      []Variable             `yaml:"env" doc:"with command: environment variables over those that point it to the provider"`
	Port     int                    `yaml:"port" doc:"with command: the port that the service listens on, given to it as PORT; left out: a free one"`
	Path     string                 `yaml:"path" doc:"with command: the path that requests go to; left out: /v1/chat/completions"`
	Ready    *Ready                 `yaml:"ready" doc:"when the service is ready for requests; left out: when it takes connections"`
	Request  loadgen.RequestConfig  `yaml:"request" doc:"what a simulated user sends; left out: an OpenAI chat completion"`
	Response loadgen.ResponseConfig `yaml:"response" doc:"how an answer of the service is read"`

	shown    string // as the plan says it, with nothing from the environment
	poolSize int    // of the built-in target; 0: its default
}

// Variable is an environment variable.
type Variable struct {
	Name  string `yaml:",key"`
	Value string `yaml:",value"`
}

// Ready says when a target is ready.
type Ready struct {
	Path   string        `yaml:"path" doc:"a path that answers with a status below 400 when the service is ready"`
	Within time.Duration `yaml:"within" default:"15s" doc:"how long to wait for it"`
}

// Safety is what a run must never do.
type Safety struct {
	AllowHosts  []string   `yaml:"allow_hosts" doc:"hosts beyond this machine that load may be sent to, and calls passed on to; they need max_rate and max_requests too"`
	MaxRate     float64    `yaml:"max_rate" default:"no limit" doc:"requests per second that no phase may exceed"`
	MaxInFlight int        `yaml:"max_in_flight" default:"load.max_in_flight alone" doc:"open requests that are never exceeded"`
	MaxRequests int64      `yaml:"max_requests" default:"no limit" doc:"requests that the whole load may have"`
	StopWhen    []StopWhen `yaml:"stop_when" doc:"conditions under which the load is stopped at once; exit code 5"`
}

// StopWhen is a condition under which the load is stopped.
type StopWhen struct {
	Outcome string        `yaml:"outcome" enum:"full,degraded,rejected,error,timeout,truncated,empty,wrong" doc:"outcome of requests that is counted"`
	Above   faults.Share  `yaml:"above" doc:"share of the requests that ended, above which the load is stopped"`
	For     time.Duration `yaml:"for" default:"10s" doc:"over how long the share is taken, in whole seconds up to 10m"`
}

// Defaults of a plan.
const (
	seedDefault     = 1
	stopForDefault  = 10 * time.Second
	stopForMax      = recentSeconds * time.Second
	calibrateMax    = 1000
	pathDefault     = "/v1/chat/completions"
	targetsExpected = "give one of builtin: resilient, url: http://127.0.0.1:8080/v1/chat/completions, command: [node, server.mjs]"
)

// withDefaults returns a copy in which what was left out has its default.
func (p Plan) withDefaults() Plan {
	if p.Seed == nil {
		seed := uint64(seedDefault)
		p.Seed = &seed
	}
	if p.Calibrate == nil {
		n := trialDefault
		p.Calibrate = &n
	}
	p.Target = p.Target.withDefaults()
	p.Provider = p.Provider.WithDefaults()
	p.Correlate = p.Correlate.WithDefaults()
	p.Load = p.Load.WithDefaults()
	p.Load.Mix = p.named(p.Load.Mix)
	p.Safety = p.Safety.withDefaults()
	return p
}

// modelDefault is asked for where neither the load nor the provider names one.
const modelDefault = "gpt-4o"

// named gives a model to the kinds of requests that name none, where the body is
// the one of an API: it has none without. A body of the plan's own need not.
func (p Plan) named(mixes []loadgen.Mix) []loadgen.Mix {
	if p.Target.Request.Body != "" {
		return mixes
	}
	model := modelDefault
	if names := p.Provider.ModelNames(); len(names) > 0 {
		model = names[0]
	}
	out := slices.Clone(mixes)
	for i := range out {
		if out[i].Model == "" {
			out[i].Model = model
		}
	}
	return out
}

func (t Target) withDefaults() Target {
	t.Request, t.Response = t.Request.WithDefaults(), t.Response.WithDefaults()
	if len(t.Command) > 0 && t.Path == "" {
		t.Path = pathDefault
	}
	if t.Ready != nil {
		r := *t.Ready
		if r.Within == 0 {
			r.Within = readyAfter
		}
		t.Ready = &r
	}
	return t
}

func (s Safety) withDefaults() Safety {
	stops := make([]StopWhen, len(s.StopWhen))
	for i, c := range s.StopWhen {
		if c.For == 0 {
			c.For = stopForDefault
		}
		stops[i] = c
	}
	if s.StopWhen != nil {
		s.StopWhen = stops
	}
	return s
}

// SeedValue is the seed of the run.
func (p *Plan) SeedValue() uint64 {
	if p.Seed == nil {
		return seedDefault
	}
	return *p.Seed
}

// Dir is the folder that relative paths in the plan are relative to.
func (p *Plan) Dir() string { return cmp.Or(p.dir, ".") }

// Kept is the plan as it is kept with its run: defaults and --set applied,
// ${env:..} not filled in. Not to be changed.
func (p *Plan) Kept() []byte { return p.kept }

// Hash is the SHA-256 of the kept plan, in hexadecimal: what sha256sum says of
// the file in the run folder.
func (p *Plan) Hash() string {
	sum := sha256.Sum256(p.kept)
	return hex.EncodeToString(sum[:])
}

// String names the target for people, with nothing from the environment in it.
func (t Target) String() string {
	if t.shown != "" {
		return t.shown
	}
	return t.describe()
}

func (t Target) describe() string {
	switch {
	case t.Builtin != "":
		return "builtin:" + t.Builtin
	case t.URL != "":
		return t.URL
	}
	return strings.Join(t.Command, " ")
}
