package plans

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file of testdata/bad is wrong; the golden file beside it is what a user
// reads: every problem at once, with its place, its line and what to do.
func TestBadPlansAreRefusedInWordsThatHelp(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad plans: %v", err)
	}
	env := map[string]string{"CHAOS_TEST_PORT": "secret-port"}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Load(Source{Name: filepath.Base(file), Bytes: b}, Options{Env: env})
			var problems *ProblemsError
			if !errors.As(err, &problems) {
				t.Fatalf("%v, want problems", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
			if strings.Contains(err.Error(), "secret") {
				t.Error("a value of the environment is repeated")
			}
		})
	}
}

// golden compares text with a golden file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (-update writes it anew): %s", path, firstDifference(string(want), got))
	}
}
