package plans

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/assertions"
)

// mixedUp is a provider that gives answers which were made for another request.
const mixedUp = `name: mixed-up
target: {builtin: naive}
provider:
  models:
    gpt-4o: {ttft: 60ms, tokens_per_second: 400, output_tokens: 20}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 10, for: 5s}
    - {name: spike, rate: 20, for: 10s}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  tenants: 5
  client: {timeout: 10s}
faults:
  - {FAULT, during: spike, probability: 0.3, match: {step: chat}}
assertions:
  - cache.no_leak
  - degradation.disclosed
  - degradation.available: {min: 99%, during: spike}
`

// An answer of another request is proved by its watermarks: another tenant's is
// wrong and a leak, the caller's own one is degraded and does not say so. The same ones are given when it is run again.
func TestAnswersOfOthersAreProved(t *testing.T) {
	for _, c := range []struct {
		fault, outcome, red string
	}{
		{"cross_answer: {}", "wrong", "cache.no_leak degradation.available"},
		{"stale_answer: {}", "degraded:cached", "degradation.disclosed"},
	} {
		var before string
		for range 2 {
			dir := filepath.Join(t.TempDir(), "run")
			res := runVirtual(t, loadText(t, strings.ReplaceAll(mixedUp, "FAULT", c.fault)), dir)
			got := res.Faults[0]
			if got.Injected < 40 || res.Load.Outcomes[c.outcome] != got.Injected {
				t.Errorf("%s: %+v, outcomes %v", c.fault, got, res.Load.Outcomes)
			}
			var red []string
			for _, a := range res.Assertions {
				if a.Verdict == assertions.Fail {
					red = append(red, a.ID)
				}
			}
			if strings.Join(red, " ") != c.red {
				t.Errorf("%s: %s", c.fault, verdictsOf(res))
			}
			now := whoGotWhose(t, dir)
			if before != "" && now != before {
				t.Errorf("%s: another run gives other answers:\n%s\n%s", c.fault, before, now)
			}
			before = now
		}
	}
}

// whoGotWhose lists each request with the one that its answer was made for.
func whoGotWhose(t *testing.T, dir string) string {
	t.Helper()
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range j.Requests {
		for _, m := range r.Marks {
			lines = append(lines, fmt.Sprintf("%s of %s: %s of %s", r.Key, r.Tenant, m.Key, m.Tenant))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
