package plans

import (
	"fmt"
	"slices"

	"github.com/chaoskit/chaos/internal/refapp"
	"github.com/chaoskit/chaos/loadgen"
)

// request is target.request; the built-in target wants the key of a tenant.
func (t Target) request() loadgen.RequestConfig {
	req := t.Request
	if t.Builtin != "" && len(req.Headers) == 0 {
		req.Headers = []loadgen.Header{{Name: "authorization", Value: "Bearer key-{{.Tenant}}"}, {Name: "content-type", Value: "application/json"}}
	}
	return req
}

// texts calls do with all of target.request that may name the provider, and
// returns what it makes of it.
func (t Target) texts(do func(path, text string) (string, error)) (loadgen.RequestConfig, error) {
	req := t.request()
	var err error
	if req.Body, err = do("target.request.body", req.Body); err != nil {
		return req, err
	}
	req.Headers = slices.Clone(req.Headers)
	for i, h := range req.Headers {
		if req.Headers[i].Value, err = do("target.request.headers."+h.Name, h.Value); err != nil {
			return req, err
		}
	}
	return req, nil
}

// request is target.request with what is known once the provider listens.
func (r *run) request() (loadgen.RequestConfig, error) {
	return r.plan.Target.texts(func(path, text string) (string, error) {
		out, err := r.expandTarget(text)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		return out, nil
	})
}

// validatePort refuses requests that name the port of a target which the plan
// does not start: nobody told it.
func (t Target) validatePort(f *findings) {
	if len(t.Command) > 0 {
		return
	}
	_, _ = t.texts(func(path, text string) (string, error) {
		for _, name := range reference.FindAllString(text, -1) {
			if name == "${target.port}" {
				f.add(path, "${target.port} goes with target.command only: write the port")
				break
			}
		}
		return text, nil
	})
}

// response is target.response; the built-in target says in a header how it
// degraded.
func (t Target) response() loadgen.ResponseConfig {
	res := t.Response
	if t.Builtin != "" && len(res.Degraded) == 0 {
		for _, kind := range refapp.Degradations() {
			res.Degraded = append(res.Degraded, loadgen.DegradedRule{Kind: kind, Header: []loadgen.Header{{Name: refapp.HeaderDegraded, Value: kind}}})
		}
	}
	return res
}
