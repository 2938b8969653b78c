package mockmodel

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// Route is one answer of an endpoint of the dialect http: whatever the service
// calls beside models, a tool behind HTTP or an API that no dialect covers.
type Route struct {
	Method  string   `yaml:"method" default:"POST" enum:"GET,POST,PUT,PATCH,DELETE" doc:"method of the calls that it answers"`
	Path    string   `yaml:"path" doc:"path of the calls that it answers; a segment may be {name}, and the last one {name...} for all that is left"`
	Step    string   `yaml:"step" default:"tool" enum:"chat,embed,rerank,search,moderation,tool" doc:"kind of step that such a call is"`
	Model   string   `yaml:"model" default:"http" doc:"model of the endpoint whose times and limits the route has"`
	Status  int      `yaml:"status" default:"200" doc:"status of the answer, from 200 to 299"`
	Headers []Header `yaml:"headers" doc:"headers of the answer; left out: the content type of its body"`
	Text    string   `yaml:"text" doc:"the body as text"`
	JSON    any      `yaml:"json" doc:"the body as a value, written as compact JSON"`
}

// Header is one header of an answer.
type Header struct {
	Name  string `yaml:",key"`
	Value string `yaml:",value"`
}

// httpDialect is the name of the dialect in a plan and in the records.
const httpDialect = "http"

// routeModel is the name under which a route that names no model can be
// configured.
const routeModel = "http"

// plainHTTP is the dialect of routes. Its errors are what most services send:
// {"error": message}. Any body is understood.
var plainHTTP = vendor{
	name:     httpDialect,
	bodyMax:  32 << 20,
	anyBody:  true,
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words: func(status int, _ *call) refusal {
		return refusal{status: status, message: http.StatusText(status)}
	},
	limited: func(*call, quotas, refused, time.Duration) refusal {
		return refusal{status: http.StatusTooManyRequests, message: http.StatusText(http.StatusTooManyRequests)}
	},
	body: func(dst []byte, r *refusal, _ string) []byte {
		dst = append(dst, `{"error":`...)
		dst = appendString(dst, r.message)
		return append(dst, '}')
	},
	headers: func(h http.Header, request string, _ time.Duration) { h["X-Request-Id"] = []string{request} },
	quota:   func(http.Header, quotas, time.Time) {},
}

func (r Route) method() string {
	if r.Method == "" {
		return http.MethodPost
	}
	return r.Method
}

// route makes a route of the plan one of an endpoint.
func (r Route) route() route {
	kind := r.Step
	if kind == "" {
		kind = "tool"
	}
	f := r.form()
	return route{r.method(), r.Path, kind, &plainHTTP, func(body doc, c *call) *refusal {
		c.model, c.form = r.Model, f
		if c.model == "" {
			c.model = routeModel
		}
		c.carrier = string(body)
		c.tokensIn = wire.Tokens(c.carrier)
		return nil
	}}
}

// form makes the answer of a route.
func (r Route) form() *fixedAnswer {
	f := &fixedAnswer{status: r.Status, body: r.Text, mediaType: []string{"text/plain; charset=utf-8"}}
	if f.status == 0 {
		f.status = http.StatusOK
	}
	if r.JSON != nil {
		f.body, f.mediaType = compactJSON(r.JSON), jsonType
	}
	for _, h := range r.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		if name == "Content-Type" {
			f.mediaType = []string{h.Value}
			continue
		}
		f.headers = append(f.headers, Header{name, h.Value})
	}
	return f
}

// fixedAnswer writes what the plan says; an empty answer is an empty body.
type fixedAnswer struct {
	status    int
	headers   []Header
	body      string
	mediaType []string
}

func (f *fixedAnswer) whole(dst []byte, a *answer) []byte {
	if a.empty {
		return dst
	}
	return append(dst, f.body...)
}

func (f *fixedAnswer) media(bool) []string { return f.mediaType }

func (f *fixedAnswer) head(h http.Header) int {
	for _, x := range f.headers {
		h[x.Name] = []string{x.Value}
	}
	return f.status
}

// headersOwn are headers that the provider writes itself.
var headersOwn = []string{"Content-Length", "Transfer-Encoding", "Connection", "Date", "X-Request-Id"}

// isPattern reports whether a path of the plan can be matched: each segment is
// text, with at most one {name} in it.
func isPattern(path string) bool {
	segments, ok := strings.CutPrefix(path, "/")
	for s := range strings.SplitSeq(segments, "/") {
		if before, rest, found := strings.Cut(s, "{"); found {
			name, after, closed := strings.Cut(rest, "}")
			ok = ok && closed && strings.TrimSuffix(name, "...") != "" && !strings.ContainsAny(name, "{")
			s = before + after
		}
		ok = ok && !strings.ContainsAny(s, "{}?# ")
	}
	return ok
}

func (r Route) validate(path string, out *problems) {
	if !isPattern(r.Path) {
		out.add(path+".path", "%q is no path: write one such as /v1/lookup or /items/{id}, with at most one name between two slashes and no query", r.Path)
	} else if i := strings.Index(r.Path, "...}"); i >= 0 && i != len(r.Path)-len("...}") {
		out.add(path+".path", "%q: {name...} stands for all that is left, so it must come last", r.Path)
	}
	if r.Text != "" && r.JSON != nil {
		out.add(path+".json", "contradicts text: a body is one of them, keep one")
	}
	if r.Status != 0 && (r.Status < 200 || r.Status > 299) {
		out.add(path+".status", "is %d: a route answers with 200 to 299; errors are faults such as {http_500: {}, match: {endpoint: NAME}}", r.Status)
	}
	if (r.Status == http.StatusNoContent || r.Status == http.StatusResetContent) && (r.Text != "" || r.JSON != nil) {
		out.add(path+".status", "is %d, an answer without a body: leave out text and json, or give another status", r.Status)
	}
	if len(r.Text) > literalMax {
		out.add(path+".text", "is %d bytes long: a body has at most %d", len(r.Text), literalMax)
	}
	if r.JSON != nil {
		validJSON(out, path+".json", r.JSON)
	}
	for _, h := range r.Headers {
		at := path + ".headers." + h.Name
		switch name := http.CanonicalHeaderKey(h.Name); {
		case h.Name == "" || strings.ContainsAny(h.Name, " \t\r\n:()<>@,;\\\"/[]?={}"):
			out.add(at, "%q is no name of a header", h.Name)
		case strings.ContainsAny(h.Value, "\r\n\x00"):
			out.add(at, "the value has a line break: a header is one line")
		case slices.Contains(headersOwn, name):
			out.add(at, "is written by the provider itself: leave it out")
		}
	}
}
