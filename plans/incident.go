package plans

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/spell"
)

// incidents holds the incidents that come with chaos, one file each: what was
// published of it, and the rules that do the same to a provider.
//
//go:embed incidents/*.yaml
var incidents embed.FS

// incidentOrder is the order of `chaos list incidents`.
var incidentOrder = []string{"openai-2024-12-04", "openai-2024-12-26", "openai-2024-11-25", "silent-eof-0.17pct", "529-burst", "azure-10s-window", "gemini-rpd-exhausted", "anthropic-2025-09-misroute"}

// Incident is something that has happened to a provider, as a set of rules that
// a plan can include.
type Incident struct {
	Name     string        `yaml:"-"`
	Title    string        `yaml:"title" doc:"who, when and what, in a line"`
	Source   string        `yaml:"source" doc:"where it was published"`
	Lasts    time.Duration `yaml:"lasts" doc:"how long it lasted"`
	What     string        `yaml:"what" doc:"what happened, and what of it is a guess"`
	Timeline []Moment      `yaml:"timeline" doc:"what changed when"`
	// Faults are its rules, from and to counted from its beginning.
	Faults []faults.Rule `yaml:"faults" doc:"the rules"`
}

// Moment is a moment in an incident, counted from its beginning.
type Moment struct {
	At   time.Duration `yaml:"at" doc:"since the incident began"`
	What string        `yaml:"what" doc:"what happened then"`
}

// Incidents lists the incidents that come with chaos. A test loads each, so an
// error here cannot come from a released binary.
func Incidents() []Incident {
	var out []Incident
	for _, name := range incidentOrder {
		in, _, err := loadIncident(name)
		if err != nil {
			panic("plans: incident " + name + ": " + err.Error())
		}
		out = append(out, in)
	}
	return out
}

// loadIncident reads an incident; rules are the nodes of its faults.
func loadIncident(name string) (in Incident, rules []*yaml.Node, err error) {
	in.Name = name
	data, err := incidents.ReadFile("incidents/" + name + ".yaml")
	if err != nil {
		return in, nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return in, nil, err
	}
	d := newDecoder(newEnvironment(doc.Content[0], nil, true))
	d.into(doc.Content[0], &in)
	for _, p := range d.problems {
		return in, nil, fmt.Errorf("line %d: %s: %s", p.node.Line, p.path, p.msg)
	}
	for _, p := range faults.Validate(in.Faults, nil) {
		return in, nil, fmt.Errorf("faults%s: %s", p.Path, p.Msg)
	}
	return in, child(doc.Content[0], "faults").Content, nil
}

// include is an item of a plan's faults that stands for the rules of an incident.
type include struct {
	Incident string         `yaml:"incident" doc:"an incident that has happened, see chaos list incidents: its rules stand in this place"`
	Name     string         `yaml:"name" doc:"what the names of its rules begin with; left out: the incident's name"`
	At       *faults.At     `yaml:"at" doc:"instant at which it begins: a phase, spike + 2s, or a time since the start of the load; left out: with the load"`
	For      *time.Duration `yaml:"for" doc:"how long it lasts here, its timeline is stretched or squeezed to that; left out: as long as it did"`
	Match    faults.Match   `yaml:"match" doc:"which attempts it meets; left out: all"`
}

// includeIncidents puts the rules of incidents in the places of the items of
// faults that name one: in the tree, before it is decoded, so that they are
// checked and kept like rules that were written there.
func (l *loader) includeIncidents() {
	list := child(l.root, "faults")
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	var out []*yaml.Node
	for i, n := range list.Content {
		if n.Kind == yaml.MappingNode && child(n, "trace_failures") != nil {
			n = l.traceFailures(n, i)
		}
		if n.Kind != yaml.MappingNode || child(n, "incident") == nil {
			out, l.written = append(out, n), append(l.written, i)
			continue
		}
		for _, rule := range l.included(n, i) {
			out, l.written = append(out, rule), append(l.written, i)
		}
	}
	list.Content = out
}

// included returns the rules that item i of the faults stands for.
func (l *loader) included(n *yaml.Node, i int) []*yaml.Node {
	path := fmt.Sprintf("faults[%d]", i)
	d := newDecoder(newEnvironment(n, l.opts.Env, l.opts.KeepEnv))
	var use include
	d.structure(n, valueOf(&use), path)
	said := len(d.problems)
	in, rules, err := loadIncident(use.Incident)
	switch {
	case said > 0:
	case !slices.Contains(incidentOrder, use.Incident) || err != nil:
		hint := "see `chaos list incidents`"
		if near := spell.Nearest(use.Incident, incidentOrder); near != "" {
			hint = "did you mean " + near + "?"
		}
		d.fail(child(n, "incident"), path+".incident", "%s is no incident: %s", quoted(clip(use.Incident)), hint)
	case use.For != nil && *use.For <= 0:
		d.fail(child(n, "for"), path+".for", "is %s: give more than 0", *use.For)
	}
	if len(d.problems) > 0 {
		l.env = d.env
		l.take(d, nil)
		return nil
	}
	var out []*yaml.Node
	for k, rule := range rules {
		r := use.place(in, in.Faults[k], rule, child(n, "match"))
		l.brought(r, fmt.Sprintf("incident %s, %s line %d", in.Name, l.text.name, n.Line))
		out = append(out, r)
	}
	return out
}

// place returns the node of a rule of the incident in its place in the plan: its
// window moved and stretched, its name behind the incident's.
func (use *include) place(in Incident, r faults.Rule, rule, match *yaml.Node) *yaml.Node {
	factor := 1.0
	if use.For != nil {
		factor = float64(*use.For) / float64(in.Lasts)
	}
	start := faults.At{}
	if use.At != nil {
		start = *use.At
	}
	begin, end := stretched(*r.From, factor), stretched(*r.To, factor)
	at := faults.At{Phase: start.Phase, Offset: start.Offset + begin}
	name := use.Name
	if name == "" {
		name = in.Name
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	set(out, "name", scalar(name+"."+r.RuleName()))
	set(out, "at", scalar(at.String()))
	set(out, "for", scalar((end - begin).String()))
	for i := 0; i+1 < len(rule.Content); i += 2 {
		switch key := rule.Content[i].Value; key {
		case "name", "from", "to":
		case "burst":
			times := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			set(times, "on", scalar(stretched(r.Burst.On, factor).String()))
			set(times, "off", scalar(stretched(r.Burst.Off, factor).String()))
			set(out, key, times)
		case "barrier":
			set(out, key, use.barrier(*r.Barrier, start, factor))
		default:
			set(out, key, deepCopy(rule.Content[i+1]))
		}
	}
	narrow(out, match)
	return out
}

// barrier returns the node of a barrier of the incident, whose instant counts
// from the incident's start, in its place in the plan.
func (use *include) barrier(b faults.Barrier, start faults.At, factor float64) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if b.Wait > 0 {
		out.Content = append(out.Content, scalar("wait"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: b.Wait.String()})
	}
	if b.At != nil {
		at := faults.At{Phase: start.Phase, Offset: start.Offset + stretched(b.At.Offset, factor)}
		set(out, "at", scalar(at.String()))
	}
	if b.Patience != nil {
		set(out, "patience", scalar(stretched(*b.Patience, factor).String()))
	}
	return out
}

// stretched is a time of an incident as the plan has it, to the millisecond.
func stretched(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * by).Round(time.Millisecond)
}

// narrow adds to the rule's match what the plan matches; what the incident says
// itself stays.
func narrow(rule, match *yaml.Node) {
	if match == nil {
		return
	}
	own := child(rule, "match")
	if own == nil {
		set(rule, "match", deepCopy(match))
		return
	}
	for i := 0; i+1 < len(match.Content); i += 2 {
		if key := match.Content[i].Value; child(own, key) == nil {
			set(own, key, deepCopy(match.Content[i+1]))
		}
	}
}

// writtenAt turns the path of a rule, which counts the rules of incidents, into
// that of the item of the plan that it stands for.
func (l *loader) writtenAt(path string) string {
	var i int
	if _, err := fmt.Sscanf(path, "faults[%d]", &i); err != nil || i < 0 || i >= len(l.written) {
		return path
	}
	_, rest, _ := strings.Cut(path, "]")
	return fmt.Sprintf("faults[%d]%s", l.written[i], rest)
}

// child returns what a mapping holds under a key, nil if nothing.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// set adds a key to a mapping.
func set(n *yaml.Node, key string, value *yaml.Node) {
	n.Content = append(n.Content, scalar(key), value)
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// deepCopy copies a node: an incident may be included twice.
func deepCopy(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	for _, x := range n.Content {
		c.Content = append(c.Content, deepCopy(x))
	}
	return &c
}
