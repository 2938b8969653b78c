package plans

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/tcpproxy"
)

// ProxyOptions says how a proxy is served alone.
type ProxyOptions struct {
	Listen     string // "": a free port of 127.0.0.1
	Upstream   string
	Faults     []faults.Rule // of ParseProxyRules
	Seed       uint64
	AllowHosts []string // beyond this machine that the upstream may be on
	Out, Err   io.Writer
}

// proxyName is the proxy that is served alone, in rules and in the dice.
const proxyName = "proxy"

// ParseProxyRules is ParseRules for a proxy that is served alone: its rules need
// not name it.
func ParseProxyRules(what string, texts ...string) ([]faults.Rule, error) {
	return parseRules(what, texts, func(r *faults.Rule) []Problem {
		switch {
		case r.Fault == nil: // which Validate says
		case !faults.IsTCP(r.Fault.Name()):
			return []Problem{{r.Fault.Name(), "strikes calls to a provider, and a proxy knows no calls: take one of the faults tcp_* of `chaos list faults`"}}
		case r.Match.Proxy == "":
			r.Match.Proxy = proxyName
		case r.Match.Proxy != proxyName:
			return []Problem{{"match.proxy", "there is one proxy here: leave it out"}}
		}
		if r.During != "" || r.At != nil {
			return []Problem{{needsLoad(*r), withoutLoad}}
		}
		return r.Validate()
	})
}

// ServeProxy passes connections on until ctx ends, and then says what became of
// its rules.
func ServeProxy(ctx context.Context, o ProxyOptions) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	rules, problems := faults.NewSchedule(o.Seed, o.Faults, nil, nil)
	if len(problems) > 0 {
		return faultProblems(problems)
	}
	l, err := newTCPNetwork().Listen(cfg.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	counts := &proxyCounts{rules: map[string]*ruleCount{}}
	p := tcpproxy.New(cfg, tcpproxy.Options{Epoch: journal.NewEpoch(), Sink: counts})
	p.SetFaults(rules)
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	fmt.Fprintln(o.Out, l.Addr())
	fmt.Fprintf(o.Err, "chaos proxy: %s leads to %s, this machine only; Ctrl-C ends it\n", l.Addr(), cfg.Upstream)
	select {
	case <-ctx.Done():
		_ = p.Close()
		err = <-served
	case err = <-served:
		_ = p.Close()
	}
	counts.print(o.Err, o.Faults)
	return err
}

// config is the proxy that is to be served, if it may be.
func (o ProxyOptions) config() (tcpproxy.Config, error) {
	cfg := tcpproxy.Config{Name: proxyName, Upstream: o.Upstream, Listen: "127.0.0.1:0"}
	if cfg.Upstream == "" {
		return cfg, errors.New("--upstream is missing: say what stands behind the proxy, such as --upstream 127.0.0.1:6379")
	}
	if strings.HasPrefix(cfg.Upstream, ":") {
		cfg.Upstream = "127.0.0.1" + cfg.Upstream
	}
	if o.Listen != "" {
		if host, _, err := net.SplitHostPort(o.Listen); err == nil && host != "" && !isLoopback(host) {
			return cfg, fmt.Errorf("--listen %s is reachable from other machines, and a proxy lets through whoever comes: use 127.0.0.1", o.Listen)
		}
		var err error
		if cfg.Listen, err = loopbackOnly("--listen", o.Listen, "the proxy"); err != nil {
			return cfg, err
		}
	}
	for _, p := range cfg.Validate() {
		return cfg, fmt.Errorf("--%s %s", p.Path, p.Msg)
	}
	host, _, _ := net.SplitHostPort(cfg.Upstream)
	if !isLoopback(host) && !slices.Contains(o.AllowHosts, host) && !slices.Contains(o.AllowHosts, cfg.Upstream) {
		return cfg, fmt.Errorf("--upstream %s is not this machine; if what is sent to the proxy may be passed on to it, add --allow-host %s", cfg.Upstream, host)
	}
	return cfg, nil
}

// proxyCounts counts what became of rules.
type proxyCounts struct {
	mu          sync.Mutex
	connections int
	rules       map[string]*ruleCount
}

type ruleCount struct{ eligible, chosen, injected int }

// Request and Mark implement journal.Sink: a proxy has neither.
func (*proxyCounts) Request(*journal.Request) {}
func (*proxyCounts) Mark(*journal.Mark)       {}

// Attempt implements journal.Sink.
func (c *proxyCounts) Attempt(a *journal.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connections++
	for _, h := range a.Rules {
		n := c.rules[h.Name]
		if n == nil {
			n = &ruleCount{}
			c.rules[h.Name] = n
		}
		n.eligible++
		if h.State != journal.RulePassed {
			n.chosen++
		}
		if h.State == journal.RuleInjected {
			n.injected++
		}
	}
}

// print says it in the order of the rules.
func (c *proxyCounts) print(w io.Writer, rules []faults.Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(w, "chaos proxy: ended; %s\n", connections(c.connections))
	for _, r := range rules {
		n := c.rules[r.RuleName()]
		if n == nil {
			n = &ruleCount{}
		}
		fmt.Fprintf(w, "  %s: hit %d of %s that it applied to; its dice chose %d\n", r.RuleName(), n.injected, connections(n.eligible), n.chosen)
	}
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}
