package assertions

import (
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// relation says what an attempt is to those before it.
type relation string

const (
	first        relation = "first"
	retry        relation = "retry"
	timeoutRetry relation = "timeout-retry" // after the target gave up the attempt before
	hedge        relation = "hedge"         // while the attempt before was open
	fallback     relation = "fallback"      // another model, after a failure
	repeat       relation = "repeat"        // after a clean answer: a new call
)

// isRetry reports whether the attempt is another try of the same call.
func (r relation) isRetry() bool { return r == retry || r == timeoutRetry }

// attributed reports whether a carrier named a request of this run.
func attributed(a *journal.Attempt) bool {
	return a.Carrier != 0 && !a.Stale && !a.Key.None() && a.Key.Phase != journal.PhaseAnon
}

// known is the earliest instant at which the target can have known how its
// attempt ended: its own hang-up, the headers of a refusal, or the end. The
// earliest, because a gap that is measured too long never convicts anybody.
func known(a *journal.Attempt) int64 {
	end := a.EndNs
	switch {
	case a.Status != 0 && a.Status != 200 && a.HeaderNs >= 0:
		end = a.HeaderNs
	case a.LastNs >= 0 && (a.End == journal.AttemptComplete || a.End == journal.AttemptInStreamError):
		// The caller may act on the last byte before the provider has noted
		// the end of the call.
		end = min(end, a.LastNs)
	}
	if a.PeerClosedNs >= 0 && (end < 0 || a.PeerClosedNs < end) {
		return a.PeerClosedNs
	}
	if a.End == journal.AttemptRunEnd && end == a.EndNs {
		return journal.Never
	}
	return end
}

// clean reports whether the answer was a whole 200 that no fault had touched.
func clean(a *journal.Attempt) bool {
	if a.Status < 200 || a.Status > 299 || a.End != journal.AttemptComplete {
		return false
	}
	return !touched(a)
}

// touched reports whether a fault changed what the answer says, not only when.
func touched(a *journal.Attempt) bool {
	for _, hit := range a.Rules {
		if hit.State != journal.RuleInjected {
			continue
		}
		for slot := range strings.SplitSeq(hit.Slot, "+") {
			if slot != "delay" && slot != "pace" {
				return true
			}
		}
	}
	return false
}

// wrong reports whether the provider's side of an attempt went wrong; a caller
// that left a healthy attempt is no such case.
func (a *attempt) wrong() bool {
	return a.Status >= 300 || a.brokeOff() || touched(a.Attempt)
}

// brokeOff reports whether the provider's answer ended as none should.
func (a *attempt) brokeOff() bool {
	switch a.End {
	case journal.AttemptEOF, journal.AttemptReset, journal.AttemptStall, journal.AttemptInStreamError:
		return true
	}
	return false
}

func injectedRule(a *journal.Attempt) string {
	for _, hit := range a.Rules {
		if hit.State == journal.RuleInjected {
			return hit.Name
		}
	}
	return ""
}

// sawFailure reports whether the target saw an attempt fail at a time when it
// could still have tried again: the user had not left, no hedge had answered,
// and the run went on.
func (r *request) sawFailure(a *attempt) bool {
	if a.clean || a.knownNs < 0 || r.open() || r.gaveUp() && r.EndNs >= 0 && a.knownNs >= r.EndNs {
		return false
	}
	return !slices.ContainsFunc(a.step.attempts, func(o *attempt) bool {
		return o != a && o.clean && o.knownNs > a.ArrivedNs && o.knownNs <= a.knownNs
	})
}

// noticeNs is how long after a hang-up the provider may notice it: a target
// that gives up and tries again at once is not hedging.
const noticeNs = 10e6

// openAt reports whether the target was still waiting for the attempt at ns.
func (a *attempt) openAt(ns int64) bool {
	if a.knownNs == journal.Never {
		return true
	}
	known := a.knownNs
	if known == a.PeerClosedNs {
		known -= noticeNs
	}
	return ns < known
}

// relate groups the attempts of a request into steps and chains and says what
// each is to those before.
func (r *request) relate() {
	for _, a := range r.attempts {
		s := r.stepOf(a)
		a.step = s
		c := s.chainOf(a)
		if n := len(c.attempts); n > 0 {
			a.prev = c.attempts[n-1]
		}
		a.relation = relationOf(a, s)
		switch {
		case a.relation.isRetry():
			a.try = a.prev.try + 1
		case a.relation == hedge && a.prev != nil:
			a.try = a.prev.try
		default:
			a.try = 1
		}
		s.attempts = append(s.attempts, a)
		c.attempts = append(c.attempts, a)
	}
}

func (r *request) stepOf(a *attempt) *step {
	for _, s := range r.steps {
		if s.kind == a.Kind && s.hash == a.StepHash {
			return s
		}
	}
	s := &step{kind: a.Kind, hash: a.StepHash}
	r.steps = append(r.steps, s)
	return s
}

func (s *step) chainOf(a *attempt) *chain {
	for _, c := range s.chains {
		if c.model == a.ModelAsked && c.endpoint == a.Endpoint {
			return c
		}
	}
	c := &chain{step: s, model: a.ModelAsked, endpoint: a.Endpoint}
	s.chains = append(s.chains, c)
	return c
}

// relationOf compares an attempt with the one before in its chain, else with
// those before in its step.
func relationOf(a *attempt, s *step) relation {
	if p := a.prev; p != nil {
		switch {
		case p.openAt(a.ArrivedNs):
			return hedge
		case p.clean:
			return repeat
		case p.knownNs == p.PeerClosedNs:
			return timeoutRetry
		}
		return retry
	}
	overlaps, failed := false, false
	for _, o := range s.attempts {
		switch {
		case o.openAt(a.ArrivedNs):
			overlaps = true
		case !o.clean:
			failed = true
		}
	}
	switch {
	case failed:
		return fallback
	case overlaps:
		return hedge
	case len(s.attempts) > 0:
		return repeat
	}
	return first
}
