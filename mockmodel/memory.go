package mockmodel

import (
	"slices"
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// memory is what the provider remembers of the steps of requests: how many
// attempts of a step have arrived, and which honest limits still hold it back.
//
// Ordinals are bounded by two generations: a step that is touched moves into
// the young one, and when that is horizon old or full, the old one is dropped
// whole. So a step is remembered for between one and two horizons after its
// last attempt, at about 40 bytes each. Limits are kept until they run out.
type memory struct {
	horizon int64 // ns
	max     int   // steps in a generation, and steps with limits

	mu         sync.Mutex
	young, old map[stepKey]int32 // ordinal of the last attempt
	bornNs     int64             // of the young generation
	holds      map[stepKey][]hold
	sweepAt    int // steps with limits at which those that ran out are looked for
}

// stepKey folds the request key and the step hash. 64 bits: with a million
// steps in memory, two are confused once in 40 million runs.
type stepKey uint64

// hold is an honest limit that a step has been told of. Providers limit each
// model on its own, so it holds back the retries of the step at that model and
// not a fallback to another one.
type hold struct {
	rule    string // its name: the place in the plan changes where rules are changed live
	model   string // that was asked for
	untilNs int64  // when the step is let through again
	saidNs  int64  // when its hint runs out; before untilNs if the hint lies
	kind    faults.HintKind
}

const (
	memoryMax = 1_000_000 // keeps the ordinals below 100 MB whatever is sent
	sweepMin  = 1024
	holdsMax  = 64 // of a step: the models that are asked for are the caller's words
)

func newMemory(horizon time.Duration) *memory {
	if horizon <= 0 {
		horizon = HorizonDefault
	}
	return &memory{
		horizon: int64(horizon), max: memoryMax, young: map[stepKey]int32{}, old: map[stepKey]int32{},
		holds: map[stepKey][]hold{}, sweepAt: sweepMin,
	}
}

// arrive counts an attempt of a step and returns its ordinal, from 1, across
// models, with the limits of the model that hold it back at now.
func (m *memory) arrive(k stepKey, model string, now int64) (ordinal int, holds []hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	n, ok := m.young[k]
	if !ok {
		n = m.old[k]
	}
	m.young[k] = n + 1
	for _, h := range m.holds[k] {
		if h.model == model && h.untilNs > now {
			holds = append(holds, h)
		}
	}
	return int(n) + 1, holds
}

// keep remembers a limit. One of the same rule and model is replaced.
func (m *memory) keep(k stepKey, h hold, now int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	held := slices.DeleteFunc(m.holds[k], func(o hold) bool {
		return o.untilNs <= now || o.rule == h.rule && o.model == h.model
	})
	if len(held) >= holdsMax {
		held = slices.Delete(held, 0, 1)
	}
	m.holds[k] = append(held, h)
}

// sweep drops the steps whose limits have all run out, each time that the
// number of steps has doubled: as many are looked at as have come. Where more
// limits last than memory has room for, all are forgotten.
func (m *memory) sweep(now int64) {
	if len(m.holds) < m.sweepAt {
		return
	}
	for k, held := range m.holds {
		if !slices.ContainsFunc(held, func(h hold) bool { return h.untilNs > now }) {
			delete(m.holds, k)
		}
	}
	if len(m.holds) >= m.max {
		clear(m.holds)
	}
	m.sweepAt = min(max(2*len(m.holds), sweepMin), m.max)
}

// forgetHolds drops the limits of rules that are gone; lives says which are not.
func (m *memory) forgetHolds(lives func(rule string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, held := range m.holds {
		if held = slices.DeleteFunc(held, func(h hold) bool { return !lives(h.rule) }); len(held) > 0 {
			m.holds[k] = held
		} else {
			delete(m.holds, k)
		}
	}
}

// forget drops all that is remembered.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.young)
	clear(m.old)
	clear(m.holds)
}

// age drops the old generation when the young one is horizon old or full.
func (m *memory) age(now int64) {
	if now-m.bornNs < m.horizon && len(m.young) < m.max {
		return
	}
	m.young, m.old, m.bornNs = map[stepKey]int32{}, m.young, now
}
