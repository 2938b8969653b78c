package mockmodel

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/chaoskit/chaos/internal/journal"
)

// MainEndpoint is the name of the endpoint that every provider has; the others
// have the names of the plan.
const MainEndpoint = "provider"

// Endpoint is one more provider beside the main one: it listens on its own,
// has models and limits of its own, and faults may be meant for it alone.
type Endpoint struct {
	Name    string  `yaml:",key"`
	Dialect string  `yaml:"dialect" doc:"the one dialect that it speaks, such as anthropic; http answers the routes; left out: every dialect"`
	Listen  string  `yaml:"listen" doc:"host:port to listen on; left out: a free port of 127.0.0.1"`
	Models  []Model `yaml:"models" doc:"its models and how they behave, as in provider.models"`
	Routes  []Route `yaml:"routes" doc:"what it answers where the dialect is http"`
}

// endpoint is a listener with a name and a fate of its own.
type endpoint struct {
	name   string
	only   *vendor // the dialect that it speaks; nil: all
	routes []route // of its own; nil: those of the dialects
	models []Model // listed ones, with defaults
	// unlisted is how a model behaves that is not listed.
	unlisted Model

	refuseUntil atomic.Int64  // until when new connections are reset, in ns of the run
	refused     atomic.Uint64 // connections that were

	mu       sync.Mutex
	stations map[string]*station
	unknown  []string // models that are not listed
}

func newEndpoint(name string, models []Model) *endpoint {
	e := &endpoint{name: name, stations: map[string]*station{}}
	for _, m := range models {
		m = m.withDefaults()
		e.models = append(e.models, m)
		e.stations[m.Name] = newStation(m)
	}
	return e
}

// endpoints makes the endpoints of a configuration, the main one first.
func (c Config) endpoints() []*endpoint {
	all := []*endpoint{newEndpoint(MainEndpoint, c.Models)}
	for _, x := range c.Endpoints {
		e := newEndpoint(x.Name, x.Models)
		if x.Dialect == httpDialect {
			e.only = &plainHTTP
			for i := range x.Routes {
				e.routes = append(e.routes, x.Routes[i].route())
			}
		} else {
			e.only = vendorNamed(x.Dialect)
		}
		all = append(all, e)
	}
	return all
}

// nameOf is a model's name as it is kept beyond the call: what is cut out of a
// body would hold all of it.
func (e *endpoint) nameOf(model string) string {
	for i := range e.models {
		if e.models[i].Name == model {
			return e.models[i].Name
		}
	}
	return strings.Clone(journal.Clip(model, textMax))
}

// kept is a word of a caller as one of those that are known, or else as a copy.
func kept(known []string, word string) string {
	if i := slices.Index(known, word); i >= 0 {
		return known[i]
	}
	return strings.Clone(word)
}

// station returns the model at work. A model that is not listed has the
// defaults, and is reported.
func (e *endpoint) station(model string) *station {
	e.mu.Lock()
	defer e.mu.Unlock()
	if st, ok := e.stations[model]; ok {
		return st
	}
	name := "" // no call can ask for it: it is the one that the rest share
	if len(model) <= textMax && len(e.stations) < stationsMax+len(e.models) {
		name = strings.Clone(model)
	} else if st, ok := e.stations[name]; ok {
		return st
	}
	m := e.unlisted
	m.Name = name
	st := newStation(m.withDefaults())
	e.stations[name] = st
	if !slices.Contains(modelsUnasked, model) && len(e.unknown) < namesMax {
		e.unknown = append(e.unknown, strings.Clone(journal.Clip(model, textMax)))
	}
	return st
}

// modelsUnasked are the names under which what needs no model can be
// configured: nobody asks for them, so they are not unknown.
var modelsUnasked = []string{searchModel, rerankModel, routeModel, moderationModel}

// lists reports whether a call for the model is one that the plan knows of.
func (e *endpoint) lists(model string) bool {
	return slices.Contains(modelsUnasked, model) || slices.ContainsFunc(e.models, func(m Model) bool { return m.Name == model })
}

// price returns what a model costs; one that is not listed is free.
func (e *endpoint) price(model string) Price {
	for i := range e.models {
		if e.models[i].Name == model {
			return e.models[i].Price
		}
	}
	return Price{}
}

// qualify tells a model of another endpoint from one of the same name at the main one.
func (e *endpoint) qualify(model string) string {
	if e.name == MainEndpoint {
		return model
	}
	return e.name + "/" + model
}

// ServeEndpoint answers calls to a named endpoint on l until Close, and returns
// http.ErrServerClosed then.
func (s *Server) ServeEndpoint(name string, l net.Listener) error {
	for i, e := range s.endpoints {
		if e.name == name {
			return s.https[i].Serve(l)
		}
	}
	return fmt.Errorf("mockmodel: there is no endpoint %q", name)
}

// UnknownModels returns the models that were asked for and are not listed, in
// order of arrival, at most 64 an endpoint; those of another endpoint than the
// main one as endpoint/model.
func (s *Server) UnknownModels() []string {
	var out []string
	for _, e := range s.endpoints {
		e.mu.Lock()
		for _, m := range e.unknown {
			out = append(out, e.qualify(m))
		}
		e.mu.Unlock()
	}
	return out
}

// EndpointNames returns the names of the endpoints beside the main one, in plan
// order.
func (c Config) EndpointNames() []string {
	names := make([]string, len(c.Endpoints))
	for i, e := range c.Endpoints {
		names[i] = e.Name
	}
	return names
}

// validateEndpoints refuses endpoints that nobody could call or tell apart.
func (c Config) validateEndpoints(out *problems) {
	seen, at := map[string]bool{MainEndpoint: true}, map[string]bool{c.Listen: c.Listen != ""}
	for _, e := range c.Endpoints {
		path := "endpoints." + e.Name
		switch {
		case !endpointName(e.Name):
			out.add(path, "is no name for an endpoint: use lower-case letters, digits and underscores, with a letter first, as it stands in ${provider.NAME}")
		case e.Name == MainEndpoint || slices.Contains([]string{"origin", "host", "port"}, e.Name) || slices.Contains(Dialects(), e.Name):
			out.add(path, "the name is taken: ${provider.%s} says something else", e.Name)
		case seen[e.Name]:
			out.add(path, "is listed twice: keep one of them")
		}
		seen[e.Name] = true
		if e.Listen != "" {
			validateListen(out, path+".listen", e.Listen)
			if _, port, _ := net.SplitHostPort(e.Listen); at[e.Listen] && port != "0" {
				out.add(path+".listen", "%s is another endpoint's address: give each its own", e.Listen)
			}
			at[e.Listen] = true
		}
		e.validateDialect(path, out)
		validateModels(e.Models, path+".", out)
	}
}

// validateDialect refuses a dialect that is not spoken, and routes without http.
func (e Endpoint) validateDialect(path string, out *problems) {
	switch {
	case e.Dialect != "" && !slices.Contains(Dialects(), e.Dialect):
		out.add(path+".dialect", "%q is not spoken here: see `chaos list dialects`", e.Dialect)
	case e.Dialect == httpDialect && len(e.Routes) == 0:
		out.add(path+".routes", "are missing: an endpoint of the dialect http answers nothing without")
	case e.Dialect != httpDialect && len(e.Routes) > 0:
		out.add(path+".routes", "are answered only with dialect: http")
	}
	seen := map[string]bool{}
	for i, r := range e.Routes {
		at := fmt.Sprintf("%s.routes[%d]", path, i)
		r.validate(at, out)
		if key := r.method() + " " + r.Path; seen[key] {
			out.add(at, "answers %s, as a route before it does: keep one of them", key)
		} else {
			seen[key] = true
		}
	}
}

// endpointName reports whether a name can stand in ${provider.NAME}.
func endpointName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (i == 0 || c != '_' && !isDigit(c)) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
