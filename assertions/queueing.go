package assertions

import (
	"slices"

	"github.com/chaoskit/chaos/internal/journal"
)

// queueing is the noise of the target itself: how long a healthy request needs
// from being sent until its first attempt arrives. Only the first attempt: later
// ones also hold the work of the steps before. It is what a wait between two
// attempts can be longer by than the wait that the target chose.
type queueing struct {
	n        int64
	q50, q99 int64
	variance float64
	from     string // phase that it was measured in
}

// queueingNeed is the least number of healthy requests of a phase to take its
// 99th percentile from; with fewer, the phase before is taken.
const queueingNeed = 30

// queueingNeedTrial is the same for the trial, which is short by design.
const queueingNeedTrial = 10

// measureQueueing finds the noise of each phase: of its own healthy requests,
// else of the phase before, else of the trial.
func (h *history) measureQueueing() {
	byPhase := make([][]int64, len(h.phases))
	for _, r := range h.reqs {
		if q, ok := r.queued(); ok && r.phase >= 0 {
			byPhase[r.phase] = append(byPhase[r.phase], q)
		}
	}
	var trial []int64
	for _, r := range h.trial {
		if q, ok := r.queued(); ok {
			trial = append(trial, q)
		}
	}
	last := queueingOf(trial, queueingNeedTrial, "the trial")
	h.queues = make([]*queueing, len(h.phases))
	for i, values := range byPhase {
		if q := queueingOf(values, queueingNeed, h.phases[i].Name); q != nil {
			last = q
		}
		h.queues[i] = last
	}
}

// queueingOf returns nil for fewer than need values.
func queueingOf(values []int64, need int, from string) *queueing {
	if len(values) < need {
		return nil
	}
	slices.Sort(values)
	_, variance := moments(values)
	return &queueing{n: int64(len(values)), q50: quantile(values, 0.5), q99: quantile(values, 0.99), variance: variance, from: from}
}

// queued is the noise of one request, if it was healthy: a full answer, from
// attempts that no fault touched.
func (r *request) queued() (int64, bool) {
	if r.Outcome != journal.OutcomeFull || r.SentNs < 0 || len(r.attempts) == 0 {
		return 0, false
	}
	for _, a := range r.attempts {
		if !a.clean || a.rule != "" {
			return 0, false
		}
	}
	q := r.attempts[0].ArrivedNs - r.SentNs
	return q, q >= 0
}

// queueing is the noise during the phase of a request; nil: not measured.
func (h *history) queueing(r *request) *queueing {
	if r.phase < 0 {
		return nil
	}
	return h.queues[r.phase]
}
