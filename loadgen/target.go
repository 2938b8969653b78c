package loadgen

import (
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/ohler55/ojg/jp"
)

// RequestConfig is the part `target.request` of a plan: what a simulated user
// sends.
type RequestConfig struct {
	Method  string   `yaml:"method" default:"POST" doc:"HTTP method"`
	Headers []Header `yaml:"headers" doc:"headers of each request; a value is a template as body is, and ${provider.openai} in it or in body says where the provider is, for a gateway that wants to be told; left out: content-type application/json and what the format of the response needs"`
	Body    string   `yaml:"body" doc:"the body as a Go template with .Prompt, .Tenant, .Model, .Stream, .MaxTokens, .Request, .Mix, .Index and the function json; left out: a chat completion in the dialect of response.format, OpenAI's where that has none"`
}

// Header is a header of a request or a response.
type Header struct {
	Name  string `yaml:",key"`
	Value string `yaml:",value"`
}

// ResponseConfig is the part `target.response` of a plan: how an answer of the
// target is read.
type ResponseConfig struct {
	Format   string         `yaml:"format" default:"openai-chat" enum:"openai-chat,anthropic,json,text" doc:"shape of an answer; left out: json where answer is given, else openai-chat"`
	Answer   string         `yaml:"answer" doc:"JSONPath (RFC 9535) of the text in a JSON body, for format json"`
	Stream   any            `yaml:"stream,unbuilt" doc:"how to read an event stream of any other shape"`
	Rejected []RejectedRule `yaml:"rejected" doc:"answers that are a refusal to serve, beside status 429 and 503"`
	Error    []ErrorRule    `yaml:"error" doc:"answers that are an error, beside the statuses from 300 on"`
	Degraded []DegradedRule `yaml:"degraded" doc:"how the service says that an answer is degraded; the first match wins"`
}

// RejectedRule matches answers by which the service refuses to serve.
type RejectedRule struct {
	Status int `yaml:"status" doc:"HTTP status"`
}

// ErrorRule matches answers that failed. Exactly one field is given.
type ErrorRule struct {
	Path   string `yaml:"path" doc:"JSONPath (RFC 9535) into a JSON body, or into each event of a stream: an error where it finds anything but null, false and the empty string"`
	Status int    `yaml:"status" doc:"HTTP status"`
}

// DegradedRule matches answers that are degraded. All that is given must hold.
type DegradedRule struct {
	Kind     string   `yaml:"kind" doc:"name of the degradation, such as smaller_model, cached, retrieval_skipped or message"`
	Header   []Header `yaml:"header" doc:"response headers and their values; case does not matter"`
	Model    string   `yaml:"model" doc:"model that the answer names"`
	Contains string   `yaml:"contains" doc:"text in the answer"`
}

// Correlate is the part `correlate` of a plan: how a request is recognised at
// the provider.
type Correlate struct {
	Marker  string `yaml:"marker" default:"auto" enum:"auto,on,off" doc:"a marker at the end of the prompt; auto: only where the headers did not get through in the trial, as markers break exact caches"`
	Headers *bool  `yaml:"headers" default:"true" doc:"the headers x-chaos-request, its gateway spellings and traceparent"`
}

// WithDefaults returns a copy in which what was left out has its default.
func (c RequestConfig) WithDefaults() RequestConfig {
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	return c
}

// WithDefaults returns a copy in which what was left out has its default.
func (c ResponseConfig) WithDefaults() ResponseConfig {
	switch {
	case c.Format != "":
	case c.Answer != "":
		c.Format = formatJSON
	default:
		c.Format = formatOpenAI
	}
	return c
}

// WithDefaults returns a copy in which what was left out has its default.
func (c Correlate) WithDefaults() Correlate {
	if c.Marker == "" {
		c.Marker = "auto"
	}
	if c.Headers == nil {
		on := true
		c.Headers = &on
	}
	return c
}

// Validate returns what is wrong with the part.
func (c Correlate) Validate() []Problem {
	c = c.WithDefaults()
	if !slices.Contains([]string{"auto", "on", "off"}, c.Marker) {
		return []Problem{{"marker", fmt.Sprintf("%q is neither auto, on nor off", c.Marker)}}
	}
	if c.Marker == "off" && !*c.Headers {
		return []Problem{{"", "without headers and marker no request can be recognised at the provider: leave one of them on"}}
	}
	return nil
}

// Validate returns what is wrong with the part. It runs the templates on
// samples, so that a run cannot fail on them.
func (c RequestConfig) Validate() []Problem {
	c = c.WithDefaults()
	var out []Problem
	if !httpToken.MatchString(c.Method) {
		out = append(out, Problem{"method", fmt.Sprintf("%q is no HTTP method: write POST or GET", c.Method)})
	}
	seen := map[string]bool{}
	for _, h := range c.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		if msg := headerProblem(name, h.Value); msg != "" {
			out = append(out, Problem{"headers." + h.Name, msg})
		}
		if seen[name] {
			out = append(out, Problem{"headers." + h.Name, "is given twice: header names do not differ by case"})
		}
		seen[name] = true
	}
	if len(out) > 0 {
		return out
	}
	_, out = newTemplates(c, formatOpenAI)
	return out
}

// headersOwned are request headers that the client sets itself.
var headersOwned = map[string]string{
	"Content-Length":    "is set from the body: leave it out",
	"Transfer-Encoding": "is set from the body: leave it out",
	"Connection":        "is up to the client: leave it out",
	"Accept-Encoding":   "would change what comes back: answers are read uncompressed, so leave it out",
}

func headerProblem(name, value string) string {
	switch {
	case !httpToken.MatchString(name):
		return fmt.Sprintf("%q is no header name", name)
	case strings.ContainsFunc(value, isControl):
		return "the value holds a line break or another control character"
	}
	return headersOwned[name]
}

// formatsUnbuilt are the formats of the design that are refused by name.
var formatsUnbuilt = []string{"openai-responses", "vercel-ui", "ndjson"}

var (
	// httpToken is a token of RFC 9110, 5.6.2: a method or the name of a header.
	httpToken    = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	degradedKind = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
)

// isControl reports whether r may not stand in the value of a header (RFC 9110,
// 5.5).
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Validate returns what is wrong with the part.
func (c ResponseConfig) Validate() []Problem {
	c = c.WithDefaults()
	var out []Problem
	add := func(path, format string, args ...any) { out = append(out, Problem{path, fmt.Sprintf(format, args...)}) }
	switch {
	case slices.Contains(formatsUnbuilt, c.Format):
		add("format", "%s is not built yet: use %s", c.Format, strings.Join(Formats(), ", "))
	case formatOf(c.Format) == nil:
		add("format", "%q is no format: use %s", c.Format, strings.Join(Formats(), ", "))
	case c.Format == formatJSON && c.Answer == "":
		add("answer", "format json needs the path of the text, such as $.answer")
	case c.Format != formatJSON && c.Answer != "":
		add("answer", "belongs to format json; %s knows where its text is: leave one of them out", c.Format)
	}
	if c.Stream != nil {
		add("stream", "is not built yet: use one of the formats %s", strings.Join(Formats(), ", "))
	}
	if c.Answer != "" {
		if _, err := parsePath(c.Answer); err != nil {
			add("answer", "%v", err)
		}
	}
	for i, r := range c.Rejected {
		if r.Status < 200 || r.Status > 599 {
			add(fmt.Sprintf("rejected[%d].status", i), "%d is no status of an answer: write one from 200 to 599", r.Status)
		}
	}
	for i, r := range c.Error {
		for _, p := range r.validate() {
			add(fmt.Sprintf("error[%d]%s", i, p.Path), "%s", p.Msg)
		}
	}
	for i, r := range c.Degraded {
		for _, p := range r.validate() {
			add(fmt.Sprintf("degraded[%d]%s", i, p.Path), "%s", p.Msg)
		}
	}
	return out
}

func (r ErrorRule) validate() []Problem {
	switch {
	case (r.Path == "") == (r.Status == 0):
		return []Problem{{"", "needs exactly one of path and status"}}
	case r.Path == "" && (r.Status < 200 || r.Status > 599):
		return []Problem{{".status", fmt.Sprintf("%d is no status of an answer: write one from 200 to 599", r.Status)}}
	case r.Path != "":
		if _, err := parsePath(r.Path); err != nil {
			return []Problem{{".path", err.Error()}}
		}
	}
	return nil
}

func (r DegradedRule) validate() []Problem {
	var out []Problem
	if !degradedKind.MatchString(r.Kind) {
		out = append(out, Problem{".kind", fmt.Sprintf("%q is no kind of degradation: use up to 32 of a-z, 0-9 and '_', such as smaller_model", r.Kind)})
	}
	if len(r.Header) == 0 && r.Model == "" && r.Contains == "" {
		out = append(out, Problem{"", "matches nothing: give it a header, a model or contains"})
	}
	for _, h := range r.Header {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch {
		case !httpToken.MatchString(name):
			out = append(out, Problem{".header." + h.Name, fmt.Sprintf("%q is no header name", h.Name)})
		case name == "Set-Cookie" || name == "Authorization":
			out = append(out, Problem{".header." + h.Name, "holds secrets, and headers of rules are recorded: choose another"})
		}
	}
	return out
}

// parsePath compiles a JSONPath. The library also takes paths that RFC 9535
// does not know; those without the leading $ are refused, as a forgotten one
// is a mistake that would find nothing.
func parsePath(path string) (jp.Expr, error) {
	if !strings.HasPrefix(path, "$") {
		return nil, fmt.Errorf("%q is no JSONPath: it starts with $, such as $.answer", path)
	}
	x, err := jp.ParseString(path)
	if err != nil {
		return nil, fmt.Errorf("%q is no JSONPath: %w", path, err)
	}
	return x, nil
}
