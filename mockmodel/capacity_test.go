package mockmodel

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// TestBatch: how far an answer has come is the number of steps made since it
// joined, and steps take the longer the more calls share them.
func TestBatch(t *testing.T) {
	b := newBatch(10, 20, 4) // alone 100 ms a step, four together 200 ms
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	third := ms(200) + 400_000_000/3
	for _, c := range []struct {
		name  string
		do    func()
		at    int64
		steps float64
		step  float64
	}{
		{"one call alone", func() { b.join(1, 0) }, ms(200), 2, 100e6},
		{"with a second one steps take longer", func() { b.join(1, ms(200)) }, third, 3, 400e6 / 3},
		{"four are as fast as the throughput says", func() { b.join(1, b.atNs); b.join(1, b.atNs) }, third + ms(200), 4, 200e6},
		{"who leaves makes the others faster", func() { b.leave(1, b.atNs); b.leave(1, b.atNs); b.leave(1, b.atNs) }, third + ms(300), 5, 100e6},
	} {
		c.do()
		steps, step := b.look(c.at)
		if math.Abs(steps-c.steps) > 1e-6 || math.Abs(step-c.step) > 1 {
			t.Errorf("%s: %v steps of %v ns, want %v of %v", c.name, steps, step, c.steps, c.step)
		}
	}
}

// capacityRig sends calls that differ, and tells when each was answered.
func capacityRig(g *rig, n int, more func(i int) string) []time.Duration {
	at := make(chan reply, n)
	for i := range n {
		go func() {
			at <- g.send(ask{path: chatPath, body: chat("m", fmt.Sprintf(`,"max_tokens":10,"seed":%d%s`, i, more(i)))})
		}()
		synctest.Wait()
	}
	out := make([]time.Duration, n)
	for i := range out {
		r := <-at
		if r.status != 200 {
			g.t.Errorf("status %d: %s", r.status, r.body)
		}
		out[i] = r.at
	}
	return out
}

// near allows for the nanosecond by which waits are rounded.
func near(got, want time.Duration) bool {
	return got-want < time.Millisecond && want-got < time.Millisecond
}

// TestThroughput: calls slow each other down, streamed and not, as much as the
// throughput says.
func TestThroughput(t *testing.T) {
	m := model("m", 0, 10, 10)
	m.Slots, m.Throughput = 4, 20
	for _, stream := range []string{"", streamed} {
		for _, c := range []struct {
			calls int
			want  time.Duration
		}{{1, time.Second}, {2, 4 * time.Second / 3}, {4, 2 * time.Second}} {
			virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
				for _, at := range capacityRig(g, c.calls, func(int) string { return stream }) {
					if !near(at, c.want) {
						t.Errorf("%d calls %s: answered at %v, want %v", c.calls, stream, at, c.want)
					}
				}
				synctest.Wait()
				batch := 0
				for _, rec := range g.recs {
					batch = max(batch, rec.Batch)
				}
				if batch != c.calls {
					t.Errorf("batch %d, want %d", batch, c.calls)
				}
				if _, p99, worst := g.s.Lateness(); worst > time.Millisecond {
					t.Errorf("late by %v, %v at worst: a busy model is not a late one", p99, worst)
				}
			})
		}
	}
}

// TestBatchEmpties: an answer gets faster when its neighbour is done.
func TestBatchEmpties(t *testing.T) {
	m := model("m", 0, 10, 10)
	m.Slots, m.Throughput = 2, 10 // two get half as much each
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		got := make(chan reply, 2)
		go func() { got <- g.send(ask{path: chatPath, body: chat("m", `,"max_tokens":5`)}) }()
		go func() { got <- g.send(ask{path: chatPath, body: chat("m", `,"max_tokens":10`)}) }()
		if a, b := <-got, <-got; !near(a.at, time.Second) || !near(b.at, 1500*time.Millisecond) {
			t.Errorf("answered at %v and %v, want 1s and 1.5s", a.at, b.at)
		}
	})
}

// TestPrefill: prompts are read one after the other; who leaves takes no time.
func TestPrefill(t *testing.T) {
	m := model("m", 0, 0, 1)
	m.PrefillTokensPerSecond = 100
	prompt := func(c byte) string {
		return `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat(string(c), 400) + `"}]}`
	}
	for _, c := range []struct {
		name  string
		leave bool
		want  []time.Duration
	}{
		{"each waits for those before it", false, []time.Duration{1, 2, 3}},
		{"the second one leaves while it waits", true, []time.Duration{1, 2}},
	} {
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			got := make(chan time.Duration, 3)
			ctx, leave := context.WithCancel(context.Background())
			for i := range 3 {
				if i == 1 && c.leave {
					go g.client.Do(g.request(ctx, ask{path: chatPath, body: prompt('b')}))
				} else {
					go func() { got <- g.send(ask{path: chatPath, body: prompt(byte('a' + i))}).at }()
				}
				synctest.Wait()
			}
			<-time.After(500 * time.Millisecond)
			leave2 := leave
			if c.leave {
				leave2()
			}
			for _, want := range c.want {
				if at := <-got; !near(at, want*time.Second) {
					t.Errorf("%s: answered at %v, want %v", c.name, at, want*time.Second)
				}
			}
			leave()
		})
	}
}

// TestPrefixCache: what a prompt shares with an earlier one from its start on
// is not read again, is told in the usage, and may be cheaper.
func TestPrefixCache(t *testing.T) {
	m := model("m", 0, 0, 1)
	m.PrefillTokensPerSecond, m.PrefixCache = 100, 1024
	m.Price = Price{Input: 1, Cached: 0.5}
	ask := func(g *rig, system, user string) reply {
		return g.send(ask{path: chatPath, body: `{"model":"m","messages":[{"role":"system","content":"` + system + `"},{"role":"user","content":"` + user + `"}]}`})
	}
	long, other := strings.Repeat("s", 1600), strings.Repeat("o", 1600)
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for _, c := range []struct {
			name, system, user string
			cached             int
			takes              time.Duration
		}{
			{"nothing is known", long, "hi", 0, 4010 * time.Millisecond},
			{"the same system prompt", long, "other", 400, 20 * time.Millisecond},
			{"another one", other, "hi", 0, 4010 * time.Millisecond},
			{"the first one again", long, "hi", 400, 10 * time.Millisecond},
			{"the same text behind another start", "x" + long, "hi", 0, 4020 * time.Millisecond},
		} {
			from := g.elapsed()
			r := ask(g, c.system, c.user)
			rec := g.last()
			if !near(r.at-from, c.takes) || rec.TokensCached != c.cached || !strings.Contains(string(r.body), fmt.Sprintf(`"cached_tokens":%d`, c.cached)) {
				t.Errorf("%s: took %v with %d tokens cached, want %v with %d: %s", c.name, r.at-from, rec.TokensCached, c.takes, c.cached, r.body)
			}
			if want := int64(rec.TokensIn-c.cached)*1000 + int64(c.cached)*500; rec.CostNanoUSD != want {
				t.Errorf("%s: costs %d, want %d", c.name, rec.CostNanoUSD, want)
			}
		}
	})
}

// TestPrefixCacheForgets: the least recently used blocks go first.
func TestPrefixCacheForgets(t *testing.T) {
	p := newPrefixes(4 * blockTokens)
	read := func(s string) int {
		c := &call{}
		c.hear(message{text: strings.Repeat(s, 2*blockTokens*tokenBytes/len(s)+1)})
		return p.read(c) / blockTokens
	}
	for i, c := range []struct {
		text string
		want int
	}{{"a", 0}, {"b", 0}, {"a", 2}, {"c", 0}, {"a", 2}, {"b", 0}} {
		if got := read(c.text); got != c.want {
			t.Errorf("prompt %d, %s: %d blocks known, want %d", i+1, c.text, got, c.want)
		}
	}
	if p.used.Len() != 4 || len(p.known) != 4 {
		t.Errorf("%d blocks are kept, want 4", p.used.Len())
	}
}

// TestWhenFull: what happens to a call that finds the queue full.
func TestWhenFull(t *testing.T) {
	for _, c := range []struct {
		when   string
		status int
		at     time.Duration
	}{{"", 503, 0}, {"http_429", 429, 0}, {"http_503", 503, 0}, {"http_529", 529, 0}, {"late", 200, 3 * time.Second}} {
		m := model("m", time.Second, 0, 1)
		m.Slots, m.Queue, m.WhenFull = 1, ptr(1), c.when
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			for i := range 2 {
				go g.send(ask{path: chatPath, body: chat("m", fmt.Sprintf(`,"seed":%d`, i))})
				synctest.Wait()
			}
			if r := g.send(ask{path: chatPath, body: chat("m", `,"seed":9`)}); r.status != c.status || r.at != c.at {
				t.Errorf("when_full: %s: %d at %v, want %d at %v", c.when, r.status, r.at, c.status, c.at)
			}
		})
	}
}

// TestColdStart: a model that was idle for long has to be started first, once
// for all that come meanwhile.
func TestColdStart(t *testing.T) {
	m := model("m", 0, 0, 1)
	m.ColdStart = ColdStart{After: time.Minute, For: 5 * time.Second}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for _, c := range []struct {
			name  string
			idle  time.Duration
			takes time.Duration
		}{
			{"at the start", 0, 5 * time.Second},
			{"at once again", 0, 0},
			{"after a short pause", 59 * time.Second, 0},
			{"after a long one", time.Minute, 5 * time.Second},
		} {
			<-time.After(c.idle)
			from := g.elapsed()
			second := make(chan time.Duration, 1)
			go func() { second <- g.send(ask{path: chatPath, body: chat("m", `,"seed":2`)}).at }()
			synctest.Wait()
			if at := g.send(ask{path: chatPath, body: chat("m", "")}).at - from; at != c.takes {
				t.Errorf("%s: took %v, want %v", c.name, at, c.takes)
			}
			if at := <-second - from; at != c.takes {
				t.Errorf("%s: the other call took %v, want %v", c.name, at, c.takes)
			}
		}
	})
}

// TestOnHangup: a model that does not notice that its caller is gone keeps its
// slot, its place in the queue and its place in the batch to the end, and
// charges for the whole answer.
func TestOnHangup(t *testing.T) {
	for _, c := range []struct {
		name, on     string
		throughput   float64
		next, queued time.Duration
		tokens       int64
	}{
		{"noticed", "free", 0, 2500 * time.Millisecond, 0, 5},
		{"not noticed", "finish", 0, 4 * time.Second, 0, 20},
		{"not noticed, in a batch", "finish", 10, 4 * time.Second, 0, 20},
	} {
		m := model("m", 0, 10, 20)
		m.Slots, m.OnHangup, m.Throughput = 1, c.on, c.throughput
		m.Price = Price{Output: 1}
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			ctx, leave := context.WithCancel(context.Background())
			go func() {
				resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", streamed)}))
				if err == nil {
					<-ctx.Done()
					resp.Body.Close()
				}
			}()
			synctest.Wait()
			next := make(chan reply, 1)
			go func() { next <- g.send(ask{path: chatPath, body: chat("m", `,"seed":2`)}) }()
			<-time.After(450 * time.Millisecond)
			leave()
			r := <-next
			if !near(r.at, c.next) && !near(r.at, c.next-50*time.Millisecond) {
				t.Errorf("%s: the next call was answered at %v, want %v", c.name, r.at, c.next)
			}
			synctest.Wait()
			if rec := g.recs[0]; rec.End != journal.AttemptPeerClosed || rec.CostNanoUSD != c.tokens*1000 {
				t.Errorf("%s: who left: %s, costs %d, want %d", c.name, rec.End, rec.CostNanoUSD, c.tokens*1000)
			}
			if n := g.s.endpoints[0].station("m").inFlight(); n != 0 {
				t.Errorf("%s: %d slots lost", c.name, n)
			}
		})
	}
}

// TestHangupInTheQueue: a caller that leaves the queue of a model that does not
// notice it is served all the same.
func TestHangupInTheQueue(t *testing.T) {
	m := model("m", time.Second, 0, 1)
	m.Slots, m.OnHangup, m.PrefillTokensPerSecond = 1, "finish", 1
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		go g.send(ask{path: chatPath, body: chat("m", "")})
		synctest.Wait()
		ctx, leave := context.WithCancel(context.Background())
		go g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", `,"seed":2`)}))
		synctest.Wait()
		leave()
		one := g.last().TokensIn // seconds to read the prompt, and one more to answer
		if r := g.send(ask{path: chatPath, body: chat("m", `,"seed":3`)}); !near(r.at, time.Duration(3*one+3)*time.Second) {
			t.Errorf("the third call was answered at %v, want %v", r.at, time.Duration(3*one+3)*time.Second)
		}
	})
}

// TestCapacityProblems: what no machine could have is refused.
func TestCapacityProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Model
		want string
	}{
		{"less together than one alone", Model{Name: "m", TokensPerSecond: ptr(50.0), Throughput: 10}, "models.m.throughput: is 10: give a rate from 50"},
		{"more together than each alone", Model{Name: "m", TokensPerSecond: ptr(50.0), Slots: 2, Throughput: 101}, "to 100, what 2 slots"},
		{"all at once", Model{Name: "m", TokensPerSecond: ptr(0.0), Throughput: 10}, "models.m.throughput: makes no sense"},
		{"no rate", Model{Name: "m", PrefillTokensPerSecond: -1}, "models.m.prefill_tokens_per_second"},
		{"less than a block", Model{Name: "m", PrefixCache: 3}, "models.m.prefix_cache"},
		{"a start that takes no time", Model{Name: "m", ColdStart: ColdStart{After: time.Second}}, "models.m.cold_start.for"},
	} {
		got := ""
		for _, p := range (Config{Models: []Model{c.m}}).Validate() {
			got += p.Path + ": " + p.Msg
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
