package wire

import (
	"encoding/binary"
	"sync"
)

// Codec is what both ends of a run share beside the seed: the lists by which
// they turn names into ordinals and back, where there is no room for names.
// Its fields are not changed after its first use. Safe for concurrent use.
type Codec struct {
	Run     string   // 8 lower-case letters or digits
	Phases  []string // in order; trial, trace and anon are known without
	Tenants []string
	Models  []string
	// Named: a header that is no request id names its request in the caller's
	// own words. For a provider on its own, where nobody writes ids.
	Named bool

	once    sync.Once
	phases  map[string]uint64
	tenants map[string]uint64
	models  map[string]uint64
}

// Phases that every run knows, at the ordinals 1, 2 and 3.
var fixedPhases = []string{"trial", "trace", "anon"}

const phaseTrial, phaseTrace, phaseAnon = 1, 2, 3

// Ordinal 0 is a name that is not in the lists, or has no room: what cannot be
// said is left out, never bent.
const ordinalNone = 0

// index makes the maps. The first of two equal names counts.
func (c *Codec) index() {
	c.once.Do(func() {
		c.phases = ordinals(fixedPhases, c.Phases)
		c.tenants = ordinals(c.Tenants)
		c.models = ordinals(c.Models)
	})
}

func ordinals(lists ...[]string) map[string]uint64 {
	m := map[string]uint64{}
	n := uint64(0)
	for _, list := range lists {
		for _, name := range list {
			n++
			if _, twice := m[name]; !twice {
				m[name] = n
			}
		}
	}
	return m
}

// fits returns v, or ordinalNone if it has more than width bits.
func fits(v uint64, width int) uint64 {
	if v>>width != 0 {
		return ordinalNone
	}
	return v
}

func (c *Codec) phaseOf(name string) uint64  { c.index(); return c.phases[name] }
func (c *Codec) tenantOf(name string) uint64 { c.index(); return c.tenants[name] }
func (c *Codec) modelOf(name string) uint64  { c.index(); return c.models[name] }

func (c *Codec) phaseName(n uint64) string {
	if n >= 1 && n <= uint64(len(fixedPhases)) {
		return fixedPhases[n-1]
	}
	return nameAt(c.Phases, n-uint64(len(fixedPhases)))
}

// nameAt returns the name with the ordinal n, "" if there is none. n may have
// wrapped below zero.
func nameAt(list []string, n uint64) string {
	if n == 0 || n > uint64(len(list)) {
		return ""
	}
	return list[n-1]
}

// bits packs fields into bytes, most significant bit first. Behind the bytes that
// are used there is room for one whole word.
type bits struct {
	b [32]byte
	n int // bits put or taken so far
}

// put appends the low width bits of v, at most 56.
func (p *bits) put(v uint64, width int) {
	at := p.b[p.n/8:][:8]
	v = v & (1<<width - 1) << (64 - width - p.n%8)
	binary.BigEndian.PutUint64(at, binary.BigEndian.Uint64(at)|v)
	p.n += width
}

// take reads the next width bits, at most 56.
func (p *bits) take(width int) uint64 {
	v := binary.BigEndian.Uint64(p.b[p.n/8:]) << (p.n % 8) >> (64 - width)
	p.n += width
	return v
}

// zero clears the bits from one on.
func (p *bits) zero(from int) {
	p.b[from/8] &= 0xff << (8 - from%8)
	clear(p.b[from/8+1:])
}
