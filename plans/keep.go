package plans

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// What a kept plan says of the text that it came from, in comments: where it
// was, what --set changed in it, and on which of its lines an assertion stood.
var (
	keptSet    = regexp.MustCompile(`(?m)^# set: ("(?:[^"\\]|\\.)*")$`)
	keptSource = regexp.MustCompile(`(?m)^# source: ("(?:[^"\\]|\\.)*")$`)
	keptLine   = regexp.MustCompile(`^# line ([0-9]+)$`)
)

// keep prints a plan as a plan reads it back: complete, with its defaults.
func keep(p *Plan) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What was run: defaults and --set are applied, ${env:..} is not filled in.\n# source: %s\n", strconv.Quote(p.Source))
	for _, s := range p.Set {
		fmt.Fprintf(&b, "# set: %s\n", strconv.Quote(s))
	}
	root := encodeStruct(reflect.ValueOf(*p))
	if p.bundled {
		root.Content = without(root.Content, "assertions")
	}
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// The tree is made here of scalars and mappings only, so it can be printed.
	if err := enc.Encode(root); err != nil {
		panic("plans: cannot print a plan: " + err.Error())
	}
	return b.Bytes()
}

func without(content []*yaml.Node, key string) []*yaml.Node {
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == key {
			return slices.Delete(content, i, i+2)
		}
	}
	return content
}

// valueOf returns the struct that dst points to.
func valueOf(dst any) reflect.Value {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(errNotPointer)
	}
	return v.Elem()
}

// encodeStruct prints the keys that have a value, in the order of the struct.
func encodeStruct(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, f := range fieldsOf(v.Type()) {
		fv := v.Field(f.index)
		if f.unbuilt || fv.IsZero() {
			continue
		}
		n.Content = append(n.Content, str(f.key), encodeValue(fv))
	}
	return n
}

// encodeValue prints a value as the decoder reads it.
func encodeValue(v reflect.Value) *yaml.Node {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		return encodeValue(v.Elem())
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return str(x.String())
	case faults.Rule:
		return flow(x.String())
	case assertions.Spec:
		return encodeSpec(x)
	}
	if s, ok := v.Interface().(fmt.Stringer); ok && readsText(v.Type()) {
		return flow(s.String())
	}
	switch v.Kind() {
	case reflect.Struct:
		return encodeStruct(v)
	case reflect.Slice:
		return encodeSlice(v)
	}
	var n yaml.Node
	if err := n.Encode(v.Interface()); err != nil {
		panic("plans: cannot print " + v.Type().String() + ": " + err.Error())
	}
	return &n
}

// readsText reports whether a plan writes the type in a syntax of its own.
func readsText(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || p.Implements(reflect.TypeFor[planUnmarshaler]())
}

// encodeSlice prints a list, or a mapping where the items have keys.
func encodeSlice(v reflect.Value) *yaml.Node {
	key, value := keyedBy(v.Type().Elem())
	if key < 0 {
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			n.Content = append(n.Content, encodeValue(v.Index(i)))
		}
		return n
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range v.Len() {
		e := v.Index(i)
		item := encodeStruct
		if value >= 0 {
			item = func(e reflect.Value) *yaml.Node { return encodeValue(e.Field(value)) }
		}
		n.Content = append(n.Content, str(e.Field(key).String()), item(e))
	}
	return n
}

// encodeSpec prints an assertion with the arguments that the plan gave; those
// that it left to the defaults stay left out, as a verdict says who chose its
// threshold.
func encodeSpec(s assertions.Spec) *yaml.Node {
	args := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if own := reflect.Indirect(reflect.ValueOf(s.Args)); own.Kind() == reflect.Struct {
		for _, f := range fieldsOf(own.Type()) {
			if slices.Contains(s.Given, f.key) {
				args.Content = append(args.Content, str(f.key), encodeValue(own.Field(f.index)))
			}
		}
	}
	args.Content = append(args.Content, encodeStruct(reflect.ValueOf(s)).Content...)
	out := str(s.ID)
	if len(args.Content) > 0 {
		args.Style = yaml.FlowStyle
		out = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{str(s.ID), args}}
	}
	if s.Line > 0 {
		out.LineComment = fmt.Sprintf("# line %d", s.Line)
		if out.Kind == yaml.MappingNode {
			out.LineComment, args.LineComment = "", out.LineComment
		}
	}
	return out
}

func str(s string) *yaml.Node {
	var n yaml.Node
	n.SetString(s)
	return &n
}

// flow reads text that a value printed of itself, as one node.
func flow(text string) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return str(text)
	}
	n := doc.Content[0]
	clearPlaces(n)
	return n
}

func clearPlaces(n *yaml.Node) {
	n.Line, n.Column = 0, 0
	for _, c := range n.Content {
		clearPlaces(c)
	}
}
