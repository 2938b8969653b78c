package mockmodel

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
// waits, and in those that end the server.
func TestNothingElseWaits(t *testing.T) {
	// They wait for what has no wait of its own in it, or for attempts as a whole.
	listed := map[string]bool{"Server.Close": true}
	for _, w := range waitTable {
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
			name := nameOf(d)
			for _, at := range blocking(d) {
				if found[name] = true; !listed[name] {
					t.Errorf("%s: %s waits, and is not in waitTable", files.Position(at), name)
				}
			}
		}
	}
	for f := range listed {
		if !found[f] {
			t.Errorf("waitTable lists %s, which does not wait", f)
		}
	}
}

// TestBlockingIsFound: each way to wait is seen by TestNothingElseWaits, and
// what does not wait is none.
func TestBlockingIsFound(t *testing.T) {
	for src, want := range map[string]int{
		"<-c": 1, "c <- 1": 1, "for range c {}": 0, "select { case <-c: case <-d: }": 1, "select { case <-c: default: }": 0,
		"select { case c <- 1: default: x() }": 0, "time.Sleep(1)": 1, "<-time.After(1)": 2, "t := time.NewTimer(1)": 1, "time.NewTicker(1)": 1, "time.AfterFunc(1, f)": 1,
		"g.Wait()": 1, "hint.Wait(now)": 0, "r.Body.Read(p)": 1, "u.client.Do(r)": 1, "x.ws.ReadMessage()": 1, "a.w.Write(b)": 1, "w.Add(1)": 0, "select { case <-c: <-d; default: }": 1,
		"func() { <-c }()": 1, "a.timer.Reset(d)": 1, "readAll(b, r, 1)": 1, "a.flusher.FlushError()": 1, "hash.Write(b)": 0,
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

// blockingCalls block by their names: of package time, and of what speaks to
// somebody outside.
var blockingCalls = []string{
	"time.Sleep", "time.After", "time.NewTimer", "time.NewTicker", "time.AfterFunc", "time.Tick", "timer.Reset",
	".Wait", "Body.Read", "body.Read", "client.Do", "ws.ReadMessage", "w.Write", ".FlushError", "readAll",
}

// blocking returns where something in a declaration can block. A select with a
// default does not.
func blocking(d ast.Node) (at []token.Pos) {
	free := map[ast.Node]bool{}
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			waits := true
			for _, c := range n.Body.List {
				c := c.(*ast.CommClause)
				waits = waits && c.Comm != nil
				ast.Inspect(c, func(m ast.Node) bool {
					free[m] = free[m] || m != nil && c.Comm != nil && liesIn(m, c.Comm)
					return true
				})
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
			if name := called(n.Fun); !(strings.HasSuffix(name, ".Wait") && len(n.Args) > 0) && slices.ContainsFunc(blockingCalls, func(b string) bool {
				return name == b || strings.HasSuffix(name, "."+b) || b[0] == '.' && strings.HasSuffix(name, b)
			}) {
				at = append(at, n.Pos())
			}
		}
		return true
	})
	return at
}

func liesIn(m, of ast.Node) bool { return of.Pos() <= m.Pos() && m.End() <= of.End() }

// called writes a function as it is called, without what it is called on before
// the last two names.
func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return called(f.X) + "." + f.Sel.Name
	}
	return ""
}
