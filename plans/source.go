package plans

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source says where the text of a plan is. Exactly one of Path, Library and
// Bytes is used, in this order.
type Source struct {
	Name    string // in messages and reports; default: the path or the library name
	Path    string // a file
	Library string // a plan of the library
	Bytes   []byte
}

// Bounds of a plan's text: far above any that a person writes, low enough that
// a wrong file is refused and not read.
const (
	sizeMax  = 1 << 20
	depthMax = 64
)

// text is the text of a plan and how its places are told.
type text struct {
	name  string
	dir   string // what relative paths in the plan are relative to
	data  []byte
	lines []string
}

// read gets the text.
func (s Source) read() (*text, error) {
	t := &text{name: s.Name, data: s.Bytes, dir: "."}
	switch {
	case s.Path != "":
		f, err := os.Open(s.Path)
		if err != nil {
			return nil, fmt.Errorf("cannot read the plan: %w", err)
		}
		defer f.Close()
		if t.data, err = readBounded(f); err != nil {
			return nil, fmt.Errorf("cannot read the plan %s: %w", s.Path, err)
		}
		t.name, t.dir = cmp.Or(t.name, s.Path), filepath.Dir(s.Path)
	case s.Library != "":
		b, ok := libraryText(s.Library)
		if !ok {
			return nil, fmt.Errorf("no plan %s in the library%s", quoted(s.Library), didYouMean(s.Library, libraryNames()))
		}
		t.data, t.name = b, cmp.Or(t.name, s.Library)
	}
	t.name = cmp.Or(t.name, "plan")
	if len(t.data) > sizeMax {
		return nil, errTooLarge
	}
	t.lines = strings.Split(strings.ReplaceAll(string(t.data), "\r\n", "\n"), "\n")
	return t, nil
}

var errTooLarge = fmt.Errorf("it is larger than %d MiB: this is no plan", sizeMax>>20)

// readBounded reads one byte more than a plan may have, to tell a long one.
func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, sizeMax+1))
	if err != nil {
		return nil, err
	}
	if len(b) > sizeMax {
		return nil, errTooLarge
	}
	return b, nil
}

// line returns a line of the text, from 1.
func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return t.lines[n-1]
}

// located places a problem at a node of the text.
func (t *text) located(n *yaml.Node, path, msg string) Located {
	p := Located{Path: path, Msg: msg, Where: t.name, Line: n.Line, Column: n.Column, Text: t.line(n.Line), Width: 1}
	if n.Kind == yaml.ScalarNode && !strings.Contains(n.Value, "\n") {
		p.Width = len([]rune(n.Value))
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			p.Width += 2
		}
	}
	return p
}

// failed is the error of a text with one problem.
func (t *text) failed(p Located) *ProblemsError {
	return &ProblemsError{Source: t.name, Problems: []Located{p}}
}

// parse reads the text as one YAML document and returns its root, a mapping.
func (t *text) parse() (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(t.data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, t.failed(Located{Where: t.name, Msg: "the plan is empty; `chaos init` writes a first one"})
	case err != nil:
		return nil, t.failed(t.syntax(err))
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, t.failed(t.located(root, "", "a plan is a mapping with keys such as name, target and load; this is "+kindOf(root)))
	}
	if err := dec.Decode(&second); err == nil {
		return nil, t.failed(t.located(&second, "", "a file holds one plan; this begins a second document: put it into a file of its own"))
	} else if !errors.Is(err, io.EOF) {
		return nil, t.failed(t.syntax(err))
	}
	if p := t.foreign(root); p != nil {
		return nil, t.failed(*p)
	}
	return root, nil
}

// foreign recognises the file of another tool whose command is also chaos.
func (t *text) foreign(root *yaml.Node) *Located {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if slices.Contains([]string{"steady-state-hypothesis", "steady-states-hypothesis"}, root.Content[i].Value) {
			p := t.located(root.Content[i], "", "this is an experiment of the Chaos Toolkit (chaostoolkit.org), another program whose command is also `chaos`; "+
				"this one runs plans: `chaos init` writes a first one")
			return &p
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line ([0-9]+): )?(.*)$`)

// syntax turns an error of the YAML library, which names at most a line, into a
// problem in the user's words.
func (t *text) syntax(err error) Located {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	line, _ := strconv.Atoi(m[1])
	msg := m[2]
	p := Located{Where: t.name, Msg: "this is not YAML: " + msg}
	if line == 0 && strings.Contains(msg, "could not find") || line == 0 && strings.Contains(msg, "did not find") || line == 0 && strings.Contains(msg, "cannot start any token") {
		line = 1 // the library leaves out the first line
	}
	if strings.Contains(msg, "UTF-8") || strings.Contains(msg, "control characters") {
		p.Msg = "this is no text: " + msg
	}
	if line == 0 {
		return p
	}
	p.Line, p.Text, p.Column, p.Width = line, t.line(line), 1, 1
	indent := len(p.Text) - len(strings.TrimLeft(p.Text, " \t"))
	p.Column = indent + 1
	switch {
	case strings.Contains(p.Text[:indent], "\t"):
		p.Column = strings.Index(p.Text, "\t") + 1
		p.Msg = "a tab indents this line; YAML wants spaces"
	case strings.Contains(msg, "cannot start any token"):
		p.Msg += "; put a value that begins with @, % or ` into quotes"
	case strings.Contains(msg, "mapping values are not allowed"):
		p.Msg += "; put a value that contains a colon into quotes, or correct the indentation"
	case strings.Contains(msg, "did not find expected"):
		p.Msg += "; look for a bracket or quote that is not closed, or a wrong indentation, here or on the line before"
	}
	return p
}

// kindOf names what a node is, in a user's words.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return "the flag " + clip(n.Value)
	}
	return "the text " + quoted(n.Value)
}
