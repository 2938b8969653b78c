package plans

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/spell"
	"github.com/chaoskit/chaos/internal/wire"
	"github.com/chaoskit/chaos/mockmodel"
)

// scopeName is a name that can ride in a path and in a key of a record.
var scopeName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Bounds of scopes. A test that dies does not close its scope.
const (
	scopesMost = 100
	scopeIdle  = 10 * time.Minute
	scopeSweep = 30 * time.Second
)

// Errors of scopes, for the status of an answer.
var (
	errScopeTaken = errors.New("the name is taken")
	errScopesFull = errors.New("too many scopes are open")
	errNoScope    = errors.New("there is no such scope")
)

// scope is a provider of its own behind the listeners of a mock.
type scope struct {
	name  string
	stand *Stand
	used  time.Time // under scopes.mu
}

// scopes are those that are open.
type scopes struct {
	of   StandOptions // what a scope has that says nothing else
	file journal.Sink // of the run that is kept; nil: none

	mu     sync.Mutex
	open   map[string]*scope
	again  map[string]int // how often a name was given; only where there is a file
	opened uint64         // numbers scopes, and names those that come without a name
	closed bool
	ending sync.WaitGroup
}

func newScopes(of StandOptions, file journal.Sink) *scopes {
	of.most, of.scopes = keptMostScope, nil
	return &scopes{of: of, file: file, open: map[string]*scope{}, again: map[string]int{}}
}

// find returns the provider of a call, and notes that the scope is in use.
func (s *scopes) find(name string) *mockmodel.Server {
	sc, err := s.get(name)
	if err != nil {
		return nil
	}
	return sc.stand.mock
}

// get returns an open scope.
func (s *scopes) get(name string) (*scope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.open[name]
	if sc == nil {
		var names []string
		for n := range s.open {
			names = append(names, n)
		}
		slices.Sort(names)
		near := spell.Nearest(name, names)
		if near != "" {
			near = "; did you mean " + near + "?"
		}
		return nil, fmt.Errorf("%w %s: it was never opened, was closed, or nobody used it for %.0f minutes%s", errNoScope, quoted(name), scopeIdle.Minutes(), near)
	}
	sc.used = time.Now()
	return sc, nil
}

// add opens a scope.
func (s *scopes) add(c *StandConfig) (*scope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := c.Name
	switch {
	case s.closed:
		return nil, errors.New("the mock is ending")
	case len(s.open) >= scopesMost:
		return nil, fmt.Errorf("%w: %d; close those that are done with DELETE /_chaos/scopes/NAME, or wait: an idle one ends after %.0f minutes", errScopesFull, scopesMost, scopeIdle.Minutes())
	case name != "" && s.open[name] != nil:
		return nil, fmt.Errorf("%w: a scope %s is open; choose another name, leave it out for a free one, or close that one first", errScopeTaken, quoted(name))
	}
	s.opened++
	for n := s.opened; name == ""; n++ {
		if free := fmt.Sprintf("s%d", n); s.open[free] == nil {
			name = free
		}
	}
	stand, err := NewStand(s.options(name, c))
	if err != nil {
		return nil, err
	}
	sc := &scope{name: name, stand: stand, used: time.Now()}
	s.open[name] = sc
	return sc, nil
}

// options are those of the mock, changed as the scope asks.
func (s *scopes) options(name string, c *StandConfig) StandOptions {
	o := s.of
	o.Name, o.Faults = name, c.Faults
	if c.Assertions != nil {
		o.Assertions = c.Assertions
	}
	if c.Seed != nil {
		o.Seed = *c.Seed
	}
	if c.Answers != nil {
		o.Provider.Answers = c.Answers
	}
	if c.Models != nil {
		o.Provider.Models = c.Models
	}
	o.sinks = slices.Clone(s.of.sinks)
	if s.file != nil {
		o.sinks = append(o.sinks, &scopeSink{next: s.file, scope: s.inFile(name, c.Name != ""), number: s.opened, rules: map[string]string{}})
	}
	return o
}

// inFile is what a scope is called in the journal of the run: a name that a test
// gives again is another scope there, so that what failed in the first is not
// taken to be tried again in the second.
func (s *scopes) inFile(name string, given bool) string {
	if !given { // those are given once
		return name
	}
	if s.again[name]++; s.again[name] > 1 {
		return fmt.Sprintf("%s#%d", name, s.again[name])
	}
	return name
}

// end closes a scope and returns when its calls are on record.
func (s *scopes) end(name string) (*scope, error) {
	sc, err := s.get(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	mine := s.open[name] == sc
	if mine {
		delete(s.open, name)
		s.ending.Add(1)
	}
	s.mu.Unlock()
	if !mine {
		return nil, fmt.Errorf("%w %s: it was closed a moment ago", errNoScope, quoted(name))
	}
	defer s.ending.Done()
	return sc, sc.stand.Close()
}

// sweep ends the scopes that nobody has used for long.
func (s *scopes) sweep(now time.Time) {
	for _, sc := range s.list() {
		s.mu.Lock()
		idle := now.Sub(sc.used) >= scopeIdle && len(sc.stand.mock.InFlight()) == 0
		s.mu.Unlock()
		if idle {
			_, _ = s.end(sc.name) // one that somebody closed meanwhile is gone too
		}
	}
}

// sweepUntil sweeps until stop is closed.
func (s *scopes) sweepUntil(stop <-chan struct{}) {
	tick := time.NewTicker(scopeSweep)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			s.sweep(now)
		}
	}
}

// list returns the open scopes by name.
func (s *scopes) list() []*scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*scope, 0, len(s.open))
	for _, sc := range s.open {
		out = append(out, sc)
	}
	slices.SortFunc(out, func(a, b *scope) int { return cmp.Compare(a.name, b.name) })
	return out
}

// close ends all scopes and opens none any more.
func (s *scopes) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	var first error
	for _, sc := range s.list() {
		if _, err := s.end(sc.name); err != nil && !errors.Is(err, errNoScope) && first == nil {
			first = err
		}
	}
	s.ending.Wait()
	return first
}

// scopeSink writes what a scope saw into the journal of the run that it is part
// of. There its callers are told apart by the scope's name, its attempts have ids
// that no other scope has, and its rules have names of their own: two scopes may
// each have a rate_limit, and they are one rule only where they say the same.
type scopeSink struct {
	next   journal.Sink
	scope  string
	number uint64

	mu    sync.Mutex
	rules map[string]string // names in the run by names in the scope
}

// scopeIDs is how many attempts one scope has ids for.
const scopeIDs = 40 // bits

// Request implements journal.Sink; a provider sees none.
func (s *scopeSink) Request(*journal.Request) {}

// Attempt implements journal.Sink.
func (s *scopeSink) Attempt(a *journal.Attempt) {
	c := *a
	c.ID |= s.number << scopeIDs
	if c.Carrier == 0 {
		c.Key.Phase = s.scope
	} else {
		c.Key.Phase = s.scope + ":" + c.Key.Phase
	}
	c.Rules = slices.Clone(a.Rules)
	s.mu.Lock()
	for i := range c.Rules {
		c.Rules[i].Name = cmp.Or(s.rules[c.Rules[i].Name], c.Rules[i].Name)
	}
	s.mu.Unlock()
	s.next.Attempt(&c)
}

// Mark implements journal.Sink. Only rules are of interest to the run.
func (s *scopeSink) Mark(m *journal.Mark) {
	if m.Kind != journal.MarkRuleOn && m.Kind != journal.MarkRuleOff && m.Kind != journal.MarkBarrierRelease {
		return
	}
	c := *m
	s.mu.Lock()
	if m.Kind == journal.MarkRuleOn {
		s.rules[m.Name] = fmt.Sprintf("%s~%04x", m.Name, wire.Fold64([]byte(m.Attrs[attrRule]))&0xffff)
	}
	c.Name = cmp.Or(s.rules[m.Name], m.Name)
	s.mu.Unlock()
	s.next.Mark(&c)
}

// open lists the attempts of scopes that are open, by their ids in the run.
func (s *scopes) inFlight() []uint64 {
	var out []uint64
	for _, sc := range s.list() {
		for _, sink := range sc.stand.sink {
			if own, ok := sink.(*scopeSink); ok {
				for _, id := range sc.stand.mock.InFlight() {
					out = append(out, id|own.number<<scopeIDs)
				}
			}
		}
	}
	return out
}

// ruleTexts are rules as a plan writes them.
func ruleTexts(rules []faults.Rule) []string {
	out := make([]string, len(rules))
	for i, r := range rules {
		out[i] = r.String()
	}
	return out
}
