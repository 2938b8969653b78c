package wire

import "sync"

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

// bits packs fields into bytes, most significant bit first.
type bits struct {
	b [22]byte
	n int // bits put or taken so far
}

// put appends the low width bits of v.
func (p *bits) put(v uint64, width int) {
	for width > 0 {
		room := 8 - p.n%8
		n := min(room, width)
		p.b[p.n/8] |= byte(v>>(width-n)&(1<<n-1)) << (room - n)
		p.n += n
		width -= n
	}
}

// take reads the next width bits.
func (p *bits) take(width int) (v uint64) {
	for width > 0 {
		left := 8 - p.n%8
		n := min(left, width)
		v = v<<n | uint64(p.b[p.n/8])>>(left-n)&(1<<n-1)
		p.n += n
		width -= n
	}
	return v
}
