package plans

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
	"github.com/chaoskit/chaos/loadgen"
	"github.com/chaoskit/chaos/mockmodel"
)

// runID names a run in every request id. It is drawn from the seed, the plan
// and the start, so that an id of an earlier run is recognised as stale.
func runID(p *Plan, started time.Time) string {
	return wire.RunID(draw.Bits(p.SeedValue(), "run", p.Hash(), fmt.Sprint(started.UnixNano(), os.Getpid())))
}

func phaseNames(s *loadgen.Schedule) []string {
	var names []string
	for _, w := range s.Windows() {
		names = append(names, w.Name)
	}
	return names
}

// header is what opens the journal.
func (r *run) header() journal.Header {
	host, _ := os.Hostname()
	h := journal.Header{
		Schema: journal.Schema, Version: r.opt.Version, Run: r.codec.Run, Seed: r.plan.SeedValue(), PlanSHA256: r.plan.Hash(),
		Started: r.epoch.Started().UTC().Format(startedLayout), Shards: 1, Host: host,
		Phases: r.codec.Phases, Tenants: r.codec.Tenants, Models: r.codec.Models, PlannedReqs: r.schedule.Planned(),
	}
	h.Prices = pricesOf(r.plan.Provider)
	return h
}

// startedLayout is how a journal writes the only wall time that it knows.
const startedLayout = "2006-01-02T15:04:05.000Z07:00"

func pricesOf(c mockmodel.Config) []journal.Price {
	var out []journal.Price
	for _, m := range c.Models {
		input, output := m.Price.NanoPerToken()
		out = append(out, journal.Price{Model: m.Name, Input: input, Output: output})
	}
	return out
}

// bindFaults makes the decision function of a plan's rules, for a load that
// starts at origin on the run's clock.
func bindFaults(p *Plan, s *loadgen.Schedule, origin int64) (*faults.Schedule, error) {
	var windows []faults.PhaseWindow
	for _, w := range s.Windows() {
		windows = append(windows, faults.PhaseWindow{Name: w.Name, FromNs: origin + w.FromNs, ToNs: origin + w.ToNs})
	}
	keys, err := firstKeys(p, s, windows, origin)
	if err == nil {
		err = failedKeys(p, s, keys)
	}
	if err != nil {
		return nil, err
	}
	sched, problems := faults.NewSchedule(p.SeedValue(), p.Faults, windows, func(rule int) []faults.KeyRange { return keys[rule] })
	return sched, faultProblems(problems)
}

// faultProblems is the error of a schedule that validation should have refused.
func faultProblems(problems []faults.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("faults%s: %s", problems[0].Path, problems[0].Msg)
}

// want is a rule with `requests: N` that still lacks some.
type want struct {
	rule   int
	left   int
	to     int64
	spans  []faults.Stretch
	tenant string
}

// in reports whether a request that is due then counts.
func (w *want) in(due int64) bool {
	return slices.ContainsFunc(w.spans, func(x faults.Stretch) bool { return due >= x.FromNs && due < x.ToNs })
}

// firstKeys finds, for each rule with `requests: N`, the keys of the first N
// requests by due time in the rule's window. It walks the schedule once, before
// the run: taken from arrivals at the provider, the same plan would choose
// other requests each time.
func firstKeys(p *Plan, s *loadgen.Schedule, windows []faults.PhaseWindow, origin int64) ([][]faults.KeyRange, error) {
	keys := make([][]faults.KeyRange, len(p.Faults))
	wants, err := wantsOf(p, windows)
	if err != nil || len(wants) == 0 {
		return keys, err
	}
	iter, err := s.Iter()
	if err != nil {
		return nil, err
	}
	defer iter.Close()
	for len(wants) > 0 {
		a, ok, err := iter.Next()
		if err != nil || !ok {
			return keys, err
		}
		kept := wants[:0]
		for _, w := range wants {
			due := origin + a.DueNs
			if due >= w.to {
				continue
			}
			if w.in(due) && (w.tenant == "" || w.tenant == a.Tenant) {
				keys[w.rule] = append(keys[w.rule], faults.KeyRange{Phase: a.Key.Phase, From: a.Key.Index, To: a.Key.Index + 1})
				w.left--
			}
			if w.left > 0 {
				kept = append(kept, w)
			}
		}
		wants = kept
	}
	return keys, nil
}

// ruleWindows returns when each rule applies, before it is known which are the
// first requests in its window: from a schedule without that selector.
func ruleWindows(p *Plan, windows []faults.PhaseWindow) (*faults.Schedule, error) {
	plain := slices.Clone(p.Faults)
	for i := range plain {
		plain[i].Requests, plain[i].Trace = 0, ""
	}
	sched, problems := faults.NewSchedule(p.SeedValue(), plain, windows, nil)
	return sched, faultProblems(problems)
}

// wantsOf lists the rules with `requests: N`.
func wantsOf(p *Plan, windows []faults.PhaseWindow) ([]want, error) {
	rules, err := ruleWindows(p, windows)
	if err != nil {
		return nil, err
	}
	var wants []want
	for _, w := range rules.Windows() {
		if r := p.Faults[w.Rule]; r.Requests > 0 {
			wants = append(wants, want{rule: w.Rule, left: int(r.Requests), to: w.ToNs, spans: rules.Spans(w.Rule), tenant: r.Match.Tenant})
		}
	}
	return wants, nil
}
