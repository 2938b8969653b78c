package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Method of rules. Two mocks as in answers, one of them with 50 rules of which
// none matches a call: by its model, its dialect, its step or its
// attempt. They take short turns, so that what the machine does
// meanwhile meets both, and the median of the ratios of neighbouring turns
// counts.

const (
	ruleCount  = 50
	ruleRounds = 9
	ruleFor    = 3 * time.Second
	ruleLimit  = 0.95
)

// strangers are matches that no call of the load meets: all calls are one step,
// and there are some millions of attempts.
var strangers = []string{"model: gpt-4o-mini", "dialect: anthropic", "step: embed", "step: rerank", "attempt: 2000000000", "model: gpt-4o, step: search"}

// neverMatch returns rules that are asked about every call and take none.
func neverMatch() string {
	kinds := []string{"http_503: {}", "rate_limit: {retry_after: 2s}", "slow_ttft: {by: 1s}", "stall_mid_stream: {}", "empty_200: {}"}
	var b strings.Builder
	b.WriteString("faults:\n")
	for i := range ruleCount {
		fmt.Fprintf(&b, "  - {name: r%d, %s, probability: 0.3, match: {%s}}\n", i, kinds[i%len(kinds)], strangers[i%len(strangers)])
	}
	return b.String()
}

// rules measures what rules cost that never match, and says whether it is
// little enough.
func rules(dir string) outcome {
	installWrk()
	lua := writeLua(dir)
	none := &contestant{name: "no rules", server: startMock(filepath.Join(dir, "none"), "")}
	many := &contestant{name: "50 rules", server: startMock(filepath.Join(dir, "many"), neverMatch())}
	all := []*contestant{none, many}
	for _, c := range all {
		c.once()
		c.load(lua, warmFor)
	}
	takeTurns(all, lua, ruleRounds, ruleFor)
	none.stop()
	many.stop()
	var ratios []float64
	for i := range none.rates {
		ratios = append(ratios, many.rates[i]/none.rates[i])
	}
	ok := median(ratios) > ruleLimit
	fmt.Printf("rules     median   %.0f with none, %.0f with %d: %.1f %% of the answers per CPU-second (limit %.0f %%)  ok=%v\n",
		median(none.rates), median(many.rates), ruleCount, 100*median(ratios), 100*ruleLimit, ok)
	return is(ok)
}
