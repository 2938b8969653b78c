// Package blocking finds what can block in the source of a package, for tests
// that hold all of its waits to a list: what waits and is on no list is ended by
// nobody who ends what is on it.
package blocking

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Unlisted compares the Go files of the folder dir, tests left out, with a list
// of functions that may block, each as Type.Method or Function. It returns, a line
// each, what can block elsewhere, and who is listed and does not. calls are those
// that block: see [Found].
func Unlisted(dir string, calls, listed []string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var out []string
	files, waits := token.NewFileSet(), map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			name := nameOf(d)
			for _, at := range blocking(d, calls) {
				if waits[name] = true; !slices.Contains(listed, name) {
					out = append(out, fmt.Sprintf("%s: %s waits, and is not in the list of waits", files.Position(at), name))
				}
			}
		}
	}
	for _, f := range listed {
		if !waits[f] {
			out = append(out, fmt.Sprintf("the list of waits has %s, which does not wait", f))
		}
	}
	return out, nil
}

// Found returns how many places of a function's body can block: a send or a
// receive, a select without default, and a call that ends in one of calls
// ("Sleep" is time.Sleep as well, ".Wait" a method of anything).
func Found(body string, calls []string) (int, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {\n"+body+"\n}", 0)
	if err != nil {
		return 0, err
	}
	return len(blocking(file.Decls[0], calls)), nil
}

// nameOf is the name of a function, behind that of its receiver's type.
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

// blocking returns where something in a declaration can block.
func blocking(d ast.Node, calls []string) (at []token.Pos) {
	free := map[ast.Node]bool{} // of a select, which is found as a whole
	ast.Inspect(d, func(n ast.Node) bool {
		waits := false
		switch n := n.(type) {
		case *ast.SelectStmt:
			waits = true
			for _, c := range n.Body.List {
				c := c.(*ast.CommClause)
				if waits = waits && c.Comm != nil; c.Comm != nil {
					ast.Inspect(c.Comm, func(m ast.Node) bool { free[m] = true; return true })
				}
			}
		case *ast.SendStmt:
			waits = !free[n]
		case *ast.UnaryExpr:
			waits = n.Op == token.ARROW && !free[n]
		case *ast.CallExpr:
			waits = blocks(n, calls)
		}
		if waits {
			at = append(at, n.Pos())
		}
		return true
	})
	return at
}

// blocks reports whether a call is one of calls. What waits for a group or a
// condition takes no argument; a Wait that does is of something else.
func blocks(n *ast.CallExpr, calls []string) bool {
	name := called(n.Fun)
	if strings.HasSuffix(name, ".Wait") && len(n.Args) > 0 {
		return false
	}
	return slices.ContainsFunc(calls, func(c string) bool {
		return name == c || strings.HasSuffix(name, "."+c) || c[0] == '.' && strings.HasSuffix(name, c)
	})
}

// called writes a function as it is called, without the calls on the way to it.
func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return called(f.X) + "." + f.Sel.Name
	}
	return ""
}
