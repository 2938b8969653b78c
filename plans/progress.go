package plans

import (
	"maps"
	"slices"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// Event is what a run tells while it goes on. Exactly one field is set.
type Event struct {
	Ready   *ReadyEvent // the target is ready and the trial is over
	Tick    *Snapshot   // about four times a second while load is sent
	Message string      // one line, for a person
	Stage   Stage       // what the run does next
}

// Stage names a part of a run.
type Stage string

// Stages in their order.
const (
	StageNone  Stage = ""
	StageStart Stage = "start"
	StageTrial Stage = "trial"
	StageLoad  Stage = "load"
	StageDrain Stage = "drain"
	StageJudge Stage = "judge"
)

// ReadyEvent is what the trial found.
type ReadyEvent struct {
	Target  string        // builtin:resilient, a URL, or the command
	Took    time.Duration // until the target was ready
	Trial   int           // requests of the trial; 0: there was none
	Joined  int           // of them, those whose every attempt carried the id
	Steps   []string      // kinds of the calls of one request, in order
	Marker  bool          // the prompt marker stays on
	Planned int64
	Lasts   time.Duration // of the load
}

// Snapshot is the state of a run at an instant, for progress. Rates are over
// the last full second.
type Snapshot struct {
	Elapsed, Lasts      time.Duration // of the load
	Phases              []PhaseLive
	Offered, Sent, Good float64 // a second
	InFlight            int64
	Outcomes            []CountLive // sorted by name
	Models              []ModelLive // sorted by name
	Rules               []RuleLive  // in plan order
	Joined              float64     // share of attempts
	LagP99              time.Duration
	Dropped             int64
	Due, Done           int64
}

// PhaseLive is the state of one phase.
type PhaseLive struct {
	Name       string
	From, To   time.Duration // of the load
	Rate       string
	Planned    int64
	Done       int64
	GoodShare  float64
	P99        time.Duration
	Begun, End bool
}

// CountLive is a named count.
type CountLive struct {
	Name  string
	Count int64
}

// ModelLive is what the provider sees of one chat model.
type ModelLive struct {
	Name                   string
	PerSecond, RefusedPerS float64
	AttemptsPerStep        float64
}

// RuleLive is the state of one fault rule.
type RuleLive struct {
	Name               string
	On                 bool
	Eligible, Injected int64
}

// snapshot folds the live counters. now and origin are stamps of the journal.
func (l *live) snapshot(now, origin int64) Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Snapshot{Elapsed: time.Duration(max(0, now-origin)), Joined: 1}
	if l.attempts > 0 {
		s.Joined = float64(l.joined) / float64(l.attempts)
	}
	for _, k := range slices.Sorted(maps.Keys(l.outcomes)) {
		s.Outcomes = append(s.Outcomes, CountLive{k, l.outcomes[k]})
	}
	last := now/int64(time.Second) - 1
	if c := l.at(last); c != nil {
		s.Good = float64(c.outcomes[journal.OutcomeFull] + c.outcomes[journal.OutcomeDegraded])
	}
	for _, name := range slices.Sorted(maps.Keys(l.models)) {
		m := l.models[name]
		v := ModelLive{Name: name}
		if c := m.lastSecond[max(0, last)%2]; c.second == last {
			v.PerSecond, v.RefusedPerS = float64(c.total), float64(c.refused)
		}
		if m.steps > 0 {
			v.AttemptsPerStep = float64(m.attempts) / float64(m.steps)
		}
		s.Models = append(s.Models, v)
	}
	for _, p := range l.phases {
		s.Done += p.done
		s.Phases = append(s.Phases, p.snapshot(now, origin))
	}
	return s
}

func (l *live) at(second int64) *secondCount {
	if l.recent == nil || second < 0 {
		return nil
	}
	if c := &l.recent[second%recentSeconds]; c.second == second {
		return c
	}
	return nil
}

func (p *livePhase) snapshot(now, origin int64) PhaseLive {
	v := PhaseLive{
		Name: p.name, From: time.Duration(p.fromNs - origin), To: time.Duration(p.toNs - origin),
		Done: p.done, Begun: now >= p.fromNs, End: now >= p.toNs,
	}
	if p.done > 0 {
		v.GoodShare = float64(p.good) / float64(p.done)
		v.P99 = time.Duration(p.latency.ValueAtQuantile(99)) * time.Microsecond
	}
	return v
}

// ruleCounts returns what a rule did so far.
func (l *live) ruleCounts(name string) (eligible, injected int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.rules[name]; c != nil {
		return c.eligible, c.injected
	}
	return 0, 0
}
