package faults

import (
	"slices"
	"strings"
	"time"
)

// rememberedMax is how long ago a stale answer may have to have been given: the
// provider remembers a few answers of each caller, spread over such a time.
const rememberedMax = time.Hour

// Callers whose answers another one may get.
const (
	FromSame  = "same_tenant"
	FromOther = "other_tenant"
	FromAny   = "any"
)

// StaleAnswer holds the parameters of stale_answer.
type StaleAnswer struct {
	Age time.Duration `yaml:"age" default:"0s" doc:"the answer was given at least so long ago; at most 1h"`
}

// Name returns "stale_answer".
func (*StaleAnswer) Name() string { return "stale_answer" }

// Validate refuses ages that nobody remembers.
func (f *StaleAnswer) Validate() []Problem { return validateAge(f.Age) }

// Effect gives an earlier answer of the same caller.
func (f *StaleAnswer) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationOtherAnswer, From: FromSame, Age: f.Age}}
}

func validateAge(d time.Duration) []Problem {
	var out problems
	switch {
	case d < 0:
		out.add("age", "is %s: give how long ago the answer was given, 0s or more", formatDuration(d))
	case d > rememberedMax:
		out.add("age", "is %s: answers are remembered for %s, give that or less", formatDuration(d), formatDuration(rememberedMax))
	}
	return out
}

// otherDoc is what the two have in common.
const otherDoc = ` Form, id, model and input tokens are those of this call; words, watermarks, output tokens and stop reason are the other's. It comes as fast as the model's own would: no header tells. ` +
	`The other answer is one of the same model at the same endpoint that was given whole, by another request; of the last eight of each caller the request key draws one. ` +
	`Until there is one the rule misses, as it does for answers of the plan, calls of tools and what must be JSON. ` +
	`A caller is a tenant, or an API key where no request id comes with the call. `

var staleAnswer = Entry{
	Name: "stale_answer", Stage: "model", Slots: SlotMutation, Dialects: wrongDialects, Steps: []string{"chat"},
	Summary: "gives the answer to an earlier request of the same caller",
	Doc: `A whole and valid answer to what the caller asked before, as a cache gives it whose key is too short, or which finds two questions similar that are not.` + otherDoc +
		`Its watermarks name the earlier request: the outcome is degraded:cached, which nobody disclosed: degradation.disclosed fails. ` +
		`A good client tells its users that an answer comes from a cache where it can know; where it cannot, it checks that the answer is to the question (an id that it asked the model to repeat, say). ` +
		`Seen in vllm-project/semantic-router #2134: another question's answer at a similarity of .9085; also #1448, and wso2 #733.`,
	New: func() Fault { return &StaleAnswer{} },
}

// CrossAnswer holds the parameters of cross_answer.
type CrossAnswer struct {
	From string        `yaml:"from" default:"other_tenant" enum:"other_tenant,any" doc:"whose answer it is; any: the caller's own earlier ones too, as of a cache that knows no tenants"`
	Age  time.Duration `yaml:"age" default:"0s" doc:"the answer was given at least so long ago; at most 1h"`
}

// Name returns "cross_answer".
func (*CrossAnswer) Name() string { return "cross_answer" }

// Validate refuses an unknown source, and ages that nobody remembers.
func (f *CrossAnswer) Validate() []Problem {
	out := problems(validateAge(f.Age))
	if from := []string{FromOther, FromAny}; !slices.Contains(from, f.From) {
		out.add("from", "%q is unknown: one of %s; for the caller's own earlier answers there is stale_answer", f.From, strings.Join(from, ", "))
	}
	return out
}

// Effect gives an answer of another caller.
func (f *CrossAnswer) Effect(Dice) Effect {
	return Effect{Mutation: &Mutation{Kind: MutationOtherAnswer, From: f.From, Age: f.Age}}
}

var crossAnswer = Entry{
	Name: "cross_answer", Stage: "model", Slots: SlotMutation, Dialects: wrongDialects, Steps: []string{"chat"},
	Summary: "gives the answer that another tenant got",
	Doc: `A whole and valid answer that was made for somebody else: a shared cache without the tenant in its key, or streams that a gateway has mixed up.` + otherDoc +
		`Its watermarks name the other tenant and request: the outcome is wrong, and cache.no_leak fails. ` +
		`Nothing but the words tells. A good client asks the model to repeat something that only this request knows, and shows nothing where that is missing; the others show one user's data to another. ` +
		`Seen in OmniRoute #3740, vllm-project/semantic-router #1448 and wso2 #733.`,
	New: func() Fault { return &CrossAnswer{From: FromOther} },
}
