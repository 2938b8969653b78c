package loadgen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// askData is what a template of a request knows.
type askData struct {
	Prompt    string // with the marker, where there is one
	Tenant    string
	Model     string // "" where the mix asks for none
	Stream    bool
	MaxTokens int    // 0 where the mix asks for no length
	Request   string // the id of the request
	Mix       string
	Index     int64 // in the phase
}

// templates is a RequestConfig made ready to be filled in.
type templates struct {
	format *format
	method string
	fixed  http.Header // headers that are the same in each request
	filled []filledHeader
	body   *template.Template // nil: what the format asks
}

type filledHeader struct {
	name string // canonical
	text *template.Template
}

// templateFuncs are the functions of templates.
var templateFuncs = template.FuncMap{"json": jsonText}

// newTemplates compiles a config and runs its templates on samples. The names
// of the headers are valid.
func newTemplates(c RequestConfig, formatName string) (*templates, []Problem) {
	t := &templates{format: formatOf(formatName), method: c.Method, fixed: http.Header{"User-Agent": {"chaos"}}}
	var out []Problem
	for _, h := range c.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if !strings.Contains(h.Value, "{{") {
			t.fixed[name] = []string{h.Value}
			continue
		}
		text, problem := parseTemplate(h.Name, h.Value)
		if problem != "" {
			out = append(out, Problem{"headers." + h.Name, problem})
			continue
		}
		t.filled = append(t.filled, filledHeader{name, text})
	}
	if c.Body != "" {
		text, problem := parseTemplate("body", c.Body)
		if problem != "" {
			out = append(out, Problem{"body", problem})
		}
		t.body = text
	}
	t.setDefaultHeaders()
	if len(out) == 0 {
		out = t.try()
	}
	return t, out
}

// setDefaultHeaders adds what goes with the body, where the plan says nothing.
func (t *templates) setDefaultHeaders() {
	if !t.hasBody() {
		return
	}
	defaults := []Header{{"Content-Type", "application/json"}}
	if t.body == nil {
		defaults = append(defaults, t.format.headers...)
	}
	for _, h := range defaults {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if _, given := t.fixed[name]; !given && !t.fills(name) {
			t.fixed[name] = []string{h.Value}
		}
	}
}

func (t *templates) fills(name string) bool {
	for _, h := range t.filled {
		if h.name == name {
			return true
		}
	}
	return false
}

// hasBody reports whether requests have a body: one that the plan gives, or
// the default where the method is one that takes it.
func (t *templates) hasBody() bool {
	return t.body != nil || t.method == http.MethodPost || t.method == http.MethodPut || t.method == http.MethodPatch
}

// header returns the headers of a request.
func (t *templates) header(d *askData) (http.Header, error) {
	h := make(http.Header, len(t.fixed)+len(t.filled)+8) // 8: what correlates
	for name, values := range t.fixed {
		// The capacity of 1 makes whoever adds a value copy the slice, which
		// all requests share.
		h[name] = values[:1:1]
	}
	for _, f := range t.filled {
		var b strings.Builder
		if err := f.text.Execute(&b, d); err != nil {
			return nil, err
		}
		h[f.name] = []string{b.String()}
	}
	return h, nil
}

// fill returns the body of a request, nil if there is none.
func (t *templates) fill(d *askData) ([]byte, error) {
	switch {
	case !t.hasBody():
		return nil, nil
	case t.body == nil:
		return t.format.ask(make([]byte, 0, len(d.Prompt)+256), d), nil
	}
	b := bytes.NewBuffer(make([]byte, 0, len(d.Prompt)+512))
	if err := t.body.Execute(b, d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// askSamples are what templates are tried on: text that JSON must escape, and
// both sides of each branch that a template is likely to have.
var askSamples = []askData{
	{Prompt: "say \"hi\"\n\\<b>&\té", Tenant: "t1", Model: "gpt-4o", Stream: true, MaxTokens: 64, Request: "aaaaaaaa.spike.1.t1.64.0000", Mix: "short", Index: 1},
	{Prompt: "hi", Tenant: "t1", Request: "aaaaaaaa.spike.2.t1.0.0000", Mix: "long", Index: 2},
}

// try runs the templates on samples and returns what is wrong with what comes
// out.
func (t *templates) try() []Problem {
	for i := range askSamples {
		d := &askSamples[i]
		for _, f := range t.filled {
			var b strings.Builder
			if err := f.text.Execute(&b, d); err != nil {
				return []Problem{{"headers." + f.name, templateProblem(err)}}
			}
			if strings.ContainsFunc(b.String(), isControl) {
				return []Problem{{"headers." + f.name, "the value holds a line break or another control character once it is filled in"}}
			}
		}
		body, err := t.fill(d)
		if err != nil {
			return []Problem{{"body", templateProblem(err)}}
		}
		if err := t.checkBody(body); err != nil {
			return []Problem{{"body", err.Error()}}
		}
	}
	return nil
}

// checkBody refuses a body that says that it is JSON and is not: the service
// would answer 400 to every request.
func (t *templates) checkBody(body []byte) error {
	if t.body == nil || !strings.Contains(t.fixed.Get("Content-Type"), "json") {
		return nil
	}
	var v any
	err := json.Unmarshal(body, &v)
	if err == nil {
		return nil
	}
	line := 1
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line += bytes.Count(body[:min(int(syntax.Offset), len(body))], []byte("\n"))
	}
	return fmt.Errorf("is no JSON once it is filled in: line %d: %v; write {{json .Prompt}}, without quotes around it, for text, or another content-type", line, err)
}

func parseTemplate(name, text string) (*template.Template, string) {
	t, err := template.New(name).Funcs(templateFuncs).Parse(text)
	if err != nil {
		return nil, templateProblem(err)
	}
	return t, ""
}

// Errors of text/template: where, and what about.
var (
	templateWhere = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (?:executing .* at <.*>: )?(.*)$`)
	templateField = regexp.MustCompile(`^can't evaluate field (\w+) in type `)
)

// templateProblem says in the words of a plan what is wrong with a template.
func templateProblem(err error) string {
	m := templateWhere.FindStringSubmatch(err.Error())
	if m == nil {
		return "is no template: " + err.Error()
	}
	msg := m[2]
	if f := templateField.FindStringSubmatch(msg); f != nil {
		msg = fmt.Sprintf("there is no .%s; there are .Prompt, .Tenant, .Model, .Stream, .MaxTokens, .Request, .Mix and .Index", f[1])
	}
	return fmt.Sprintf("line %s of the template: %s", m[1], msg)
}

// jsonText is the function json of templates: a value as JSON, with <, > and &
// as they are.
func jsonText(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// appendJSON appends s as a JSON string. What is no UTF-8 becomes U+FFFD, as
// encoding/json has it.
func appendJSON(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i, r := range s { // an invalid byte is the rune U+FFFD of width 1
		if r >= ' ' && r != '"' && r != '\\' && r != '\uFFFD' {
			continue
		}
		dst = append(dst, s[from:i]...)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\uFFFD':
			dst = append(dst, `\ufffd`...)
		default:
			dst = append(dst, `\u00`...)
			if r < 0x10 {
				dst = append(dst, '0')
			}
			dst = strconv.AppendInt(dst, int64(r), 16)
		}
		from = i + 1
		if r == '\uFFFD' && strings.HasPrefix(s[i:], "\uFFFD") {
			from = i + len("\uFFFD")
		}
	}
	return append(append(dst, s[from:]...), '"')
}
