package plans

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/refapp"
	"github.com/chaoskit/chaos/mockmodel"
)

var planName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// findings collects problems under full paths.
type findings []Problem

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, Problem{path, fmt.Sprintf(format, args...)})
}

// part takes over what a part says of itself.
func (f *findings) part(path string, problems []Problem) {
	for _, p := range problems {
		switch {
		case p.Path == "":
			p.Path = path
		case strings.HasPrefix(p.Path, "["):
			p.Path = path + p.Path
		default:
			p.Path = join(path, p.Path)
		}
		*f = append(*f, p)
	}
}

// validateJudged checks what judging a kept plan needs.
func (p *Plan) validateJudged() []Problem {
	var f findings
	for i, s := range p.Assertions {
		f.part(fmt.Sprintf("assertions[%d]", i), s.Validate())
	}
	return f
}

// validate checks each part on its own.
func (p *Plan) validate(d *decoder) []Problem {
	var f findings
	if p.Name != "" && !planName.MatchString(p.Name) {
		f.add("name", "%q is no name for a plan: use up to 64 letters, digits, '_', '-' and '.', the first a letter or digit", clip(p.Name))
	}
	if _, given := d.places["target"]; given {
		p.Target.validate(&f)
	}
	f.part("provider", p.Provider.Validate())
	for _, x := range p.Proxies {
		f.part("proxies."+x.Name, x.Validate())
	}
	f.part("correlate", p.Correlate.Validate())
	if _, given := d.places["load"]; given {
		f.part("load", p.Load.Validate())
	}
	for i, r := range p.Faults {
		f.part(fmt.Sprintf("faults[%d]", i), r.Validate())
	}
	f = append(f, p.validateJudged()...)
	p.Safety.validate(&f)
	if p.Calibrate != nil && (*p.Calibrate < 0 || *p.Calibrate > calibrateMax) {
		f.add("calibrate", "is %d: give a number of requests from 0 to %d", *p.Calibrate, calibrateMax)
	}
	return f
}

func (t Target) validate(f *findings) {
	given := 0
	for _, is := range []bool{t.Builtin != "", t.URL != "", len(t.Command) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		f.add("target", "names no service: %s", targetsExpected)
	case given > 1:
		f.add("target", "names %d services, and a plan has one: keep one of builtin, url and command", given)
	}
	if t.Builtin != "" {
		if _, ok := refapp.Lookup(t.Builtin); !ok {
			var names []string
			for _, m := range refapp.Modes() {
				names = append(names, m.Name)
			}
			f.add("target.builtin", "there is no built-in target %q: use one of %s", clip(t.Builtin), strings.Join(names, ", "))
		}
	}
	if len(t.Command) == 0 {
		for _, k := range []struct {
			key string
			set bool
		}{{"dir", t.Dir != ""}, {"env", len(t.Env) > 0}, {"port", t.Port != 0}, {"path", t.Path != ""}} {
			if k.set {
				f.add("target."+k.key, "goes with command only: leave it out")
			}
		}
	}
	if t.Port < 0 || t.Port > 65535 {
		f.add("target.port", "is %d: give a port from 1 to 65535", t.Port)
	}
	if t.Path != "" && !strings.HasPrefix(t.Path, "/") {
		f.add("target.path", "%q is no path: begin it with /", clip(t.Path))
	}
	if t.Ready != nil && (t.Ready.Within < 0 || t.Ready.Within > time.Hour) {
		f.add("target.ready.within", "is %s: give a duration up to 1h", t.Ready.Within)
	}
	if t.Ready != nil && t.Ready.Path != "" && !strings.HasPrefix(t.Ready.Path, "/") {
		f.add("target.ready.path", "%q is no path: begin it with /", clip(t.Ready.Path))
	}
	t.validatePort(f)
	f.part("target.request", t.request().Validate())
	f.part("target.response", t.Response.Validate())
}

func (s Safety) validate(f *findings) {
	if s.MaxRate < 0 || s.MaxInFlight < 0 || s.MaxRequests < 0 {
		f.add("safety", "a limit is negative: give positive numbers, or leave a limit out")
	}
	for i, c := range s.StopWhen {
		path := fmt.Sprintf("safety.stop_when[%d]", i)
		if c.Outcome == "" {
			f.add(path+".outcome", "is missing: say which outcome is counted, such as error")
		}
		if c.Above <= 0 || c.Above >= 1 {
			f.add(path+".above", "is %s: give a share between 0 and 1, such as 50%%; for any at all, write 0.01%%", c.Above)
		}
		if c.For < time.Second || c.For > stopForMax || c.For%time.Second != 0 {
			f.add(path+".for", "is %s: give whole seconds from 1s to %s", c.For, time.Duration(stopForMax))
		}
	}
}

// validateTogether checks the parts against each other: physics, and names that
// one part uses and another has. It is only asked of parts that are valid.
func (p *Plan) validateTogether() []Problem {
	var f findings
	names := p.phaseNames()
	windows := p.phaseWindows()
	f.part("faults", faults.Validate(p.Faults, windows))
	for i, r := range p.Faults {
		if r.Trace != "" && p.Load.Trace == nil {
			f.add(fmt.Sprintf("faults[%d].trace", i), "asks which requests of a trace had failed, and the load replays none: give load.trace a file of BurstGPT, or leave the rule out")
		}
	}
	p.validateModels(&f)
	setup := p.setup(windows)
	for i, s := range p.Assertions {
		p.validateSpec(&f, fmt.Sprintf("assertions[%d]", i), s, names, setup)
	}
	p.validateCapacity(&f)
	p.validateLimits(&f)
	p.validateHosts(&f)
	p.validateProxies(&f)
	p.validateListeners(&f)
	p.validateCircles(&f)
	// A rule may be found wrong on its own as well as against the load.
	return slices.CompactFunc(f, func(a, b Problem) bool { return a == b })
}

// phaseNames are the phases that other parts may name.
func (p *Plan) phaseNames() []string {
	var names []string
	for _, ph := range p.Load.Phases {
		names = append(names, ph.Name)
	}
	if t := p.Load.Trace; t != nil {
		for _, ph := range t.Phases {
			names = append(names, ph.Name)
		}
		if len(names) == 0 {
			names = []string{journal.PhaseTrace}
		}
	}
	return names
}

// phaseWindows are the phases since the start of the load. The length of a
// trace without a window is only known once it is read; it counts as long.
func (p *Plan) phaseWindows() []faults.PhaseWindow {
	var out []faults.PhaseWindow
	var at int64
	for _, ph := range p.Load.Phases {
		out = append(out, faults.PhaseWindow{Name: ph.Name, FromNs: at, ToNs: at + int64(ph.For)})
		at += int64(ph.For)
	}
	t := p.Load.Trace
	if t == nil {
		return out
	}
	var from, to time.Duration = 0, 30 * 24 * time.Hour
	if t.Window != nil {
		from, to = t.Window.From, t.Window.To
	}
	scale := func(d time.Duration) int64 { return int64(float64(d) / t.Speed) }
	for _, ph := range t.Phases {
		out = append(out, faults.PhaseWindow{Name: ph.Name, FromNs: scale(ph.Window.From - from), ToNs: scale(ph.Window.To - from)})
	}
	if len(out) == 0 {
		out = []faults.PhaseWindow{{Name: journal.PhaseTrace, ToNs: scale(to - from)}}
	}
	return out
}

// validateModels finds models that rules match and nothing asks for.
func (p *Plan) validateModels(f *findings) {
	known := p.Provider.ModelNames()
	for _, m := range p.Load.Mix {
		if m.Model != "" && !slices.Contains(known, m.Model) {
			known = append(known, m.Model)
		}
	}
	for i, r := range p.Faults {
		if m := r.Match.Model; m != "" && !slices.Contains(known, m) {
			f.add(fmt.Sprintf("faults[%d].match.model", i), "neither load.mix nor provider.models has a model %q%s", clip(m), didYouMean(m, known))
		}
		if t := r.Match.Tenant; t != "" && !slices.Contains(p.Load.TenantNames(), t) {
			f.add(fmt.Sprintf("faults[%d].match.tenant", i), "there is no tenant %q: tenants are called 1 to %d", clip(t), p.Load.Tenants)
		}
		if d, spoken := r.Match.Dialect, mockmodel.Dialects(); d != "" && !slices.Contains(spoken, d) {
			f.add(fmt.Sprintf("faults[%d].match.dialect", i), "the provider does not speak %q%s", clip(d), didYouMean(d, spoken))
		}
		if e, known := r.Match.Endpoint, append(p.Provider.EndpointNames(), mockmodel.MainEndpoint); e != "" && !slices.Contains(known, e) {
			f.add(fmt.Sprintf("faults[%d].match.endpoint", i), "provider.endpoints has no %q%s", clip(e), didYouMean(e, known))
		}
	}
}

// validateSpec finds phases and kinds of requests that an assertion names and
// the load has not, and what the load is too short for.
func (p *Plan) validateSpec(f *findings, path string, s assertions.Spec, names []string, setup assertions.Setup) {
	if s.During != "" && !slices.Contains(names, s.During) {
		f.add(path+".during", "there is no phase %q%s", clip(s.During), didYouMean(s.During, names))
	}
	for _, t := range s.For.Tenants {
		if !slices.Contains(p.Load.TenantNames(), t) {
			f.add(path+".for.tenants", "there is no tenant %q: tenants are called 1 to %d", clip(t), p.Load.Tenants)
		}
	}
	if m := s.For.Mix; m != "" {
		var mixes []string
		for _, x := range p.Load.Mix {
			mixes = append(mixes, x.Name)
		}
		if !slices.Contains(mixes, m) {
			f.add(path+".for.mix", "load.mix has no entry %q%s", clip(m), didYouMean(m, mixes))
		}
	}
	if e, known := s.For.Endpoint, append(p.Provider.EndpointNames(), mockmodel.MainEndpoint); e != "" && !slices.Contains(known, e) {
		f.add(path+".for.endpoint", "provider.endpoints has no %q%s", clip(e), didYouMean(e, known))
	}
	if c, ok := s.Args.(*assertions.Recovers); ok && c.After != "" && !slices.Contains(names, c.After) {
		f.add(path+".after", "there is no phase %q%s", clip(c.After), didYouMean(c.After, names))
		return
	}
	f.part(path, s.Fits(setup))
}

// setup is what an assertion must know of the load before it is sent. Of a trace
// that nobody has read, how many requests a phase has is not known.
func (p *Plan) setup(windows []faults.PhaseWindow) assertions.Setup {
	var s assertions.Setup
	for i, w := range windows {
		phase := assertions.Window{Name: w.Name, FromNs: w.FromNs, ToNs: w.ToNs}
		if i < len(p.Load.Phases) {
			phase.Planned = int64(p.Load.Phases[i].Rate.Mean() * p.Load.Phases[i].For.Seconds())
		}
		s.Phases = append(s.Phases, phase)
	}
	rules, err := ruleWindows(p, windows)
	if err != nil {
		return s // said of the rules
	}
	for _, w := range rules.Windows() {
		info := ruleInfo(p.Faults[w.Rule])
		info.FromNs, info.ToNs = w.FromNs, w.ToNs
		s.Rules = append(s.Rules, info)
	}
	return s
}

// validateLimits holds the load against safety.
func (p *Plan) validateLimits(f *findings) {
	var planned float64
	for i, ph := range p.Load.Phases {
		planned += ph.Rate.Mean() * ph.For.Seconds()
		if top := max(ph.Rate.From, ph.Rate.To); p.Safety.MaxRate > 0 && top > p.Safety.MaxRate {
			f.add(fmt.Sprintf("load.phases[%d].rate", i), "reaches %s/s, and safety.max_rate is %s: lower the rate or raise the limit", plainNumber(top), plainNumber(p.Safety.MaxRate))
		}
	}
	if n := p.Safety.MaxRequests; n > 0 && planned > float64(n) {
		f.add("load.phases", "plans about %.0f requests, and safety.max_requests is %d: shorten the load or raise the limit", planned, n)
	}
}

func plainNumber(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00") }
