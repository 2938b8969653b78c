package loadgen

import (
	"math"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
)

// Arrival is one request of the schedule: when it is due, and what it asks.
type Arrival struct {
	Key          journal.Key
	DueNs        int64 // since the start of the load
	TraceRow     int64 // -1: no trace
	Failed       bool  // the row of the trace failed when it was recorded
	Tenant       string
	Mix          string
	Model        string
	Stream       bool
	PromptTokens int
	OutputTokens int         // 0: the model decides
	PromptOf     journal.Key // whose prompt it asks: its own key, or an earlier request's
}

// Window is a phase of the load, in nanoseconds since its start, half-open.
type Window struct {
	Name         string
	FromNs, ToNs int64
	Planned      int64  // arrivals
	Rate         string // as a plan writes it
}

// Iter is one pass over the arrivals, in order of due time.
type Iter interface {
	// Next returns the next arrival; false at the end.
	Next() (Arrival, bool, error)
	Close()
}

// Schedule is all arrivals of a load. It is never held in memory: each pass
// computes it, or reads the trace, anew and yields the same.
type Schedule struct {
	cfg     Config
	seed    uint64
	trace   *traceFile
	windows []Window
	planned int64
	endNs   int64
	// noFailures is why the trace does not say which requests failed.
	noFailures string
}

// Open prepares the schedule of a valid, defaulted cfg and counts its arrivals.
// A trace is looked for in dir.
func Open(cfg Config, dir string, seed uint64) (*Schedule, error) {
	s := &Schedule{cfg: cfg, seed: seed}
	if cfg.Trace != nil {
		t, err := openTrace(*cfg.Trace, dir)
		if err != nil {
			return nil, err
		}
		s.trace = t
		return s, s.countTrace()
	}
	var at int64
	for _, p := range cfg.Phases {
		w := Window{Name: p.Name, FromNs: at, ToNs: at + int64(p.For), Rate: p.Rate.String() + "/s"}
		at = w.ToNs
		s.windows = append(s.windows, w)
	}
	s.endNs = at
	for i := range s.windows {
		g := s.gaps(i)
		for _, ok := g.next(); ok; _, ok = g.next() {
			s.windows[i].Planned++
		}
		s.planned += s.windows[i].Planned
	}
	return s, nil
}

// Windows returns the phases in order.
func (s *Schedule) Windows() []Window { return append([]Window(nil), s.windows...) }

// Planned returns the exact number of arrivals.
func (s *Schedule) Planned() int64 { return s.planned }

// EndNs returns when the last phase ends, since the start of the load.
func (s *Schedule) EndNs() int64 { return s.endNs }

// Iter starts a pass.
func (s *Schedule) Iter() (Iter, error) {
	c := s.choices()
	if s.trace != nil {
		rows, err := s.trace.rows()
		if err != nil {
			return nil, err
		}
		return &traceIter{s: s, rows: rows, choices: c}, nil
	}
	return &phaseIter{s: s, choices: c, gaps: s.gaps(0)}, nil
}

// gaps yields the due times of one phase, in nanoseconds since its start.
//
// The arrivals are those of a process of rate 1 whose time is bent by the
// integral of the rate (the time-change theorem), so any process is exact
// under any ramp:
//
//	rate                    integral L(t) = a t + (b-a)/(2T) t^2
//	 b |        /           due(k) = L^-1(y(k))
//	   |      / |           y: 0, 1, 2 ...            constant
//	 a |----/---|              cumulated Exp(1)       poisson
//	   0        T              cumulated Gamma/shape  gamma
type gaps struct {
	from, to, seconds, total float64
	process                  Arrivals
	stream                   *draw.Stream
	k                        int64
	y                        float64
}

func (s *Schedule) gaps(i int) *gaps {
	p := s.cfg.Phases[i]
	seconds := float64(p.For) / float64(time.Second)
	return &gaps{
		from: p.Rate.From, to: p.Rate.To, seconds: seconds,
		total:   float64(float64(p.Rate.From+p.Rate.To) / 2 * seconds),
		process: s.cfg.Arrivals, stream: draw.NewStream(s.seed, "arrivals", p.Name),
	}
}

// roundOff is what a sum of a day of arrivals may be off by rounding: 20/s for
// 8 s is 160 requests, and not 161 because 160 came out as 160.00000000000003.
const roundOff = 1e-6

func (g *gaps) next() (int64, bool) {
	switch g.process.Process {
	case "poisson":
		g.y += g.stream.Exp()
	case "gamma":
		g.y += float64(g.stream.Gamma(g.process.Shape) / g.process.Shape)
	default:
		g.y = float64(g.k)
	}
	if g.y >= g.total-roundOff {
		return 0, false
	}
	g.k++
	return g.due(g.y), true
}

// nudge widens a due time by four units in the last place before it is rounded
// down: 57 requests at 100/s are 570 ms, and not 569.999 because the quotient
// came out a bit low.
const nudge = 1 + 0x1p-50

// due is the inverse of the integral, rounded down to whole microseconds. The
// form with the root in the denominator does not cancel where the ramp is
// nearly flat.
func (g *gaps) due(y float64) int64 {
	slope := float64((g.to - g.from) / g.seconds)
	root := math.Sqrt(max(0, float64(g.from*g.from)+float64(2*float64(slope*y))))
	t := float64(float64(2*y) / float64(g.from+root))
	if y == 0 {
		t = 0
	}
	us := int64(float64(t*1e6) * nudge)
	return min(us, int64(g.seconds*1e6)-1) * 1000
}

type phaseIter struct {
	s       *Schedule
	choices *choices
	gaps    *gaps
	phase   int
	index   int64
}

func (it *phaseIter) Close() {}

func (it *phaseIter) Next() (Arrival, bool, error) {
	for {
		w := it.s.windows[it.phase]
		if due, ok := it.gaps.next(); ok {
			a := it.choices.arrival(journal.Key{Phase: w.Name, Index: it.index}, 0)
			a.DueNs = w.FromNs + due
			it.index++
			return a, true, nil
		}
		if it.phase++; it.phase == len(it.s.windows) {
			it.phase--
			return Arrival{}, false, nil
		}
		it.gaps, it.index = it.s.gaps(it.phase), 0
	}
}

// choices decides what each request asks. Each choice is drawn by the key of
// the request; only whose prompt a repetition repeats depends on the pass, and
// is the same in each.
type choices struct {
	cfg     Config
	seed    uint64
	tenants []string
	total   float64
	recent  map[string]*asks // by mix
}

// asked is a prompt that can be asked again.
type asked struct {
	of     journal.Key
	tokens int
}

// asks are the last prompts of a mix that were its own, at most asksMost.
type asks struct {
	all  []asked
	next int // the oldest, once there are asksMost
}

// asksMost is how far back a repetition may reach. The last prompt alone would
// mostly be one that is still being answered, which no cache has yet.
const asksMost = 64

func (l *asks) add(a asked) {
	if len(l.all) < asksMost {
		l.all = append(l.all, a)
		return
	}
	l.all[l.next] = a
	l.next = (l.next + 1) % asksMost
}

func (s *Schedule) choices() *choices {
	c := &choices{cfg: s.cfg, seed: s.seed, tenants: s.cfg.TenantNames(), recent: map[string]*asks{}}
	for _, m := range s.cfg.Mix {
		c.total += m.Weight
	}
	return c
}

func (c *choices) draw(purpose string, k journal.Key) float64 {
	return draw.Unit(draw.Bits(c.seed, purpose, k.Phase, strconv.FormatInt(k.Index, 10)))
}

// arrival decides what the request k asks. tokens is the length of the prompt
// that a trace recorded; 0: as its kind says. A repetition has the length of
// the prompt that it repeats, as else it would be another one.
func (c *choices) arrival(k journal.Key, tokens int) Arrival {
	m := c.mix(k)
	a := Arrival{
		Key: k, TraceRow: -1, Tenant: c.tenants[int(c.draw("tenant", k)*float64(len(c.tenants)))],
		Mix: m.Name, Model: m.Model, Stream: m.Stream, PromptTokens: m.PromptTokens, OutputTokens: m.OutputTokens, PromptOf: k,
	}
	if tokens > 0 {
		a.PromptTokens = tokens
	}
	if m.Repeat == 0 {
		return a
	}
	// Whoever asked it: what everybody asks is what a cache is for, and what it
	// must not mix up.
	earlier := c.recent[m.Name]
	if earlier == nil {
		earlier = &asks{}
		c.recent[m.Name] = earlier
	}
	if n := len(earlier.all); n > 0 && c.draw("repeat", k) < m.Repeat {
		of := earlier.all[int(c.draw("repeat of", k)*float64(n))]
		a.PromptOf, a.PromptTokens = of.of, of.tokens
	} else {
		earlier.add(asked{k, a.PromptTokens})
	}
	return a
}

func (c *choices) mix(k journal.Key) Mix {
	left := float64(c.draw("mix", k) * c.total)
	for _, m := range c.cfg.Mix {
		if left -= m.Weight; left < 0 {
			return m
		}
	}
	return c.cfg.Mix[len(c.cfg.Mix)-1]
}

// Profile is one way to say when requests are due.
type Profile struct{ Name, Summary string }

// Profiles lists them.
func Profiles() []Profile {
	return []Profile{
		{"constant rate", "phases: [{rate: 20, for: 8s}]"},
		{"ramp", "phases: [{rate: 20 -> 200, for: 4s}], by the inverse of the integrated rate"},
		{"trace", "trace: {file, window, speed}: Azure 2023 and 2024, BurstGPT, Mooncake, replayed row by row"},
		{"arrivals: constant", "evenly spaced; the first request at the start of its phase"},
		{"arrivals: poisson", "independent users: gaps of an exponential distribution"},
		{"arrivals: {gamma: {shape: 0.5}}", "bursts (shape below 1) or more even than poisson (above 1)"},
	}
}
