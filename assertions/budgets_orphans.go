package assertions

import (
	"fmt"
	"time"
)

// When an attempt is for nobody.
const (
	AfterGaveUp = "gave_up"
	AfterEnded  = "ended"
)

var orphansEntry = Entry{
	ID: "budgets.no_orphan_attempts", Number: "B4",
	Claim: "No new call is made for a user who has given up.",
	Doc: "Attempts that arrive more than the grace after their request was given up by the user. With after: ended, also those after an answer " +
		"that had ended, for services without background work.",
	Source: SourceHeuristic, SourceNote: "1 s for the news to travel",
	SoundSide:   "fail: both instants are on one clock, and the attempt names its request",
	Confounders: []string{"C16 background work that is wanted", "requests that were open at the end of the run are never judged"},
	Calls:       true, Exposed: "requests that the user gave up",
	FedBy:   fed(silent, slow, refusing),
	Provoke: "- {hang_before_headers: {}, during: %s, probability: 0.1}", Need: needInvariant,
	Users: "when users gave up",
	New:   func() Check { return &NoOrphanAttempts{Grace: time.Second, After: AfterGaveUp} },
}

// NoOrphanAttempts are the arguments of budgets.no_orphan_attempts.
type NoOrphanAttempts struct {
	Grace time.Duration `yaml:"grace" default:"1s" doc:"how long after the end of the request an attempt may still arrive"`
	After string        `yaml:"after" default:"gave_up" enum:"gave_up,ended" doc:"gave_up: requests that the user gave up; ended: all that have ended"`
}

// Validate says what is wrong with the arguments.
func (c *NoOrphanAttempts) Validate() []Problem {
	var ps []Problem
	if c.Grace < 0 {
		ps = append(ps, Problem{"grace", "must not be negative"})
	}
	if c.After != AfterGaveUp && c.After != AfterEnded {
		ps = append(ps, Problem{"after", "must be gave_up or ended"})
	}
	return ps
}

func (c *NoOrphanAttempts) examine(v *view) exam {
	e := exam{label: "attempts for nobody", threshold: quantity(0, "count", "<="), need: needInvariant, joined: true, rests: fitness{pace: true}}
	grace := int64(c.Grace) + v.h.j.Header.ClockErrNs
	verb := "given up"
	if c.After == AfterEnded {
		e.exposed, verb = "requests that ended", "ended"
	}
	v.toNs = max(v.toNs, v.h.drain) // what nobody claims may be late, too
	for _, r := range v.reqs {
		// A request that the harness ended is censored: nobody knows what the
		// service would have done next.
		if r.EndNs < 0 || !r.completed() || c.After == AfterGaveUp && !r.gaveUp() {
			continue
		}
		// One that ended with the run shows nothing: nobody was there to see
		// a late attempt. A witness it can be all the same.
		if r.EndNs+grace < v.h.drain {
			e.exposure++
		}
		for _, a := range r.attempts {
			if !v.sees(a) {
				continue
			}
			e.samples++
			if after := a.ArrivedNs - r.EndNs; after > grace {
				e.broken = append(e.broken, clue{req: r, guilty: a, weight: after, what: fmt.Sprintf("arrived %s after the request had been %s", millis(after), verb)})
			}
		}
	}
	e.measured = quantity(float64(len(e.broken)), "count", "")
	e.failure = fmt.Sprintf("%s arrived more than %s after their request had been %s", plural(int64(len(e.broken)), "attempt", "attempts"), millis(int64(c.Grace)), verb)
	e.verdict = Pass
	e.reason = fmt.Sprintf("after %s had been %s no attempt arrived for them any more", plural(e.exposure, "request", "requests"), verb)
	return e
}
