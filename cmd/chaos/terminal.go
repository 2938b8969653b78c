package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// widthDefault is used where nothing says how wide the output is: a pipe, a
// file. Everything is made to fit it.
const widthDefault = 80

// styleOf says how to write for w: its width if it is a terminal, colour only
// there and not where NO_COLOR is set (no-color.org) or TERM is dumb, and
// characters beyond ASCII only where the locale has them.
func styleOf(w io.Writer) report.Style {
	s := report.Style{Width: widthDefault, Unicode: utf8Locale(os.Getenv)}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		s.Width = width
	}
	s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// shown is a result as it is printed at the end of its run: its folder goes by
// the name `latest` while that points to it.
func shown(res *plans.Result) *plans.Result {
	base, name := filepath.Split(res.Dir)
	if to, err := os.Readlink(filepath.Join(base, latest)); err != nil || to != name {
		return res
	}
	out := *res
	out.Dir = filepath.Join(base, latest)
	return &out
}

// isTerminal reports whether w is a terminal that can redraw lines. One without
// a size, as some runners of scripts give, shows nothing that is redrawn.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return err == nil && width > 0 && height > 0
}

// utf8Locale follows the order of POSIX: LC_ALL, LC_CTYPE, LANG, the first one
// that is set decides.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(name); v != "" {
			v = strings.ToUpper(v)
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return false
}
