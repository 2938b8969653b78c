package assertions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// request is a user's request with what the provider saw of it.
type request struct {
	*journal.Request
	phase    int        // index of its phase, -1: none
	attempts []*attempt // by arrival
	steps    []*step    // by first arrival
}

// step is one logical call: attempts of one request with equal bodies.
type step struct {
	kind     string
	hash     uint64
	attempts []*attempt // by arrival
	chains   []*chain   // by first arrival
}

// chain is the attempts of one step at one model and endpoint: a first try and
// its retries, plus hedges.
type chain struct {
	step            *step
	model, endpoint string
	attempts        []*attempt // by arrival
}

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

// attempt is an attempt with its place in the history.
type attempt struct {
	*journal.Attempt
	req      *request // nil: not attributed, or its request left no record
	step     *step
	number   int      // in its request, by arrival, from 1
	prev     *attempt // in its chain
	relation relation
	try      int    // in its call: 1 is the first try; hedges have that of the try they double
	knownNs  int64  // when the target knew how it ended; journal.Never: it did not
	clean    bool   // a whole, untouched 200
	rule     string // the fault that was injected, "" none
}

// history is a run as the judge sees it: everything sorted, so that the order
// of records in the file does not matter.
type history struct {
	j      *journalView
	setup  Setup
	reqs   []*request // of the load, by due instant
	trial  []*request // by sent instant
	calls  []*attempt // of the load, by arrival; unattributed ones too
	phases []Window
	ruled  []bool // by phase: a rule's window overlaps it
	queues []*queueing
	endNs  int64 // of the load: no request was due from here on
	drain  int64 // end of the drain
	broken string
}

// journalView is the input with what is derived from its marks.
type journalView struct {
	*journal.Journal
	marks []journal.Mark // by instant
	end   map[string]string
	stop  string // why the load ended, "" unknown
}

// newHistory joins the records. It does not change j.
func newHistory(j *journal.Journal, s Setup) *history {
	h := &history{j: viewOf(j), setup: s, drain: j.LastNs}
	h.setPhases()
	byKey := h.addRequests()
	h.addAttempts(byKey)
	for _, list := range [][]*request{h.reqs, h.trial} {
		for _, r := range list {
			r.relate()
		}
	}
	h.measureQueueing()
	return h
}

func viewOf(j *journal.Journal) *journalView {
	v := &journalView{Journal: j, marks: slices.Clone(j.Marks)}
	slices.SortStableFunc(v.marks, func(a, b journal.Mark) int {
		return cmp.Or(cmp.Compare(a.TNs, b.TNs), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	for _, m := range v.marks {
		switch m.Kind {
		case journal.MarkRunEnd:
			v.end = m.Attrs
		case journal.MarkLoadStop:
			v.stop = m.Name
		}
	}
	return v
}

// setPhases takes the phases from the setup, else from the marks, and the end of
// the load and of the drain from the marks.
func (h *history) setPhases() {
	h.phases = slices.Clone(h.setup.Phases)
	if h.phases == nil {
		for _, m := range h.j.marks {
			switch m.Kind {
			case journal.MarkPhaseStart:
				h.phases = append(h.phases, Window{Name: m.Name, FromNs: planned(m), ToNs: h.j.LastNs, Planned: m.Value})
			case journal.MarkPhaseEnd:
				for i := range h.phases {
					if h.phases[i].Name == m.Name {
						h.phases[i].ToNs = min(planned(m), m.TNs)
					}
				}
			}
		}
	}
	h.endNs = h.j.LastNs
	if n := len(h.phases); n > 0 {
		h.endNs = min(h.endNs, h.phases[n-1].ToNs)
	}
	for _, m := range h.j.marks {
		switch m.Kind {
		case journal.MarkLoadStop:
			h.endNs = min(h.endNs, m.TNs)
		case journal.MarkLoadDrained:
			h.drain = m.TNs
		}
	}
	h.ruled = make([]bool, len(h.phases))
	for i, p := range h.phases {
		for _, r := range h.setup.Rules {
			h.ruled[i] = h.ruled[i] || r.FromNs >= 0 && r.FromNs < p.ToNs && r.ToNs > p.FromNs
		}
	}
}

// planned is when a mark was meant to be; edges are exact, their writing is not.
func planned(m journal.Mark) int64 {
	if m.PlannedNs != journal.Never {
		return m.PlannedNs
	}
	return m.TNs
}

// phaseAt is the index of the phase in which ns falls, -1: none.
func (h *history) phaseAt(ns int64) int {
	for i, p := range h.phases {
		if ns >= p.FromNs && ns < p.ToNs {
			return i
		}
	}
	return -1
}

// origin is the start of the load.
func (h *history) origin() int64 {
	switch {
	case h.setup.Origin >= 0 && (h.setup.Origin > 0 || len(h.phases) == 0):
		return h.setup.Origin
	case len(h.phases) > 0:
		return h.phases[0].FromNs
	}
	return 0
}

// baseline is the index of the phase to compare with, -1: none.
func (h *history) baseline() int {
	for i, p := range h.phases {
		if p.Name == h.setup.Baseline {
			return i
		}
	}
	if h.setup.Baseline == "" && len(h.phases) > 0 {
		return 0
	}
	return -1
}

// addRequests sorts the requests into load and trial and finds double keys.
func (h *history) addRequests() map[journal.Key]*request {
	all := make([]request, len(h.j.Requests))
	byKey := make(map[journal.Key]*request, len(all))
	for i := range h.j.Requests {
		r := &all[i]
		r.Request = &h.j.Requests[i]
		r.phase = -1
		if byKey[r.Key] != nil {
			twice := "request " + r.Key.String() + " is in the journal twice"
			if h.broken == "" || twice < h.broken {
				h.broken = twice
			}
			continue
		}
		byKey[r.Key] = r
		switch {
		case r.Purpose == journal.PurposeTrial || r.Key.Phase == journal.PhaseTrial:
			h.trial = append(h.trial, r)
		case r.Purpose == journal.PurposeProbe:
		default:
			r.phase = h.phaseAt(r.DueNs)
			h.reqs = append(h.reqs, r)
		}
	}
	byDue := func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.DueNs, b.DueNs), cmp.Compare(a.Key.Phase, b.Key.Phase), cmp.Compare(a.Key.Index, b.Key.Index))
	}
	slices.SortFunc(h.reqs, byDue)
	slices.SortFunc(h.trial, byDue)
	return byKey
}

// addAttempts hangs attempts under their requests. Those of the trial and those
// before the load are in no figure of the load.
func (h *history) addAttempts(byKey map[journal.Key]*request) {
	all := make([]attempt, len(h.j.Attempts))
	order := make([]*attempt, len(all))
	for i := range h.j.Attempts {
		all[i].Attempt = &h.j.Attempts[i]
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(a, b *attempt) int {
		return cmp.Or(cmp.Compare(a.ArrivedNs, b.ArrivedNs), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range order {
		a.knownNs, a.clean, a.rule = known(a.Attempt), clean(a.Attempt), injectedRule(a.Attempt)
		if attributed(a.Attempt) {
			a.req = byKey[a.Key]
		}
		if r := a.req; r != nil {
			r.attempts = append(r.attempts, a)
			a.number = len(r.attempts)
			if r.Purpose == journal.PurposeProbe {
				continue
			}
		}
		if a.Key.Phase == journal.PhaseTrial || a.req == nil && a.ArrivedNs < h.origin() {
			continue
		}
		h.calls = append(h.calls, a)
	}
}

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
	if a.Status >= 300 {
		return true
	}
	switch a.End {
	case journal.AttemptEOF, journal.AttemptReset, journal.AttemptStall, journal.AttemptInStreamError:
		return true
	}
	return touched(a.Attempt)
}

func injectedRule(a *journal.Attempt) string {
	for _, hit := range a.Rules {
		if hit.State == journal.RuleInjected {
			return hit.Name
		}
	}
	return ""
}

// open reports whether the harness ended the request before it had an outcome.
func (r *request) open() bool {
	return r.Outcome == journal.OutcomeNone && (r.EndBy == journal.EndRunEnd || r.EndBy == journal.EndStopped)
}

// censored reports whether the end of the run kept the request from a fate:
// nobody knows what it would have been.
func (r *request) censored() bool {
	return r.Dropped == string(journal.EndStopped) || r.sent() && r.open()
}

func (r *request) sent() bool      { return r.Dropped == "" }
func (r *request) completed() bool { return r.sent() && !r.open() }

// good reports whether the user got a full or a degraded answer.
func (r *request) good() bool {
	return r.completed() && (r.Outcome == journal.OutcomeFull || r.Outcome == journal.OutcomeDegraded)
}

// gaveUp reports whether it was the user who ended the request.
func (r *request) gaveUp() bool {
	return r.EndBy == journal.EndClientTimeout || r.EndBy == journal.EndClientHangup
}

// sawFailure reports whether the target saw an attempt fail at a time when it
// could still have tried again: the user had not left, no hedge had answered,
// and the run went on.
func (r *request) sawFailure(a *attempt) bool {
	if a.clean || a.knownNs < 0 || r.open() || r.gaveUp() && r.EndNs >= 0 && a.knownNs >= r.EndNs {
		return false
	}
	return !slices.ContainsFunc(a.step.attempts, func(o *attempt) bool { return o != a && o.clean && o.knownNs <= a.knownNs })
}

// outcomeName is the outcome as result.json counts it.
func (r *request) outcomeName() string {
	if r.Outcome == journal.OutcomeDegraded && r.DegradedKind != "" {
		return string(r.Outcome) + ":" + r.DegradedKind
	}
	return string(r.Outcome)
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
