package plans

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// tickEvery is how often progress is told. Four times a second looks alive and
// costs nothing.
const tickEvery = 250 * time.Millisecond

// loadLead is the time between the decision to start the load and its first
// instant, so that the first request is not late before it exists.
const loadLead = 50 * time.Millisecond

// drainGrace is what the drain gets beyond the client timeout before open
// requests are cut: the time for a cancelled request to come back.
const drainGrace = 500 * time.Millisecond

// load puts the faults on, sends the load, waits for the drain and takes the
// faults off.
func (r *run) load(ctx context.Context) error {
	origin := r.epoch.Now() + int64(loadLead)
	rules, err := bindFaults(r.plan, r.schedule, origin)
	if err != nil {
		return err
	}
	if r.opt.Bits != nil {
		rules = rules.WithBits(r.opt.Bits)
	}
	r.origin, r.rules = origin, rules
	r.setPhases()
	r.setFaults(rules)

	r.opt.Observe(Event{Stage: StageLoad})
	loadCtx, stopLoad := context.WithCancelCause(ctx)
	defer stopLoad(nil)
	helpers, endHelpers := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	edges := r.edges()
	for _, f := range []func(context.Context){
		func(c context.Context) { edges.write(c, r) },
		func(c context.Context) { r.tell(c) },
		func(c context.Context) { r.guard(c, stopLoad) },
	} {
		wg.Add(1)
		go func() { defer wg.Done(); f(helpers) }()
	}
	err = r.send(loadCtx)
	endHelpers()
	wg.Wait()
	edges.close(r)
	r.setFaults(nil)
	r.mark(journal.MarkLoadDrained, "", journal.Never)
	return err
}

// send runs the open-loop generator until the schedule ends or the load is
// stopped, and writes down why.
func (r *run) send(ctx context.Context) error {
	iter, err := r.schedule.Iter()
	if err != nil {
		return err
	}
	defer iter.Close()
	runner := loadgen.NewRunner(loadgen.RunOptions{
		Iter: iter, Clock: r.opt.Clock, Epoch: r.epoch, StartNs: r.origin, EndNs: r.origin + r.schedule.EndNs(), Doer: r.client, Sink: r.live,
		MaxInFlight: r.maxInFlight(), Timeout: r.plan.Load.Client.Timeout, Drain: r.plan.Load.Client.Timeout + drainGrace, Hurry: r.opt.Hurry,
		OnLoadStop: func() { r.loadStopped(ctx) },
	})
	r.runner.Store(runner)
	return runner.Run(ctx)
}

// loadStopped is called once, when no request will be sent any more.
func (r *run) loadStopped(ctx context.Context) {
	name := "schedule"
	switch cause := context.Cause(ctx); {
	case cause == errNoJournal:
		name = "journal"
	case cause == errStopped:
		r.stopped = true
		name = "safety"
	case ctx.Err() != nil:
		r.interrupted = true
		name = "interrupt"
		r.mark(journal.MarkInterrupt, "", journal.Never)
	}
	r.mark(journal.MarkLoadStop, name, r.origin+r.schedule.EndNs())
	r.opt.Observe(Event{Stage: StageDrain})
}

// maxInFlight is the smaller of what the load wants and safety allows.
func (r *run) maxInFlight() int {
	n := r.plan.Load.MaxInFlight
	if s := r.plan.Safety.MaxInFlight; s > 0 && s < n {
		n = s
	}
	return n
}

// setPhases tells the live view when the phases are.
func (r *run) setPhases() {
	var ps []livePhase
	for _, w := range r.schedule.Windows() {
		ps = append(ps, livePhase{name: w.Name, fromNs: r.origin + w.FromNs, toNs: r.origin + w.ToNs})
	}
	r.live.setPhases(ps)
}

// tell reports progress until ctx ends.
func (r *run) tell(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s := r.snapshot()
			r.opt.Observe(Event{Tick: &s})
		}
	}
}

// snapshot joins what the live sink counted with what the generator knows.
func (r *run) snapshot() Snapshot {
	now := r.epoch.Now()
	s := r.live.snapshot(now, r.origin)
	s.Lasts = time.Duration(r.schedule.EndNs())
	for i, w := range r.schedule.Windows() {
		if i < len(s.Phases) {
			s.Phases[i].Planned, s.Phases[i].Rate = w.Planned, w.Rate
		}
	}
	if runner := r.runner.Load(); runner != nil {
		st := runner.Stats()
		s.InFlight, s.Dropped, s.Due = st.InFlight, st.Dropped, st.Due
		s.Offered, s.Sent, s.LagP99 = st.DuePerSecond, st.SentPerSecond, st.LagP99
	}
	for _, w := range r.rules.Windows() {
		e, i := r.live.ruleCounts(w.Name)
		s.Rules = append(s.Rules, RuleLive{Name: w.Name, On: now >= w.FromNs && now < w.ToNs, Eligible: e, Injected: i})
	}
	return s
}

// guard stops the load when a condition of safety.stop_when holds, or when the
// journal cannot be written any more.
func (r *run) guard(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.writer.Failed():
			// What is not on record proves nothing; more load would only cost.
			r.opt.Observe(Event{Message: "stopping the load: the journal cannot be written"})
			stop(errNoJournal)
			return
		case <-tick.C:
		}
		if why := r.stopCondition(); why != "" {
			r.mark(journal.MarkStop, why, journal.Never)
			r.opt.Observe(Event{Message: "stopping the load for safety: " + why})
			stop(errStopped)
			return
		}
	}
}

// stopSamples is the least number of ended requests that a stop condition is
// judged on: three bad ones out of four are no reason to end a run.
const stopSamples = 20

func (r *run) stopCondition() string {
	now := r.epoch.Now()
	for _, c := range r.plan.Safety.StopWhen {
		n := max(1, int64(c.For/time.Second))
		if now-r.origin < int64(c.For) {
			continue
		}
		share, total := r.live.share(journal.Outcome(c.Outcome), now/int64(time.Second)-1, n)
		if total >= stopSamples && share > float64(c.Above) {
			return fmt.Sprintf("%.1f %% of %d requests ended as %s in the last %s (allowed: %s %%)", 100*share, total, c.Outcome, c.For, plainNumber(100*float64(c.Above)))
		}
	}
	return ""
}

// edge is an instant at which a phase or a rule begins or ends.
type edge struct {
	at    int64 // of the load
	kind  journal.MarkKind
	name  string
	value int64
	attrs map[string]string
}

// edges are written into the journal as they pass. A reader trusts them, not
// the plan, for when something was.
type edges struct {
	list []edge
	next int
	open []edge // begun and not ended
}

func (r *run) edges() *edges {
	e := &edges{}
	for _, w := range r.schedule.Windows() {
		e.list = append(e.list,
			edge{at: w.FromNs, kind: journal.MarkPhaseStart, name: w.Name, value: w.Planned, attrs: map[string]string{"rate": w.Rate}},
			edge{at: w.ToNs, kind: journal.MarkPhaseEnd, name: w.Name})
	}
	end := r.schedule.EndNs()
	for _, w := range r.rules.Windows() {
		// A rule without an end goes off when the load has been sent.
		for _, x := range r.marked(w.Rule, end) {
			e.list = append(e.list, edge{at: x.FromNs - r.origin, kind: journal.MarkRuleOn, name: w.Name}, edge{at: min(x.ToNs-r.origin, end), kind: journal.MarkRuleOff, name: w.Name})
		}
	}
	// Stable: at one instant, what ends comes before what begins only where the
	// plan says so; phases come before rules.
	sort.SliceStable(e.list, func(i, j int) bool { return e.list[i].at < e.list[j].at })
	return e
}

// burstsMarked is how many stretches of a rule with bursts are marked each with its
// two edges; the last mark holds what comes behind them too.
const burstsMarked = 500

// marked returns when a rule is on: for one with bursts each stretch of it before
// the end of the load.
func (r *run) marked(rule int, end int64) []faults.Stretch {
	if r.rules.Rules()[rule].Burst == nil {
		return r.rules.Spans(rule)
	}
	out := r.rules.Stretches(rule, r.origin+end)
	if n := len(out); n > burstsMarked {
		out[burstsMarked-1].ToNs = out[n-1].ToNs
		out = out[:burstsMarked]
	}
	return out
}

// write waits for each edge and marks it.
func (e *edges) write(ctx context.Context, r *run) {
	clock := loadgen.TimerClock()
	for e.next < len(e.list) {
		at := r.origin + e.list[e.next].at
		if err := clock.Wait(ctx, r.epoch, at); err != nil {
			return
		}
		e.mark(r, e.list[e.next], at)
		e.next++
	}
}

func (e *edges) mark(r *run, g edge, planned int64) {
	switch g.kind {
	case journal.MarkPhaseStart, journal.MarkRuleOn:
		e.open = append(e.open, g)
	default:
		for i, o := range e.open {
			if o.name == g.name && pairs(o.kind, g.kind) {
				e.open = append(e.open[:i], e.open[i+1:]...)
				break
			}
		}
	}
	r.live.Mark(&journal.Mark{TNs: r.epoch.Now(), PlannedNs: planned, Kind: g.kind, Name: g.name, Value: g.value, Attrs: g.attrs})
}

func pairs(on, off journal.MarkKind) bool {
	return on == journal.MarkPhaseStart && off == journal.MarkPhaseEnd || on == journal.MarkRuleOn && off == journal.MarkRuleOff
}

// close ends what was open when the load was stopped before its time.
func (e *edges) close(r *run) {
	for ; e.next < len(e.list); e.next++ {
		g := e.list[e.next]
		if g.kind == journal.MarkPhaseEnd || g.kind == journal.MarkRuleOff {
			for _, o := range e.open {
				if o.name == g.name && pairs(o.kind, g.kind) {
					e.mark(r, g, r.origin+g.at)
					break
				}
			}
		}
	}
}
