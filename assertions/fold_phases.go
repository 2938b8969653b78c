package assertions

import "github.com/HdrHistogram/hdrhistogram-go"

// phaseFold gathers the figures of one phase.
type phaseFold struct {
	PhaseFigures
	latency, latencySent, ttft *hdrhistogram.Histogram
	known, good                int64 // requests whose fate is known; of them good
	attempts, steps            int64
	costNano                   int64
}

// phaseFigures measures each phase by the requests that were due in it; their
// attempts and money belong to it, whenever they happened.
func (h *history) phaseFigures() []PhaseFigures {
	folds := make([]*phaseFold, len(h.phases))
	for i, w := range h.phases {
		folds[i] = &phaseFold{latency: newHist(), latencySent: newHist(), ttft: newHist()}
		folds[i].PhaseFigures = PhaseFigures{
			Name: w.Name, FromS: sOf(w.FromNs - h.origin()), ToS: sOf(w.ToNs - h.origin()), Outcomes: map[string]int64{},
		}
	}
	for _, r := range h.reqs {
		if r.phase >= 0 {
			folds[r.phase].add(r)
		}
	}
	out := make([]PhaseFigures, 0, len(folds))
	for i, f := range folds {
		out = append(out, f.close(h.phases[i]))
	}
	return out
}

func (f *phaseFold) add(r *request) {
	f.Requests++
	for _, a := range r.attempts {
		f.costNano += a.CostNanoUSD
	}
	f.attempts += int64(len(r.attempts))
	f.steps += int64(len(r.steps))
	if r.censored() {
		return
	}
	f.known++
	if r.good() {
		f.good++
	}
	if !r.completed() {
		return
	}
	f.Outcomes[r.outcomeName()]++
	if r.EndNs >= 0 {
		record(f.latency, r.EndNs-r.DueNs)
		if r.SentNs >= 0 {
			record(f.latencySent, r.EndNs-r.SentNs)
		}
	}
	if r.FirstNs >= 0 {
		record(f.ttft, r.FirstNs-r.DueNs)
	}
}

func (f *phaseFold) close(w Window) PhaseFigures {
	p := f.PhaseFigures
	p.LatencyMs, p.LatencySentMs, p.TTFTMs = quantilesOf(f.latency), quantilesOf(f.latencySent), quantilesOf(f.ttft)
	p.Goodput = share(f.good, f.known)
	if w.ToNs > w.FromNs {
		p.GoodPerS = ptr(float64(f.good) / (float64(w.ToNs-w.FromNs) / 1e9))
	}
	p.AttemptsPerStep = share(f.attempts, f.steps)
	p.CostUSD = rounded9(float64(f.costNano) / 1e9)
	return p
}
