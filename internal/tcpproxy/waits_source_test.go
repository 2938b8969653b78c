package tcpproxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNothingElseWaits: what can block stands in the functions of the list of
// waits, and in those that wait for what is on it.
func TestNothingElseWaits(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range waitForWaits {
		listed[f] = true
	}
	for _, w := range waits {
		for _, f := range w.in {
			listed[f] = true
		}
	}
	found := map[string]bool{}
	files := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			for _, at := range blocking(d) {
				if found[nameOf(d)] = true; !listed[nameOf(d)] {
					t.Errorf("%s: %s waits, and is not in the list of waits", files.Position(at), nameOf(d))
				}
			}
		}
	}
	for f := range listed {
		if !found[f] {
			t.Errorf("the list of waits has %s, which does not wait", f)
		}
	}
}

// TestBlockingIsFound: each way to wait is seen, and what does not wait is none.
func TestBlockingIsFound(t *testing.T) {
	for src, want := range map[string]int{
		"<-c": 1, "c <- 1": 1, "select { case <-c: case <-d: }": 1, "select { case <-c: default: }": 0, "select { case c <- 1: default: }": 0,
		"select { case <-c: <-d; default: }": 1, "go func() { <-c }()": 1, "for range c {}": 0, "time.Sleep(1)": 1, "time.NewTimer(1)": 1, "q.change.Wait()": 1, "g.Wait()": 1,
		"l.Accept()": 1, "opt.Dial(x)": 1, "src.Read(b)": 1, "dst.Write(b)": 1, "io.Copy(a, b)": 1, "io.ReadFull(a, b)": 1, "c.wait(at)": 1, "pause(ctx, d)": 1, "hash.Sum(b)": 0,
		"context.AfterFunc(c, f)": 0, "c.Close()": 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {\n"+src+"\n}", 0)
		if err != nil {
			t.Fatal(src, err)
		}
		if got := blocking(file.Decls[0]); len(got) != want {
			t.Errorf("%s: %d found, want %d", src, len(got), want)
		}
	}
}

// nameOf is the name of a function, behind that of its receiver.
func nameOf(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if p, ok := of.(*ast.StarExpr); ok {
		of = p.X
	}
	return of.(*ast.Ident).Name + "." + f.Name.Name
}

// blockingCalls block, or wait on behalf of who calls them.
var blockingCalls = []string{
	"Sleep", "After", "NewTimer", "NewTicker", "Wait", "Accept", "Dial", "Read", "Write", "Copy", "CopyN", "ReadFull", "ReadAll",
	"wait", "pause", "accept", "reach", "settle", "finish", "push", "pop",
}

// blocking returns where something in a declaration can block. A select with a
// default does not.
func blocking(d ast.Node) (at []token.Pos) {
	free := map[ast.Node]bool{} // of a select, which is found as a whole
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			waits := true
			for _, c := range n.Body.List {
				c := c.(*ast.CommClause)
				if waits = waits && c.Comm != nil; c.Comm != nil {
					ast.Inspect(c.Comm, func(m ast.Node) bool { free[m] = true; return true })
				}
			}
			if waits {
				at = append(at, n.Pos())
			}
		case *ast.SendStmt:
			if !free[n] {
				at = append(at, n.Pos())
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW && !free[n] {
				at = append(at, n.Pos())
			}
		case *ast.CallExpr:
			if slices.Contains(blockingCalls, called(n.Fun)) {
				at = append(at, n.Pos())
			}
		}
		return true
	})
	return at
}

// called is the last name of what is called.
func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
