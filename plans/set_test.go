package plans

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/internal/golden"
)

func TestSetChangesAPlanBeforeItIsChecked(t *testing.T) {
	rows := []struct {
		words string
		set   []string
		want  string // a line of the kept plan, or a part of the error
		fails bool
	}{
		{words: "a key", set: []string{"load.client.timeout=5s"}, want: "timeout: 5s"},
		{words: "a key that is not there yet, with the mappings on the way", set: []string{"safety.max_requests=5000"}, want: "max_requests: 5000"},
		{words: "an item of a list, from 0", set: []string{"load.phases[1].rate=30 -> 40"}, want: "rate: 30 -> 40"},
		{words: "the item of that name", set: []string{"load.phases.spike.rate=77"}, want: "rate: 77"},
		{words: "one more item", set: []string{"load.phases[2]={name: calm, rate: 9, for: 3s}"}, want: "name: calm"},
		{words: "a key with a dot, in quotes", set: []string{`provider.models."gpt-4.1".slots=5`}, want: "gpt-4.1:"},
		{words: "null takes a key out", set: []string{"faults=null"}, want: "builtin: resilient"},
		{words: "the last one wins", set: []string{"seed=1", "seed=99"}, want: "seed: 99"},
		{words: "no value", set: []string{"seed"}, want: "write key.path=value", fails: true},
		{words: "nothing behind the =", set: []string{"seed="}, want: "has no value", fails: true},
		{words: "a key that is not known", set: []string{"load.client.timout=5s"}, want: "did you mean timeout?", fails: true},
		{words: "an item beyond the list", set: []string{"load.phases[7].rate=1"}, want: "the list has 2 items, counted from 0", fails: true},
		{words: "an item of no such name", set: []string{"load.phases.spke.rate=1"}, want: "did you mean spike?", fails: true},
		{words: "a value of the wrong kind", set: []string{"seed=many"}, want: `is the text "many"`, fails: true},
		{words: "a key below a scalar", set: []string{"name.x=1"}, want: "is a key of a mapping, but there is", fails: true},
		{words: "a bracket that is not closed", set: []string{"load.phases[1.rate=1"}, want: "a bracket is not closed", fails: true},
		{words: "a dot at the end", set: []string{"load.=1"}, want: "ends in a dot", fails: true},
		{words: "a secret is not repeated", set: []string{"target.request.headers.authorization=[hunter2]"}, want: "authorization=", fails: true},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			p, err := Load(Source{Name: "test.yaml", Bytes: []byte(shortPlan)}, Options{Set: row.set})
			switch {
			case row.fails && err == nil:
				t.Fatalf("accepted, want an error with %q", row.want)
			case row.fails:
				if !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "--set") {
					t.Errorf("%v\nwant --set and %q in it", err, row.want)
				}
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("repeats a secret: %v", err)
				}
			case err != nil:
				t.Fatal(err)
			case !strings.Contains(string(p.Kept()), row.want):
				t.Errorf("no %q in the kept plan:\n%s", row.want, p.Kept())
			}
		})
	}
}

// The plan of a run folder must say the same to whoever loads it again: it is
// what `chaos check` judges by, and its hash stands in the journal.
func TestAKeptPlanReadsBackAsItself(t *testing.T) {
	plans := map[string][]byte{"short": []byte(shortPlan), "long": []byte(longPlan), "decisions": []byte(decisionPlan(1))}
	for _, name := range libraryNames() {
		plans[name], _ = libraryText(name)
	}
	for name, root := range goodPlans(t) {
		plans[name] = keepText(t, root)
	}
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		t.Run(name, func(t *testing.T) {
			once, err := Load(Source{Name: name, Bytes: plans[name]}, Options{KeepEnv: true})
			if err != nil {
				t.Fatal(err)
			}
			twice, err := Load(Source{Name: "plan.yaml", Bytes: once.Kept()}, Options{KeepEnv: true})
			if err != nil {
				t.Fatalf("%v\n%s", err, once.Kept())
			}
			if !bytes.Equal(once.Kept(), twice.Kept()) {
				t.Errorf("kept twice, it differs: %s", golden.Difference(string(twice.Kept()), string(once.Kept())))
			}
			if once.Hash() != twice.Hash() || once.Source != twice.Source {
				t.Errorf("hash %s and %s, source %s and %s", once.Hash(), twice.Hash(), once.Source, twice.Source)
			}
		})
	}
}

func TestSecretsOfTheEnvironmentAreNotKept(t *testing.T) {
	const plan = `name: secrets
target:
  url: "http://127.0.0.1:8080/v1/chat/completions"
  request: {headers: {authorization: "Bearer ${env:CHAOS_TEST_TOKEN}"}}
provider: {listen: "127.0.0.1:4010"}
load: {phases: [{name: a, rate: 5, for: 5s}]}
`
	p, err := Load(Source{Name: "secrets.yaml", Bytes: []byte(plan)}, Options{Env: map[string]string{"CHAOS_TEST_TOKEN": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Target.Request.Headers[0].Value; got != "Bearer hunter2" {
		t.Errorf("the service is sent %q", got)
	}
	if kept := string(p.Kept()); strings.Contains(kept, "hunter2") || !strings.Contains(kept, "${env:CHAOS_TEST_TOKEN}") {
		t.Errorf("kept:\n%s", kept)
	}
}

// keepText prints a tree as YAML.
func keepText(t *testing.T, root *yaml.Node) []byte {
	t.Helper()
	b, err := yaml.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A kept plan says what --set changed, so that a report can say how to repeat
// the run: the seed apart, and no secret.
func TestAKeptPlanSaysWhatWasSet(t *testing.T) {
	set := []string{"seed=7", "load.client.timeout=5s", "description=two \"words\"", "target.request.headers.authorization=hunter2"}
	p, err := Load(Source{Name: "test.yaml", Bytes: []byte(shortPlan)}, Options{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(Source{Name: "plan.yaml", Bytes: p.Kept()}, Options{KeepEnv: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"load.client.timeout=5s", "description=two \"words\"", "target.request.headers.authorization=" + maskText}
	if !slices.Equal(p.Set, want) || !slices.Equal(again.Set, want) {
		t.Errorf("set %q, read back %q, want %q", p.Set, again.Set, want)
	}
}

func TestARequestOfAnAPINamesAModel(t *testing.T) {
	const head = "name: m\ntarget: {builtin: resilient}\nload: {phases: [{name: a, rate: 5, for: 5s}]}\n"
	rows := []struct {
		words, more string
		set         []string
		want        string
	}{
		{words: "nobody names one", want: "gpt-4o"},
		{words: "the provider has models: its first one", more: "provider: {models: {haiku: {}, opus: {}}}\n", want: "haiku"},
		{words: "the load names one", set: []string{"load.mix=[{name: x, model: opus}]"}, want: "opus"},
		{words: "a body of the plan's own need not have one", set: []string{`target.request.body='{"q": {{json .Prompt}}}'`}, want: ""},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			p, err := Load(Source{Name: "m.yaml", Bytes: []byte(head + row.more)}, Options{Set: row.set})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Load.Mix[0].Model; got != row.want {
				t.Errorf("asks for %q, want %q", got, row.want)
			}
		})
	}
}
