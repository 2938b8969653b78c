package plans

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/internal/spell"
)

// scalar decodes text, numbers and flags. The kinds are strict: a model named 5
// is a mistake as often as not, and the message shows how to say it.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "is %s, but must be %s", kindOf(n), wants(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		d.str(n, v, path)
	case reflect.Bool:
		if n.ShortTag() != "!!bool" {
			d.fail(n, path, "is %s, but must be true or false", kindOf(n))
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		d.integer(n, v, path)
	case reflect.Uint64, reflect.Uint, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		d.unsigned(n, v, path)
	case reflect.Float64, reflect.Float32:
		f, ok := number(n)
		if !ok {
			d.fail(n, path, "is %s, but must be a number", kindOf(n))
			return
		}
		v.SetFloat(f)
	default:
		// A struct with such a field is a mistake of ours; the test of all
		// plan types finds it.
		d.fail(n, path, "cannot be given in a plan")
	}
}

// str decodes text.
func (d *decoder) str(n *yaml.Node, v reflect.Value, path string) {
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
	default:
		d.fail(n, path, `is %s, but must be text: write "%s"`, kindOf(n), clip(n.Value))
		return
	}
	d.text(n, v, path)
}

// loose decodes the value of a header or a variable, where a number is meant as
// its text.
func (d *decoder) loose(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		d.fail(n, path, "is %s, but must be text", kindOf(n))
		return
	}
	d.text(n, v, path)
}

// text takes a scalar as it stands; ${env:X} in it is filled in.
func (d *decoder) text(n *yaml.Node, v reflect.Value, path string) {
	s, msg := d.env.expand(n, path)
	if msg != "" {
		d.fail(n, path, "%s", msg)
		return
	}
	v.SetString(s)
}

func (d *decoder) integer(n *yaml.Node, v reflect.Value, path string) {
	f, ok := number(n)
	i, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case !ok || f != math.Trunc(f):
		d.fail(n, path, "is %s, but must be a whole number", kindOf(n))
		return
	case err != nil && math.Abs(f) < 1<<53:
		i = int64(f) // another way to write a whole number: 2e3, 0x10
	case err != nil:
		d.fail(n, path, "%s is too large", clip(n.Value))
		return
	}
	if v.OverflowInt(i) {
		d.fail(n, path, "%s is too large", clip(n.Value))
		return
	}
	v.SetInt(i)
}

func (d *decoder) unsigned(n *yaml.Node, v reflect.Value, path string) {
	f, ok := number(n)
	u, err := strconv.ParseUint(n.Value, 10, 64)
	switch {
	case !ok || f != math.Trunc(f) || f < 0:
		d.fail(n, path, "is %s, but must be a whole number of at least 0", kindOf(n))
		return
	case err != nil && f < 1<<53:
		u = uint64(f)
	case err != nil:
		d.fail(n, path, "%s is too large: the greatest is %d", clip(n.Value), uint64(math.MaxUint64))
		return
	}
	if v.OverflowUint(u) {
		d.fail(n, path, "%s is too large", clip(n.Value))
		return
	}
	v.SetUint(u)
}

// number returns the value of a finite number.
func number(n *yaml.Node) (float64, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
		return 0, false
	}
	var f float64
	if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return f, true
}

// durationPattern is the syntax of a duration: Go's, without a sign, as no time
// of a plan is negative.
const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`

var durationSyntax = regexp.MustCompile(durationPattern)

func (d *decoder) duration(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case n.Kind != yaml.ScalarNode:
		d.fail(n, path, "is %s, but must be a duration such as 10s", kindOf(n))
		return
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		d.fail(n, path, "%s has no unit: write %ss, %sms or %sm", clip(n.Value), clip(n.Value), clip(n.Value), clip(n.Value))
		return
	case strings.HasPrefix(n.Value, "-") && durationSyntax.MatchString(n.Value[1:]):
		d.fail(n, path, "%s is negative: write a duration of 0s or more", clip(n.Value))
		return
	case !durationSyntax.MatchString(n.Value):
		d.fail(n, path, "%s is no duration: write a number and a unit (ns, us, ms, s, m, h), such as 300ms or 1m30s", quoted(n.Value))
		return
	}
	t, err := time.ParseDuration(n.Value)
	if err != nil {
		d.fail(n, path, "%s is too long", clip(n.Value))
		return
	}
	v.SetInt(int64(t))
}

// ownSyntax decodes a scalar whose type reads its own text.
func (d *decoder) ownSyntax(n *yaml.Node, u encoding.TextUnmarshaler, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "is %s, but must be a single value", kindOf(n))
		return
	}
	if strings.Contains(n.Value, "${") {
		if _, msg := d.env.expand(n, path); msg != "" {
			d.fail(n, path, "%s", msg)
			return
		}
	}
	if err := u.UnmarshalText([]byte(n.Value)); err != nil {
		d.fail(n, path, "%s", clipLong(err.Error()))
		return
	}
	// A word that YAML takes for a number or a flag reads as text only by
	// chance: a phase that is called 5 must be written "5".
	_, mayBeNumber := u.(numbered)
	if tag := n.ShortTag(); tag == "!!bool" || (tag == "!!int" || tag == "!!float") && !mayBeNumber {
		d.fail(n, path, `is %s, but must be text: write "%s"`, kindOf(n), clip(n.Value))
	}
}

// clipLong cuts the message of a type that repeats what it was given.
func clipLong(s string) string {
	const most = 600
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// enum notes a value that is not one of those that a field takes. The owner of
// the part may know more of it, so it is asked first.
func (d *decoder) enum(n *yaml.Node, v reflect.Value, f field, path string) {
	if f.enum == nil || n.Kind != yaml.ScalarNode || v.Kind() != reflect.String || v.String() == "" || slices.Contains(f.enum, v.String()) {
		return
	}
	msg := fmt.Sprintf("%s is not one of %s", quoted(n.Value), strings.Join(f.enum, ", "))
	if near := spell.Nearest(v.String(), f.enum); near != "" {
		msg += "; did you mean " + near + "?"
	}
	d.problems = append(d.problems, problem{node: n, path: path, msg: msg, soft: true})
}

// anything decodes a node into a value that the plan does not look into.
func (d *decoder) anything(n *yaml.Node, v reflect.Value, path string) {
	x, err := plainValue(n)
	if err != nil {
		d.fail(n, path, "%s", err)
		return
	}
	if x != nil {
		v.Set(reflect.ValueOf(x))
	}
}

// plainValue turns a node into maps, slices and scalars as encoding/json has
// them; a date is its text.
func plainValue(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("a key must be a word, not %s", kindOf(k))
			}
			if _, twice := m[k.Value]; twice {
				return nil, fmt.Errorf("key %s is given twice: keep one", quoted(k.Value))
			}
			x, err := plainValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[k.Value] = x
		}
		return m, nil
	case yaml.SequenceNode:
		s := make([]any, len(n.Content))
		for i, c := range n.Content {
			x, err := plainValue(c)
			if err != nil {
				return nil, err
			}
			s[i] = x
		}
		return s, nil
	}
	return plainScalar(n)
}

func plainScalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i, nil
		}
		fallthrough
	case "!!float":
		f, ok := number(n)
		if !ok {
			return nil, fmt.Errorf("%s is no number that JSON has", clip(n.Value))
		}
		return f, nil
	}
	return n.Value, nil
}

// wants says in a user's words what a type takes.
func wants(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case durationType:
		return "a duration such as 10s"
	case ruleType:
		return "a rule such as {rate_limit: {retry_after: 2s}, during: spike}"
	case specType:
		return "an assertion such as retries.attempts: {max: 3}"
	}
	switch t.Kind() {
	case reflect.Struct:
		if ks := keys(fieldsOf(t)); len(ks) > 0 {
			return "a mapping with keys such as " + strings.Join(ks[:min(3, len(ks))], ", ")
		}
		return "a mapping"
	case reflect.Slice:
		if key, value := keyedBy(t.Elem()); key >= 0 {
			return "a mapping of names to " + keyedWants(t.Elem(), value)
		}
		return "a list, such as [" + sample(t.Elem()) + "]"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64, reflect.Float32:
		return "a number"
	case reflect.Interface:
		return "a value"
	}
	return "a whole number"
}

func keyedWants(t reflect.Type, value int) string {
	if value >= 0 {
		return "text"
	}
	return "mappings"
}

// sample is what an element of a list looks like.
func sample(t reflect.Type) string {
	switch {
	case t == specType:
		return "retries.attempts"
	case t.Kind() == reflect.Struct:
		return "{...}"
	case t.Kind() == reflect.String:
		return "a, b"
	}
	return "1, 2"
}
