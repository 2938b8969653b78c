package assertions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// A provider that is served on its own sees calls and no users: no request was
// due, sent or answered by chaos. What needs only calls is judged all the same,
// on callers instead of requests. A caller is who names its calls with a request
// id or a name of its own; calls without one are held together by their body, so
// that equal bodies are one caller, and a body that changes from try to try is
// several.
//
// Three things differ from a run. Nobody drew the calls at random: a test made
// them, so one is enough to judge an invariant, and the verdict is about these
// calls and no others. Nobody measured queueing inside the caller: a pass says
// when calls arrived at the provider, which is what a provider asks for, and not
// what the caller had in mind. And what is about users is vacuous, by name.

// aloneCaveat is what every verdict without users rests on.
const aloneCaveat = "judged on the calls as they arrived at the provider; calls without a request id are told apart by their body: the same question asked again after a failure counts as a retry"

// aloneQueueing is what a pass on waits does not say.
const aloneQueueing = "queueing inside the caller was not measured: it can only lengthen waits, and so hide a retry that was meant to come early"

// addCallers stands in for the requests that a provider on its own never saw.
func (h *history) addCallers(byKey map[journal.Key]*request) {
	at := map[journal.Key]int{}
	var records []journal.Request
	for i := range h.j.Attempts {
		a := &h.j.Attempts[i]
		if a.Kind == journal.KindTCP {
			continue
		}
		n, ok := at[a.Key]
		if !ok {
			n = len(records)
			at[a.Key] = n
			r := journal.NewRequest()
			r.Key, r.Tenant, r.ModelAsked, r.Purpose, r.DueNs = a.Key, a.Tenant, a.ModelAsked, journal.PurposeLoad, a.ArrivedNs
			records = append(records, r)
		}
		records[n].DueNs = min(records[n].DueNs, a.ArrivedNs)
	}
	for i := range records {
		r := &request{Request: &records[i], phase: -1}
		byKey[r.Key] = r
		h.reqs = append(h.reqs, r)
	}
}

// alone reports whether there were no users.
func (h *history) alone() bool { return h.j.Header.Alone }

// needsUsers says why an assertion cannot be judged without users; "" if it can.
func (e *Entry) needsUsers(s *Spec) string {
	why := e.Users
	if c, ok := s.Args.(*Cost); ok && c.Per == PerGoodAnswer {
		why = "which answers were good"
	}
	switch {
	case why != "":
		return "it judges " + why + ", and here the provider was served on its own: only `chaos run` sends requests and sees what users got"
	case s.During != "":
		return "it is about phase " + s.During + " of a load, and here the provider was served on its own, without one: leave during out"
	case s.For.Mix != "":
		return "it is about " + s.For.Mix + " of load.mix, and here the provider was served on its own, without a load: leave for.mix out"
	}
	return ""
}

// aboutUsers reports whether the check says nothing without users.
func (s *Spec) aboutUsers() bool {
	entry, ok := Lookup(s.ID)
	return ok && entry.Users != ""
}

// withoutUsers gives the finding of what cannot be judged here: of the bundle it
// does not count, asked for by name it is vacuous and never green.
func (f *Finding) withoutUsers(why string, bundled bool) {
	f.Verdict, f.Reason = Vacuous, why
	if bundled {
		f.Verdict = NotApplicable
	}
}

// flagOf writes a rule that a plan would have in a phase as it is given to a
// provider on its own; "" where it is no rule.
func flagOf(provoke string) string {
	rule, ok := strings.CutPrefix(provoke, "- {")
	if !ok {
		return ""
	}
	return "--fault '" + strings.Replace(strings.TrimSuffix(rule, "}"), ", during: %s", "", 1) + "'"
}

// settle adapts what a check saw to calls that nobody drew at random.
func (v *view) settle(f *Finding, e *exam) (done bool) {
	if !v.h.alone() {
		return false
	}
	if _, compares := v.spec.Args.(*RetryBackoff); e.need == needInvariant && !compares {
		e.need = 1 // of waits, a median must be compared with another
	}
	// The bundle asks for whatever can be judged. What these calls are too few
	// for is not a doubt about them.
	if v.spec.Bundled && len(e.broken) == 0 && e.exposure < max(1, e.need) && !v.h.j.Cut && v.h.j.Lost == 0 {
		exposed := cmp.Or(e.exposed, v.entry.Exposed)
		f.withoutUsers(number(e.exposure)+" "+exposed+"; at least "+number(max(1, e.need))+" are needed", true)
		return true
	}
	if e.exposure > 0 {
		e.details = append(e.details, aloneCaveat)
	}
	queues := slices.ContainsFunc(v.entry.Confounders, func(c string) bool { return strings.HasPrefix(c, "C1 ") })
	if queues && e.exposure > 0 && len(e.broken) == 0 {
		e.details = append(e.details, aloneQueueing)
	}
	return false
}
