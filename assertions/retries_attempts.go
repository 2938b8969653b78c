package assertions

import "fmt"

var retryAttemptsEntry = Entry{
	ID: "retries.attempts", Number: "R1",
	Claim: "No call is tried more often than allowed.",
	Doc: "Tries of one call: its first attempt and the retries of it, at one model. Hedges and fallbacks to another model are not tries; " +
		"a call repeated after a clean answer is a new call.",
	Source: SourceLiterature, SourceNote: "SRE book: three attempts a request",
	SoundSide: "both, where all attempts are joined: the provider counts what arrives",
	Confounders: []string{"C2 hedged requests are told apart by overlap", "C3 loops that repeat a call are told apart by the clean answer before",
		"a retry with another body, or without the request id, is no retry to be seen: too many of either give no verdict"},
	Calls: true, Exposed: "calls whose first try failed",
	FedBy:   fed(refusing, silent, torn, empty, cut, garbled),
	Provoke: "- {http_500: {}, during: %s, probability: 0.3}", Need: needInvariant,
	New: func() Check { return &RetryAttempts{Max: 3} },
}

// RetryAttempts are the arguments of retries.attempts.
type RetryAttempts struct {
	Max int `yaml:"max" default:"3" doc:"most tries of one call, the first included"`
}

// Validate says what is wrong with the arguments.
func (c *RetryAttempts) Validate() []Problem {
	if c.Max < 1 {
		return []Problem{{"max", "must be at least 1: the first try counts"}}
	}
	return nil
}

func (c *RetryAttempts) examine(v *view) exam {
	e := exam{label: "tries of one call, worst", threshold: quantity(float64(c.Max), "attempts", "<="), need: needInvariant, joined: true, retries: true, rests: fitness{pace: true}}
	var worst, hedges, fallbacks int64
	v.attempts(func(r *request, a *attempt) {
		switch {
		case a.relation == hedge && a.prev != nil:
			hedges++
			return
		case a.try == 1:
			e.samples++
			if r.sawFailure(a) {
				e.exposure++
			}
			switch a.relation {
			case fallback:
				fallbacks++
			case hedge: // of a call to another model: the first try at this one
				hedges++
			}
		}
		worst = max(worst, int64(a.try))
		if a.try > c.Max {
			e.broken = append(e.broken, clue{req: r, guilty: a, weight: int64(a.try), what: fmt.Sprintf("try %d of one call, %d allowed", a.try, c.Max)})
		}
	})
	if e.samples > 0 {
		e.measured = quantity(float64(worst), "attempts", "")
	}
	e.failure = fmt.Sprintf("%s beyond try %d; the worst call was tried %d times", plural(int64(len(e.broken)), "attempt", "attempts"), c.Max, worst)
	if who := whoRetries(e.broken); who != "" {
		e.details = append(e.details, who)
	}
	e.details = append(e.details, fmt.Sprintf("beside them %s and %s", plural(fallbacks, "fallback", "fallbacks"), plural(hedges, "hedge", "hedges")))
	e.verdict = Pass
	e.reason = fmt.Sprintf("no call was tried more than %s, of %s whose first try failed", plural(worst, "time", "times"), number(e.exposure))
	return e
}
