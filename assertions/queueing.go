package assertions

import "slices"

// queueing is the noise of the target itself: how long a request needs from
// being sent until its first attempt arrives. Only the first attempt: later
// ones also hold the work of the steps before. It is what a wait between two
// attempts can be longer by than the wait that the target chose.
type queueing struct {
	n        int64
	q50, q99 int64
	variance float64
	from     string // where it was measured
}

// queueingNeed is the least number of requests of a phase to take its 99th
// percentile from; with fewer, the phase before must vouch for it too.
const queueingNeed = 30

// queueingNeedTrial is the same for the trial, which is short by design.
const queueingNeedTrial = 10

// measureQueueing finds the noise of each phase: from its own requests where
// they are enough, else from the phase before, else from the trial. What too few
// requests show still counts where it is worse than what is taken instead.
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
	var last *queueing
	if len(trial) >= queueingNeedTrial {
		last = queueingOf(trial, "the trial")
	}
	h.queues = make([]*queueing, len(h.phases))
	for i, values := range byPhase {
		own := queueingOf(values, h.phases[i].Name)
		switch {
		case len(values) >= queueingNeed:
			last = own
		case last != nil:
			last = worse(last, own)
		}
		h.queues[i] = last
	}
}

// queueingOf returns nil for no values.
func queueingOf(values []int64, from string) *queueing {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	_, variance := moments(values)
	return &queueing{n: int64(len(values)), q50: quantile(values, 0.5), q99: quantile(values, 0.99), variance: variance, from: from}
}

// worse takes from each of two the larger noise. nil is none.
func worse(a, b *queueing) *queueing {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	w := *a
	if b.q99 > a.q99 {
		w = *b
	}
	w.q50, w.variance = max(a.q50, b.q50), max(a.variance, b.variance)
	return &w
}

// queued is the noise of one request. What became of the request does not
// matter, as no answer can have gone wrong before the first attempt arrived.
// The requests that came through unharmed are not the ones to ask: in an outage
// there are none, and in a storm they are those that queued least.
func (r *request) queued() (int64, bool) {
	if r.SentNs < 0 || len(r.attempts) == 0 {
		return 0, false
	}
	q := r.attempts[0].ArrivedNs - r.SentNs
	return q, q >= 0
}

// queueing is the worst noise of the phases that a wait lies in; nil: not
// measured. After the end of the load that of its last phase stands in.
func (h *history) queueing(fromNs, toNs int64) *queueing {
	if h.alone() {
		return &queueing{from: "nothing: the provider was on its own"} // see alone.go
	}
	var worst *queueing
	for i, w := range h.phases {
		last := i == len(h.phases)-1
		if w.FromNs > toNs || w.ToNs <= fromNs && !last {
			continue
		}
		if h.queues[i] == nil {
			return nil
		}
		worst = worse(worst, h.queues[i])
	}
	return worst
}

// calibration is the change of the plan that lets queueing be measured: a trial
// that is long enough, or more requests in the first phase where it was.
func (v *view) calibration() string {
	if len(v.h.trial) < queueingNeedTrial || len(v.h.phases) == 0 {
		return "calibrate: 20"
	}
	return v.longerPhase(0, 1, 2)
}

// unmeasured says why queueing is unknown.
func (v *view) unmeasured() string {
	return "queueing inside the target was not measured (fewer than " + number(queueingNeed) + " requests of a phase, or " +
		number(queueingNeedTrial) + " of the trial, reached the provider)"
}
