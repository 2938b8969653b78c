package plans

import (
	"net"
	"net/url"
	"slices"
)

// validateHosts refuses load on machines that nobody allowed, and a provider
// that the target could not find or that others could use.
func (p *Plan) validateHosts(f *findings) {
	listens := []struct{ path, addr string }{{"provider.listen", p.Provider.Listen}}
	for _, e := range p.Provider.Endpoints {
		listens = append(listens, struct{ path, addr string }{"provider.endpoints." + e.Name + ".listen", e.Listen})
	}
	for _, l := range listens {
		if host, _, err := net.SplitHostPort(l.addr); err == nil && !isLoopback(host) {
			f.add(l.path, "%s is reachable from other machines; beyond loopback the provider needs a token, which is not built yet: use 127.0.0.1", l.addr)
		}
	}
	p.validateUpstreams(f)
	if p.Target.URL == "" {
		return
	}
	u, own := p.targetURL()
	if u == nil {
		f.add("target.url", "%q is no address of a service: write it whole, such as http://127.0.0.1:8080/v1/chat/completions", clip(p.Target.URL))
		return
	}
	if _, port, err := net.SplitHostPort(p.Provider.Listen); !own && (err != nil || port == "0") {
		f.add("target.url", "names a service that someone else starts: it can only find the provider at a fixed address; add provider: {listen: 127.0.0.1:4010} and start the service with OPENAI_BASE_URL=http://127.0.0.1:4010/v1")
	}
	for _, l := range listens[1:] {
		if _, port, err := net.SplitHostPort(l.addr); err != nil || port == "0" {
			f.add(l.path, "must be a fixed address, such as 127.0.0.1:4011: a service that someone else starts can find the endpoint nowhere else")
		}
	}
	if isLoopback(u.Hostname()) {
		return
	}
	switch {
	case !slices.Contains(p.Safety.AllowHosts, u.Hostname()) && !slices.Contains(p.Safety.AllowHosts, u.Host):
		f.add("target.url", "%s is not this machine; if you may send load there, add safety: {allow_hosts: [%s], max_rate: ..., max_requests: ...}", u.Hostname(), u.Hostname())
	case p.Safety.MaxRate == 0 || p.Safety.MaxRequests == 0:
		f.add("safety", "load on %s needs limits: add max_rate and max_requests", u.Hostname())
	}
}

// validateUpstreams refuses to pass calls on to machines that nobody allowed:
// what they answer costs money, and faults on the way to them are felt there.
func (p *Plan) validateUpstreams(f *findings) {
	for _, x := range p.Provider.Upstream {
		u, err := url.Parse(x.URL)
		if err != nil {
			continue
		}
		p.validateUpstream(f, "provider.upstream."+x.Dialect, u.Hostname(), u.Host, "if calls may be passed on to it, and paid for")
	}
}

// validateUpstream refuses a host beyond this machine that nobody allowed. may
// says what would be allowed.
func (p *Plan) validateUpstream(f *findings, path, host, hostPort, may string) {
	switch {
	case isLoopback(host):
	case !slices.Contains(p.Safety.AllowHosts, host) && !slices.Contains(p.Safety.AllowHosts, hostPort):
		f.add(path, "%s is not this machine; %s, add safety: {allow_hosts: [%s], max_rate: ..., max_requests: ...}", host, may, host)
	case p.Safety.MaxRate == 0 || p.Safety.MaxRequests == 0:
		f.add("safety", "load that ends at %s needs limits: add max_rate and max_requests", host)
	}
}

// targetURL reads target.url as it will be once the provider listens, on
// whatever port; nil if that is no URL. own: it is the provider's own.
func (p *Plan) targetURL() (u *url.URL, own bool) {
	urls := urlsOf("127.0.0.1:1", p.Provider.Advertise)
	for _, e := range p.Provider.Endpoints {
		urls.endpoints = append(urls.endpoints, endpointURL{e.Name, e.Dialect, urls.address})
	}
	raw, err := fillIn(p.Target.URL, urls.lookup)
	if err != nil {
		return nil, false
	}
	u, err = url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	return u, u.Host == urls.host+":"+urls.port
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
