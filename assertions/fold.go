package assertions

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaoskit/chaos/internal/journal"
)

// Histograms hold microseconds up to an hour at three digits.
const (
	histMaxUs  = 3_600_000_000
	histDigits = 3
)

func newHist() *hdrhistogram.Histogram { return hdrhistogram.New(1, histMaxUs, histDigits) }

// record adds nanoseconds to a histogram in microseconds. What is longer than an
// hour is counted as an hour.
func record(h *hdrhistogram.Histogram, ns int64) {
	us := min(max(ns/1000, 0), histMaxUs)
	// The value is within the bounds of the histogram, so there is no error.
	_ = h.RecordValue(us)
}

func usMs(us int64) *float64 { return ptr(float64(us) / 1000) }

func quantilesOf(h *hdrhistogram.Histogram) Quantiles {
	if h.TotalCount() == 0 {
		return Quantiles{}
	}
	at := func(q float64) *float64 { return usMs(h.ValueAtQuantile(q)) }
	return Quantiles{P50: at(50), P90: at(90), P99: at(99), Max: usMs(h.Max())}
}

func spreadOf(h *hdrhistogram.Histogram) Spread {
	q := quantilesOf(h)
	return Spread{P50: q.P50, P99: q.P99, Max: q.Max}
}

// generatorFigures are from the records of the load; what the process used is
// from the mark at its end.
func (h *history) generatorFigures() GeneratorFigures {
	lag := newHist()
	for _, r := range h.reqs {
		if r.DispatchNs >= 0 {
			record(lag, r.DispatchNs-r.DueNs)
		}
	}
	g := GeneratorFigures{LagMs: spreadOf(lag)}
	if v, ok := h.endInt("cpu_ns"); ok {
		g.CPUS = ptr(float64(v) / 1e9)
	}
	if v, ok := h.endInt("gc_ns"); ok {
		g.GCMs = ptr(float64(v) / 1e6)
	}
	if v, ok := h.endInt("rss_bytes"); ok {
		g.RSSMB = ptr(float64(v) / 1e6)
	}
	return g
}

// endInt reads a figure of the run.end mark.
func (h *history) endInt(name string) (int64, bool) {
	v, err := strconv.ParseInt(h.j.end[name], 10, 64)
	return v, err == nil
}

// lateness is the 99th percentile of the mock's lateness, -1: not measured. The
// mock counts every write; without its count, the worst write of each attempt
// stands in, which is never kinder to the mock.
func (h *history) lateness() int64 {
	if v, ok := h.endInt("late_p99_ns"); ok {
		return v
	}
	var late []int64
	for _, a := range h.calls {
		if a.LateMaxNs >= 0 {
			late = append(late, a.LateMaxNs)
		}
	}
	slices.Sort(late)
	return quantile(late, 0.99)
}

func (h *history) providerFigures() ProviderFigures {
	p := ProviderFigures{UnknownModels: []string{}}
	if _, ok := h.endInt("late_p99_ns"); ok {
		ms := func(name string) *float64 {
			if v, ok := h.endInt(name); ok {
				return ptr(msOf(v))
			}
			return nil
		}
		p.LatenessMs = Spread{P50: ms("late_p50_ns"), P99: ms("late_p99_ns"), Max: ms("late_max_ns")}
	} else {
		late := newHist()
		for _, a := range h.calls {
			if a.LateMaxNs >= 0 {
				record(late, a.LateMaxNs)
			}
		}
		p.LatenessMs = spreadOf(late)
	}
	p.RefusedConnections, _ = h.endInt("refused_connections")
	known := map[string]bool{"": true}
	for _, m := range h.j.Header.Models {
		known[m] = true
	}
	for i := range h.j.Attempts {
		if m := h.j.Attempts[i].ModelAsked; !known[m] {
			known[m] = true
			p.UnknownModels = append(p.UnknownModels, m)
		}
	}
	slices.Sort(p.UnknownModels)
	return p
}

// loadCounts counts the requests of the load and checks that the counts add up.
func (h *history) loadCounts() LoadCounts {
	c := LoadCounts{Dropped: map[string]int64{}, Outcomes: map[string]int64{}, Broken: h.broken}
	if h.alone() {
		return c
	}
	var outcomes int64
	for _, r := range h.reqs {
		c.Due++
		switch {
		case !r.sent():
			c.Dropped[r.Dropped]++
			continue
		case r.open():
			c.Open++
		default:
			c.Completed++
			if r.Outcome != journal.OutcomeNone {
				c.Outcomes[r.outcomeName()]++
				outcomes++
			}
		}
		c.Sent++
	}
	// Requests that were open when the file was cut left no record.
	for k := range h.j.CensoredRequests {
		if k.Phase != journal.PhaseTrial {
			c.Due++
			c.Sent++
			c.Open++
		}
	}
	c.Planned = h.j.Header.PlannedReqs
	told, ok := h.endInt("not_due")
	switch {
	case ok:
		c.NotDue = told
	case c.Planned > 0:
		c.NotDue = c.Planned - c.Due
	}
	if c.Planned == 0 {
		c.Planned = c.Due + c.NotDue
	}
	if c.Broken == "" {
		c.Broken = h.addsUp(&c, outcomes)
	}
	return c
}

// addsUp checks the identities of DESIGN section 6. One that does not hold means
// that the harness lost something, so nothing it says can be trusted.
func (h *history) addsUp(c *LoadCounts, outcomes int64) string {
	switch {
	case h.j.Cut:
		return "" // the end of the file is missing, and with it some records
	case c.Planned != c.Due+c.NotDue:
		return fmt.Sprintf("planned %d is not due %d + not due %d", c.Planned, c.Due, c.NotDue)
	case h.j.stop == stopSchedule && c.NotDue != 0:
		return fmt.Sprintf("the schedule ended, yet %d of its %d requests never became due", c.NotDue, c.Planned)
	case outcomes != c.Completed:
		return fmt.Sprintf("%d of %d completed requests have no outcome", c.Completed-outcomes, c.Completed)
	}
	return ""
}

// stopSchedule is the name of the load.stop mark of a load that went to its end.
const stopSchedule = "schedule"
