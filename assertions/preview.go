package assertions

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// subject is what the plan, and of a run the journal, offers to judge.
type subject struct {
	phases  []Window
	ruled   []bool
	rules   []RuleInfo
	kinds   []string
	tenants int
	shared  float64
	bare    bool // answers carry no watermarks
}

// subject is what a run offers.
func (h *history) subject() subject {
	return subject{h.phases, h.ruled, h.setup.Rules, h.setup.DegradedKinds, max(h.setup.Tenants, len(h.j.Header.Tenants)), h.setup.Shared, h.setup.Unmarked}
}

// feeds reports whether a rule can give the check something to look at.
func (e *Entry) feeds(r RuleInfo) bool {
	if e.Hints != nil && !slices.Contains(e.Hints, r.Hint) {
		return false
	}
	fault := r.Fault
	return slices.ContainsFunc(e.FedBy, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return fault == pattern || open && strings.HasPrefix(fault, prefix)
	})
}

// restsOn reports whether it matters to the check what a rule did: to those of
// users any, to those of caches none.
func (e *Entry) restsOn(r RuleInfo) bool {
	if e.FedBy == nil {
		return e.ID != noLeakEntry.ID || crosses(r)
	}
	return e.feeds(r)
}

// absent says why the plan has no subject for a check of the bundle; "" if it
// has one.
func (e *Entry) absent(s subject) string {
	if e.FedBy != nil && !slices.ContainsFunc(s.rules, e.feeds) {
		return "no fault of the plan leads to " + e.Exposed
	}
	if s.bare && (e.Marks || e.ID == fallbackEntry.ID) {
		return unmarked
	}
	switch e.ID {
	case tokensEntry.ID, costEntry.ID:
		return "the plan names no budget"
	case fallbackEntry.ID, disclosedEntry.ID:
		if len(s.kinds) == 0 {
			return "target.response.degraded declares no kinds of degraded answers"
		}
	case noLeakEntry.ID:
		switch {
		case s.tenants < 2:
			return "there is only one tenant"
		case s.shared == 0 && !slices.ContainsFunc(s.rules, crosses):
			return "no tenant asks what another asked: load.mix has no repeat"
		}
	case goodputEntry.ID:
		if len(s.phases) < 2 {
			return "there is only one phase"
		}
	case recoversEntry.ID:
		c := e.New().(*Recovers)
		if why := c.fits(s.phases, s.ruled); why != "" {
			return why
		}
	}
	return ""
}

// fits says why the phases leave no room to see a recovery.
func (c *Recovers) fits(phases []Window, ruled []bool) string {
	after := c.troubleEnd(phases, ruled)
	if after < 0 || after+1 >= len(phases) {
		return "no phase follows the trouble"
	}
	left := time.Duration(phases[len(phases)-1].ToNs - phases[after].ToNs)
	if left < c.Within+c.Hold {
		return fmt.Sprintf("%s of load follow phase %s, within + hold = %s are needed", planDuration(left), phases[after].Name, planDuration(c.Within+c.Hold))
	}
	return ""
}

// Fits says why the assertion could prove nothing on this load: nothing to
// compare with, no time to see a recovery. Found before anything is sent.
func (s Spec) Fits(setup Setup) []Problem {
	if s.Bundled || len(setup.Phases) == 0 {
		return nil
	}
	args := s.Args
	if entry, ok := Lookup(s.ID); ok && args == nil {
		args = entry.New()
	}
	first := setup.Phases[0].Name
	switch c := args.(type) {
	case *Goodput:
		switch {
		case len(setup.Phases) == 1:
			return []Problem{{"", fmt.Sprintf("%s compares a phase with the first one, and there is only %s: add a phase after it", s.ID, first)}}
		case s.During == first:
			return []Problem{{"during", fmt.Sprintf("%s compares with phase %s: name another one", s.ID, first)}}
		}
	case *Recovers:
		if why := c.fits(setup.Phases, ruledPhases(setup)); why != "" {
			return []Problem{{"within", why + ": lengthen the last phase, or shorten within or hold"}}
		}
	}
	return nil
}

// ruledPhases says for each phase whether a rule applies in it.
func ruledPhases(s Setup) []bool {
	out := make([]bool, len(s.Phases))
	for i, p := range s.Phases {
		for _, r := range s.Rules {
			out[i] = out[i] || r.FromNs >= 0 && r.FromNs < p.ToNs && r.ToNs > p.FromNs
		}
	}
	return out
}

// Forecast says whether a planned assertion can conclude.
type Forecast struct {
	ID          string
	Name        string
	Expected    int64  // exposures to expect
	Exposed     string // what they are
	Needed      int64
	CanConclude bool
	Note        string // why not, or under which assumption
}

// Preview estimates from the planned counts which assertions can conclude,
// before anything is sent. An estimate: how many steps a request has and how
// often a service tries again is not known before the run, so one call per
// request and one retry per failed call are assumed.
func Preview(setup Setup, specs []Spec) []Forecast {
	if specs == nil {
		specs = Standard()
	}
	sub := subject{setup.Phases, ruledPhases(setup), setup.Rules, setup.DegradedKinds, setup.Tenants, setup.Shared, setup.Unmarked}
	var out []Forecast
	for i := range specs {
		spec := &specs[i]
		entry, ok := Lookup(spec.ID)
		if !ok {
			continue
		}
		f := Forecast{ID: spec.ID, Name: spec.Name, Exposed: entry.Exposed}
		if f.Name == "" {
			f.Name = spec.ID
		}
		if why := entry.absent(sub); spec.Bundled && why != "" {
			f.Note = "not applicable: " + why
			out = append(out, f)
			continue
		}
		if spec.Args == nil {
			given := *spec
			given.Args = entry.New()
			spec = &given
		}
		f.Expected, f.Needed = sub.expect(spec, &entry), needOf(spec.Args, &entry)
		f.CanConclude = f.Expected >= f.Needed && f.Expected > 0
		switch {
		case setup.Unmarked && (entry.Marks || entry.ID == fallbackEntry.ID):
			f.CanConclude, f.Note = false, unmarked
		case f.Expected == 0:
			f.Note = "nothing in the plan leads to " + entry.Exposed
		case !f.CanConclude:
			f.Note = fmt.Sprintf("about %s %s, %s are needed", number(f.Expected), entry.Exposed, number(f.Needed))
		case entry.FedBy != nil:
			f.Note = fmt.Sprintf("about %s %s, if a request makes one call that the faults match", number(f.Expected), entry.Exposed)
			if entry.ID == retryBackoffEntry.ID {
				f.Note += ", and its first retry fails too"
			}
		}
		out = append(out, f)
	}
	return append(out, barrierForecasts(setup)...)
}

// expect estimates the exposures of a check: planned requests in scope, for
// checks that faults feed times the chance that a rule which feeds it hits.
func (s subject) expect(spec *Spec, entry *Entry) int64 {
	var total float64
	after := -1
	if c, ok := spec.Args.(*Recovers); ok {
		after = c.troubleEnd(s.phases, s.ruled)
	}
	for i, p := range s.phases {
		if spec.During != "" && p.Name != spec.During || i <= after {
			continue
		}
		hit := 1.0
		if entry.FedBy != nil {
			hit = s.hit(p, entry.feeds)
		}
		total += float64(p.Planned) * hit
	}
	if entry.ID == noLeakEntry.ID {
		total *= s.shared
		for _, p := range s.phases {
			if spec.During == "" || p.Name == spec.During {
				total += float64(p.Planned) * s.hit(p, crosses)
			}
		}
	}
	return int64(total + 0.5)
}

// hit is the chance that a request of the phase meets one of the rules.
func (s subject) hit(p Window, counts func(RuleInfo) bool) float64 {
	miss := 1.0
	for _, r := range s.rules {
		if !counts(r) || r.FromNs < 0 {
			continue
		}
		overlap := float64(min(r.ToNs, p.ToNs)-max(r.FromNs, p.FromNs)) / float64(max(1, p.ToNs-p.FromNs))
		hit := max(0, overlap) * r.Probability / float64(max(1, r.Every))
		if r.Requests > 0 && p.Planned > 0 {
			hit = min(hit, float64(r.Requests)/float64(p.Planned))
		}
		miss *= 1 - min(1, hit)
	}
	return 1 - miss
}

// crosses reports whether a rule brings what was made for another tenant.
func crosses(r RuleInfo) bool { return slices.Contains(crossed, r.Fault) }

// needOf is the least exposure with which the check can pass: for shares, with no
// bad case at all.
func needOf(c Check, entry *Entry) int64 {
	switch c := c.(type) {
	case *Available:
		return needZero(1 - float64(c.Min))
	case *Latency:
		return needZero(1 - float64(c.Quantile))
	case *Fallback:
		return needZero(1 - float64(c.Min))
	}
	return entry.Need
}
