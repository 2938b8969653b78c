package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/spell"
)

// RulesMax is how many rules a plan may have: each attempt records every one
// that it was eligible for, and a record is bounded.
const RulesMax = 64

// Kinds of steps that match.step may name.
var stepKinds = []string{"chat", "embed", "rerank", "search", "moderation", "tool"}

var ruleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// Validate returns all that is wrong with the rules of a plan: each on its own,
// against the phases of the load, and against each other. Paths are relative
// to the list: "[1].probability". windows may be empty where there is no load.
func Validate(rules []Rule, windows []PhaseWindow) []Problem {
	var problems []Problem
	if n := len(rules); n > RulesMax {
		problems = append(problems, Problem{indexed(RulesMax, ""), fmt.Sprintf("is rule %d of %d: a plan has at most %d, so split it", RulesMax+1, n, RulesMax)})
	}
	for i, r := range rules {
		for _, p := range slices.Concat(r.Validate(), r.validateWindow(windows), r.validateBarrier(windows), r.validateName(rules[:i])) {
			problems = append(problems, Problem{indexed(i, p.Path), p.Msg})
		}
	}
	return problems
}

func indexed(i int, path string) string {
	if path == "" {
		return fmt.Sprintf("[%d]", i)
	}
	return fmt.Sprintf("[%d].%s", i, path)
}

// Validate returns what is wrong with the rule on its own.
func (r Rule) Validate() []Problem {
	if r.Fault == nil {
		return []Problem{{"", "names no fault: give it exactly one, such as rate_limit: {retry_after: 2s}"}}
	}
	var out problems
	for _, p := range r.Fault.Validate() {
		path := r.Fault.Name()
		if p.Path != "" {
			path += "." + p.Path
		}
		out.add(path, "%s", p.Msg)
	}
	if r.Name != "" && !ruleName.MatchString(r.Name) {
		out.add("name", "%q is no name for a rule: use up to 64 letters, digits, '_', '-' and '.', the first a letter or digit", r.Name)
	}
	r.validateWhen(&out)
	r.validateWhom(&out)
	return out
}

// validateWhen refuses selectors of time that contradict each other.
func (r Rule) validateWhen(out *problems) {
	switch {
	case r.During != "" && r.At != nil:
		out.add("at", "contradicts during, which is a whole phase: keep one; for a part of a phase write at: %s + 2s, for: 5s", r.During.names()[0])
	case r.During != "" && r.For != nil:
		out.add("for", "contradicts during, which is a whole phase: for a part of it write at: %s, for: %s", r.During.names()[0], formatDuration(*r.For))
	case r.At != nil && r.For == nil:
		out.add("at", "says when the rule starts but not how long it lasts: add for, such as for: 5s")
	case r.For != nil && r.At == nil:
		out.add("for", "says how long the rule lasts but not when it starts: add at, such as at: spike + 2s")
	}
	if r.For != nil && *r.For <= 0 {
		out.add("for", "is %s, so the rule would never apply: give a duration above 0", *r.For)
	}
	if r.Burst != nil {
		r.Burst.validate(out)
		if r.Requests > 0 {
			out.add("burst", "contradicts requests, which are chosen by when they are due: a burst may be off when they arrive; keep one")
		}
	}
	if r.Barrier != nil {
		r.Barrier.validate(out)
	}
	for _, edge := range []struct {
		key string
		set bool
	}{{"from", r.From != nil}, {"to", r.To != nil}} {
		if edge.set && (r.During != "" || r.At != nil) {
			out.add(edge.key, "contradicts %s: give either a phase, an instant with for, or from and to", pick(r.During != "", "during", "at"))
		}
	}
	switch {
	case r.From != nil && *r.From < 0:
		out.add("from", "is before the load starts: times count from its start, so give 0s or more")
	case r.To != nil && *r.To <= 0:
		out.add("to", "is before the load starts, so the rule would never apply: times count from its start")
	case r.From != nil && r.To != nil && *r.To <= *r.From:
		out.add("to", "is not after from, so the rule would never apply: from is %s, to is %s", formatDuration(*r.From), formatDuration(*r.To))
	}
}

// validateWhom refuses selectors of attempts that are impossible or exclude
// each other.
func (r Rule) validateWhom(out *problems) {
	if p := r.Probability; p != nil && !(*p >= 0 && *p <= 1) {
		hint := "give a share such as 0.4 or 40%"
		// 40 was meant as 40 %; 1.4 came from 140 %, and nobody means 1.4 %.
		if *p >= 2 && *p <= 100 {
			hint = fmt.Sprintf("did you mean %s%%?", p)
		}
		out.add("probability", "%s is not between 0 and 1: %s", p, hint)
	}
	if !slices.Contains([]Per{"", PerAttempt, PerStep, PerRequest, PerTenant}, r.Per) {
		out.add("per", "%q is unknown: one of attempt, step, request, tenant", string(r.Per))
	}
	for _, c := range []struct {
		path  string
		count Count
	}{{"times", r.Times}, {"requests", r.Requests}, {"every", r.Every}, {"match.attempt", r.Match.Attempt}} {
		if c.count < 0 {
			out.add(c.path, "is %d: give at least 1, or leave it out for no limit", c.count)
		}
	}
	if r.Trace != "" && r.Trace != TraceFailed {
		out.add("trace", "%q is unknown: %s, for the requests whose row of the trace had failed", r.Trace, TraceFailed)
	}
	if r.Trace != "" && r.Requests > 0 {
		out.add("trace", "contradicts requests: the rows that had failed and the first %d requests are different choices; keep one", r.Requests)
	}
	if r.Requests > 0 && r.Every > 0 {
		out.add("every", "contradicts requests: the first %d requests and one in %d of all are different choices; keep one", r.Requests, r.Every)
	}
	if r.Times > 0 && r.Match.Attempt > r.Times {
		out.add("match.attempt", "is %d, but times: %d stops before it, so the rule would never apply", r.Match.Attempt, r.Times)
	}
	if s := r.Match.Step; s != "" && !slices.Contains(stepKinds, s) {
		out.add("match.step", "%q is no kind of step: one of %s", s, strings.Join(stepKinds, ", "))
	}
	validateHeaders(r.Match.Header, out)
	r.validateProxy(out)
	r.validateExists(out)
}

// validateExists refuses a rule that asks for attempts in which its fault, with
// the parameters that it has, does not exist.
func (r Rule) validateExists(out *problems) {
	name := r.Fault.Name()
	dialects, steps := existsIn(r.Fault)
	if _, narrows := r.Fault.(existing); narrows {
		name += ": " + printFault(r.Fault)
	}
	if d := r.Match.Dialect; d != "" && dialects != nil && !slices.Contains(dialects, d) {
		out.add("match.dialect", "%s does not exist in %q, only in %s", name, d, strings.Join(dialects, ", "))
	}
	if s := r.Match.Step; slices.Contains(stepKinds, s) && steps != nil && !slices.Contains(steps, s) {
		out.add("match.step", "%s does not exist in %s calls, only in %s: the rule would hit nothing", name, s, strings.Join(steps, ", "))
	}
}

// validateWindow refuses a window that no phase of the load touches.
func (r Rule) validateWindow(windows []PhaseWindow) []Problem {
	var out problems
	key, names := "during", r.During.names()
	if names == nil && r.At != nil && r.At.Phase != "" {
		key, names = "at", []string{r.At.Phase}
	}
	for i, name := range names {
		if _, ok := phase(windows, name); !ok {
			out.add(key, "%s", unknownPhase(name, windows))
			return out
		}
		if slices.Contains(names[:i], name) {
			out.add(key, "names %s twice: keep one", name)
			return out
		}
	}
	if len(windows) == 0 {
		return nil
	}
	from, to := r.window(windows)
	if from >= to && r.During == "" {
		return nil // said by Validate
	}
	for _, w := range windows {
		if from < w.ToNs && w.FromNs < to {
			return nil
		}
	}
	if key == "during" && names == nil {
		key = pick(r.From != nil, "from", "to")
	}
	end := windows[0].ToNs
	for _, w := range windows {
		end = max(end, w.ToNs)
	}
	out.add(key, "the rule applies from %s to %s, but the load lasts from 0s to %s: it would hit nothing",
		since(from, windows), since(to, windows), since(end, windows))
	return out
}

// validateName refuses a name that an earlier rule has: names are in the dice
// and in every report, so two rules of one name could not be told apart.
func (r Rule) validateName(earlier []Rule) []Problem {
	var out problems
	for i, e := range earlier {
		if r.RuleName() == "" || e.RuleName() != r.RuleName() {
			continue
		}
		if r.Name == "" && e.Name == "" {
			out.add("", "is a second rule of %s and has no name: add name, such as name: %s_2", r.RuleName(), r.RuleName())
		} else {
			out.add(pick(r.Name != "", "name", ""), "%q is already the name of rule %d: names must differ, give this one another", r.RuleName(), i+1)
		}
		break
	}
	return out
}

func unknownPhase(name string, windows []PhaseWindow) string {
	if len(windows) == 0 {
		return fmt.Sprintf("there is no phase %q, because there is no load: use from and to, or leave it out", name)
	}
	names := make([]string, len(windows))
	for i, w := range windows {
		names[i] = w.Name
	}
	msg := fmt.Sprintf("there is no phase %q: one of %s", name, strings.Join(names, ", "))
	if s := spell.Nearest(name, names); s != "" {
		msg += fmt.Sprintf("; did you mean %s?", s)
	}
	return msg
}

// problems collects what is wrong.
type problems []Problem

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{path, fmt.Sprintf(format, args...)})
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
