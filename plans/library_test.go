package plans

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// warnings are what `chaos validate` warns of: assertions that cannot conclude
// with the requests that the plan has.
func warnings(t *testing.T, p *Plan) []string {
	t.Helper()
	v, err := MakePreview(p)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range v.Forecasts {
		if !f.CanConclude {
			out = append(out, fmt.Sprintf("%s: %s", f.ID, f.Note))
		}
	}
	return out
}

func TestEveryLibraryPlanIsValidWithoutAWarning(t *testing.T) {
	for _, name := range libraryNames() {
		t.Run(name, func(t *testing.T) {
			var opt Options
			if name == "azure-code-spike" {
				opt.Set = []string{"load.trace.file=" + azureLike(t)}
			}
			p, err := Load(Source{Library: name}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if w := warnings(t, p); len(w) > 0 {
				t.Errorf("warns: %s", strings.Join(w, "; "))
			}
		})
	}
}

// A first plan that could conclude nothing would teach nothing.
func TestTheFirstPlanIsValidWithoutAWarning(t *testing.T) {
	for name, command := range map[string][]string{"for a command": {"node", "server ${x}.mjs"}, "for a service that runs": nil} {
		t.Run(name, func(t *testing.T) {
			p, err := Load(Source{Name: "chaos.yaml", Bytes: []byte(Init(command))}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if w := warnings(t, p); len(w) > 0 {
				t.Errorf("warns: %s", strings.Join(w, "; "))
			}
		})
	}
}

// azureLike writes a trace in the format of the Azure dataset, which is not
// part of the repository: 16 minutes, ten requests a second.
func azureLike(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("TIMESTAMP,ContextTokens,GeneratedTokens\n")
	start := time.Date(2023, 11, 16, 18, 17, 3, 0, time.UTC)
	for at := time.Duration(0); at <= 16*time.Minute; at += 100 * time.Millisecond {
		fmt.Fprintf(&b, "%s,100,10\n", start.Add(at).Format("2006-01-02 15:04:05.0000000"))
	}
	path := filepath.Join(t.TempDir(), "trace.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLibraryListsEveryFileOfItsFolder(t *testing.T) {
	files, err := filepath.Glob("library/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	listed := libraryNames()
	slices.Sort(listed)
	slices.Sort(names)
	if !slices.Equal(names, listed) {
		t.Errorf("listed %v, in the folder %v", listed, names)
	}
	for _, e := range Library() {
		if e.Description == "" {
			t.Errorf("%s has no description", e.Name)
		}
	}
}

// The two plans of the tour are one experiment on two services.
func TestSpikeNaiveIsSpikeWithAnotherTarget(t *testing.T) {
	lines := func(name string) (rest []string, own map[string]string) {
		b, ok := libraryText(name)
		if !ok {
			t.Fatalf("no plan %s", name)
		}
		own = map[string]string{}
		for _, l := range strings.Split(string(b), "\n") {
			key, _, _ := strings.Cut(l, ":")
			if key == "name" || key == "description" || key == "target" || key == "  builtin" {
				own[key] = l
				continue
			}
			rest = append(rest, l)
		}
		return rest, own
	}
	good, goodOwn := lines("spike")
	naive, naiveOwn := lines("spike-naive")
	if !slices.Equal(good, naive) {
		t.Error("the plans differ in more than name, description and target")
	}
	for k, v := range goodOwn {
		if k != "target" && naiveOwn[k] == v {
			t.Errorf("%s is the same in both", k)
		}
	}
}

// unbuilt are the keys of the design's example that no code reads yet: the
// first word of each is what the message must name.
var unbuilt = []string{"target.response.stream"}

func TestTheDesignsExampleIsValidButForWhatIsRefusedByName(t *testing.T) {
	opt := Options{Env: map[string]string{"TARGET_TOKEN": "x"}}
	_, err := Load(Source{Path: "testdata/design.yaml"}, opt)
	var problems *ProblemsError
	if !errors.As(err, &problems) {
		t.Fatalf("%v, want the keys that are not built refused", err)
	}
	var paths []string
	for _, p := range problems.Problems {
		paths = append(paths, p.Path)
		if !strings.Contains(p.Msg, "is not built yet") {
			t.Errorf("%s: %s", p.Path, p.Msg)
		}
	}
	if !slices.Equal(paths, unbuilt) {
		t.Errorf("refused %v, want %v", paths, unbuilt)
	}
	opt.Set = []string{"target.response.stream=null", "provider.answers[1]=null"}
	p, err := Load(Source{Path: "testdata/design.yaml"}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if w := warnings(t, p); len(w) > 0 {
		t.Errorf("warns: %s", strings.Join(w, "; "))
	}
}
