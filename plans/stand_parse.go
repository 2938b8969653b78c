package plans

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/mockmodel"
)

// What is given to a provider on its own is YAML as in a plan, in pieces: a rule
// on a command line, a list of rules to a running mock, assertions in a Go test.
// Each piece is read as strictly as a plan, and its problems have places too.

// StandConfig is what a provider on its own is made of.
type StandConfig struct {
	Name       string             `yaml:"name" doc:"name: lower-case letters, digits, '_' and '-'; left out: a free one"`
	Seed       *uint64            `yaml:"seed" doc:"seed of everything random; left out: that of the mock"`
	Faults     []faults.Rule      `yaml:"faults" doc:"what goes wrong, and to whom"`
	Answers    []mockmodel.Answer `yaml:"answers" doc:"what the chat models say; the first answer whose when matches, else generated words"`
	Models     []mockmodel.Model  `yaml:"models" doc:"the models and how they behave; left out: those of the mock"`
	Assertions []assertions.Spec  `yaml:"assertions" doc:"what must hold; left out: the standard bundle"`
}

// ParseStand reads a StandConfig as YAML or JSON; empty text is an empty one.
// What is wrong with it comes back as a *ProblemsError.
func ParseStand(name string, data []byte) (*StandConfig, error) {
	c := &StandConfig{}
	if len(strings.TrimSpace(string(data))) == 0 {
		return c, nil
	}
	err := parsePart(name, string(data), c, func() []Problem {
		var f findings
		if c.Name != "" && !scopeName.MatchString(c.Name) {
			f.add("name", "%q is no name for a scope: use up to 64 lower-case letters, digits, '_' and '-', the first a letter or digit", clip(c.Name))
		}
		f.part("", mockmodel.Config{Answers: c.Answers, Models: c.Models}.Validate())
		for i, a := range c.Answers {
			if a.File != "" {
				f.add(fmt.Sprintf("answers[%d].file", i), "a scope has no folder in which a file could stand: give it to the mock with --plan")
			}
		}
		f.part("faults", standingProblems(c.Faults))
		for i, s := range c.Assertions {
			f.part(fmt.Sprintf("assertions[%d]", i), s.Validate())
		}
		return f
	})
	for i := range c.Assertions {
		c.Assertions[i].Line = 0 // of no file that a report could point into
	}
	return c, err
}

// ParseRules reads fault rules, each a text of its own: YAML with or without the
// braces of a mapping, or the name of a fault alone for its defaults. what names
// the texts in messages, such as --fault.
func ParseRules(what string, texts ...string) ([]faults.Rule, error) {
	return parseRules(what, texts, func(r *faults.Rule) []Problem {
		alone := standingProblems([]faults.Rule{*r})
		for i := range alone {
			alone[i].Path = strings.TrimPrefix(strings.TrimPrefix(alone[i].Path, "[0]"), ".")
		}
		return alone
	})
}

// parseRules reads rules and asks of each what is wrong with it.
func parseRules(what string, texts []string, said func(*faults.Rule) []Problem) ([]faults.Rule, error) {
	var rules []faults.Rule
	for _, text := range texts {
		var r faults.Rule
		if err := parsePart(what, text, &r, func() []Problem { return said(&r) }); err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// ParseSpecs reads assertions, each a text of its own: an id, or a mapping of the
// id to its arguments with or without the outer braces.
func ParseSpecs(what string, texts ...string) ([]assertions.Spec, error) {
	var specs []assertions.Spec
	for _, text := range texts {
		var s assertions.Spec
		if err := parsePart(what, text, &s, func() []Problem { return s.Validate() }); err != nil {
			return nil, err
		}
		s.Line = 0 // of no file
		specs = append(specs, s)
	}
	return specs, nil
}

// withoutLoad is said of a key that means nothing without a load.
const withoutLoad = "goes with the load of `chaos run`, and here there is none: leave it out; for a time since the start write from and to"

// standingProblems is what is wrong with a list of rules where there is no load.
func standingProblems(rules []faults.Rule) []Problem {
	var f findings
	for i, r := range rules {
		at := fmt.Sprintf("[%d]", i)
		if r.Match.Proxy != "" || r.Fault != nil && faults.IsTCP(r.Fault.Name()) {
			f.add(at, "is about a proxy, and here there is none: give it to `chaos proxy`, or to a plan with proxies")
			continue
		}
		if key := needsLoad(r); key != "" {
			f.add(join(at, key), withoutLoad)
			continue
		}
		f.part(at, r.Validate())
	}
	if len(f) == 0 && len(rules) > 0 {
		f.part("", faults.Validate(rules, nil))
	}
	return f
}

// needsLoad is the key of a rule that means nothing without a load; "" none.
func needsLoad(r faults.Rule) string {
	switch {
	case r.During != "":
		return "during"
	case r.At != nil:
		return "at"
	case r.Requests > 0:
		return "requests"
	case r.Every > 0:
		return "every"
	case r.Trace != "":
		return "trace"
	case r.Match.Tenant != "":
		return "match.tenant"
	case r.Per == faults.PerTenant:
		return "per"
	}
	return ""
}

// parsePart decodes one text into dst and asks said what is wrong with it.
func parsePart(what, data string, dst any, said func() []Problem) error {
	if len(data) > sizeMax {
		return errTooLarge
	}
	written, shift := braced(data, dst)
	t := &text{name: what, dir: ".", data: []byte(written), lines: strings.Split(data, "\n")}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(written))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s is empty: write for example %s", what, exampleOf(dst))
	case err != nil:
		return t.failed(unshifted(t.syntax(err), shift))
	}
	if dec.Decode(&more) == nil {
		return fmt.Errorf("%s holds two documents (---): give one", what)
	}
	root := doc.Content[0]
	back(root, shift)
	l := &loader{text: t, root: root, env: newEnvironment(root, nil, false), origin: map[*yaml.Node]string{}}
	d := newDecoder(l.env)
	if d.inspect(root, 0) {
		d.place("", root)
		d.value(root, reflect.ValueOf(dst).Elem(), "")
	}
	var found []Problem
	if len(d.problems) == 0 {
		found = said()
	}
	l.take(d, found)
	if len(l.found) > 0 {
		l.found = sortProblems(l.found)
		return &ProblemsError{Source: what, Problems: l.found[:min(len(l.found), problemsMax)]}
	}
	return nil
}

// braced puts the braces of a mapping around a text of one line that has none,
// and gives a fault's bare name its defaults. shift is by how many columns what
// was written moved.
func braced(data string, dst any) (written string, shift int) {
	line := strings.TrimSpace(data)
	if line == "" || strings.Contains(line, "\n") || strings.ContainsAny(line[:1], "{[") {
		return data, 0
	}
	bare := !strings.ContainsAny(line, ":{}[],\"' ")
	switch dst.(type) {
	case *faults.Rule:
		if bare {
			return "{" + data + ": {}}", 1
		}
		return "{" + data + "}", 1
	case *assertions.Spec:
		if !bare {
			return "{" + data + "}", 1
		}
	}
	return data, 0
}

// exampleOf is what a user may write for dst.
func exampleOf(dst any) string {
	switch dst.(type) {
	case *faults.Rule:
		return "rate_limit: {retry_after: 2s}, probability: 0.3"
	case *assertions.Spec:
		return "retries.attempts: {max: 3}"
	}
	return "[{rate_limit: {retry_after: 2s}, probability: 0.3}]"
}

// back moves the places of the first line to where the user wrote them.
func back(n *yaml.Node, shift int) {
	if n.Line == 1 {
		n.Column = max(1, n.Column-shift)
	}
	for _, c := range n.Content {
		back(c, shift)
	}
}

func unshifted(p Located, shift int) Located {
	if p.Line == 1 {
		p.Column = max(1, p.Column-shift)
	}
	return p
}
