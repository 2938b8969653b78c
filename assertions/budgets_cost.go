package assertions

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
	New: func() Check { return &Cost{Per: PerRequest} },
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
