package plans

import (
	"net"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/tcpproxy"
)

// listener is an address that a plan fixes, and where it does.
type listener struct{ path, addr string }

// listeners are all of a run: of the provider, of the target and of proxies.
func (p *Plan) listeners() []listener {
	out := []listener{{"provider.listen", p.Provider.Listen}}
	for _, e := range p.Provider.Endpoints {
		out = append(out, listener{"provider.endpoints." + e.Name + ".listen", e.Listen})
	}
	if p.Target.Port > 0 {
		out = append(out, listener{"target.port", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Target.Port))})
	}
	for _, x := range p.Proxies {
		out = append(out, listener{"proxies." + x.Name + ".listen", x.Listen})
	}
	return out
}

// validateListeners refuses two of them at one address, of which the second would
// fail only when the run begins.
func (p *Plan) validateListeners(f *findings) {
	all := p.listeners()
	for i, l := range all {
		for _, other := range all[:i] {
			if tcpproxy.SamePlace(l.addr, other.addr) {
				f.add(l.path, "%s is taken by %s already: give one of them another port, or leave it out for a free one", l.addr, other.path)
				break
			}
		}
	}
}

// validateCircles refuses proxies that lead to each other and to nothing else: the
// first connection would never end.
func (p *Plan) validateCircles(f *findings) {
	for i, first := range p.Proxies {
		path, at := []string{first.Name}, i
		for range p.Proxies {
			if at = p.proxyAt(p.Proxies[at].Upstream); at < 0 || at == i {
				break
			}
			path = append(path, p.Proxies[at].Name)
		}
		if at == i && len(path) > 1 {
			f.add("proxies."+first.Name+".upstream", "leads in a circle, %s: no server stands behind it", strings.Join(append(path, first.Name), " to "))
		}
	}
}

// proxyAt is the index of the proxy that listens at an address, -1: none.
func (p *Plan) proxyAt(addr string) int {
	for i, x := range p.Proxies {
		if tcpproxy.SamePlace(addr, x.Listen) {
			return i
		}
	}
	return -1
}
