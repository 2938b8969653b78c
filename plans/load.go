package plans

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/spell"
)

// Options change a plan on its way in.
type Options struct {
	Set     []string          // key.path=value, applied in order
	Env     map[string]string // before the process's environment, for ${env:X}
	KeepEnv bool              // leave ${env:X} as it is: for the kept plan of a run, which is judged and not run
	Alone   bool              // the provider is served on its own: the plan needs no target and no load
}

// LoadNamed loads a plan by what a user calls it: a file, - for in, or a name in
// the library. A name with neither a folder nor a suffix is looked up in the
// library first, so that a folder of that name does not hide it.
func LoadNamed(name string, in io.Reader, opts Options) (*Plan, error) {
	if name == "-" {
		b, err := readBounded(in)
		if err != nil {
			return nil, fmt.Errorf("cannot read the plan from standard input: %w", err)
		}
		return Load(Source{Name: "-", Bytes: b}, opts)
	}
	if _, ok := libraryText(name); ok {
		return Load(Source{Library: name}, opts)
	}
	if st, err := os.Stat(name); err == nil {
		if st.IsDir() {
			return nil, fmt.Errorf("%s is a folder: name the plan in it", quoted(name))
		}
		return Load(Source{Path: name}, opts)
	}
	near := spell.Nearest(name, libraryNames())
	if near != "" {
		near = "; did you mean " + near + "?"
	}
	return nil, fmt.Errorf("no plan %s: there is no such file, and no such name in the library (`chaos list plans`)%s", quoted(name), near)
}

// Load reads, decodes and checks a plan. What is wrong with it comes back as a
// *ProblemsError with all problems at once; any other error means that it could
// not be read.
func Load(src Source, opts Options) (*Plan, error) {
	t, err := src.read()
	if err != nil {
		return nil, err
	}
	root, err := t.parse()
	if err != nil {
		return nil, err
	}
	l := &loader{text: t, root: root, opts: opts, origin: map[*yaml.Node]string{}}
	l.applySets()
	l.includeIncidents()
	p := l.plan()
	if len(l.found) > 0 {
		l.found = sortProblems(l.found)
		return nil, &ProblemsError{Source: t.name, Problems: l.found[:min(len(l.found), problemsMax)]}
	}
	return p, nil
}

// loader is one plan on its way in.
type loader struct {
	text   *text
	root   *yaml.Node
	opts   Options
	env    *environment
	origin map[*yaml.Node]string // nodes that a --set brought
	found  []Located
	// written is the index, in the plan as it was written, of each item of faults.
	written []int
}

// applySets changes the tree. A --set that cannot be applied is a problem like
// any other.
func (l *loader) applySets() {
	for _, arg := range l.opts.Set {
		s, err := parseSetting(arg)
		if err == nil {
			made := func(n *yaml.Node) { l.brought(n, "--set "+maskedSetting(s)) }
			if s.value != nil {
				made(s.value)
			}
			err = s.apply(l.root, made)
		}
		if err != nil {
			l.found = append(l.found, Located{Where: "--set " + maskedSetting(s), Msg: err.Error()})
		}
	}
}

// brought remembers where the nodes of a --set come from; their lines are those
// of no file.
func (l *loader) brought(n *yaml.Node, origin string) {
	l.origin[n] = origin
	n.Line, n.Column = 0, 0
	for _, c := range n.Content {
		l.brought(c, origin)
	}
}

// secretKeys are parts of keys whose values are not repeated in messages.
var secretKeys = regexp.MustCompile(`(?i)authorization|cookie|key|token|secret|password|credential`)

// maskedSetting is a --set as it may be printed.
func maskedSetting(s setting) string {
	path, _, ok := cutSetting(s.arg)
	if !ok {
		return quoted(s.arg)
	}
	last := path
	if len(s.path) > 0 {
		last = s.path[len(s.path)-1].key
	}
	if secretKeys.MatchString(last) {
		return clip(path) + "=" + maskText
	}
	return clip(s.arg)
}

// plan decodes, completes and checks the plan.
func (l *loader) plan() *Plan {
	l.env = newEnvironment(l.root, l.opts.Env, l.opts.KeepEnv)
	p, d := l.decode(l.env)
	if !l.inspected(d) {
		return nil
	}
	complete := p.withDefaults()
	l.check(d, p, &complete)
	if len(l.found) > 0 {
		return nil
	}
	complete.Source, complete.dir, complete.Set = l.text.name, l.text.dir, l.settings()
	complete.secrets = l.env.values
	l.judged(&complete, d)
	asKept := complete
	if !l.opts.KeepEnv {
		raw, _ := l.decode(newEnvironment(l.root, nil, true))
		asKept = raw.withDefaults()
		asKept.Source, asKept.Assertions, asKept.bundled = complete.Source, complete.Assertions, complete.bundled
	}
	complete.Target.shown = asKept.Target.describe()
	if l.opts.KeepEnv {
		l.restore(&complete)
	}
	asKept.Source, asKept.Set = complete.Source, complete.Set
	complete.kept = keep(&asKept)
	complete.unexpanded = &asKept
	return &complete
}

// settings are what --set changes, the seed left out: reports say that by itself.
func (l *loader) settings() []string {
	var out []string
	for _, arg := range l.opts.Set {
		s, err := parseSetting(arg)
		if path, _, _ := cutSetting(arg); err != nil || path == "seed" {
			continue
		}
		out = append(out, maskedSetting(s))
	}
	return out
}

// judged gives a plan without assertions the standard bundle.
func (l *loader) judged(p *Plan, d *decoder) {
	if _, given := d.places["assertions"]; !given {
		p.Assertions, p.bundled = assertions.Standard(), true
	}
}

// restore takes from the comments of a kept plan what the plan's own text said
// of itself, so that judging again says the same.
func (l *loader) restore(p *Plan) {
	if m := keptSource.FindSubmatch(l.text.data); m != nil {
		if s, err := strconv.Unquote(string(m[1])); err == nil {
			p.Source = s
		}
	}
	// What was set when it was kept comes before what is set now.
	var kept []string
	for _, m := range keptSet.FindAllSubmatch(l.text.data, -1) {
		if s, err := strconv.Unquote(string(m[1])); err == nil {
			kept = append(kept, s)
		}
	}
	p.Set = append(kept, p.Set...)
	for i := range p.Assertions {
		if i < len(l.assertionNodes()) {
			if m := keptLine.FindStringSubmatch(lineComment(l.assertionNodes()[i])); m != nil {
				p.Assertions[i].Line, _ = strconv.Atoi(m[1])
			}
		}
	}
}

// lineComment finds the comment at the end of an item's line: YAML hangs it on
// the item, or on the last thing in it.
func lineComment(n *yaml.Node) string {
	for {
		if n.LineComment != "" {
			return n.LineComment
		}
		if len(n.Content) == 0 {
			return ""
		}
		n = n.Content[len(n.Content)-1]
	}
}

// assertionNodes are the items of the list of assertions.
func (l *loader) assertionNodes() []*yaml.Node {
	for i := 0; i+1 < len(l.root.Content); i += 2 {
		if l.root.Content[i].Value == "assertions" {
			return l.root.Content[i+1].Content
		}
	}
	return nil
}

// decode decodes the tree.
func (l *loader) decode(env *environment) (Plan, *decoder) {
	d := newDecoder(env)
	if l.opts.Alone || l.opts.KeepEnv { // the kept plan of a provider on its own has neither
		d.optional = aloneKeys
	}
	var p Plan
	if d.inspect(l.root, 0) {
		d.into(l.root, &p)
	}
	return p, d
}

// aloneKeys are the keys that a plan for a provider on its own goes without.
var aloneKeys = []string{"target", "load"}

// inspected turns what the decoder found wrong with the text as such into
// problems; false if nothing was decoded.
func (l *loader) inspected(d *decoder) bool {
	if _, ok := d.places[""]; ok {
		return true
	}
	l.take(d, nil)
	return false
}

// check collects what the decoder, the parts and the checks between them found.
func (l *loader) check(d *decoder, p Plan, complete *Plan) {
	var said []Problem
	if l.opts.KeepEnv {
		said = complete.validateJudged()
	} else {
		said = complete.validate(d)
	}
	l.take(d, said)
	_, loaded := d.places["load"]
	switch {
	case len(l.found) > 0 || l.opts.KeepEnv:
	case loaded:
		l.take(newDecoderAt(d), complete.validateTogether())
	default: // without a load there is nothing to hold the parts against
		var f findings
		f.part("faults", faults.Validate(p.Faults, nil))
		l.take(newDecoderAt(d), f)
	}
}

// newDecoderAt is a decoder that knows the places of another and no problem.
func newDecoderAt(d *decoder) *decoder {
	return &decoder{env: d.env, places: d.places, unknown: d.unknown}
}

// take places problems. What a part says of a path that could not be decoded is
// left out: it is a consequence.
func (l *loader) take(d *decoder, said []Problem) {
	for _, s := range said {
		if !d.explains(s.Path) {
			l.at(d.nodeOf(s.Path), s.Path, s.Msg)
		}
	}
	for _, p := range d.problems {
		if p.soft && slices.ContainsFunc(said, func(s Problem) bool { return s.Path == p.path }) {
			continue
		}
		l.at(p.node, p.path, p.msg)
	}
}

// at places one problem.
func (l *loader) at(n *yaml.Node, path, msg string) {
	msg, path = l.env.hide(n, msg), l.writtenAt(path)
	switch origin, set := l.origin[n]; {
	case n == nil:
		l.found = append(l.found, Located{Where: l.text.name, Path: path, Msg: msg})
	case set:
		l.found = append(l.found, Located{Where: origin, Path: path, Msg: msg})
	case n.Line == 0:
		l.found = append(l.found, Located{Where: l.text.name, Path: path, Msg: msg})
	default:
		l.found = append(l.found, l.text.located(n, path, msg))
	}
}

// into decodes a whole plan, or in tests any struct.
func (d *decoder) into(root *yaml.Node, dst any) {
	d.place("", root)
	v := valueOf(dst)
	d.structure(root, v, "")
	for _, f := range fieldsOf(v.Type()) {
		if _, given := d.places[f.key]; f.must && !given && !d.unknown[""] && !slices.Contains(d.optional, f.key) {
			hint := ""
			if slices.Contains(aloneKeys, f.key) {
				hint = "; only `chaos mock --plan` goes without"
			}
			d.fail(root, f.key, "is missing: %s%s", f.doc, hint)
		}
	}
}

// nodeOf returns the node to point at for a path: its value if that is a scalar,
// else its key, else what stands nearest around it.
func (d *decoder) nodeOf(path string) *yaml.Node {
	for p := path; ; p = parent(p) {
		if at, ok := d.places[p]; ok {
			if at.key != nil && (at.value == nil || at.value.Kind != yaml.ScalarNode || p != path) {
				return at.key
			}
			return at.value
		}
		if p == "" {
			return nil
		}
	}
}

// explains reports whether a problem of the decoder makes a problem of a part at
// path a consequence: it is about the same path or one around it, or directly
// below it, or path is absent where a key was not known.
func (d *decoder) explains(path string) bool {
	if _, present := d.places[path]; !present && d.unknown[parent(path)] {
		return true
	}
	for _, p := range d.problems {
		if p.soft {
			continue
		}
		if p.path == path || parent(p.path) == path || strings.HasPrefix(path, p.path) && p.path != "" && strings.ContainsAny(path[len(p.path):len(p.path)+1], ".[") {
			return true
		}
	}
	return false
}

var errNotPointer = errors.New("plans: decode into a pointer to a struct")
