package mockmodel

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A route is an inference endpoint of the provider: a path, whose it is, and
// what is done there.
type route struct {
	method  string
	pattern string // of the path: see match
	kind    string // of step, as in the records: chat, embed, rerank, search
	vendor  *vendor
	read    func(body doc, c *call) *refusal // understands a request
}

// A page is a path that is no inference endpoint: what stands there is not
// recorded, limited or made to fail.
type page struct {
	method  string
	pattern string
	vendor  *vendor
	// serve returns the body of a 200, or a refusal; f says at which endpoint
	// and what the pattern captured.
	serve func(s *Server, r *http.Request, f found) ([]byte, *refusal)
	// when tells whether the page is meant where two dialects share a path;
	// nil: it is.
	when func(r *http.Request) bool
}

// match compares a path with a pattern, segment by segment. A segment of a
// pattern is literal, or {name} with literal text around it, which stands for
// at least one byte; {name...} at the end stands for all that is left, slashes
// too. What the last capture stands for is returned, unescaped. path is as it
// was sent, escaped: a name may hold a slash as %2F.
func match(pattern, path string) (at string, ok bool) {
	for {
		p, restP, moreP := strings.Cut(pattern, "/")
		s, rest, more := strings.Cut(path, "/")
		open := strings.IndexByte(p, '{')
		if open < 0 {
			if p != s {
				return "", false
			}
		} else {
			end := strings.IndexByte(p, '}')
			if strings.HasSuffix(p[:end], "...") {
				s, more, moreP = path, false, false
			}
			head, tail := p[:open], p[end+1:]
			if len(s) <= len(head)+len(tail) || !strings.HasPrefix(s, head) || !strings.HasSuffix(s, tail) {
				return "", false
			}
			var err error
			if at, err = url.PathUnescape(s[len(head) : len(s)-len(tail)]); err != nil {
				return "", false
			}
		}
		if more != moreP {
			return "", false
		}
		if !more {
			return at, true
		}
		pattern, path = restP, rest
	}
}

// found is where a call belongs: to a route, to a page, or to neither.
type found struct {
	endpoint *endpoint
	route    *route
	page     *page
	socket   *socket
	at       string // what the pattern captured
	path     string // without the dialect, escaped
	// other is whose path it is, with which method, where the path is known
	// and the method is not.
	other  *vendor
	method string
	// only is the dialect that the path names first, nil for none.
	only *vendor
}

// find returns where a call to an endpoint belongs. A path may begin with the
// name of a dialect, /cohere/v2/rerank: then it is that dialect's, which tells
// those apart that share a path.
func find(r *http.Request, at *endpoint) found {
	path := r.URL.EscapedPath()
	if at.routes != nil {
		f := search(r, path, at.routes, nil, nil)
		f.endpoint, f.only = at, at.only
		return f
	}
	f := search(r, path, routes, pages, at.only)
	if f.route == nil && f.page == nil {
		name, rest, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if v := vendorNamed(name); ok && v != nil && (at.only == nil || at.only == v) {
			path = "/" + rest
			f = search(r, path, routes, pages, v)
		}
		f.findSocket(r.Method, path)
	}
	f.endpoint = at
	return f
}

// findSocket looks a path up among the sockets.
func (f *found) findSocket(method, path string) {
	for i := range sockets {
		x := &sockets[i]
		if _, ok := match(x.pattern, path); !ok || f.only != nil && f.only != x.vendor {
			continue
		}
		if method == http.MethodGet {
			f.socket = x
		}
		f.refer(x.vendor, http.MethodGet)
	}
}

// search looks a path up among the routes and pages of a dialect; nil is all.
func search(r *http.Request, path string, routes []route, pages []page, only *vendor) found {
	f := found{path: path, only: only}
	for i := range routes {
		x := &routes[i]
		if only != nil && x.vendor != only {
			continue
		}
		if at, ok := match(x.pattern, path); ok {
			if x.method == r.Method {
				return found{route: x, at: at, path: path, only: only}
			}
			f.refer(x.vendor, x.method)
		}
	}
	for i := range pages {
		x := &pages[i]
		if only != nil && x.vendor != only || only == nil && x.when != nil && !x.when(r) {
			continue
		}
		if at, ok := match(x.pattern, path); ok {
			if x.method == r.Method || x.method == http.MethodGet && r.Method == http.MethodHead {
				return found{page: x, at: at, path: path, only: only}
			}
			f.refer(x.vendor, x.method)
		}
	}
	return f
}

// refer notes which method a path would take.
func (f *found) refer(v *vendor, method string) {
	if f.other == nil {
		f.other, f.method = v, method
	}
}

// vendors are the dialects in the order of the lists.
var vendors = func() (all []*vendor) {
	for i := range routes {
		if !slices.Contains(all, routes[i].vendor) {
			all = append(all, routes[i].vendor)
		}
	}
	return append(all, &plainHTTP)
}()

func vendorNamed(name string) *vendor {
	for _, v := range vendors {
		if v.name == name {
			return v
		}
	}
	return nil
}

// Dialects returns the names of the dialects that the provider speaks, in the
// order of the list.
func Dialects() []string {
	names := make([]string, len(vendors))
	for i, v := range vendors {
		names[i] = v.name
	}
	return names
}
