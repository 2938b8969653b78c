// Package golden holds what tests say in whole texts: files below testdata that
// are read by people, and written anew by
//
//	go test ./PACKAGE -update
//
// Read the difference before you commit it. Used by tests only.
package golden

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// Updating reports whether golden files are written anew.
func Updating() bool { return *update }

// Check compares got with the file testdata/name, or with -update writes it.
func Check[T string | []byte](t testing.TB, name string, got T) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs (-update writes it): %s\ngot:\n%s", path, Difference(string(got), string(want)), got)
	}
}

// Difference tells the first line in which two texts differ, "" if they are
// equal.
func Difference(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < len(g) && i < len(w) && g[i] == w[i] {
		i++
	}
	line := func(lines []string) string {
		if i < len(lines) {
			return fmt.Sprintf("%q", lines[i])
		}
		return "the end"
	}
	return fmt.Sprintf("line %d is %s, want %s", i+1, line(g), line(w))
}
