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

// hold is an honest limit that a step has been told of. Providers limit each
// model on its own, so it holds back the retries of the step at that model and
// not a fallback to another one.
type hold struct {
	rule    int
	model   string // that was asked for
	untilNs int64  // when the step is let through again
	saidNs  int64  // when its hint runs out; before untilNs if the hint lies
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

// arrive counts an attempt of a step and returns its ordinal, from 1, across
// models, with the limits of the model that hold it back at now.
func (m *memory) arrive(k stepKey, model string, now int64) (ordinal int, holds []hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	n, ok := m.young.ordinals[k]
	if !ok {
		n = m.old.ordinals[k]
	}
	m.young.ordinals[k] = n + 1

	held := m.held(k, now)
	if len(held) > 0 {
		m.young.holds[k] = held // moved; what has run out is dropped
	} else {
		delete(m.young.holds, k)
	}
	for _, h := range held {
		if h.model == model {
			holds = append(holds, h)
		}
	}
	return int(n) + 1, holds
}

// keep remembers a limit. One of the same rule and model is replaced.
func (m *memory) keep(k stepKey, h hold, now int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	held := slices.DeleteFunc(m.held(k, now), func(o hold) bool { return o.rule == h.rule && o.model == h.model })
	m.young.holds[k] = append(held, h)
}

// held returns the limits of a step that have not run out at now, in a slice of
// its own.
func (m *memory) held(k stepKey, now int64) []hold {
	all, ok := m.young.holds[k]
	if !ok {
		all = m.old.holds[k]
	}
	var kept []hold
	for _, h := range all {
		if h.untilNs > now {
			kept = append(kept, h)
		}
	}
	return kept
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
