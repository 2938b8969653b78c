package plans

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/spell"
)

// rule decodes a fault rule: the keys of faults.Rule, and exactly one key of the
// catalogue, which holds the fault's parameters.
func (d *decoder) rule(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s, but must be %s", kindOf(n), wants(v.Type()))
		return
	}
	fields := fieldsOf(v.Type())
	rule := v.Addr().Interface().(*faults.Rule)
	d.pairs(n, path, func(key string, k, value *yaml.Node) {
		if slices.ContainsFunc(fields, func(f field) bool { return f.key == key }) {
			d.key(fields, v, path, key, k, value)
			return
		}
		entry, ok := faults.Lookup(key)
		switch {
		case !ok:
			d.unknownFault(k, path, key, keys(fields))
		case rule.Fault != nil:
			d.fail(k, join(path, key), "a rule has one fault, and this one has %s already: make %s a rule of its own", rule.Fault.Name(), key)
		default:
			rule.Fault = entry.New()
			d.params(value, reflect.ValueOf(rule.Fault), join(path, key), key)
		}
	})
}

// params decodes the parameters of a fault or an assertion over their defaults.
func (d *decoder) params(n *yaml.Node, p reflect.Value, path, name string) {
	d.place(path, n)
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.fail(n, path, "has no value: for the defaults write %s: {}", name)
	case reflect.Indirect(p).Kind() != reflect.Struct:
		d.fail(n, path, "cannot be given in a plan")
	default:
		d.structure(n, reflect.Indirect(p), path)
	}
}

// unknownFault says what a key of a rule that is neither may have been meant as.
func (d *decoder) unknownFault(k *yaml.Node, path, key string, ruleKeys []string) {
	d.unknown[path] = true
	p := join(path, clip(key))
	if key == "incident" { // in a plan it has been replaced by its rules
		d.fail(k, p, "an incident has a timeline: it stands in the faults of a plan that has a load, and is the key of an item of its own")
		return
	}
	if key == "trace_failures" {
		d.fail(k, p, "the rows of a trace that had failed are known where a trace is replayed: it stands in the faults of a plan that has a load")
		return
	}
	if faults.Unbuilt(key) {
		d.fail(k, p, "the fault %s is not built yet: see `chaos list faults` for those that are", key)
		return
	}
	if near := spell.Nearest(key, ruleKeys); near != "" {
		d.fail(k, p, "unknown key; did you mean %s?", near)
		return
	}
	if near := faults.Similar(clip(key)); near != "" {
		d.fail(k, p, "unknown fault; did you mean %s?", near)
		return
	}
	d.fail(k, p, "neither a key of a rule (%s) nor a fault: see `chaos list faults`", strings.Join(ruleKeys, ", "))
}

// spec decodes an assertion: its id alone, or a mapping of the id to arguments.
func (d *decoder) spec(n *yaml.Node, v reflect.Value, path string) {
	spec := v.Addr().Interface().(*assertions.Spec)
	spec.Line, spec.Given = n.Line, []string{}
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		if entry, ok := d.assertion(n, path); ok {
			spec.ID, spec.Args = entry.ID, entry.New()
		}
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.ScalarNode:
		if entry, ok := d.assertion(n.Content[0], path); ok {
			spec.ID, spec.Args = entry.ID, entry.New()
			d.arguments(n.Content[0], n.Content[1], v, spec, path)
		}
	case n.Kind == yaml.MappingNode && len(n.Content) > 2 && n.Content[0].Kind == yaml.ScalarNode:
		d.fail(n.Content[2], path, "an assertion is one key with its arguments below it: indent %s under %s, or begin a new item with -",
			quoted(n.Content[2].Value), clip(n.Content[0].Value))
	default:
		d.fail(n, path, "is %s, but must be %s", kindOf(n), wants(v.Type()))
	}
}

// assertion looks an id up.
func (d *decoder) assertion(n *yaml.Node, path string) (assertions.Entry, bool) {
	entry, ok := assertions.Lookup(n.Value)
	if ok {
		return entry, true
	}
	for _, p := range (assertions.Spec{ID: clip(n.Value)}).Validate() {
		d.fail(n, path, "%s", p.Msg)
		break
	}
	return entry, false
}

// arguments decodes what stands under the id: the check's own arguments, and
// what every assertion takes.
func (d *decoder) arguments(k, n *yaml.Node, v reflect.Value, spec *assertions.Spec, path string) {
	d.places[path] = place{key: k, value: k}
	if n.Kind != yaml.MappingNode {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
			d.fail(n, path, "has no arguments: leave the colon out, or write %s: {}", spec.ID)
			return
		}
		d.fail(n, path, "is %s, but must be a mapping of arguments, such as {during: spike}", kindOf(n))
		return
	}
	own := reflect.Indirect(reflect.ValueOf(spec.Args))
	var ownFields []field
	if own.Kind() == reflect.Struct {
		ownFields = fieldsOf(own.Type())
	}
	common := fieldsOf(v.Type())
	d.pairs(n, path, func(key string, k, value *yaml.Node) {
		switch {
		case slices.ContainsFunc(ownFields, func(f field) bool { return f.key == key }):
			spec.Given = append(spec.Given, key)
			d.key(ownFields, own, path, key, k, value)
		case slices.ContainsFunc(common, func(f field) bool { return f.key == key }):
			d.key(common, v, path, key, k, value)
		default:
			d.unknownKey(k, path, key, append(keys(ownFields), keys(common)...))
		}
	})
}
