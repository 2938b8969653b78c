package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/chaoskit/chaos/plans"
)

// Format is one way to render a result.
type Format struct {
	Name   string
	Render func(io.Writer, *plans.Result, Style) error
}

// Formats lists the formats: a new one is one file and one line here.
func Formats() []Format {
	return []Format{
		{"text", Text},         // the summary for a person
		{"json", JSON},         // result.json: the contract with other programs
		{"junit", JUnit},       // for CI
		{"markdown", Markdown}, // a page for a pull request or a job summary
	}
}

// FormatNames lists the names, for messages.
func FormatNames() string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, "|")
}

// Render writes the result in the named format.
func Render(w io.Writer, format string, r *plans.Result, s Style) error {
	for _, f := range Formats() {
		if f.Name == format {
			return f.Render(w, r, s)
		}
	}
	return fmt.Errorf("unknown format %q: use one of %s", format, FormatNames())
}

// JSON writes result.json.
func JSON(w io.Writer, r *plans.Result, _ Style) error {
	b, err := r.Bytes()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// WriteFiles writes junit.xml and summary.md into the run folder.
func WriteFiles(r *plans.Result) error {
	if err := JUnitFile(filepath.Join(r.Dir, plans.FileJUnit), r); err != nil {
		return err
	}
	return write(filepath.Join(r.Dir, plans.FileSummary), os.O_TRUNC, func(w io.Writer) error { return Markdown(w, r, Style{}) })
}

// AppendFile renders to the end of a file, as GITHUB_STEP_SUMMARY wants it. A
// blank line keeps a heading apart from what an earlier step left without an
// end of line.
func AppendFile(path, format string, r *plans.Result) error {
	return write(path, os.O_APPEND, func(w io.Writer) error {
		if _, err := io.WriteString(w, "\n\n"); err != nil {
			return err
		}
		return Render(w, format, r, Style{Unicode: true})
	})
}

// JUnitFile writes several runs into one JUnit file.
func JUnitFile(path string, rs ...*plans.Result) error {
	return write(path, os.O_TRUNC, func(w io.Writer) error { return JUnits(w, rs...) })
}

func write(path string, mode int, render func(io.Writer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|mode, 0o644)
	if err == nil {
		_, err = f.Write(b.Bytes())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &plans.HarnessError{What: "cannot write a report: " + err.Error(), Do: "`chaos report` renders it again", Err: err}
	}
	return nil
}
