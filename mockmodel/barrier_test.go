package mockmodel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// gathered gives a rule a barrier.
func gathered(b faults.Barrier) func(*faults.Rule) { return func(r *faults.Rule) { r.Barrier = &b } }

// at is an instant since the provider began.
func at(d time.Duration) *faults.At { return &faults.At{Offset: d} }

// caller makes one call at an instant, and leaves at another; 0: it stays.
type caller struct {
	comes, leaves time.Duration
	path, body    string // left out: chat at the model m
}

// come makes all calls, each of a request of its own, and says what each got:
// "500 at 2s", "reset at 2s" or "left at 1s".
func (g *rig) come(callers []caller) []string {
	out := make([]string, len(callers))
	var all sync.WaitGroup
	for i, c := range callers {
		all.Go(func() {
			ctx, leave := context.WithCancel(context.Background())
			defer leave()
			<-time.After(c.comes)
			if c.leaves > 0 {
				defer time.AfterFunc(c.leaves-c.comes, leave).Stop()
			}
			if c.path == "" {
				c.path, c.body = chatPath, chat("m", "")
			}
			resp, err := g.client.Do(g.request(ctx, ask{path: c.path, body: c.body, id: wire.ID{Phase: "warm", Index: int64(i)}}))
			if err != nil {
				switch how := "reset"; {
				case ctx.Err() != nil:
					how = "left"
					fallthrough
				case errors.Is(err, syscall.ECONNRESET):
					out[i] = fmt.Sprintf("%s at %v", how, g.elapsed())
				default:
					out[i] = err.Error()
				}
				return
			}
			out[i] = fmt.Sprintf("%d at %v", replyOf(resp).status, g.elapsed())
		})
	}
	all.Wait()
	synctest.Wait()
	return out
}

// opened prints the marks of barriers.
func (g *rig) opened() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	for _, m := range g.marks {
		if m.Kind == journal.MarkBarrierRelease {
			planned := ""
			if m.PlannedNs != journal.Never {
				planned = fmt.Sprintf(", planned for %v", time.Duration(m.PlannedNs))
			}
			of := m.Attrs[journal.AttrWait]
			if of != "" {
				of = " of " + of
			}
			out = append(out, fmt.Sprintf("%s: %d%s %s at %v, %s%s", m.Name, m.Value, of, m.Attrs[journal.AttrOpened], time.Duration(m.TNs), m.Attrs[journal.AttrEndpoint], planned))
		}
	}
	return out
}

// TestBarrier: who was chosen waits for others, and the fault meets all of them
// at one instant of virtual time.
func TestBarrier(t *testing.T) {
	s := time.Second
	every := func(n int) (out []caller) { // one a second
		for i := range n {
			out = append(out, caller{comes: time.Duration(i) * s})
		}
		return out
	}
	for _, row := range []struct {
		name    string
		barrier faults.Barrier
		fault   string // left out: http_500
		more    func(*faults.Rule)
		callers []caller
		want    []string // what each caller got
		opened  []string
	}{
		{"as soon as so many wait, all of them fail", faults.Barrier{Wait: 3, Patience: ptr(10 * s)}, "", nil, every(3),
			[]string{"500 at 2s", "500 at 2s", "500 at 2s"}, []string{"http_500: 3 of 3 full at 2s, provider"}},
		{"then the next so many are gathered", faults.Barrier{Wait: 2, Patience: ptr(10 * s)}, "", nil, every(4),
			[]string{"500 at 1s", "500 at 1s", "500 at 3s", "500 at 3s"}, []string{"http_500: 2 of 2 full at 1s, provider", "http_500: 2 of 2 full at 3s, provider"}},
		{"at an instant, and whoever comes later is not held", faults.Barrier{At: at(2500 * time.Millisecond)}, "", nil, every(5),
			[]string{"500 at 2.5s", "500 at 2.5s", "500 at 2.5s", "500 at 3s", "500 at 4s"}, []string{"http_500: 3 at at 2.5s, provider, planned for 2.5s"}},
		{"at the instant itself nobody is held", faults.Barrier{At: at(s)}, "", nil, []caller{{comes: s}}, []string{"500 at 1s"}, nil},
		{"the instant comes before enough wait", faults.Barrier{Wait: 9, At: at(1500 * time.Millisecond), Patience: ptr(10 * s)}, "", nil, every(3),
			[]string{"500 at 1.5s", "500 at 1.5s", "500 at 2s"}, []string{"http_500: 2 of 9 at at 1.5s, provider, planned for 1.5s"}},
		{"enough wait before the instant, twice", faults.Barrier{Wait: 2, At: at(10 * s)}, "", nil, every(4),
			[]string{"500 at 1s", "500 at 1s", "500 at 3s", "500 at 3s"}, []string{"http_500: 2 of 2 full at 1s, provider", "http_500: 2 of 2 full at 3s, provider"}},
		{"the patience of the first of them ends", faults.Barrier{Wait: 9, Patience: ptr(1500 * time.Millisecond)}, "", nil, every(3),
			[]string{"500 at 1.5s", "500 at 1.5s", "500 at 3.5s"}, []string{"http_500: 2 of 9 patience at 1.5s, provider", "http_500: 1 of 9 patience at 3.5s, provider"}},
		{"the patience is five seconds where none is given", faults.Barrier{Wait: 2}, "", nil, every(1), []string{"500 at 5s"}, []string{"http_500: 1 of 2 patience at 5s, provider"}},
		{"the first has left, and the next is the first", faults.Barrier{Wait: 9, Patience: ptr(3 * s)}, "", nil, []caller{{leaves: 2 * s}, {comes: s}},
			[]string{"left at 2s", "500 at 4s"}, []string{"http_500: 1 of 9 patience at 4s, provider"}},
		{"who leaves frees his place", faults.Barrier{Wait: 2, Patience: ptr(10 * s)}, "", nil, []caller{{leaves: s}, {comes: 2 * s}, {comes: 3 * s}},
			[]string{"left at 1s", "500 at 3s", "500 at 3s"}, []string{"http_500: 2 of 2 full at 3s, provider"}},
		{"the window ends, and nobody comes any more", faults.Barrier{Wait: 3, Patience: ptr(20 * s)}, "", func(r *faults.Rule) { r.To = ptr(4 * s) }, []caller{{}, {comes: s}, {comes: 4 * s}},
			[]string{"500 at 4s", "500 at 4s", "200 at 4s"}, []string{"http_500: 2 of 3 window at 4s, provider"}},
		{"an instant behind the window", faults.Barrier{At: at(6 * s)}, "", func(r *faults.Rule) { r.To = ptr(2 * s) }, every(3),
			[]string{"500 at 6s", "500 at 6s", "200 at 2s"}, []string{"http_500: 2 at at 6s, provider, planned for 6s"}},
		{"who is not chosen does not wait", faults.Barrier{Wait: 2}, "", func(r *faults.Rule) { r.Times = 1; r.Match.Model = "other" }, every(2), []string{"200 at 0s", "200 at 1s"}, nil},
		{"what is refused by itself does not wait", faults.Barrier{Wait: 2}, "", nil, []caller{{path: chatPath, body: `{"model":"m","messages":[]}`}}, []string{"400 at 0s"}, nil},
		{"before validation, where the connection fails", faults.Barrier{Wait: 2}, "conn_reset_pre", nil, []caller{{path: chatPath, body: `{"model":"m","messages":[]}`}, {comes: s}},
			[]string{"reset at 1s", "reset at 1s"}, []string{"conn_reset_pre: 2 of 2 full at 1s, provider"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			more := row.more
			if more == nil {
				more = func(*faults.Rule) {}
			}
			fault := row.fault
			if fault == "" {
				fault = "http_500"
			}
			virtual(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{plain(t, fault, gathered(row.barrier), more)}, func(g *rig) {
				if got := g.come(row.callers); !slices.Equal(got, row.want) {
					t.Errorf("got  %q\nwant %q", got, row.want)
				}
				if got := g.opened(); !slices.Equal(got, row.opened) {
					t.Errorf("opened %q\nwant   %q", got, row.opened)
				}
				for _, rec := range g.recs {
					want := fault + ":injected"
					switch {
					case rec.End == journal.AttemptPeerClosed:
						want = fault + ":missed"
					case rec.Status == 200:
						want = ""
					case rec.Status == 400:
						want = fault + ":masked"
					}
					if got := states(rec); !strings.HasPrefix(got, want) {
						t.Errorf("%+v: %s, want %s", rec.Key, got, want)
					}
					if took := rec.EndNs - rec.ArrivedNs; rec.HeldNs != took {
						t.Errorf("%+v: held for %v, and it took %v", rec.Key, time.Duration(rec.HeldNs), time.Duration(took))
					}
				}
			})
		})
	}
}

// TestBarrierBeforeCapacity: who waits has no slot of the model, and has used up
// nothing of its limits.
func TestBarrierBeforeCapacity(t *testing.T) {
	m := model("m", time.Second, 0, 20)
	m.Slots = 1
	m.Limits.RequestsPerMinute = 1
	held := plain(t, "empty_200", gathered(faults.Barrier{Wait: 2}), func(r *faults.Rule) { r.Match.Header = []faults.HeaderMatch{{Name: "X-Held", Value: "1"}} })
	virtual(t, Config{Models: []Model{m}}, []faults.Rule{held}, func(g *rig) {
		var all sync.WaitGroup
		all.Go(func() {
			if r := g.send(ask{path: chatPath, body: chat("m", ""), header: map[string][]string{"X-Held": {"1"}}}); r.status != 429 || r.at != 5*time.Second {
				t.Errorf("the one that was held came to the limit at %v: %d", r.at, r.status)
			}
		})
		<-time.After(time.Second)
		if r := g.send(ask{path: chatPath, body: chat("m", "")}); r.status != 200 || r.at != 2*time.Second {
			t.Errorf("%d at %v, want 200 at 2s: somebody else has the slot, or the limit", r.status, r.at)
		}
		all.Wait()
	})
}

// TestBarrierDelay: what makes an answer late begins when all go on.
func TestBarrierDelay(t *testing.T) {
	late := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = 2 * time.Second }, gathered(faults.Barrier{Wait: 2}))
	for name, rules := range map[string][]faults.Rule{"of an answer": {late}, "of an error": {late, plain(t, "http_500")}} {
		t.Run(name, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("m", 20)}}, rules, func(g *rig) {
				for _, got := range g.come([]caller{{}, {comes: 3 * time.Second}}) {
					if !strings.HasSuffix(got, " at 5s") {
						t.Errorf("%s, want both at 5s", got)
					}
				}
			})
		})
	}
}

// TestBarrierTwoRules: a call that two rules chose waits at both, one behind the
// other; a rule that another one hides has no say.
func TestBarrierTwoRules(t *testing.T) {
	first := plain(t, "http_500", gathered(faults.Barrier{At: at(time.Second)}))
	hidden := plain(t, "http_503", gathered(faults.Barrier{At: at(9 * time.Second)}))
	slow := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = time.Second }, gathered(faults.Barrier{At: at(2 * time.Second)}))
	virtual(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{first, hidden, slow}, func(g *rig) {
		if got := g.come([]caller{{}}); got[0] != "500 at 3s" {
			t.Error(got)
		}
		want := []string{"http_500: 1 at at 1s, provider, planned for 1s", "slow_ttft: 1 at at 2s, provider, planned for 2s"}
		if got := g.opened(); !slices.Equal(got, want) {
			t.Errorf("opened %q, want %q", got, want)
		}
	})
}

// TestBarrierReplaced: rules that are taken off, or replaced, let those go that
// wait; whoever comes later is held by the new ones alone.
func TestBarrierReplaced(t *testing.T) {
	rule := plain(t, "http_500", gathered(faults.Barrier{Wait: 3}))
	for name, next := range map[string][]faults.Rule{"taken off": nil, "by the same": {rule}} {
		t.Run(name, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{rule}, func(g *rig) {
				time.AfterFunc(time.Second, func() {
					s, problems := faults.NewSchedule(42, next, nil, nil)
					if len(problems) > 0 {
						t.Error(problems)
					}
					g.s.SetFaults(s)
				})
				got := g.come([]caller{{}, {}, {comes: 2 * time.Second}})
				want := []string{"500 at 1s", "500 at 1s", "200 at 2s"}
				opened := []string{"http_500: 2 of 3 off at 1s, provider"}
				if next != nil {
					want[2], opened = "500 at 7s", append(opened, "http_500: 1 of 3 patience at 7s, provider")
				}
				if !slices.Equal(got, want) || !slices.Equal(g.opened(), opened) {
					t.Errorf("got %q, want %q; opened %q, want %q", got, want, g.opened(), opened)
				}
			})
		})
	}
}

// TestBarriersApart: each endpoint of the provider gathers its own, and whom rules
// chose that are no longer on does not wait for those of others.
func TestBarriersApart(t *testing.T) {
	g := faults.Gate{Name: "storm", Wait: 2, AtNs: 1 << 62, Patience: time.Second}
	var b barriers
	one, two := newEndpoint("provider", nil), newEndpoint("backup", nil)
	c1, _ := b.join(nil, &g, one, 0)
	c2, _ := b.join(nil, &g, two, 0)
	_, full := b.join(nil, &g, two, 0)
	if c1 == nil || c2 == nil || c1 == c2 || full == nil || full.at != two || full.n != 2 || len(b.waiting) != 1 {
		t.Errorf("%v %v %v, %d wait", c1, c2, full, len(b.waiting))
	}
	if c, full := b.join(&faults.Schedule{}, &g, one, 0); c != nil || full != nil || c1.n != 1 {
		t.Errorf("a choice of rules that are off waits: %v %v", c, full)
	}
}

// TestBarrierOnSockets: over real connections those that waited are reset, and
// none before the last of them came.
func TestBarrierOnSockets(t *testing.T) {
	const n = 20
	onSocket(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{plain(t, "conn_reset_pre", gathered(faults.Barrier{Wait: n, Patience: ptr(time.Minute)}))}, func(g *rig) {
		errs := make(chan error, n)
		for i := range n {
			go func() {
				errs <- g.send(ask{path: chatPath, body: chat("m", ""), id: wire.ID{Phase: "warm", Index: int64(i)}}).err
			}()
		}
		for range n {
			if err := <-errs; !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%v, want ECONNRESET", err)
			}
			<-g.done
		}
		if len(g.marks) != 1 || g.marks[0].Value != n {
			t.Fatalf("%+v", g.marks)
		}
		for _, rec := range g.recs {
			if rec.ArrivedNs > g.marks[0].TNs || rec.EndNs < g.marks[0].TNs {
				t.Errorf("from %v to %v, opened at %v", rec.ArrivedNs, rec.EndNs, g.marks[0].TNs)
			}
		}
	})
}
