package tcpproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
)

// network is TCP or memory.
type network interface {
	Listen(addr string) (net.Listener, error)
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

type tcpNet struct{ net.Dialer }

func (*tcpNet) Listen(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }

// rig is a proxy before an upstream.
type rig struct {
	t       *testing.T
	net     network
	proxy   *Proxy
	addr    string
	started time.Time
	served  sync.WaitGroup
	stop    []func()

	mu      sync.Mutex
	records []journal.Attempt
	dialled int
}

func (r *rig) Request(*journal.Request) {}
func (r *rig) Mark(*journal.Mark)       {}
func (r *rig) Attempt(a *journal.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, *a)
}

// newRig puts rules on a proxy called cache before an upstream that does with
// each connection what serve says, and then closes it.
func newRig(t *testing.T, n network, serve func(net.Conn), rules ...faults.Rule) *rig {
	t.Helper()
	r := &rig{t: t, net: n, started: time.Now()}
	up, err := n.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.served.Add(1)
	go func() {
		defer r.served.Done()
		for {
			c, err := up.Accept()
			if err != nil {
				return
			}
			r.served.Add(1)
			go func() { defer r.served.Done(); defer c.Close(); serve(c) }()
		}
	}()
	l, err := n.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	cfg := Config{Name: "cache", Upstream: up.Addr().String()}
	r.proxy = New(cfg, Options{Epoch: journal.NewEpoch(), Sink: r, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		r.mu.Lock()
		r.dialled++
		r.mu.Unlock()
		return n.DialContext(ctx, network, addr)
	}})
	r.faults(rules...)
	r.served.Add(1)
	go func() {
		defer r.served.Done()
		if err := r.proxy.Serve(l); err != nil {
			t.Error(err)
		}
	}()
	r.stop = append(r.stop, func() { _ = r.proxy.Close(); _ = up.Close(); r.served.Wait() })
	return r
}

func (r *rig) close() {
	for _, f := range r.stop {
		f()
	}
	r.stop = nil
}

func (r *rig) faults(rules ...faults.Rule) {
	r.t.Helper()
	for i := range rules {
		rules[i].Match.Proxy = "cache"
	}
	s, problems := faults.NewSchedule(1, rules, nil, nil)
	if len(problems) > 0 {
		r.t.Fatal(problems)
	}
	r.proxy.SetFaults(s)
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := r.net.DialContext(context.Background(), "tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.stop = append([]func(){func() { _ = c.Close() }}, r.stop...)
	return c
}

// records returns what the journal was told, once n connections have ended.
func (r *rig) recorded() []journal.Attempt {
	r.close()
	return r.records
}

func fault(t *testing.T, name string, set func(faults.Fault)) faults.Rule {
	t.Helper()
	e, ok := faults.Lookup(name)
	if !ok {
		t.Fatal(name)
	}
	f := e.New()
	if set != nil {
		set(f)
	}
	return faults.Rule{Fault: f}
}

func ending(t *testing.T, name string, after int) faults.Rule {
	return fault(t, name, func(f faults.Fault) { f.(*faults.TCPEnd).AfterBytes = after })
}

// echo sends back what it reads.
func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// question sends one text and reads until want bytes came or the connection
// failed; seen says how it ended: "", eof, reset, silence, closed.
func question(c net.Conn, text string, want int, patience time.Duration) (got, seen string) {
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, text); err != nil {
		return "", how(err)
	}
	return answer(c, want)
}

func answer(c net.Conn, want int) (got, seen string) {
	var b bytes.Buffer
	_, err := io.CopyN(&b, c, int64(want))
	return b.String(), how(err)
}

func how(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, io.EOF):
		return "eof"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence"
	}
	return err.Error()
}

func states(a journal.Attempt) string {
	var out []string
	for _, h := range a.Rules {
		out = append(out, h.Name+" "+string(h.State))
	}
	return strings.Join(out, ", ")
}

var _ network = (*memnet.Network)(nil)
