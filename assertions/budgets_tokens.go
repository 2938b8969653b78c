package assertions

import (
	"fmt"
)

var tokensEntry = Entry{
	ID: "budgets.tokens", Number: "B7",
	Claim:       "No request uses more tokens than its budget, retries and fallbacks included.",
	Doc:         "Tokens of one request: those sent to and those emitted by the provider, summed over all its attempts.",
	Source:      SourcePlan,
	SoundSide:   "fail: attempts that were not joined could only add",
	Confounders: []string{"C15 tokens are counted as a quarter of the bytes"},
	Exposed:     "requests with attempts", Need: needInvariant,
	Provoke: "rate: 20   # phase %s: requests for which the service calls the provider",
	New:     func() Check { return &Tokens{} },
}

// Tokens are the arguments of budgets.tokens.
type Tokens struct {
	Max int64 `yaml:"max" doc:"most tokens of one request, in and out, over all attempts; must be given"`
}

// Validate says what is wrong with the arguments.
func (c *Tokens) Validate() []Problem {
	if c.Max < 1 {
		return []Problem{{"max", "give the budget in tokens, such as 5000"}}
	}
	return nil
}

// spender is a request with attempts and what they used.
type spender struct {
	req          *request
	tokens, nano int64
}

// spenders are the requests in scope for which the provider was called. Open
// requests count too: what they used is the least that they use.
func (v *view) spenders() []spender {
	var out []spender
	for _, r := range v.reqs {
		if len(r.attempts) == 0 {
			continue
		}
		s := spender{req: r}
		for _, a := range r.attempts {
			s.tokens += int64(a.TokensIn) + int64(a.TokensEmitted)
			s.nano += a.CostNanoUSD
		}
		out = append(out, s)
	}
	return out
}

func (c *Tokens) examine(v *view) exam {
	e := exam{label: "tokens of the dearest request", threshold: quantity(float64(c.Max), "tokens", "<="), need: needInvariant, joined: true}
	var worst, sum int64
	all := v.spenders()
	for _, s := range all {
		worst = max(worst, s.tokens)
		sum += s.tokens
		if s.tokens > c.Max {
			e.broken = append(e.broken, clue{req: s.req, weight: s.tokens, what: fmt.Sprintf("%s tokens in %s, %s allowed", number(s.tokens), plural(int64(len(s.req.attempts)), "attempt", "attempts"), number(c.Max))})
		}
	}
	e.exposure = int64(len(all))
	e.samples = e.exposure
	if e.samples > 0 {
		e.measured = quantity(float64(worst), "tokens", "")
		e.details = append(e.details, fmt.Sprintf("%s tokens a request on average", number(sum/e.samples)))
	}
	e.failure = fmt.Sprintf("%s of %s used more than %s tokens", number(int64(len(e.broken))), plural(e.samples, "request", "requests"), number(c.Max))
	e.verdict = Pass
	e.reason = fmt.Sprintf("none of %s used more than %s tokens", plural(e.samples, "request", "requests"), number(worst))
	return e
}
