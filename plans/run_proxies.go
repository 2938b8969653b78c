package plans

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/tcpproxy"
)

// proxyAddress is where a proxy of the plan is reached.
type proxyAddress struct{ name, host, port string }

// proxy resolves what ${proxy.*} says.
func (u providerURLs) proxy(name string) (string, bool) {
	for _, p := range u.proxies {
		switch name {
		case p.name:
			return net.JoinHostPort(p.host, p.port), true
		case p.name + ".host":
			return p.host, true
		case p.name + ".port":
			return p.port, true
		}
	}
	return "", false
}

// startProxies lets the proxies of the plan pass on, now that the journal takes
// what they see and before the target looks for them. Faults come on with the
// load. They are ended when the target has been.
func (r *run) startProxies(context.Context) error {
	for i, cfg := range r.plan.Proxies {
		addr := cfg.Listen
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		l, err := r.opt.Network.Listen(addr)
		if err != nil {
			return fmt.Errorf("proxies.%s.listen: %w", cfg.Name, err)
		}
		at := addressOf(l.Addr().String(), "")
		r.provider.proxies = append(r.provider.proxies, proxyAddress{cfg.Name, at.host, at.port})
		p := tcpproxy.New(cfg, tcpproxy.Options{Epoch: r.epoch, Number: i, Sink: r.live, Dial: r.opt.Network.DialContext})
		r.proxies = append(r.proxies, p)
		served := make(chan error, 1)
		go func() { served <- p.Serve(l) }()
		r.done = append(r.done, func() error {
			_ = p.Close()
			if err := <-served; err != nil {
				return fmt.Errorf("proxy %s: %w", cfg.Name, err)
			}
			return nil
		})
	}
	return nil
}

// setFaults puts rules on everywhere, or takes them off.
func (r *run) setFaults(rules *faults.Schedule) {
	r.mock.SetFaults(rules)
	for _, p := range r.proxies {
		p.SetFaults(rules)
	}
}

// validateProxies refuses proxies that others could use or that lead where nobody
// allowed, and rules for proxies that there are not.
func (p *Plan) validateProxies(f *findings) {
	var names []string
	for _, x := range p.Proxies {
		names = append(names, x.Name)
		path := "proxies." + x.Name
		host, port, err := net.SplitHostPort(x.Listen)
		switch {
		case err == nil && !isLoopback(host):
			f.add(path+".listen", "%s is reachable from other machines, and a proxy lets through whoever comes: use 127.0.0.1", x.Listen)
		case (err != nil || port == "0") && p.Target.URL != "":
			f.add(path+".listen", "must be a fixed address, such as 127.0.0.1:6380: a service that someone else starts can find the proxy nowhere else")
		}
		if host, _, err := net.SplitHostPort(x.Upstream); err == nil {
			p.validateUpstream(f, path+".upstream", host, x.Upstream, "if what the target sends may be passed on to it")
		}
	}
	for i, r := range p.Faults {
		if m := r.Match.Proxy; m != "" && !slices.Contains(names, m) {
			f.add(fmt.Sprintf("faults[%d].match.proxy", i), "proxies has no %q%s", clip(m), didYouMean(m, names))
		}
	}
}
