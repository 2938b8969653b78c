//go:build linux && (amd64 || arm64)

package mockmodel

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/internal/rxstamp"
)

// A call comes when it is there, and its answer is due from then on: neither waits
// for a machine that is busy. What was late is the mock's own lateness.
func TestArrivalIsNotWhenTheMockLooks(t *testing.T) {
	end, err := rxstamp.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	l, err := memnet.ListenGated()
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	g := newRig(t, Config{Models: []Model{instant("gpt-4o", 3)}}, nil, l, func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", l.Addr().String())
	})
	defer g.close()
	<-l.Ready()
	c, err := g.dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := g.s.opt.Epoch.Now()
	if err := g.request(context.Background(), ask{path: "/v1/chat/completions", body: chat("gpt-4o", "")}).Write(c); err != nil {
		t.Fatal(err)
	}
	after := g.s.opt.Epoch.Now()
	opened := g.s.opt.Epoch.Now()
	l.Open()
	rec := g.last()
	if rec.ArrivedNs < before || rec.BodyNs > after || rec.ArrivedNs > rec.BodyNs {
		t.Errorf("written from %d to %d: arrived at %d, body at %d", before, after, rec.ArrivedNs, rec.BodyNs)
	}
	if rec.AdmittedNs != rec.BodyNs || rec.QueueNs != 0 {
		t.Errorf("admitted %d ns after its body, having waited for %d", rec.AdmittedNs-rec.BodyNs, rec.QueueNs)
	}
	if rec.LateMaxNs < opened-rec.AdmittedNs {
		t.Errorf("accepted %d ns after it was due, and late by %d", opened-rec.AdmittedNs, rec.LateMaxNs)
	}
}

// arrived is a ResponseWriter that knows when its request came.
type arrived struct {
	http.ResponseWriter
	head, body time.Time
}

func (a arrived) HeadCame() time.Time { return a.head }
func (a arrived) BodyCame() time.Time { return a.body }

func TestArrivalInOrder(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		<-time.After(time.Second)
		start, none := g.s.opt.Epoch.Time(0), time.Time{}
		for _, c := range []struct {
			name               string
			head, body         time.Time
			wantHead, wantBody time.Duration
		}{
			{name: "both are known", head: start.Add(1), body: start.Add(2), wantHead: 1, wantBody: 2},
			{name: "neither is", head: none, body: none, wantHead: time.Second, wantBody: time.Second},
			{name: "the head came with the call before it", head: none, body: start.Add(2), wantHead: time.Second, wantBody: time.Second},
			{name: "the body is not known", head: start.Add(1), body: none, wantHead: 1, wantBody: time.Second},
			{name: "before the run", head: start.Add(-5), body: start.Add(-4), wantHead: 0, wantBody: 0},
			{name: "not yet", head: start.Add(time.Hour), body: start.Add(time.Hour), wantHead: time.Second, wantBody: time.Second},
		} {
			a := &attempt{desk: new(desk), s: g.s, w: arrived{head: c.head, body: c.body}}
			a.rec.ArrivedNs = a.headCame()
			if body := a.bodyCame(); a.rec.ArrivedNs != int64(c.wantHead) || body != int64(c.wantBody) {
				t.Errorf("%s: %v and %v, want %v and %v", c.name, a.rec.ArrivedNs, body, int64(c.wantHead), int64(c.wantBody))
			}
		}
	})
}
