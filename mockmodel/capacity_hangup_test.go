package mockmodel

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWorkForNobodyTakesNoLonger: a model that does not notice that its caller is
// gone is done when it would have been done for it, wherever the caller left.
func TestWorkForNobodyTakesNoLonger(t *testing.T) {
	const prompt = 40 // tokens, 4 s
	for _, c := range []struct {
		name       string
		throughput float64
		cold       time.Duration
		leaves     time.Duration
	}{
		{"while its prompt is read", 0, 0, 2 * time.Second},
		{"before the first token", 0, 0, 7 * time.Second},
		{"in the middle of the answer", 0, 0, 9500 * time.Millisecond},
		{"while its prompt is read, in a batch", 10, 0, 2 * time.Second},
		{"before the first token, in a batch", 10, 0, 7 * time.Second},
		{"in the middle of the answer, in a batch", 10, 0, 9500 * time.Millisecond},
		{"while the model is started", 0, 3 * time.Second, time.Second},
	} {
		m := model("m", 4*time.Second, 10, 20) // 4 s to the first token, 2 s to the end
		m.Slots, m.OnHangup, m.Throughput, m.PrefillTokensPerSecond = 1, "finish", c.throughput, 10
		if m.ColdStart.For = c.cold; c.cold > 0 {
			m.ColdStart.After = time.Hour
		}
		body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word", prompt) + `"}]%s}`
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			ctx, leave := context.WithTimeout(context.Background(), c.leaves)
			defer leave()
			go func() {
				if resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: fmt.Sprintf(body, streamed)})); err == nil {
					<-ctx.Done()
					resp.Body.Close()
				}
			}()
			synctest.Wait()
			one := c.cold + 10*time.Second
			if r := g.send(ask{path: chatPath, body: fmt.Sprintf(body, `,"seed":2`)}); !near(r.at, one+10*time.Second) {
				t.Errorf("%s: the next call was answered at %v, want %v", c.name, r.at, one+10*time.Second)
			}
		})
	}
}

// TestChoicesAreGeneratedTogether: several answers to one call take as many
// places in the batch, and all of them together get what the throughput says,
// whether or not there are slots for all.
func TestChoicesAreGeneratedTogether(t *testing.T) {
	m := model("m", 0, 10, 10)
	m.Slots, m.Throughput = 4, 20
	for n, want := range map[int]time.Duration{1: time.Second, 2: 4 * time.Second / 3, 4: 2 * time.Second, 8: 4 * time.Second} {
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			if at := capacityRig(g, 1, func(int) string { return fmt.Sprintf(`,"n":%d`, n) }); !near(at[0], want) {
				t.Errorf("%d choices: answered at %v, want %v", n, at[0], want)
			}
		})
	}
	ctx, leave := context.WithCancel(context.Background())
	m.OnHangup, m.Slots, m.Price = "finish", 1, Price{Output: 1}
	m.Throughput = 0
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		go g.send(ask{path: chatPath, body: chat("m", "")})
		synctest.Wait()
		go g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", `,"n":3`)}))
		synctest.Wait()
		leave()
		if rec := g.last(); rec.CostNanoUSD != 30_000 {
			t.Errorf("three answers of ten tokens that are finished for nobody cost %d", rec.CostNanoUSD)
		}
	})
}

// TestPrefixCacheForgetsFromTheEnd: of a prompt that does not fit, its start is
// what is remembered: the end is of no use without it.
func TestPrefixCacheForgetsFromTheEnd(t *testing.T) {
	p := newPrefixes(4 * blockTokens)
	read := func(s string, blocks int) int {
		c := &call{}
		c.hear(message{text: strings.Repeat(s, blocks*blockTokens*tokenBytes+1)})
		return p.read(c) / blockTokens
	}
	for i, c := range []struct {
		text         string
		blocks, want int
	}{{"a", 6, 0}, {"a", 6, 4}, {"b", 1, 0}, {"a", 6, 3}} {
		if got := read(c.text, c.blocks); got != c.want {
			t.Errorf("prompt %d, %s: %d blocks known, want %d", i+1, c.text, got, c.want)
		}
	}
	if p.used.Len() != 4 || len(p.known) != 4 {
		t.Errorf("%d blocks are kept, want 4", p.used.Len())
	}
}

// TestSlotThatComesAsTheCallerLeaves: it goes to the next one.
func TestSlotThatComesAsTheCallerLeaves(t *testing.T) {
	m := instant("m", 1)
	m.Slots = 1
	st := newStation(m.withDefaults())
	st.enter(0)
	var left, next work
	for _, w := range []*work{&left, &next} {
		w.st = st
		_, w.waiter = st.enter(0)
	}
	st.leave(1) // the slot is left's now
	left.leave(1)
	if !next.awaitSlot(context.Background(), waitSlot) || !next.inside {
		t.Error("the next one has no slot")
	}
	if next.leave(2); leftOf(st) != "" {
		t.Error(leftOf(st))
	}
}

// TestCloseEndsWorkForNobody: nothing goes on when the provider is closed.
func TestCloseEndsWorkForNobody(t *testing.T) {
	for _, throughput := range []float64{0, 10} {
		m := model("m", time.Second, 10, 100)
		m.Slots, m.OnHangup, m.Throughput, m.PrefillTokensPerSecond = 1, "finish", throughput, 10
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			for i := range 3 { // one at work, two in the queue
				ctx, leave := context.WithTimeout(context.Background(), 3*time.Second)
				defer leave()
				go g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", fmt.Sprintf(`,"seed":%d`, i))}))
			}
			<-time.After(4 * time.Second)
			before := g.elapsed()
			g.close()
			if took := g.elapsed() - before; took > 0 || len(g.recs) != 3 {
				t.Errorf("closed after %v with %d records", took, len(g.recs))
			}
			if left := leftOf(g.s.endpoints[0].station("m")); left != "" {
				t.Error(left)
			}
		})
	}
}
