package tcpproxy

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Config is a proxy of a plan.
type Config struct {
	Name     string `yaml:",key"`
	Upstream string `yaml:"upstream" required:"true" doc:"HOST:PORT of what stands behind it, such as 127.0.0.1:6379"`
	Listen   string `yaml:"listen" default:"a free port of 127.0.0.1" doc:"HOST:PORT on which the target finds it; ${proxy.NAME} says which"`
}

// Problem is one thing wrong with a proxy; Path is relative to it.
type Problem = struct{ Path, Msg string }

var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Validate returns what is wrong with a proxy on its own. Whether its upstream
// may be spoken to, who runs it must know.
func (c Config) Validate() []Problem {
	var out []Problem
	add := func(path, format string, args ...any) { out = append(out, Problem{path, fmt.Sprintf(format, args...)}) }
	if !name.MatchString(c.Name) {
		add("", "%q is no name for a proxy: use up to 64 letters, digits, '_' and '-', the first a letter or digit", c.Name)
	}
	switch host, port, err := net.SplitHostPort(c.Upstream); {
	case strings.Contains(c.Upstream, "://") && !strings.HasPrefix(c.Upstream, "unix:"):
		add("upstream", "%q is a URL, and a proxy knows none: write its HOST:PORT alone, such as 127.0.0.1:6379", c.Upstream)
	case strings.HasPrefix(c.Upstream, "unix:") || strings.HasPrefix(c.Upstream, "/"):
		add("upstream", "%q is a Unix socket, and a proxy passes on TCP: let the server listen on a port of 127.0.0.1 too, and write that", c.Upstream)
	case c.Upstream == "":
		add("upstream", "is missing: say what stands behind the proxy, such as 127.0.0.1:6379")
	case err != nil || host == "" || !isPort(port) || port == "0":
		add("upstream", "%q is no address: write HOST:PORT, such as 127.0.0.1:6379", c.Upstream)
	case SamePlace(c.Upstream, c.Listen):
		add("upstream", "is where the proxy itself listens: it would speak to itself")
	}
	if host, port, err := net.SplitHostPort(c.Listen); c.Listen != "" && (err != nil || host == "" || !isPort(port)) {
		add("listen", "%q is no address: write HOST:PORT, such as 127.0.0.1:6380, or leave it out for a free port", c.Listen)
	}
	return out
}

// SamePlace reports whether two addresses are the same port of the same host,
// whatever it is called. A port that is still to be chosen is none.
func SamePlace(a, b string) bool {
	x, ok := place(a)
	y, also := place(b)
	return ok && also && x == y
}

func place(addr string) (string, bool) {
	host, port, err := net.SplitHostPort(addr)
	n, _ := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", false
	}
	if host = strings.ToLower(host); host == "localhost" || host == "" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), true
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n <= 65535
}
