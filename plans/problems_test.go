package plans

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/golden"
)

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
			golden.Check(t, "bad/"+strings.TrimSuffix(filepath.Base(file), ".yaml")+".golden", err.Error()+"\n")
			if strings.Contains(err.Error(), "secret") {
				t.Error("a value of the environment is repeated")
			}
		})
	}
}
