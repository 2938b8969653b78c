package plans

import (
	"fmt"
	"math"

	"github.com/chaoskit/chaos/loadgen"
)

// filesBesides is how many files chaos needs beside its connections: journal,
// logs, listeners, pipes, the runtime's own.
const filesBesides = 64

// checkFiles refuses a load for which this process may not open enough files:
// in the middle of a spike that would look like a target that refuses.
func checkFiles(p *Plan, s *loadgen.Schedule) error {
	limit, known := fileLimit()
	if !known {
		return nil
	}
	need := filesNeeded(p, s)
	if need <= limit {
		return nil
	}
	fit := (limit - filesBesides) / filesPerRequest(p)
	return &HarnessError{
		What: fmt.Sprintf("too few file descriptors: this load may need %d, and this process may open %d", need, limit),
		Do:   fmt.Sprintf("raise the limit with `ulimit -n %d`, or open fewer requests at a time with --set load.max_in_flight=%d", need, max(1, fit)),
	}
}

// filesPerRequest counts sockets that this process holds for one open request:
// the user's end, the provider's end of one call; with a built-in target both
// of its ends as well.
func filesPerRequest(p *Plan) uint64 {
	if p.Target.Builtin != "" {
		return 4
	}
	return 2
}

// filesNeeded is the most that can be open at once: as many requests as
// max_in_flight allows, but no more than are due within one client timeout of
// the steepest phase.
func filesNeeded(p *Plan, s *loadgen.Schedule) uint64 {
	open := float64(p.Load.MaxInFlight)
	var worst float64
	for _, w := range s.Windows() {
		if seconds := float64(w.ToNs-w.FromNs) / 1e9; seconds > 0 {
			worst = max(worst, float64(w.Planned)/seconds)
		}
	}
	// A ramp ends at up to twice its average.
	open = min(open, math.Ceil(2*worst*p.Load.Client.Timeout.Seconds()), float64(s.Planned()))
	return uint64(max(1, open))*filesPerRequest(p) + filesBesides
}
