package plans

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// planUnmarshaler is implemented by values that have several shapes. decode is
// strict and may be tried with one shape after the other.
type planUnmarshaler interface {
	UnmarshalPlan(decode func(any) error) error
}

// decoder walks the nodes of a plan into the structs of the packages that own
// its parts. It never stops at the first problem, and it remembers where every
// path stands, so that what a part finds wrong later has a line too.
type decoder struct {
	env      *environment
	places   map[string]place
	problems []problem
	unknown  map[string]bool // mappings in which a key was not known
	optional []string        // keys that may be left out although the plan must have them
}

// place is where a path stands: its value, and the key before it.
type place struct{ key, value *yaml.Node }

// problem is a problem at a node. A soft one gives way to what the owner of the
// part says of the same path.
type problem struct {
	node      *yaml.Node
	path, msg string
	soft      bool
}

func newDecoder(env *environment) *decoder {
	return &decoder{env: env, places: map[string]place{}, unknown: map[string]bool{}}
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	if len(d.problems) < problemsMax {
		d.problems = append(d.problems, problem{node: n, path: path, msg: fmt.Sprintf(format, args...)})
	}
}

// Types that are decoded by rules of their own.
var (
	durationType = reflect.TypeFor[time.Duration]()
	ruleType     = reflect.TypeFor[faults.Rule]()
	phasesType   = reflect.TypeFor[faults.Phases]()
	specType     = reflect.TypeFor[assertions.Spec]()
)

// value decodes a node into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
		return
	}
	d.place(path, n)
	if v.Kind() == reflect.Interface {
		d.anything(n, v, path)
		return
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.fail(n, path, "has no value: write %s, or leave the key out", wants(v.Type()))
		return
	}
	switch x := v.Addr().Interface().(type) {
	case planUnmarshaler:
		d.shaped(n, x, path)
		return
	case encoding.TextUnmarshaler:
		d.ownSyntax(n, x, path)
		return
	}
	switch v.Type() {
	case durationType:
		d.duration(n, v, path)
		return
	case ruleType:
		d.rule(n, v, path)
		return
	case specType:
		d.spec(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.slice(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// place remembers where a path stands; its key may be known already.
func (d *decoder) place(path string, value *yaml.Node) {
	p := d.places[path]
	p.value = value
	d.places[path] = p
}

// structure decodes a mapping into the fields of a struct.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s, but must be %s", kindOf(n), wants(v.Type()))
		return
	}
	fields := fieldsOf(v.Type())
	d.pairs(n, path, func(key string, k, value *yaml.Node) {
		d.key(fields, v, path, key, k, value)
	})
}

// key decodes one entry of a mapping into the field that it names.
func (d *decoder) key(fields []field, v reflect.Value, path, key string, k, value *yaml.Node) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	switch {
	case i < 0:
		d.unknownKey(k, path, key, keys(fields))
	case fields[i].unbuilt:
		d.fail(k, join(path, key), "%s is not built yet: leave it out", key)
	default:
		f := fields[i]
		into, at, empty := v.Field(f.index), join(path, key), v.Field(f.index).IsZero()
		d.value(value, into, at)
		d.enum(value, into, f, at)
		if empty {
			d.zero(value, into, f, at)
		}
	}
}

// zero refuses a 0 that the part could not tell from a key that was left out:
// it would become the default in silence. Parameters of faults and assertions
// are decoded over their defaults, and keep a 0.
func (d *decoder) zero(n *yaml.Node, v reflect.Value, f field, path string) {
	isNumber := v.CanInt() || v.CanUint() || v.CanFloat()
	if f.def == "" || !isNumber || !v.IsZero() || slices.ContainsFunc(d.problems, func(p problem) bool { return p.path == path }) {
		return
	}
	d.fail(n, path, "is %s, which would be taken for the default, %s: give more, or leave the key out", clip(n.Value), f.def)
}

func (d *decoder) unknownKey(k *yaml.Node, path, key string, known []string) {
	d.unknown[path] = true
	d.fail(k, join(path, clip(key)), "unknown key%s", didYouMean(key, known))
}

// pairs calls f for each entry of a mapping, after it has checked the key.
func (d *decoder) pairs(n *yaml.Node, path string, f func(key string, k, value *yaml.Node)) {
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			d.fail(k, path, "a key must be a word, not %s", kindOf(k))
		case k.ShortTag() == "!!merge":
			d.fail(k, path, "merge keys (<<) are not taken in plans: write the keys out")
		case seen[k.Value] != nil:
			d.fail(k, join(path, clip(k.Value)), "is given twice%s: keep one", onLine(seen[k.Value]))
		default:
			seen[k.Value] = k
			p := join(path, k.Value)
			d.places[p] = place{key: k, value: value}
			f(k.Value, k, value)
		}
	}
}

// onLine says where a key was seen first.
func onLine(n *yaml.Node) string {
	if n.Line == 0 {
		return ""
	}
	return fmt.Sprintf(", first on line %d", n.Line)
}

// slice decodes a list, or a mapping whose entries are kept in order.
func (d *decoder) slice(n *yaml.Node, v reflect.Value, path string) {
	elem := v.Type().Elem()
	if key, value := keyedBy(elem); key >= 0 {
		d.keyed(n, v, path, key, value)
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "is %s, but must be %s", kindOf(n), wants(v.Type()))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.value(c, out.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	v.Set(out)
}

// keyed decodes a mapping into a slice of structs that hold their key.
func (d *decoder) keyed(n *yaml.Node, v reflect.Value, path string, key, value int) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s, but must be a mapping of names to %s", kindOf(n), keyedWants(v.Type().Elem(), value))
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(n.Content)/2)
	d.pairs(n, path, func(name string, k, node *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		e.Field(key).SetString(name)
		if value >= 0 {
			d.place(join(path, name), node)
			d.loose(node, e.Field(value), join(path, name))
		} else {
			d.value(node, e, join(path, name))
		}
		out = reflect.Append(out, e)
	})
	v.Set(out)
}

// shaped lets a type try its shapes. What a shape that did not fit found wrong
// counts only if none fits.
func (d *decoder) shaped(n *yaml.Node, u planUnmarshaler, path string) {
	err := u.UnmarshalPlan(func(into any) error {
		sub := newDecoder(d.env)
		sub.value(n, reflect.ValueOf(into).Elem(), path)
		if len(sub.problems) > 0 {
			return &shapeError{sub}
		}
		d.adopt(sub)
		return nil
	})
	var shape *shapeError
	switch {
	case errors.As(err, &shape):
		d.adopt(shape.sub)
	case err != nil:
		d.fail(n, path, "%s", d.env.hide(n, err.Error()))
	}
}

// adopt takes over what a decoder of a part found.
func (d *decoder) adopt(sub *decoder) {
	for p, at := range sub.places {
		if at.key == nil {
			at.key = d.places[p].key
		}
		d.places[p] = at
	}
	for p := range sub.unknown {
		d.unknown[p] = true
	}
	d.problems = append(d.problems, sub.problems...)
}

// shapeError is what a shape has against a node.
type shapeError struct{ sub *decoder }

func (e *shapeError) Error() string {
	var all []string
	for _, p := range e.sub.problems {
		all = append(all, p.msg)
	}
	return strings.Join(all, "; ")
}

// inspect refuses what YAML can say and a plan does not need, before anything
// is decoded: so the decoder's recursion and work are bounded by the text.
func (d *decoder) inspect(n *yaml.Node, depth int) bool {
	switch {
	case depth > depthMax:
		d.fail(n, "", "is nested deeper than %d levels: this is no plan", depthMax)
		return false
	case n.Kind == yaml.AliasNode:
		d.fail(n, "", "aliases (*%s) are not taken in plans, so that every value stands where it is used: write it out", clip(n.Value))
		return false
	case n.Anchor != "":
		d.fail(n, "", "anchors (&%s) are not taken in plans, so that every value stands where it is used: leave it out", clip(n.Anchor))
		return false
	case !slices.Contains(tagsKnown, n.ShortTag()):
		d.fail(n, "", "the tag %s is not known: leave it out", clip(n.ShortTag()))
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = d.inspect(c, depth+1) && ok
	}
	return ok
}

var tagsKnown = []string{"", "!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge"}
