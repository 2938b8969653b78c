package mockmodel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// Scopes are providers that share the listeners of another: each has stations,
// limits, memory, faults and a journal of its own, so that tests which run side
// by side do not see each other. Their names ride in the path, as every SDK
// takes a base URL with a path and appends to it: openai-python _base_client.py
// _prepare_url, anthropic-sdk-typescript client.ts buildURL.

// ScopePath begins the path of a call to a scope. Behind it come the name and
// the path that the call would have without: /_scopes/NAME/v1/messages.
const ScopePath = "/_scopes/"

// serveScope answers a call to a scope. false: it is to none.
func (s *Server) serveScope(w http.ResponseWriter, r *http.Request) bool {
	if s.opt.Scope == nil {
		return false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, ScopePath)
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(rest, "/")
	scope := s.opt.Scope(name)
	if scope == nil {
		s.noteUnserved(r)
		s.refuse(w, &openAI, &refusal{
			status: http.StatusNotFound, kind: "invalid_request_error", code: "scope_not_found",
			message: fmt.Sprintf("No scope %q is open at this mock: POST /_chaos/scopes opens one, and it ends when it is closed or idle", journal.Clip(name, textMax)),
		})
		return true
	}
	// The connection is of the server that listens, but the call ends with the
	// scope as well.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(scope.ctx, cancel)()
	in := r.WithContext(ctx)
	in.URL = behind(r.URL, ScopePath+name)
	scope.serve(w, in)
	return true
}

// behind is a URL without the beginning of its path.
func behind(u *url.URL, prefix string) *url.URL {
	out := *u
	out.Path = strings.TrimPrefix(u.Path, prefix)
	out.RawPath = strings.TrimPrefix(u.RawPath, prefix)
	return &out
}

// Forget makes the provider meet every step anew: no attempt of it has arrived,
// it was told of no limit, and nothing has been answered. Buckets of rate limits are left as they are.
func (s *Server) Forget() {
	s.memory.forget()
	s.past.forget()
}
