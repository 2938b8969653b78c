package plans

import (
	"context"
	"errors"
	"fmt"

	"github.com/chaoskit/chaos/loadgen"
)

// makeClient makes the client that the simulated users share.
func (r *run) makeClient(context.Context) error {
	seed := r.plan.SeedValue()
	request, err := r.request()
	if err != nil {
		return err
	}
	c, problems := loadgen.NewClient(loadgen.ClientOptions{
		URL: r.target.url, Request: request, Response: r.plan.Target.response(), Correlate: r.plan.Correlate,
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
