package assertions

import "time"

var recoversEntry = Entry{
	ID: "collapse.recovers", Number: "K3",
	Claim: "When the trouble is over the service comes back by itself, and stays.",
	Doc: "Windows of 5 s, or longer until they hold 100 requests due, slide by 1 s from the end of the phase `after`. Recovered at the first " +
		"instant from which every window through `hold` has a goodput of at least `to` times that of the first phase. One run judges an instance.",
	Source: SourceHeuristic, SourceNote: "metastable failures: HotOS'21, OSDI'22; the times are ours",
	SoundSide:   "both, where the harness was fit and the load went on",
	Confounders: []string{"C11 autoscaling, cold caches", "C9 the load must not be lowered for the service"},
	Exposed:     "requests due after the trouble", Need: 100,
	New: func() Check {
		return &Recovers{To: 0.95, Within: 30 * time.Second, Hold: 10 * time.Second}
	},
}

// Recovers are the arguments of collapse.recovers.
type Recovers struct {
	To     Share         `yaml:"to" default:"95%" doc:"goodput that counts as recovered, relative to the first phase"`
	Within time.Duration `yaml:"within" default:"30s" doc:"longest time from the end of the trouble to recovery"`
	After  string        `yaml:"after" doc:"phase whose end is the end of the trouble; left out: the last phase in which a fault applies, else the one with the highest rate"`
	Hold   time.Duration `yaml:"hold" default:"10s" doc:"how long it must stay recovered"`
}

// Validate says what is wrong with the arguments.
func (c *Recovers) Validate() []Problem {
	var ps []Problem
	if !(c.To > 0) {
		ps = append(ps, Problem{"to", "must be above 0%"})
	}
	if c.Within <= 0 {
		ps = append(ps, Problem{"within", "must be longer than 0s"})
	}
	if c.Hold < 0 {
		ps = append(ps, Problem{"hold", "must not be negative"})
	}
	return ps
}
