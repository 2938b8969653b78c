package plans

import (
	"context"
	"errors"
	"fmt"

	"github.com/chaoskit/chaos/internal/refapp"
	"github.com/chaoskit/chaos/loadgen"
)

// makeClient makes the client that the simulated users share.
func (r *run) makeClient(context.Context) error {
	seed := r.plan.SeedValue()
	c, problems := loadgen.NewClient(loadgen.ClientOptions{
		URL: r.target.url, Request: r.plan.Target.request(), Response: r.plan.Target.response(), Correlate: r.plan.Correlate,
		Codec: r.codec, Epoch: r.epoch, Timeout: r.plan.Load.Client.Timeout, DialContext: r.opt.Network.DialContext, Mask: r.secrets.text,
		MaxIdle: r.maxInFlight(), Prompt: func(a loadgen.Arrival) string { return loadgen.Prompt(seed, a) },
	})
	if len(problems) > 0 {
		var errs []error
		for _, p := range problems {
			errs = append(errs, fmt.Errorf("%s: %s", p.Path, p.Msg))
		}
		return errors.Join(errs...)
	}
	r.client = c
	r.done = append(r.done, func() error { c.Close(); return nil })
	return nil
}

// request is target.request; the built-in target wants the key of a tenant.
func (t Target) request() loadgen.RequestConfig {
	req := t.Request
	if t.Builtin != "" && len(req.Headers) == 0 {
		req.Headers = []loadgen.Header{{Name: "authorization", Value: "Bearer key-{{.Tenant}}"}, {Name: "content-type", Value: "application/json"}}
	}
	return req
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
