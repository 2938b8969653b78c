// Package house holds the code to the drawing of the house: which package may
// import which, and a few words and constructs that have no place in it. It is
// used by its own test only.
package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/chaoskit/chaos/"

// floors are the packages from left to right: one may import what stands on a
// floor further right, and nothing to the left or beside.
var floors = [][]string{
	{"cmd/chaos", "plans/chaostest"},
	{"internal/report"},
	{"plans"},
	{"loadgen", "mockmodel", "assertions", "internal/refapp", "internal/tcpproxy"},
	{"faults", "internal/journal", "internal/wire", "internal/http1"},
	{"internal/draw", "internal/spell", "internal/memnet", "internal/golden", "internal/blocking", "internal/rxstamp"},
}

// strangers are pairs that must not meet although the floors would let them.
var strangers = map[string][]string{
	"assertions":      {"faults"},
	"internal/refapp": {"faults", "internal/journal"},
}

// lodgers are libraries and the only packages that may import them.
var lodgers = map[string]string{
	"github.com/spf13/cobra":    "cmd/chaos",
	"github.com/vbauerster/mpb": "cmd/chaos",
	"golang.org/x/term":         "cmd/chaos",
	"go.yaml.in/yaml":           "plans",
}

// banned imports, and what to use instead.
var banned = map[string]string{
	"math/rand":    "internal/draw: dice are keyed",
	"math/rand/v2": "internal/draw: dice are keyed",
	"hash/maphash": "wire.Fold64: its seed differs from process to process",
}

// bannedWords speak of work that is not finished.
var bannedWords = []string{"FIX" + "ME", "TO" + "DO", "XX" + "X", "not " + "implemented", "for " + "now,", "place" + "holder"}

// Lengths in lines: a function fits on a screen, a file has one subject. Tables of
// tests are as long as they have rows.
const (
	linesMax = 60
	fileMax  = 400
)

// Violation is a broken rule.
type Violation struct {
	Pos  token.Position
	Rule string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s", v.Pos.Filename, v.Pos.Line, v.Rule)
}

// Inspect looks at every Go file of the module below root. Folders that begin
// with a dot or are called testdata, and modules of their own, are left out.
func Inspect(root string) ([]Violation, error) {
	var out []Violation
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found, err := inspectFile(path, filepath.ToSlash(rel))
		out = append(out, found...)
		return err
	})
	return out, err
}

func skipDir(root, path, name string) error {
	if path == root {
		return nil
	}
	if name == "testdata" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// inspectFile checks one file, which the rules know as rel.
func inspectFile(path, rel string) ([]Violation, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, rel, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	in := &inspection{fset: fset, pkg: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(rel, "_test.go")}
	in.imports(f)
	in.functions(f)
	in.words(src, rel)
	if formatted, err := format.Source(src); err != nil || !bytes.Equal(formatted, src) {
		in.add(f.Pos(), "is not formatted with gofmt")
	}
	return in.found, nil
}

type inspection struct {
	fset  *token.FileSet
	pkg   string
	test  bool
	found []Violation
}

func (in *inspection) add(pos token.Pos, format string, args ...any) {
	in.found = append(in.found, Violation{in.fset.Position(pos), fmt.Sprintf(format, args...)})
}

func (in *inspection) imports(f *ast.File) {
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if instead, ok := banned[path]; ok {
			in.add(spec.Pos(), "imports %s: use %s", path, instead)
		}
		for lib, home := range lodgers {
			if (path == lib || strings.HasPrefix(path, lib+"/")) && in.pkg != home {
				in.add(spec.Pos(), "imports %s, which only %s may", path, home)
			}
		}
		if other, ok := strings.CutPrefix(path, module); ok {
			in.arrow(spec.Pos(), other)
		}
	}
}

// arrow checks an import of one package of the module by another.
func (in *inspection) arrow(pos token.Pos, other string) {
	from, to := floorOf(in.pkg), floorOf(other)
	switch {
	case in.pkg == other || from < 0:
	case to < 0:
		in.add(pos, "%s imports %s, which has no place in the drawing", in.pkg, other)
	case to < from:
		in.add(pos, "%s imports %s to its left", in.pkg, other)
	case to == from:
		in.add(pos, "%s imports %s beside it", in.pkg, other)
	case slices.Contains(strangers[in.pkg], other):
		in.add(pos, "%s must not know %s", in.pkg, other)
	}
}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, pkg) })
}

func (in *inspection) functions(f *ast.File) {
	if lines := in.fset.Position(f.FileEnd).Line; lines > fileMax+1 && !in.test {
		in.add(f.Pos(), "is %d lines long: a file of more than %d has two subjects", lines-1, fileMax)
	}
	// In a bubble of virtual time a sleep costs nothing and is exact.
	virtual := slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing/synctest"` })
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		if lines := in.fset.Position(fn.End()).Line - in.fset.Position(fn.Pos()).Line; lines > linesMax && !in.test {
			in.add(fn.Pos(), "%s is %d lines long: at most %d fit on a screen", fn.Name.Name, lines, linesMax)
		}
		if !in.test || virtual {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
					in.add(n.Pos(), "a test sleeps: use virtual time or a channel")
				}
			}
			return true
		})
	}
}

func (in *inspection) words(src []byte, rel string) {
	for i, line := range strings.Split(string(src), "\n") {
		for _, w := range bannedWords {
			if strings.Contains(line, w) {
				in.found = append(in.found, Violation{token.Position{Filename: rel, Line: i + 1}, fmt.Sprintf("says %q: finish it, or refuse it by name", w)})
			}
		}
	}
}
