package plans

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// The schema is what an editor knows of a plan, the decoder is what chaos
// accepts. An editor that marks a good plan, or lets a bad one pass that the
// decoder could have told, is worse than none: so the two are held against each
// other, on whole plans and on every small mistake in them.

// schemaOfPlans compiles the schema as an editor would.
func schemaOfPlans(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decodes reports what the decoder has against a tree, and how many problems
// there are once the parts are asked as well what they think of the values.
func decodes(root *yaml.Node) (problems []problem, all int) {
	l := &loader{root: deepCopy(root), text: &text{name: "plan"}, origin: map[*yaml.Node]string{}}
	l.opts.KeepEnv = true
	l.includeIncidents()
	for _, f := range l.found {
		problems = append(problems, problem{path: f.Path, msg: f.Msg})
	}
	l.opts.KeepEnv = false
	l.env = newEnvironment(l.root, nil, true)
	p, d := l.decode(l.env)
	complete := p.withDefaults()
	l.check(d, p, &complete)
	return append(problems, d.problems...), len(l.found)
}

// rootOf parses a plan.
func rootOf(t *testing.T, name string, b []byte) *yaml.Node {
	t.Helper()
	root, err := (&text{name: name, data: b}).parse()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// goodPlans returns the roots of the plans in testdata/good, which together
// have every key.
func goodPlans(t *testing.T) map[string]*yaml.Node {
	t.Helper()
	out := map[string]*yaml.Node{}
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no good plans: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = rootOf(t, f, b)
	}
	return out
}

func TestSchemaAndDecoderAcceptGoodPlans(t *testing.T) {
	schema := schemaOfPlans(t)
	all := goodPlans(t)
	for _, name := range libraryNames() {
		b, _ := libraryText(name)
		all[name] = rootOf(t, name, b)
	}
	for name, root := range all {
		t.Run(name, func(t *testing.T) {
			problems, _ := decodes(root)
			for _, p := range problems {
				t.Errorf("the decoder refuses %s: %s", p.path, p.msg)
			}
			if err := accepts(schema, root); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
		})
	}
}

func accepts(s *jsonschema.Schema, root *yaml.Node) error {
	v, err := plainValue(root)
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// mistakes are what a slip of the hand puts in the place of a value.
var mistakes = []string{`5`, `-3`, `0.25`, `word`, `"5"`, `true`, `null`, `[]`, `[5]`, `{}`, `{unknown_key: 1}`, `10s`, `2020-01-01`}

func TestSchemaAndDecoderRefuseTheSameMistakes(t *testing.T) {
	schema := schemaOfPlans(t)
	all := goodPlans(t)
	tried, refused := 0, 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		root := all[name]
		forEachMistake(root, func(where, what string) {
			tried++
			bySchema := accepts(schema, root)
			byDecoder, all := decodes(root)
			if bySchema != nil {
				refused++
			}
			switch {
			case bySchema == nil && len(byDecoder) > 0:
				t.Errorf("%s: %s %s: the schema accepts what the decoder refuses: %s: %s", name, where, what, byDecoder[0].path, byDecoder[0].msg)
			case bySchema != nil && all == 0:
				t.Errorf("%s: %s %s: chaos accepts what the schema refuses: %v", name, where, what, bySchema)
			}
		})
	}
	if refused*3 < tried {
		t.Errorf("only %d of %d mistakes were refused: the mistakes are too mild to tell anything", refused, tried)
	}
	t.Logf("%d mistakes, %d of them refused by both", tried, refused)
}

// forEachMistake makes one mistake after the other in a tree, calls f, and mends
// it again: each value is replaced, each key is misspelt, each entry is dropped.
func forEachMistake(root *yaml.Node, f func(where, what string)) {
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if path != "" {
			kept := *n
			for _, m := range mistakes {
				*n = *flow(m)
				f(path, "= "+m)
			}
			*n = kept
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				key := n.Content[i].Value
				n.Content[i].Value = key + "_x"
				f(join(path, key), "misspelt")
				n.Content[i].Value = key
				kept := slices.Clone(n.Content)
				n.Content = slices.Delete(slices.Clone(n.Content), i, i+2)
				f(join(path, key), "left out")
				n.Content = kept
				walk(n.Content[i+1], join(path, key))
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
	walk(root, "")
}

func TestSchemaNamesItselfAndEveryKeyHasAWord(t *testing.T) {
	var missing []string
	var look func(n any, path string)
	look = func(n any, path string) {
		m, ok := n.(map[string]any)
		if !ok {
			return
		}
		props, _ := m["properties"].(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(props)) {
			p, _ := props[k].(map[string]any)
			if s, _ := p["description"].(string); s == "" {
				missing = append(missing, path+"."+k)
			}
			look(p, path+"."+k)
			if items, ok := p["items"]; ok {
				look(items, path+"."+k+"[]")
			}
		}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	look(doc, "")
	if len(missing) > 0 {
		t.Errorf("keys without a description, which an editor shows: %s", strings.Join(missing, ", "))
	}
}
