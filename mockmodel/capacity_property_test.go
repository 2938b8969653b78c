package mockmodel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
)

// dice draws numbers that belong to a seed and the name of what they are for.
type dice struct{ seed uint64 }

func (d dice) under(n int, of ...string) int { return int(draw.Bits(d.seed, of...) % uint64(n)) }

// capacityModel draws a model.
func capacityModel(d dice) Model {
	m := model("m", time.Duration(d.under(3, "ttft"))*200*time.Millisecond, 20, 1+d.under(30, "tokens"))
	m.Slots, m.Queue = 1+d.under(4, "slots"), ptr(d.under(6, "queue"))
	m.Throughput = 20 + float64(d.under(20*(m.Slots-1)+1, "throughput"))
	m.OnHangup = []string{"free", "finish"}[d.under(2, "hangup")]
	m.Price = Price{Input: 1, Output: 10}
	if d.under(2, "prefill") == 0 {
		m.PrefillTokensPerSecond, m.PrefixCache = 50, 256
	}
	if d.under(3, "cold") == 0 {
		m.ColdStart = ColdStart{After: 2 * time.Second, For: time.Second}
	}
	if d.under(4, "late") == 0 {
		m.WhenFull = "late"
	}
	return m
}

// capacityFaults are some of each kind that ends an answer or slows it down.
func capacityFaults(t *testing.T) []faults.Rule {
	some := func(r *faults.Rule) { r.Probability = ptr(faults.Share(0.12)) }
	return []faults.Rule{
		plain(t, "http_503", some), plain(t, "conn_reset_pre", some), plain(t, "empty_200", some), plain(t, "hang_before_headers", some),
		rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.By = time.Second }, some),
		rule(t, "trickle", func(f *faults.Trickle) { f.TokensPerSecond = 5 }, some),
		rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) }, some),
		rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(3) }, some),
		rule(t, "stall_mid_stream", func(f *faults.Cut) { f.AfterTokens = ptr(1) }, some),
		rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) }, some),
	}
}

// tick is the grain of what calls do: coarse, so that things meet at an instant.
const tick = 50 * time.Millisecond

// chance makes a call that comes, and perhaps leaves, at instants of its own.
func chance(g *rig, d dice, i int) {
	n := strconv.Itoa(i)
	<-time.After(time.Duration(d.under(300, "comes", n)) * tick)
	patience := time.Minute // beyond it, all that stalls is left
	if d.under(2, "leaves", n) == 0 {
		patience = time.Duration(1+d.under(60, "patience", n)) * tick
	}
	ctx, leave := context.WithTimeout(context.Background(), patience)
	defer leave()
	more := fmt.Sprintf(`,"seed":%d,"stream":%t,"n":%d`, i, d.under(2, "stream", n) == 0, 1+d.under(3, "n", n))
	resp, err := g.client.Do(g.request(ctx, ask{path: chatPath, body: chat("m", more)}))
	if err != nil {
		return
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	if d.under(4, "reads", n) == 0 { // slowly
		for range 3 {
			_, _ = in.ReadString('\n')
			<-time.After(time.Duration(d.under(16, "pause", n)) * tick)
		}
	}
	_, _ = io.Copy(io.Discard, in)
}

// TestCapacityHolds: whatever calls do to a model, it is empty when they are
// gone, every record adds up, and nobody gets more of it than there is.
func TestCapacityHolds(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		d := dice{uint64(seed)}
		m := capacityModel(d)
		rules := capacityFaults(t)
		if seed%2 == 0 {
			rules = nil
		}
		virtual(t, Config{Models: []Model{m}}, rules, func(g *rig) {
			var calls sync.WaitGroup
			const n = 60
			for i := range n {
				calls.Go(func() { chance(g, d, i) })
			}
			calls.Wait()
			<-time.After(10 * time.Minute) // what is finished for nobody
			synctest.Wait()
			if left := leftOf(g.s.endpoints[0].station("m")); left != "" {
				t.Errorf("seed %d, %+v: %s", seed, m, left)
			}
			if open := g.s.InFlight(); len(open) > 0 {
				t.Errorf("seed %d: %v are open", seed, open)
			}
			for _, rec := range g.recs {
				if bad := addsUp(m, &rec); bad != "" {
					t.Errorf("seed %d, %+v: %s: %+v", seed, m, bad, rec)
				}
			}
			if bad := tooFast(m, g.recs); bad != "" {
				t.Errorf("seed %d, %+v: %s", seed, m, bad)
			}
			if _, _, worst := g.s.Lateness(); worst > 30*time.Millisecond {
				t.Errorf("seed %d: late by %v where time is virtual", seed, worst)
			}
		})
	}
}

// leftOf says what of a model is still taken.
func leftOf(st *station) string {
	var left []string
	if st.busy != 0 || len(st.waiting) != 0 {
		left = append(left, fmt.Sprintf("%d slots and %d places in the queue", st.busy, len(st.waiting)))
	}
	if b := st.batch; b != nil && b.size != 0 {
		left = append(left, fmt.Sprintf("%d places in the batch", b.size))
	}
	if p := st.prefill; p != nil && len(p.queue) != 0 {
		left = append(left, fmt.Sprintf("%d prompts", len(p.queue)))
	}
	return strings.Join(left, ", ")
}

// addsUp says what is wrong with a record.
func addsUp(m Model, rec *journal.Attempt) string {
	output := int64(rec.TokensEmitted)
	if rec.End == journal.AttemptPeerClosed && m.OnHangup == "finish" && rec.CostNanoUSD > 0 {
		output = max(output, (rec.CostNanoUSD-int64(rec.TokensIn)*1000)/10_000) // all of it
	}
	switch {
	case rec.TokensPlanned > 0 && rec.TokensEmitted > rec.TokensPlanned:
		return "more tokens than planned"
	case rec.CostNanoUSD != 0 && rec.CostNanoUSD != int64(rec.TokensIn)*1000+output*10_000:
		return "a cost that its tokens do not have"
	case rec.CostNanoUSD == 0 && rec.TokensEmitted > 0:
		return "tokens for nothing"
	case rec.TokensCached > rec.TokensIn:
		return "more of the prompt cached than it has"
	case rec.EndNs < rec.ArrivedNs || rec.AdmittedNs >= 0 && rec.AdmittedNs < rec.ArrivedNs+rec.QueueNs || rec.LastNs >= 0 && rec.LastNs < rec.FirstNs:
		return "instants out of order"
	case rec.End == journal.AttemptComplete && rec.Status == http.StatusOK && rec.TokensEmitted != rec.TokensPlanned:
		return "a whole answer without all of its tokens"
	}
	return ""
}

// tooFast says where calls got more tokens than the throughput allows: in any
// stretch between two admissions, what ends in it was generated in it.
func tooFast(m Model, recs []journal.Attempt) string {
	const slack = 1.001
	for _, a := range recs {
		for _, b := range recs {
			from, to, tokens := a.AdmittedNs, b.EndNs, 0
			if from < 0 || to <= from {
				continue
			}
			for _, c := range recs {
				if c.AdmittedNs >= from && c.EndNs <= to {
					// The first token of each of up to three answers comes out of
					// the prompt.
					tokens += max(0, c.TokensEmitted-3)
				}
			}
			if most := m.Throughput * float64(to-from) / 1e9 * slack; float64(tokens) > most {
				return fmt.Sprintf("%d tokens in %v, %v a second: at most %v", tokens, time.Duration(to-from), m.Throughput, most)
			}
		}
	}
	return ""
}
