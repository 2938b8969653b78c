package plans

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
	"github.com/chaoskit/chaos/mockmodel"
)

// Stand is the provider on its own: no load, no target, a journal in memory that
// is judged whenever somebody asks. It is what `chaos mock` serves, what a scope
// of it is, and what a Go test uses through plans/chaostest. Safe for concurrent
// use.
type Stand struct {
	opt   StandOptions
	mock  *mockmodel.Server
	kept  *recent
	sink  tee
	codec *wire.Codec

	mu    sync.Mutex
	rules []faults.Rule
}

// StandOptions say what a Stand is made of. What is left out has its default.
type StandOptions struct {
	Name       string
	Seed       uint64
	Provider   mockmodel.Config
	Faults     []faults.Rule
	Assertions []assertions.Spec // nil: the standard bundle
	Unlisted   mockmodel.Model   // how a model that is not listed behaves; left out: with the defaults
	Version    string            // of chaos

	epoch   journal.Epoch
	most    int            // attempts kept; 0: keptMost
	sinks   []journal.Sink // beside the memory
	command string         // that calls it, in reports
	scopes  func(name string) *mockmodel.Server

	recorded map[string][]mockmodel.Recording // in the files that answers name
	record   func(mockmodel.Recording)        // what upstream providers answer
}

// Instant is a model that answers at once, for tests of what comes after.
func Instant() mockmodel.Model {
	var ttft time.Duration
	var all float64
	return mockmodel.Model{TTFT: &ttft, TokensPerSecond: &all, OutputTokens: 20}
}

// runStanding is the run id of providers on their own: no load has it, so that no
// id of a run is taken for one of theirs.
const runStanding = "standing"

// NewStand makes a provider that listens nowhere yet. An error says which rule
// cannot be carried out.
func NewStand(o StandOptions) (*Stand, error) {
	if o.epoch.Started().IsZero() {
		o.epoch = journal.NewEpoch()
	}
	if o.most == 0 {
		o.most = keptMost
	}
	if o.Assertions == nil {
		o.Assertions = assertions.Standard()
	}
	o.Provider = o.Provider.WithDefaults()
	s := &Stand{opt: o, kept: newRecent(o.most), codec: &wire.Codec{Run: runStanding, Models: o.Provider.ModelNames(), Named: true}}
	s.sink = append(tee{s.kept}, o.sinks...)
	s.mock = mockmodel.New(o.Provider, mockmodel.Options{Epoch: o.epoch, Codec: s.codec, Sink: s.sink, Seed: o.Seed, Scope: o.scopes, Unlisted: o.Unlisted, Recorded: o.recorded, Record: o.record})
	s.mark(journal.Mark{Kind: journal.MarkRunStart, Name: o.Name, Attrs: commandAttrs(o.command)})
	return s, s.SetFaults(o.Faults)
}

// attrCommand, of the mark at the start of a provider on its own, is what calls it.
const attrCommand = "command"

func commandAttrs(command string) map[string]string {
	if command == "" {
		return nil
	}
	return map[string]string{attrCommand: command}
}

// Serve answers calls on l until Close. It may be called for several listeners,
// and returns when the last call on l has begun to end.
func (s *Stand) Serve(l net.Listener) error { return s.mock.Serve(l) }

// Close ends all calls and returns when each is on record.
func (s *Stand) Close() error {
	err := s.mock.Close()
	if err == nil {
		err = s.mock.Err()
	}
	return err
}

// attrRule, of a mark that puts a rule on, is the rule as a plan writes it: who
// judges needs it, and no plan has a rule that was put on while calls went on.
const attrRule = "rule"

// SetFaults replaces the rules, which count time from the start of the provider.
// Rules that stay keep what they promised; each change is a mark in the journal.
func (s *Stand) SetFaults(rules []faults.Rule) error {
	schedule, problems := faults.NewSchedule(s.opt.Seed, rules, nil, nil)
	if err := faultProblems(problems); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	has := func(in []faults.Rule, r faults.Rule) bool {
		return slices.ContainsFunc(in, func(o faults.Rule) bool { return o.String() == r.String() && o.RuleName() == r.RuleName() })
	}
	for _, r := range rules {
		if !has(s.rules, r) {
			s.markRule(journal.MarkRuleOn, r)
		}
	}
	s.mock.SetFaults(schedule)
	for _, r := range s.rules {
		if !has(rules, r) && !slices.ContainsFunc(rules, func(o faults.Rule) bool { return o.RuleName() == r.RuleName() }) {
			s.markRule(journal.MarkRuleOff, r)
		}
	}
	s.rules = slices.Clone(rules)
	return nil
}

func (s *Stand) markRule(kind journal.MarkKind, r faults.Rule) {
	s.mark(journal.Mark{Kind: kind, Name: r.RuleName(), Attrs: map[string]string{attrRule: r.String()}})
}

func (s *Stand) mark(m journal.Mark) {
	m.TNs, m.PlannedNs = s.opt.epoch.Now(), journal.Never
	s.sink.Mark(&m)
}

// Faults returns the rules that are on.
func (s *Stand) Faults() []faults.Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

// Reset forgets the journal and what steps were counted and told, and puts the
// rules that the provider began with back on.
func (s *Stand) Reset() error {
	s.settle() // or a call that has just ended would be the first on record
	s.kept.forget()
	s.mock.Forget()
	s.mu.Lock()
	s.rules = nil // so that all are marked again
	s.mu.Unlock()
	return s.SetFaults(s.opt.Faults)
}

// Attempts returns the attempts that are kept, oldest first: at most 20,000. It
// waits, for up to a quarter of a second, for the records of calls that are just
// ending.
func (s *Stand) Attempts() []journal.Attempt {
	s.settle()
	kept, _ := s.kept.since(0)
	out := make([]journal.Attempt, len(kept))
	for i := range kept {
		out[i] = kept[i].record
	}
	return out
}

// settleMost is how long the records of calls are waited for: a caller has the
// last byte of its answer a moment before the provider has written it down.
const settleMost = 250 * time.Millisecond

func (s *Stand) settle() {
	var most *time.Timer
	for {
		changed := s.kept.changed()
		if s.kept.has(s.mock.InFlight()) {
			return
		}
		if most == nil {
			most = time.NewTimer(settleMost)
			defer most.Stop()
		}
		select {
		case <-changed:
		case <-most.C:
			return // a call that hangs is open for as long as its caller waits
		}
	}
}

// Judge judges the assertions on what is kept; nil are those that the provider
// was made with.
func (s *Stand) Judge(specs []assertions.Spec) *Result {
	s.settle()
	if specs == nil {
		specs = s.opt.Assertions
	}
	return newResult("", &Plan{Name: s.opt.Name}, specs, s.kept.journal(s.opt.header()))
}

func (o StandOptions) header() journal.Header {
	return journal.Header{
		Schema: journal.Schema, Version: o.Version, Run: runStanding, Seed: o.Seed,
		Started: o.epoch.Started().UTC().Format(startedLayout), Shards: 1, Alone: true,
		Models: o.Provider.ModelNames(), Prices: pricesOf(o.Provider),
	}
}

// aloneRules are the rules of a provider on its own, as its journal knows them.
// One that was put on again, or changed, is one rule with the last of its texts.
func aloneRules(j *journal.Journal) []assertions.RuleInfo {
	var out []assertions.RuleInfo
	at := map[string]int{}
	for _, m := range j.Marks {
		i, known := at[m.Name]
		switch {
		case m.Kind == journal.MarkRuleOff && known:
			out[i].ToNs = m.TNs
		case m.Kind == journal.MarkRuleOn:
			rules, err := ParseRules(attrRule, m.Attrs[attrRule])
			if err != nil || len(rules) != 1 {
				continue // of another version: its counts are in the records
			}
			info := ruleInfo(rules[0])
			info.Name, info.FromNs, info.ToNs = m.Name, m.TNs, journal.Never
			if known {
				info.FromNs = out[i].FromNs
				out[i] = info
				continue
			}
			at[m.Name] = len(out)
			out = append(out, info)
		}
	}
	return out
}

// aloneTarget says what called a provider on its own.
func aloneTarget(j *journal.Journal) string {
	for _, m := range j.Marks {
		if c := m.Attrs[attrCommand]; m.Kind == journal.MarkRunStart && c != "" {
			return c
		}
	}
	return "whoever called"
}

// commandText is a command in one line, without secrets.
func commandText(command []string, hide secrets) string {
	return clip(hide.text(strings.Join(command, " ")))
}
