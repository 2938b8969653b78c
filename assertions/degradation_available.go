package assertions

var availableEntry = Entry{
	ID: "degradation.available", Number: "D1",
	Claim:  "Users get a full or a degraded answer.",
	Doc:    "Full and degraded answers divided by requests due; what was not sent counts as no answer, what was open at the end is left out.",
	Source: SourceHeuristic, SourceNote: "two nines while faults hit",
	SoundSide:   "both: the user's side alone is judged",
	Confounders: []string{"C9 a generator that lags", "C12 limits of the provider that the load itself reaches"},
	Exposed:     "requests, in a scope that a fault reached if the plan has one there", Need: 299,
	Provoke: "- {http_503: {}, during: %s, probability: 0.1}",
	Users:   "what users got",
	New:     func() Check { return &Available{Min: 0.99} },
}

// Available are the arguments of degradation.available.
type Available struct {
	Min Share `yaml:"min" default:"99%" doc:"least share of requests that get a full or degraded answer"`
}

// Validate says what is wrong with the arguments.
func (c *Available) Validate() []Problem {
	if !(c.Min > 0) || c.Min >= 1 {
		return []Problem{{"min", "must be between 0% and 100%: no number of requests proves that all are answered"}}
	}
	return nil
}

func (c *Available) examine(v *view) exam {
	e := exam{label: "full or degraded", threshold: quantity(float64(c.Min), "share", ">="), rests: fitness{due: true, pace: true}, users: true}
	unanswered := func(q *view) (bad, n int64) {
		due, good := q.due()
		return due - good, due
	}
	p := proportion{theta: 1 - float64(c.Min)}
	p.bad, p.n = unanswered(v)
	e.exposure, e.exposed = v.underFault(p.n)
	p.decide(v, &e, "requests due", "answered")
	e.shown = v.unserved()
	if line := v.outcomesLine(); line != "" {
		e.details = append(e.details, line)
	}
	if v.h.setup.Unmarked {
		e.details = append(e.details, "watermarks are off: text that is cut, mixed up or another tenant's counts as full")
	}
	v.quietFails(&e, p.theta, unanswered)
	return e
}
