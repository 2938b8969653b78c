package plans

import (
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// harmless are faults that a client may well take as they are: a check that
// waits for what they do would wait for nothing.
var harmless = []string{
	"eof_no_blank_line", "eof_after_finish_no_done", "done_no_finish",
	"utf8_split", "utf8_token_split", "frame_split", "frame_coalesce",
}

// Every fault gives some check something to look at, or is known to be harmless:
// else a plan with it alone would be told that nothing in it leads to anything.
func TestEveryFaultFeedsACheck(t *testing.T) {
	for _, f := range faults.Catalogue() {
		fed := false
		for _, e := range assertions.Catalogue() {
			fed = fed || slices.ContainsFunc(e.FedBy, func(pattern string) bool {
				prefix, open := strings.CutSuffix(pattern, "*")
				return pattern == f.Name || open && strings.HasPrefix(f.Name, prefix)
			})
		}
		if fed == slices.Contains(harmless, f.Name) {
			t.Errorf("%s feeds a check: %v; add it to the lists in assertions/fed.go, or to those that are harmless", f.Name, fed)
		}
	}
}
