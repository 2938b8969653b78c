package mockmodel

import (
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// memory is what the provider remembers of the steps of requests: how many
// attempts of a step have arrived, and which honest limits still hold it back.
//
// It is bounded by two generations: a step that is touched moves into the
// young one, and when that is horizon old or full, the old one is dropped
// whole. So a step is remembered for between one and two horizons after its
// last attempt, at about 30 bytes each.
type memory struct {
	horizon int64 // ns
	max     int   // steps in a generation

	mu         sync.Mutex
	young, old generation
	bornNs     int64 // of the young generation
}

type generation struct {
	ordinals map[stepKey]int32
	holds    map[stepKey][]hold
}

// stepKey folds the request key and the step hash. 64 bits: with a million
// steps in memory, two are confused once in 40 million runs.
type stepKey uint64

// hold is an honest limit that a step has been told of.
type hold struct {
	rule    int
	untilNs int64 // when the step is let through again
	saidNs  int64 // when its hint runs out; before untilNs if the hint lies
	kind    faults.HintKind
}

// memoryMax steps in a generation keep the memory below 100 MB whatever is sent.
const memoryMax = 1_000_000

func newMemory(horizon time.Duration) *memory {
	if horizon <= 0 {
		horizon = HorizonDefault
	}
	return &memory{horizon: int64(horizon), max: memoryMax, young: newGeneration(), old: newGeneration()}
}

func newGeneration() generation {
	return generation{map[stepKey]int32{}, map[stepKey][]hold{}}
}

// arrive counts an attempt of a step and returns its ordinal, from 1, with the
// limits that hold it back at now.
func (m *memory) arrive(k stepKey, now int64) (ordinal int, holds []hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	n, ok := m.young.ordinals[k]
	if !ok {
		n = m.old.ordinals[k]
	}
	m.young.ordinals[k] = n + 1

	held, ok := m.young.holds[k]
	if !ok {
		held = m.old.holds[k]
	}
	for _, h := range held {
		if h.untilNs > now {
			holds = append(holds, h)
		}
	}
	if len(held) > 0 {
		m.young.holds[k] = holds // moved; what has run out is dropped
	}
	return int(n) + 1, holds
}

// keep remembers a limit. A rule that holds the step already is replaced.
func (m *memory) keep(k stepKey, h hold, now int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	held := m.young.holds[k]
	kept := make([]hold, 0, len(held)+1)
	for _, o := range held {
		if o.rule != h.rule && o.untilNs > now {
			kept = append(kept, o)
		}
	}
	m.young.holds[k] = append(kept, h)
}

// forgetHolds drops all limits: the rules that they belong to are gone.
func (m *memory) forgetHolds() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.young.holds)
	clear(m.old.holds)
}

// age drops the old generation when the young one is horizon old or full.
func (m *memory) age(now int64) {
	if now-m.bornNs < m.horizon && len(m.young.ordinals) < m.max {
		return
	}
	m.young, m.old, m.bornNs = newGeneration(), m.young, now
}
