package assertions

import (
	"fmt"
	"math"
	"slices"
)

// What budgets.cost divides money by.
const (
	PerRequest    = "request"
	PerGoodAnswer = "good_answer"
)

var costEntry = Entry{
	ID: "budgets.cost", Number: "B8",
	Claim: "Money stays within the budget, retries, fallbacks and abandoned answers included.",
	Doc: "per request: the dearest request, summed over its attempts. per good_answer: all money of the scope divided by full and degraded " +
		"answers. Simulated, by the prices in the plan.",
	Source:      SourcePlan,
	SoundSide:   "fail: attempts that were not joined could only add",
	Confounders: []string{"C15 the cost of a cut answer counts the tokens that were emitted"},
	Exposed:     "requests with attempts", Need: needInvariant,
	Provoke: "rate: 20   # phase %s: requests for which the service calls the provider",
	New:     func() Check { return &Cost{Per: PerRequest} },
}

// Cost are the arguments of budgets.cost.
type Cost struct {
	Max float64 `yaml:"max" doc:"the budget in USD; must be given"`
	Per string  `yaml:"per" default:"request" enum:"request,good_answer" doc:"what the budget is for"`
}

// Validate says what is wrong with the arguments.
func (c *Cost) Validate() []Problem {
	var ps []Problem
	if !(c.Max > 0) {
		ps = append(ps, Problem{"max", "give the budget in USD, such as 0.02"})
	}
	if c.Per != PerRequest && c.Per != PerGoodAnswer {
		ps = append(ps, Problem{"per", "must be request or good_answer"})
	}
	return ps
}

func (c *Cost) examine(v *view) exam {
	if c.Per == PerGoodAnswer {
		return c.perGoodAnswer(v)
	}
	e := exam{label: "cost of the dearest request", threshold: usd(c.Max, "<="), need: needInvariant, joined: true}
	most := nanoUSD(c.Max)
	var worst int64
	all := v.spenders()
	for _, s := range all {
		worst = max(worst, s.nano)
		if s.nano > most {
			e.broken = append(e.broken, clue{req: s.req, weight: s.nano, what: fmt.Sprintf("cost %s in %s, %s allowed", dollars(s.nano), plural(int64(len(s.req.attempts)), "attempt", "attempts"), dollars(most))})
		}
	}
	e.exposure = int64(len(all))
	e.samples = e.exposure
	if e.samples > 0 {
		e.measured = usd(float64(worst)/1e9, "")
	}
	e.failure = fmt.Sprintf("%s of %s cost more than %s", number(int64(len(e.broken))), plural(e.samples, "request", "requests"), dollars(most))
	e.verdict = Pass
	e.reason = fmt.Sprintf("none of %s cost more than %s", plural(e.samples, "request", "requests"), dollars(worst))
	return e
}

// perGoodAnswer divides all money of the scope, joined to its requests, by its
// good answers. It is counted, not sampled.
func (c *Cost) perGoodAnswer(v *view) exam {
	e := exam{label: "cost of a good answer", threshold: usd(c.Max, "<="), need: needInvariant, joined: true}
	var sum int64
	all := v.spenders()
	all = slices.DeleteFunc(all, func(s spender) bool { return s.req.open() }) // paid for, but not answered yet
	for _, s := range all {
		sum += s.nano
		e.shown = append(e.shown, clue{req: s.req, weight: s.nano, what: fmt.Sprintf("cost %s in %s", dollars(s.nano), plural(int64(len(s.req.attempts)), "attempt", "attempts"))})
	}
	_, good := v.due()
	e.exposure, e.samples = int64(len(all)), good
	if e.exposure == 0 {
		return e
	}
	e.verdict = Pass
	switch {
	case good > 0:
		each := float64(sum) / 1e9 / float64(good)
		e.measured = usd(each, "")
		if each > c.Max {
			e.verdict = Fail
		}
		e.reason = fmt.Sprintf("%s for %s, counted in this run", dollars(sum), plural(good, "good answer", "good answers"))
	case sum > 0:
		e.verdict = Fail
		e.measured = usd(float64(sum)/1e9, ">=") // for less than one answer
		e.reason = dollars(sum) + " for no good answer at all"
	default:
		e.verdict = Inconclusive
		e.reason = "there was no good answer, and nothing was spent: are there prices in provider.models?"
		e.fix = "price: {input: 2.50, output: 10.00}"
	}
	return e
}

func nanoUSD(usd float64) int64 { return int64(math.Round(usd * 1e9)) }

// usd is a quantity of money, exact to a nano-USD.
func usd(v float64, op string) *Quantity {
	v = rounded9(v)
	return &Quantity{Value: &v, Unit: "usd", Op: op}
}

// dollars prints money with as many digits as mean something.
func dollars(nano int64) string { return fmt.Sprintf("$%.4g", float64(nano)/1e9) }
