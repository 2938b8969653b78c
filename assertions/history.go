package assertions

import (
	"cmp"
	"slices"

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
	links  []*attempt // connections of proxies, which are in no figure but those of the rules
	phases []Window
	ruled  []bool // by phase: a rule's window overlaps it
	queues []*queueing
	twins  map[string]bool // by kind of step: calls come more than once for one request
	beside map[string]bool // of those, the kinds whose twins come at the same time
	// stepsMost is how many different calls a healthy request makes at most, by
	// kind of step; nil: not known.
	stepsMost map[string]int
	marked    bool  // watermarks come through the service
	endNs     int64 // of the load: no request was due from here on
	drain     int64 // end of the drain
	broken    string
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
	if h.alone() {
		h.addCallers(byKey)
		sortRequests(h.reqs)
	}
	h.addAttempts(byKey)
	for _, list := range [][]*request{h.reqs, h.trial} {
		for _, r := range list {
			r.relate()
		}
	}
	h.measureQueueing()
	h.learnTwins()
	h.learnMarks()
	h.learnSteps()
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
	h.setup.Rules = slices.Clone(h.setup.Rules)
	for i := range h.setup.Rules {
		// A rule whose end was not written was on to the end of the run.
		if r := &h.setup.Rules[i]; r.FromNs >= 0 && r.ToNs < 0 {
			r.ToNs = h.j.LastNs
		}
	}
	h.ruled = ruledPhases(Setup{Phases: h.phases, Rules: h.setup.Rules})
}

// stopped reports whether the load ended before its schedule did.
func (h *history) stopped() bool { return h.j.stop != "" && h.j.stop != stopSchedule }

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
	if len(h.phases) == 0 {
		return 0
	}
	return h.phases[0].FromNs
}

// baseline is the index of the phase to compare with, the first; -1: none.
func (h *history) baseline() int { return min(0, len(h.phases)-1) }

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
	sortRequests(h.reqs)
	sortRequests(h.trial)
	return byKey
}

// sortRequests sorts by due instant.
func sortRequests(list []*request) {
	slices.SortFunc(list, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.DueNs, b.DueNs), cmp.Compare(a.Key.Phase, b.Key.Phase), cmp.Compare(a.Key.Index, b.Key.Index))
	})
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
		if a.Kind == journal.KindTCP {
			h.links = append(h.links, a)
			continue
		}
		a.knownNs, a.clean, a.rule = known(a.Attempt), clean(a.Attempt), injectedRule(a.Attempt)
		if h.alone() || attributed(a.Attempt) {
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

// outcomeName is the outcome as result.json counts it.
func (r *request) outcomeName() string {
	if r.Outcome == journal.OutcomeDegraded && r.DegradedKind != "" {
		return string(r.Outcome) + ":" + r.DegradedKind
	}
	return string(r.Outcome)
}
