package plans

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaoskit/chaos/internal/journal"
)

// live is the sink that all records of a run pass on their way to the journal.
// It counts them for the progress view and for the stop conditions; no verdict
// is ever taken from it.
type live struct {
	next journal.Sink // set before anything is served or sent

	mu       sync.Mutex
	phases   []livePhase // in order; a request belongs to the phase that it was due in
	outcomes map[string]int64
	models   map[string]*liveModel
	rules    map[string]*liveRule
	attempts int64
	joined   int64
	recent   []secondCount // ring, one a second of run time, for stop conditions
	tried    trialCounts
}

// recentSeconds bounds how far back a stop condition can look.
const recentSeconds = 600

type livePhase struct {
	name         string
	fromNs, toNs int64
	done, good   int64
	latency      *hdrhistogram.Histogram // microseconds from due
}

type liveModel struct {
	attempts, refused, steps int64
	lastSecond               [2]secondCount
}

type liveRule struct{ eligible, injected int64 }

type secondCount struct {
	second   int64
	total    int64
	refused  int64
	outcomes map[journal.Outcome]int64
}

// trialCounts is what the trial learns from the provider's side.
type trialCounts struct {
	attempts, byHeader, byMarker, joined int64
	kinds                                []string // of the first request that made any call, in order of arrival
	firstKey                             journal.Key
}

func newLive() *live {
	return &live{outcomes: map[string]int64{}, models: map[string]*liveModel{}, rules: map[string]*liveRule{}}
}

// setPhases tells when the phases are, in the time of the journal. Before
// that, requests are counted in no phase.
func (l *live) setPhases(ps []livePhase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range ps {
		// 1 us to 1 h in 2 digits: a progress line needs no third.
		ps[i].latency = hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 2)
	}
	l.phases = ps
	l.outcomes = map[string]int64{}
	l.models = map[string]*liveModel{}
}

// Request implements journal.Sink.
func (l *live) Request(r *journal.Request) {
	l.next.Request(r)
	if r.Purpose != journal.PurposeLoad {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Dropped != "" {
		return
	}
	name := string(r.Outcome)
	if r.Outcome == journal.OutcomeDegraded {
		name += ":" + r.DegradedKind
	}
	l.outcomes[name]++
	sec := l.second(r.EndNs / int64(time.Second))
	sec.total++
	sec.outcomes[r.Outcome]++
	for i := range l.phases {
		p := &l.phases[i]
		if r.DueNs < p.fromNs || r.DueNs >= p.toNs {
			continue
		}
		p.done++
		if r.Outcome == journal.OutcomeFull || r.Outcome == journal.OutcomeDegraded {
			p.good++
		}
		_ = p.latency.RecordValue(max(1, (r.EndNs-r.DueNs)/int64(time.Microsecond)))
		return
	}
}

// second returns the counter of a second of the run, with the lock held.
func (l *live) second(s int64) *secondCount {
	if l.recent == nil {
		l.recent = make([]secondCount, recentSeconds)
	}
	c := &l.recent[s%recentSeconds]
	if c.second != s || c.outcomes == nil {
		*c = secondCount{second: s, outcomes: map[journal.Outcome]int64{}}
	}
	return c
}

// Attempt implements journal.Sink.
func (l *live) Attempt(a *journal.Attempt) {
	l.next.Attempt(a)
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.Kind == journal.KindTCP {
		l.countRules(a)
		return
	}
	if a.Key.Phase == journal.PhaseTrial || len(l.phases) == 0 {
		l.tried.add(a)
		return
	}
	l.attempts++
	if a.Carrier != 0 && !a.Stale {
		l.joined++
	}
	l.countModel(a)
	l.countRules(a)
}

// countRules counts what became of rules, with the lock held.
func (l *live) countRules(a *journal.Attempt) {
	for _, h := range a.Rules {
		c := l.rules[h.Name]
		if c == nil {
			c = &liveRule{}
			l.rules[h.Name] = c
		}
		if h.State != journal.RuleUnknown {
			c.eligible++
		}
		if h.State == journal.RuleInjected {
			c.injected++
		}
	}
}

// modelsMax bounds the models that are told apart: the target chooses their
// names, and may choose a new one for each call.
const modelsMax = 64

func (l *live) countModel(a *journal.Attempt) {
	if a.Kind != "chat" {
		return
	}
	m := l.models[a.ModelAsked]
	if m == nil {
		if len(l.models) == modelsMax {
			return
		}
		m = &liveModel{}
		l.models[a.ModelAsked] = m
	}
	m.attempts++
	if a.Ordinal == 1 {
		m.steps++
	}
	s := a.EndNs / int64(time.Second)
	c := &m.lastSecond[s%2]
	if c.second != s {
		*c = secondCount{second: s}
	}
	c.total++
	if a.Status == 429 || a.Status >= 500 {
		m.refused++
		c.refused++
	}
}

func (t *trialCounts) add(a *journal.Attempt) {
	t.attempts++
	if a.CarriersSeen&(journal.CarrierHeader|journal.CarrierGateway|journal.CarrierTraceparent) != 0 {
		t.byHeader++
	}
	if a.CarriersSeen&journal.CarrierMarker != 0 {
		t.byMarker++
	}
	if a.Carrier == 0 {
		return
	}
	t.joined++
	if t.firstKey.None() {
		t.firstKey = a.Key
	}
	if a.Key == t.firstKey && len(t.kinds) < 32 {
		t.kinds = append(t.kinds, a.Kind)
	}
}

// Mark implements journal.Sink.
func (l *live) Mark(m *journal.Mark) { l.next.Mark(m) }

func (l *live) trial() trialCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tried
	t.kinds = append([]string(nil), t.kinds...)
	return t
}

// share returns which part of the requests that ended in the n seconds up to
// and with second now had the outcome, and how many ended.
func (l *live) share(o journal.Outcome, now, n int64) (share float64, total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var hit int64
	for s := max(0, now-n+1); s <= now && l.recent != nil; s++ {
		if c := l.recent[s%recentSeconds]; c.second == s {
			total += c.total
			hit += c.outcomes[o]
		}
	}
	if total == 0 {
		return 0, 0
	}
	return float64(hit) / float64(total), total
}
