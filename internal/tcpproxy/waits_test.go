package tcpproxy

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/memnet"
)

// wait is something that a proxy waits for.
type wait struct {
	name string
	in   []string // functions that block in it; the first of them is looked for
	// How to get a connection into it: rules, what the upstream does with it, and
	// what the client does. It is looked at after a second.
	rules func(t *testing.T) []faults.Rule
	serve func(net.Conn)
	use   func(net.Conn)
	net   func() network // memory, if nil
	// leaves: it ends too when the client does.
	leaves bool
	takes  time.Duration // to close the proxy
}

// waitForWaits wait only for what is in the list.
var waitForWaits = []string{"Proxy.Close", "conn.run", "conn.bury", "after", "pause"}

// waits is the list of them. Whatever else blocks fails TestNothingElseWaits.
var waits = []wait{
	{name: "a connection", in: []string{"accept", "Proxy.Serve"}},
	{name: "a rule that comes on", in: []string{"Proxy.watch"}},
	{name: "an upstream that does not answer", in: []string{"conn.reach"}, net: func() network { return &dead{Network: &memnet.Network{}} }},
	{name: "somebody who sends", in: []string{"conn.read"}, leaves: true},
	{name: "something that is to be passed on", in: []string{"queue.pop", "conn.write"}, leaves: true},
	{name: "what is late", in: []string{"conn.wait", "conn.write"}, leaves: true,
		rules: func(t *testing.T) []faults.Rule { return []faults.Rule{latency(t, 30*time.Second, faults.Both)} },
		use:   func(c net.Conn) { _, _ = io.WriteString(c, "x") }},
	{name: "a narrow pipe", in: []string{"conn.wait", "conn.send"}, leaves: true,
		rules: func(t *testing.T) []faults.Rule { return []faults.Rule{bandwidth(t, 1, faults.Both)} },
		use:   func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat("x", 30)) }},
	{name: "a reader who is slow", in: []string{"conn.send"}, leaves: true, takes: lingers,
		serve: func(c net.Conn) { _, _ = io.Copy(c, zeros{}) }},
	{name: "what is under way to make room", in: []string{"queue.push", "conn.read"}, leaves: true, takes: lingers,
		serve: func(c net.Conn) { _, _ = io.Copy(c, zeros{}) }},
	{name: "a direction that is being read", in: []string{"conn.pass"}, leaves: true},
	{name: "a client who is to close behind a cut", in: []string{"conn.finish"}, leaves: true, takes: lingers,
		rules: func(t *testing.T) []faults.Rule {
			from, rule := 500*ms, ending(t, "tcp_cut", 0)
			rule.From = &from
			return []faults.Rule{rule}
		}},
	{name: "a reader who is slow, before an end", in: []string{"conn.settle"}}, // of sockets: see TestAWaitForASlowReaderEnds
}

// TestEveryWaitEnds: at each wait the client hangs up, and at each the proxy is
// closed. Nothing is left: no goroutine, no connection, no record missing.
func TestEveryWaitEnds(t *testing.T) {
	for _, w := range waits {
		if w.in[0] == "conn.settle" {
			continue
		}
		for _, leaves := range []bool{true, false} {
			name := w.name + ", and the proxy closes"
			if leaves {
				name = w.name + ", and the client hangs up"
			}
			if leaves && !w.leaves {
				continue
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { w.test(t, leaves) })
			})
		}
	}
}

func (w *wait) test(t *testing.T, leaves bool) {
	var n network = &memnet.Network{}
	if w.net != nil {
		n = w.net()
	}
	serve, rules := echo, []faults.Rule(nil)
	if w.serve != nil {
		serve = w.serve
	}
	if w.rules != nil {
		rules = w.rules(t)
	}
	r := newRig(t, n, serve, rules...)
	c := r.dial()
	if w.use != nil {
		go w.use(c)
	}
	pause(context.Background(), time.Second)
	synctest.Wait()
	if !standsIn(w.in[0]) {
		t.Errorf("nobody stands in %s", w.in[0])
	}
	began := time.Now()
	if leaves {
		_ = c.Close()
		pause(context.Background(), time.Minute) // what is late comes late
		synctest.Wait()
		if n := r.proxy.open.Load(); n != 0 {
			t.Errorf("%d connections are open though the client has left", n)
		}
		began = time.Now()
	}
	_ = r.proxy.Close()
	if took := time.Since(began); took > w.takes {
		t.Errorf("to close took %s, want %s at most", took, w.takes)
	}
	synctest.Wait() // who has done his work may still be on his way out
	if s := working(); s != "" {
		t.Errorf("left at work: %s", s)
	}
	if n := r.proxy.open.Load(); n != 0 || len(r.proxy.conns) != 0 || len(r.proxy.held) != 0 || len(r.proxy.slots) > 1 { // who accepts has one
		t.Errorf("left open: %d, %d, %d, slots %d", n, len(r.proxy.conns), len(r.proxy.held), len(r.proxy.slots))
	}
	if n := len(r.recorded()); n != 1 {
		t.Errorf("%d records of one connection", n)
	}
}

// standsIn reports whether a goroutine stands in a function of this package.
func standsIn(name string) bool {
	if of, f, ok := strings.Cut(name, "."); ok {
		name = "(*" + of + ")." + f
	}
	return strings.Contains(stacks(), "/tcpproxy."+name+"(")
}

// working is a goroutine that carries something out for a proxy.
func working() string {
	for _, g := range strings.Split(stacks(), "\n\n") {
		for _, of := range []string{"tcpproxy.(*conn)", "tcpproxy.(*queue)", "tcpproxy.(*Proxy).watch"} {
			if strings.Contains(g, of) && !strings.Contains(g, "working(") {
				return g
			}
		}
	}
	return ""
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
