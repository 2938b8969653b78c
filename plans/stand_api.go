package plans

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// api is the HTTP face of a running mock, on a listener of its own: what changes
// faults must not be reachable where the service under test sends its calls.
//
// It has no password, as only this machine reaches it. A web page in a browser of
// this machine reaches it too, so what a browser sends on behalf of a page is
// refused: by its Origin or Sec-Fetch-Site header, and by a Host that is not
// loopback, which a page has whose name was made to point here (DNS rebinding).
type api struct {
	stand   *Stand
	scopes  *scopes
	meter   *meter
	urls    providerURLs
	version string
	mux     *http.ServeMux
}

// Bounds of the API.
const (
	apiBodyMost  = 1 << 20
	apiLines     = 1_000  // of the journal in one answer, if nobody asks for more
	apiLinesMost = 20_000 // whoever asks
)

func newAPI(stand *Stand, sc *scopes, m *meter, urls providerURLs, version string) *api {
	a := &api{stand: stand, scopes: sc, meter: m, urls: urls, version: version, mux: http.NewServeMux()}
	main := func(*http.Request) (*Stand, error) { return stand, nil }
	scoped := func(r *http.Request) (*Stand, error) {
		s, err := sc.get(r.PathValue("name"))
		if err != nil {
			return nil, err
		}
		return s.stand, nil
	}
	for _, at := range []struct {
		path string
		of   func(*http.Request) (*Stand, error)
	}{{"/_chaos", main}, {"/_chaos/scopes/{name}", scoped}} {
		a.handle("GET "+at.path+"/journal", a.journal(at.of))
		a.handle("GET "+at.path+"/verdicts", a.verdicts(at.of))
		a.handle("GET "+at.path+"/faults", a.showFaults(at.of))
		a.handle("PUT "+at.path+"/faults", a.putFaults(at.of))
		a.handle("POST "+at.path+"/reset", a.reset(at.of))
	}
	a.handle("GET /_chaos/health", a.health)
	a.handle("GET /_chaos/metrics", a.metrics)
	a.handle("GET /_chaos/scopes", a.listScopes)
	a.handle("POST /_chaos/scopes", a.openScope)
	a.handle("GET /_chaos/scopes/{name}", a.showScope)
	a.handle("DELETE /_chaos/scopes/{name}", a.endScope)
	return a
}

// serve answers calls on l until ctx ends.
func (a *api) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why := fromAPage(r); why != "" {
		a.fail(w, http.StatusForbidden, errors.New(why))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, apiBodyMost)
	if _, pattern := a.mux.Handler(r); pattern == "" {
		var methods []string
		for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = m
			if _, known := a.mux.Handler(other); known != "" {
				methods = append(methods, m)
			}
		}
		if len(methods) > 0 {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			a.fail(w, http.StatusMethodNotAllowed, fmt.Errorf("%s takes %s, not %s", r.URL.Path, strings.Join(methods, " or "), clip(r.Method)))
			return
		}
		a.fail(w, http.StatusNotFound, fmt.Errorf("%s is not part of this API; it has /_chaos/health, journal, verdicts, faults, reset, metrics and scopes", clip(r.URL.Path)))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// fromAPage says why a call is one of a web page, "" if it is not.
func fromAPage(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		host = h
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case !isLoopback(strings.Trim(host, "[]")):
		return fmt.Sprintf("the host %q is not this machine: call http://127.0.0.1", clip(host))
	case r.Header.Get("Origin") != "":
		return "this API is not for web pages: the call has an Origin header"
	case site != "" && site != "none":
		return "this API is not for web pages: the call has a Sec-Fetch-Site header"
	}
	return ""
}

// handle lets a handler return its error.
func (a *api) handle(pattern string, h func(http.ResponseWriter, *http.Request) error) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		var large *http.MaxBytesError
		switch {
		case err == nil:
		case errors.Is(err, errNoScope):
			a.fail(w, http.StatusNotFound, err)
		case errors.Is(err, errScopeTaken):
			a.fail(w, http.StatusConflict, err)
		case errors.Is(err, errScopesFull):
			a.fail(w, http.StatusServiceUnavailable, err)
		case errors.As(err, &large):
			a.fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", apiBodyMost))
		default:
			a.fail(w, http.StatusBadRequest, err)
		}
	})
}

// apiProblem is one thing wrong with a body.
type apiProblem struct {
	Path   string `json:"path"`
	Msg    string `json:"msg"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// fail answers with what is wrong.
func (a *api) fail(w http.ResponseWriter, status int, err error) {
	body := struct {
		Error    string       `json:"error"`
		Problems []apiProblem `json:"problems,omitempty"`
	}{Error: err.Error()}
	var p *ProblemsError
	if errors.As(err, &p) {
		body.Error = "nothing was changed: " + strings.TrimPrefix(p.Problems[0].Path+": "+p.Problems[0].Msg, ": ")
		for _, one := range p.Problems {
			body.Problems = append(body.Problems, apiProblem{one.Path, one.Msg, one.Line, one.Column})
		}
	}
	a.say(w, status, body)
}

// say answers with JSON, in lines for people.
func (a *api) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // a caller that is gone misses nothing
}

func (a *api) health(w http.ResponseWriter, _ *http.Request) error {
	a.say(w, http.StatusOK, struct {
		Status   string            `json:"status"`
		Version  string            `json:"version"`
		UptimeS  float64           `json:"uptime_s"`
		InFlight int               `json:"in_flight"`
		Scopes   int               `json:"scopes"`
		URLs     map[string]string `json:"base_urls"`
		Unserved []string          `json:"unserved_paths"`
		Unknown  []string          `json:"unknown_models"`
	}{"ok", a.version, seconds(a.stand.opt.epoch.Now()), a.inFlight(), len(a.scopes.list()), a.urls.bases(), orEmpty(a.stand.mock.UnknownPaths()), orEmpty(a.stand.mock.UnknownModels())})
	return nil
}

func orEmpty(list []string) []string { return append([]string{}, list...) }

func (a *api) inFlight() int {
	n := len(a.stand.mock.InFlight())
	for _, s := range a.scopes.list() {
		n += len(s.stand.mock.InFlight())
	}
	return n
}

func (a *api) metrics(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(a.meter.text(gauges{
		inFlight: a.inFlight(), scopes: len(a.scopes.list()), unserved: len(a.stand.mock.UnknownPaths()), uptimeNs: a.stand.opt.epoch.Now(), version: a.version,
	}))
	return nil
}

// journal writes the newest records as lines of JSON; since is the number of the
// last one that the caller has.
func (a *api) journal(of func(*http.Request) (*Stand, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := of(r)
		if err != nil {
			return err
		}
		query, err := knownQuery(r.URL, "since", "limit")
		if err != nil {
			return err
		}
		since, err1 := countOf(query.Get("since"), 0)
		limit, err2 := countOf(query.Get("limit"), apiLines)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("since and limit are whole numbers, as in ?since=120&limit=100: since is the seq of the last record that you have")
		}
		s.settle()
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = s.kept.writeLines(w, since, int(min(limit, apiLinesMost))) // a caller that is gone misses nothing
		return nil
	}
}

// knownQuery refuses what would be ignored.
func knownQuery(u *url.URL, known ...string) (url.Values, error) {
	q := u.Query()
	for k := range q {
		if !slices.Contains(known, k) {
			return nil, fmt.Errorf("there is no parameter %s%s", quoted(k), didYouMean(k, known))
		}
	}
	return q, nil
}

func (a *api) verdicts(of func(*http.Request) (*Stand, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := of(r)
		if err != nil {
			return err
		}
		a.say(w, http.StatusOK, s.Judge(nil))
		return nil
	}
}

// faultsBody is what is put, and what is shown.
type faultsBody struct {
	Faults []faults.Rule `yaml:"faults" doc:"the rules, in order"`
}

func (a *api) showFaults(of func(*http.Request) (*Stand, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := of(r)
		if err == nil {
			a.sayFaults(w, s)
		}
		return err
	}
}

func (a *api) sayFaults(w http.ResponseWriter, s *Stand) {
	a.say(w, http.StatusOK, struct {
		Faults []string `json:"faults"` // each as a plan writes it, which is what is put
	}{ruleTexts(s.Faults())})
}

func (a *api) putFaults(of func(*http.Request) (*Stand, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := of(r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		rules, err := parseFaults(string(body))
		if err == nil {
			err = s.SetFaults(rules)
		}
		if err != nil {
			return err
		}
		a.sayFaults(w, s)
		return nil
	}
}

// parseFaults reads a list of rules, or a mapping with the key faults.
func parseFaults(body string) ([]faults.Rule, error) {
	if strings.HasPrefix(strings.TrimSpace(body), "[") || strings.HasPrefix(strings.TrimSpace(body), "-") {
		var list []faults.Rule
		err := parsePart("the body", body, &list, func() []Problem { return standingProblems(list) })
		return list, err
	}
	var b faultsBody
	err := parsePart("the body", body, &b, func() []Problem {
		var f findings
		f.part("faults", standingProblems(b.Faults))
		return f
	})
	return b.Faults, err
}

func (a *api) reset(of func(*http.Request) (*Stand, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := of(r)
		if err == nil {
			err = s.Reset()
		}
		if err == nil {
			a.sayFaults(w, s)
		}
		return err
	}
}
