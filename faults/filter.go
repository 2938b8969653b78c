package faults

// A filter is what most rules are ruled out by, in one cache line: a plan with 50
// rules that have nothing to do with a call should cost it next to nothing.
// Strings are numbers here, from the schedule's own list.
type filter struct {
	from, to int64
	// What the rule matches, 0 for anything. steps is a set of kinds.
	model, dialect, endpoint int32
	attempt                  int32
	times                    int32
	proxy                    int32 // 0: of no proxy
	steps                    uint64
	streamOnly               bool
}

// names numbers the strings that rules match, from 1; what no rule matches has
// no number.
type names map[string]int32

func (n names) add(s string) int32 {
	if s == "" {
		return 0
	}
	if n[s] == 0 {
		n[s] = int32(len(n) + 1)
	}
	return n[s]
}

// asked is a call in the numbers of a schedule.
type asked struct {
	model, dialect, endpoint int32
	proxy                    int32  // -1: one that no rule names
	kind                     uint64 // its bit; none for a kind that no rule names
}

// anyStep is the set of all kinds, those that no rule names included.
const anyStep = ^uint64(0)

// unnamedStep is the bit of a kind that no rule names.
const unnamedStep = uint64(1) << 63

// prepare makes the filters of a schedule.
func (s *Schedule) prepare() {
	s.models, s.dialects, s.endpoints, s.kinds, s.proxies = names{}, names{}, names{}, names{}, names{}
	s.filters = make([]filter, len(s.rules))
	for i := range s.rules {
		b := &s.rules[i]
		m := &b.rule.Match
		f := filter{from: b.from, to: b.to, streamOnly: b.streamOnly, steps: anyStep, attempt: small(m.Attempt), times: small(b.rule.Times)}
		f.model, f.dialect, f.endpoint = s.models.add(m.Model), s.dialects.add(m.Dialect), s.endpoints.add(m.Endpoint)
		f.proxy = s.proxies.add(m.Proxy)
		if m.Step != "" {
			f.steps &= s.kindBit(m.Step, true)
		}
		if b.steps != nil {
			var of uint64
			for _, k := range b.steps {
				of |= s.kindBit(k, true)
			}
			f.steps &= of
		}
		s.filters[i] = f
	}
}

// kindBit returns the bit of a kind.
func (s *Schedule) kindBit(kind string, add bool) uint64 {
	n := s.kinds[kind]
	if n == 0 && add {
		n = s.kinds.add(kind)
	}
	if n == 0 || n > 62 { // there are seven kinds
		return unnamedStep
	}
	return 1 << (n - 1)
}

// small is a count that a filter can hold; 0, which lets all pass, where it cannot.
func small(c Count) int32 {
	if c > 1<<31-1 {
		return 0
	}
	return int32(c)
}

// asked puts a call into numbers.
func (s *Schedule) asked(c *Call) asked {
	a := asked{kind: unnamedStep}
	if len(s.models) > 0 {
		a.model = s.models[c.Model]
	}
	if len(s.dialects) > 0 {
		a.dialect = s.dialects[c.Dialect]
	}
	if len(s.endpoints) > 0 {
		a.endpoint = s.endpoints[c.Endpoint]
	}
	if c.Proxy != "" {
		if a.proxy = s.proxies[c.Proxy]; a.proxy == 0 {
			a.proxy = -1
		}
	}
	if len(s.kinds) > 0 {
		a.kind = s.kindBit(c.Kind, false)
	}
	return a
}

// passes reports whether the rule may apply to the call.
func (f *filter) passes(c *Call, a asked) bool {
	return c.ArrivedNs >= f.from && c.ArrivedNs < f.to && f.steps&a.kind != 0 && f.proxy == a.proxy &&
		(f.model == 0 || f.model == a.model) &&
		(f.dialect == 0 || f.dialect == a.dialect) &&
		(f.endpoint == 0 || f.endpoint == a.endpoint) &&
		(f.attempt == 0 || int(f.attempt) == c.Ordinal) &&
		(f.times == 0 || c.Ordinal <= int(f.times)) &&
		(!f.streamOnly || c.Stream)
}
