package faults

import "time"

// Per says what one throw of a rule's dice covers.
type Per string

// What one throw covers.
const (
	PerAttempt Per = "attempt" // the default
	PerStep    Per = "step"    // all attempts of one step
	PerRequest Per = "request" // all attempts of one request
	PerTenant  Per = "tenant"  // all attempts of one tenant
)

// Rule is a fault with when, whom and how often. In a plan it is a mapping
// with exactly one key of the catalogue, which holds the fault's parameters.
type Rule struct {
	Name  string `yaml:"name" doc:"name of the rule in reports and in the dice; left out: the fault's name"`
	Fault Fault  `yaml:"-"`

	During Phases         `yaml:"during" doc:"name of the phase in which the rule applies, or a list of them"`
	At     *At            `yaml:"at" doc:"instant from which the rule applies, with for: a phase, spike + 2s, or a time since the start of the load"`
	For    *time.Duration `yaml:"for" doc:"how long the rule applies from at on"`
	From   *time.Duration `yaml:"from" doc:"time since the start of the load from which the rule applies"`
	To     *time.Duration `yaml:"to" doc:"time since the start of the load at which the rule stops applying"`

	Burst       *Burst `yaml:"burst" doc:"on and off by turns, for random times with these means; left out: always on"`
	Probability *Share `yaml:"probability" default:"1" doc:"share of eligible throws that the rule chooses, 0 to 1"`
	Per         Per    `yaml:"per" default:"attempt" enum:"attempt,step,request,tenant" doc:"what one throw covers"`
	Times       Count  `yaml:"times" doc:"only the first so many attempts of each step; later ones are left alone"`
	Requests    Count  `yaml:"requests" doc:"only the first so many requests that are due in the window"`
	Every       Count  `yaml:"every" doc:"only requests whose index is a multiple of this"`
	Trace       string `yaml:"trace" enum:"failed" doc:"failed: only requests whose row of the replayed trace had failed when it was recorded"`
	Match       Match  `yaml:"match" doc:"which attempts the rule applies to; left out: all"`

	Barrier *Barrier `yaml:"barrier" doc:"holds the calls that are chosen until an instant, or until enough of them wait, and lets the fault meet all at once; left out: nobody waits"`
}

// TraceFailed is what Rule.Trace may be.
const TraceFailed = "failed"

// Match narrows a rule to some attempts. An empty field matches all.
type Match struct {
	Model    string `yaml:"model" doc:"model that the attempt asks for"`
	Tenant   string `yaml:"tenant" doc:"tenant of the request; an attempt without a request id is never matched, and counted as unknown"`
	Dialect  string `yaml:"dialect" doc:"dialect that the attempt speaks, such as openai or anthropic"`
	Step     string `yaml:"step" enum:"chat,embed,rerank,search,moderation,tool" doc:"kind of step"`
	Proxy    string `yaml:"proxy" doc:"the proxy whose connections the rule strikes, a name of proxies; with the faults tcp_* only, which need it"`
	Endpoint string `yaml:"endpoint" doc:"endpoint of the provider that the attempt comes to: provider is the main one, the others have the names of provider.endpoints"`
	Attempt  Count  `yaml:"attempt" doc:"ordinal of the attempt in its step, from 1: 1 is the first try, 2 the first retry"`

	Header []HeaderMatch `yaml:"header" doc:"headers of the attempt and their values: X-Tier: gold; gold* is a beginning, \"*\" any value"`
}

// RuleName returns the name under which the rule is known: its own, or its fault's.
func (r Rule) RuleName() string {
	if r.Name == "" && r.Fault != nil {
		return r.Fault.Name()
	}
	return r.Name
}

// String prints the rule as the YAML flow mapping that a plan reads back.
// Parameters that have their default are left out.
func (r Rule) String() string { return printRule(r) }
