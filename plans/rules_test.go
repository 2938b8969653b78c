package plans

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/faults"
)

// A rule that is printed reads back as what it was: those of all plans in
// testdata/good and of the library, which together have every key of a rule.
// Incidents and failures of a trace are the rules that they stand for.
func TestEveryRuleReadsBackAsItPrints(t *testing.T) {
	t.Setenv("TARGET_TOKEN", "x")
	var rules []faults.Rule
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no good plans: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, rulesOf(t, f, b)...)
	}
	for _, name := range libraryNames() {
		b, _ := libraryText(name)
		rules = append(rules, rulesOf(t, name, b)...)
	}
	for _, r := range rules {
		var back faults.Rule
		if err := parsePart("rule", r.String(), &back, func() []Problem { return back.Validate() }); err != nil {
			t.Errorf("%s is refused: %v", r, err)
		} else if !reflect.DeepEqual(r, back) {
			t.Errorf("%s reads back as %s", r, back)
		}
	}
	for _, key := range unset(reflect.TypeFor[faults.Rule](), "", rules) {
		t.Errorf("no rule of these plans has %s", key)
	}
}

// rulesOf decodes the rules of a plan.
func rulesOf(t *testing.T, name string, b []byte) []faults.Rule {
	t.Helper()
	l := &loader{root: rootOf(t, name, b), text: &text{name: name}, origin: map[*yaml.Node]string{}, opts: Options{KeepEnv: true}}
	l.includeIncidents()
	l.env = newEnvironment(l.root, nil, true)
	p, d := l.decode(l.env)
	if len(l.found)+len(d.problems) > 0 {
		t.Fatalf("%s: %v %v", name, l.found, d.problems)
	}
	return p.Faults
}

// unset names the keys below a rule that none of the rules has.
func unset(of reflect.Type, path string, rules []faults.Rule, at ...int) (out []string) {
	for _, f := range fieldsOf(of) {
		where := append(append([]int{}, at...), f.index)
		in := of.Field(f.index).Type
		if in.Kind() == reflect.Pointer {
			in = in.Elem()
		}
		found := false
		for i := range rules {
			v, err := reflect.ValueOf(&rules[i]).Elem().FieldByIndexErr(where)
			found = found || err == nil && !v.IsZero()
		}
		if !found {
			out = append(out, join(path, f.key))
		} else if in.Kind() == reflect.Struct && in != reflect.TypeFor[faults.At]() {
			out = append(out, unset(in, join(path, f.key), rules, where...)...)
		}
	}
	return out
}
