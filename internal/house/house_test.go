package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheHouse(t *testing.T) {
	found, err := Inspect("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// Each rule catches its fixture. The first line of a fixture says where in the
// house it pretends to stand, and what must be said of it.
func TestEachRuleCatchesItsFixture(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(fixtures) < 10 {
		t.Fatalf("%d fixtures, %v", len(fixtures), err)
	}
	for _, path := range fixtures {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			head, src, _ := strings.Cut(string(b), "\n")
			as, want, ok := strings.Cut(strings.TrimPrefix(head, "// "), ": ")
			if !ok {
				t.Fatalf("%q names no place and no rule", head)
			}
			file := filepath.Join(t.TempDir(), "fixture.go")
			if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
			found, err := inspectFile(file, as)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 || !strings.Contains(found[0].String(), want) {
				t.Errorf("found %v, want one that says %q", found, want)
			}
		})
	}
}
