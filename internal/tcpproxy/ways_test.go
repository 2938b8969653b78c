package tcpproxy

import (
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// TestEachWayHasRulesOfItsOwn: what one rule does to one way hides no other rule
// from the other way.
func TestEachWayHasRulesOfItsOwn(t *testing.T) {
	named := func(name string, r faults.Rule) faults.Rule { r.Name = name; return r }
	up := func(r faults.Rule) faults.Rule {
		r.Fault.(*faults.TCPEnd).Direction = faults.Up
		return r
	}
	for _, row := range []struct {
		words string
		rules []faults.Rule
		bytes int // of 100 that came back
		seen  string
		after time.Duration
		hits  string
	}{
		{"late up, later down", []faults.Rule{named("a", latency(t, 10*ms, faults.Up)), named("b", latency(t, 200*ms, faults.Down))},
			100, "", 210 * ms, "a injected, b injected"},
		{"late both ways hides late down", []faults.Rule{named("a", latency(t, 10*ms, faults.Both)), named("b", latency(t, 200*ms, faults.Down))},
			100, "", 20 * ms, "a injected, b masked"},
		{"late down shows before late both ways, which is late up", []faults.Rule{named("a", latency(t, 200*ms, faults.Down)), named("b", latency(t, 10*ms, faults.Both))},
			100, "", 210 * ms, "a injected, b injected"},
		{"narrow up, narrower down", []faults.Rule{named("a", bandwidth(t, 1000, faults.Up)), named("b", bandwidth(t, 100, faults.Down))},
			100, "", 1020 * ms, "a injected, b injected"},
		{"cut behind 70 down, reset behind 60 up", []faults.Rule{named("a", ending(t, "tcp_cut", 70)), named("b", up(ending(t, "tcp_reset", 60)))},
			0, "reset", 0, "a missed, b injected"},
		{"both at once: the first", []faults.Rule{named("a", up(ending(t, "tcp_cut", 0))), named("b", ending(t, "tcp_reset", 0))},
			0, "eof", 0, "a injected, b missed"},
		{"two ends of one way: the first hides the second", []faults.Rule{named("a", ending(t, "tcp_cut", 70)), named("b", ending(t, "tcp_reset", 60))},
			70, "eof", 0, "a injected, b masked"},
	} {
		t.Run(row.words, func(t *testing.T) {
			virtual(t, func(t *testing.T, n network) {
				r := newRig(t, n, echo, row.rules...)
				defer r.close()
				c := r.dial()
				began := time.Now()
				got, seen := question(c, string(make([]byte, 100)), 100, 10*time.Second)
				if took := time.Since(began); len(got) != row.bytes || seen != row.seen || took != row.after {
					t.Errorf("%d bytes, then %q, after %s; want %d, %q, %s", len(got), seen, took, row.bytes, row.seen, row.after)
				}
				if hits := states(r.recorded()[0]); hits != row.hits {
					t.Errorf("on record: %s; want %s", hits, row.hits)
				}
			})
		})
	}
}
