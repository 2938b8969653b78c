package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/plans"
)

// The files of a run folder are what `chaos report` prints.
func TestWriteFiles(t *testing.T) {
	r := failed()
	r.Dir = t.TempDir()
	if err := WriteFiles(r); err != nil {
		t.Fatal(err)
	}
	for name, format := range map[string]string{plans.FileJUnit: "junit", plans.FileSummary: "markdown"} {
		got, err := os.ReadFile(filepath.Join(r.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, rendered(t, format, r, Style{})) {
			t.Errorf("%s is not the %s report", name, format)
		}
	}
}

// A job summary holds what earlier steps wrote, and a heading of ours that does
// not run into it.
func TestAppendFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(path, []byte("built in 3 s"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := AppendFile(path, "markdown", passed()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got), "built in 3 s\n\n## ") || strings.Count(string(got), "\n## ") != 2 {
		t.Errorf("%s", got)
	}
}

// A report that cannot be written is a failure of the harness, and says how to
// get it.
func TestFilesThatCannotBeWritten(t *testing.T) {
	r := passed()
	r.Dir = filepath.Join(t.TempDir(), "gone")
	for what, err := range map[string]error{
		"the run folder": WriteFiles(r),
		"a JUnit file":   JUnitFile(filepath.Join(r.Dir, "junit.xml"), r),
		"a job summary":  AppendFile(filepath.Join(r.Dir, "summary.md"), "markdown", r),
	} {
		var harness *plans.HarnessError
		if !errors.As(err, &harness) || !strings.Contains(err.Error(), "chaos report") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
