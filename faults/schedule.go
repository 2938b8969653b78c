package faults

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// PhaseWindow is when a phase of the load lasts: [FromNs, ToNs), in nanoseconds
// since the start of the run.
type PhaseWindow struct {
	Name         string
	FromNs, ToNs int64
}

// KeyRange is a run of request keys: the indexes [From, To) of a phase.
type KeyRange struct {
	Phase    string
	From, To int64
}

// RuleWindow is when a rule applies: [FromNs, ToNs), in nanoseconds since the
// start of the run. ToNs is math.MaxInt64 for a rule that never ends.
type RuleWindow struct {
	Rule         int
	Name         string
	FromNs, ToNs int64
}

// Bits is the source of all dice: a pure function of a seed and named fields.
type Bits func(seed uint64, fields ...string) uint64

// Schedule is the rules of a plan, bound to a seed and to the phases of a
// load. It never changes, so it may be used from many goroutines at once.
type Schedule struct {
	seed  uint64
	bits  Bits
	rules []bound

	filters                                     []filter // of the rules
	models, dialects, endpoints, kinds, proxies names    // in them
}

// bound is a rule as Decide needs it.
type bound struct {
	rule        Rule
	index       int
	name        string
	from, to    int64
	probability float64
	streamOnly  bool
	arrivalOnly bool      // of connections, only those that are just being accepted
	way         Direction // of connections, the one that its fault is about
	steps       []string  // the kinds of step in which the fault exists; nil: all
	dialects    []string  // the dialects in which it exists; nil: all
	needsKey    bool      // it asks for what only a request id tells
	sockets     SocketUse
	headers     []headerWant
	spans       []Stretch             // parts of the window; nil: all of it
	burst       *bursts               // nil: always on
	gate        *Gate                 // nil: whoever is chosen goes on at once
	firstKeys   map[string][]KeyRange // per phase, sorted; only with requests or trace
}

// NewSchedule binds rules to a seed and to the phases of the load. For a rule
// with requests: N, firstKeys returns the keys of the first N requests that are
// due in its window (and that are of match.tenant, where it is set); for one
// with trace: failed, those of the rows that had failed. It is asked for such
// rules only, and may be nil where there are none. With problems
// the Schedule is nil.
//
// Times in rules count from the start of the first phase. Before it no rule
// applies; after the last one, those without an end still do.
func NewSchedule(seed uint64, rules []Rule, windows []PhaseWindow, firstKeys func(rule int) []KeyRange) (*Schedule, []Problem) {
	problems := Validate(rules, windows)
	if len(problems) > 0 {
		return nil, problems
	}
	s := &Schedule{seed: seed, bits: draw.Bits, rules: make([]bound, len(rules))}
	for i, r := range rules {
		b := bound{rule: r, index: i, name: r.RuleName(), probability: 1}
		b.from, b.to = r.window(windows)
		if r.Probability != nil {
			b.probability = float64(*r.Probability)
		}
		if spans := r.During.spans(windows); len(spans) > 1 {
			b.spans = spans
		}
		b.headers = bindHeaders(r.Match.Header)
		if r.Burst != nil {
			b.burst = r.Burst.bind(seed, b.name, origin(windows))
		}
		if r.Barrier != nil {
			b.gate = r.Barrier.bind(Gate{Rule: i, Name: b.name}, windows, b.to)
		}
		if f, ok := r.Fault.(streamOnly); ok {
			b.streamOnly = f.StreamOnly()
		}
		if f, ok := r.Fault.(oneWay); ok {
			b.way = f.Way()
		}
		if f, ok := r.Fault.(arrivalOnly); ok {
			b.arrivalOnly = f.ArrivalOnly()
		}
		b.dialects, b.steps = existsIn(r.Fault)
		if e, ok := Lookup(r.Fault.Name()); ok {
			b.sockets = e.Sockets
		}
		b.needsKey = r.Match.Tenant != "" || r.Per == PerTenant || r.Requests > 0 || r.Every > 0 || r.Trace != ""
		if r.Requests > 0 || r.Trace != "" {
			var keys []KeyRange
			if firstKeys != nil {
				keys = firstKeys(i)
			}
			problems = append(problems, b.bindKeys(keys)...)
		}
		s.rules[i] = b
	}
	if len(problems) > 0 {
		return nil, problems
	}
	s.prepare()
	return s, nil
}

// WithBits returns a copy of the schedule that throws other dice: for tests of
// the promise that the dice are keyed, which a generator shared between
// requests must fail.
func (s *Schedule) WithBits(bits Bits) *Schedule {
	c := *s
	c.bits = bits
	return &c
}

// Windows returns when each rule applies, in plan order.
func (s *Schedule) Windows() []RuleWindow {
	out := make([]RuleWindow, len(s.rules))
	for i, b := range s.rules {
		out[i] = RuleWindow{Rule: i, Name: b.name, FromNs: b.from, ToNs: b.to}
	}
	return out
}

// Rules returns the rules in plan order; not to be changed.
func (s *Schedule) Rules() []Rule {
	out := make([]Rule, len(s.rules))
	for i, b := range s.rules {
		out[i] = b.rule
	}
	return out
}

// window returns when the rule applies. windows are those that Validate accepted.
func (r Rule) window(windows []PhaseWindow) (from, to int64) {
	origin := origin(windows)
	switch {
	case r.During != "":
		spans := r.During.spans(windows)
		return spans[0].FromNs, spans[len(spans)-1].ToNs
	case r.At != nil:
		from = r.At.instant(windows)
		if r.For == nil {
			return from, math.MaxInt64
		}
		return from, later(from, *r.For)
	}
	from, to = origin, math.MaxInt64
	if r.From != nil {
		from = later(origin, *r.From)
	}
	if r.To != nil {
		to = later(origin, *r.To)
	}
	return from, to
}

// origin is the start of the load: what times in rules count from.
func origin(windows []PhaseWindow) int64 {
	if len(windows) == 0 {
		return 0
	}
	first := windows[0].FromNs
	for _, w := range windows {
		first = min(first, w.FromNs)
	}
	return first
}

func phase(windows []PhaseWindow, name string) (PhaseWindow, bool) {
	for _, w := range windows {
		if w.Name == name {
			return w, true
		}
	}
	return PhaseWindow{}, false
}

// later adds and saturates instead of wrapping around.
func later(ns int64, d time.Duration) int64 {
	if d > 0 && ns > math.MaxInt64-int64(d) {
		return math.MaxInt64
	}
	return ns + int64(d)
}

// bindKeys keeps the keys of the first N requests, sorted for isFirst. Fewer
// than N means that the plan asks for more than its load can give.
func (b *bound) bindKeys(keys []KeyRange) []Problem {
	b.firstKeys = map[string][]KeyRange{}
	var n int64
	for _, k := range keys {
		n += max(0, k.To-k.From)
		b.firstKeys[k.Phase] = append(b.firstKeys[k.Phase], k)
	}
	for _, ranges := range b.firstKeys {
		slices.SortFunc(ranges, func(x, y KeyRange) int { return cmp.Compare(x.From, y.From) })
	}
	if b.rule.Trace != "" && n == 0 {
		return []Problem{{indexed(b.index, "trace"), "no row of the trace that is replayed had failed when it was recorded: widen load.trace.window, or leave the rule out"}}
	}
	if n < int64(b.rule.Requests) {
		return []Problem{{indexed(b.index, "requests"), fmt.Sprintf(
			"asks for %d requests, but only %d are due in the window of %s: lower it, or widen the window", b.rule.Requests, n, b.name)}}
	}
	return nil
}

// isFirst reports whether the key is one of the first N.
func (b *bound) isFirst(phase string, index int64) bool {
	ranges := b.firstKeys[phase]
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].To > index })
	return i < len(ranges) && ranges[i].From <= index
}

// since prints an instant as a time since the start of the load.
func since(ns int64, windows []PhaseWindow) string {
	if ns == math.MaxInt64 {
		return "the end"
	}
	return formatDuration(time.Duration(ns - origin(windows)))
}
