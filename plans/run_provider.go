package plans

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/chaoskit/chaos/mockmodel"
)

// endpointListener is where an endpoint of the provider listens.
type endpointListener struct {
	name string
	net.Listener
}

// listen makes the provider and takes its addresses, which the journal and the
// target need. Nothing is answered yet.
func (r *run) listen(context.Context) error {
	cfg := r.plan.Provider
	l, err := r.takeAddress(mockmodel.MainEndpoint, "provider.listen", cfg.Listen)
	if err != nil {
		return err
	}
	r.provider = urlsOf(l.Addr().String(), cfg.Advertise)
	for _, e := range cfg.Endpoints {
		l, err := r.takeAddress(e.Name, "provider.endpoints."+e.Name+".listen", e.Listen)
		if err != nil {
			return err
		}
		r.provider.endpoints = append(r.provider.endpoints, endpointURL{e.Name, e.Dialect, addressOf(l.Addr().String(), cfg.Advertise)})
	}
	recorded, err := readRecorded(r.plan.Dir(), cfg.Answers)
	if err != nil {
		return err
	}
	rec, err := openRecorder(r.opt.Dir, cfg.Upstream)
	if err != nil {
		return err
	}
	r.done = append(r.done, rec.close)
	r.live = newLive()
	r.mock = mockmodel.New(cfg, mockmodel.Options{
		Epoch: r.epoch, Codec: r.codec, Sink: r.live, Seed: r.plan.SeedValue(), Recorded: recorded, Record: rec.record(),
	})
	return nil
}

// takeAddress listens for an endpoint. key is the key of the plan that says where.
func (r *run) takeAddress(name, key, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := r.opt.Network.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	r.listening = append(r.listening, endpointListener{name, l})
	r.done = append(r.done, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}

// startMock lets the provider answer, now that the journal takes what it sees:
// a service that runs already may call at once. Faults come on with the load.
func (r *run) startMock(context.Context) error {
	served := make(chan error, len(r.listening))
	for _, l := range r.listening {
		go func() { served <- r.mock.ServeEndpoint(l.name, l.Listener) }()
	}
	r.done = append(r.done, func() error {
		closeErr := r.mock.Close()
		for range r.listening {
			if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) && closeErr == nil {
				closeErr = fmt.Errorf("the mock model: %w", err)
			}
		}
		return closeErr
	})
	return nil
}
