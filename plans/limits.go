package plans

import (
	"fmt"
	"math"
	"time"

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
	return filesFit(p, filesNeeded(p, s), limit)
}

// filesFit holds the need against the limit.
func filesFit(p *Plan, need, limit uint64) error {
	if need <= limit {
		return nil
	}
	e := &HarnessError{
		What: fmt.Sprintf("too few file descriptors: this load needs %d at least, and this process may open %d", need, limit),
		Do:   fmt.Sprintf("raise the limit with `ulimit -n %d`", need),
	}
	if least := filesBesides + filesPerRequest(p); limit >= least {
		e.Do += fmt.Sprintf(", or open fewer requests at a time with --set load.max_in_flight=%d", (limit-filesBesides)/filesPerRequest(p))
	}
	return e
}

// checkSafety holds the requests themselves against safety: how many a trace
// brings, and how close together, nobody knows before it is read.
func checkSafety(p *Plan, s *loadgen.Schedule) error {
	if n := p.Safety.MaxRequests; n > 0 && s.Planned() > n {
		return fmt.Errorf("load: has %d requests, and safety.max_requests is %d: shorten the load or raise the limit", s.Planned(), n)
	}
	if p.Load.Trace == nil || p.Safety.MaxRate <= 0 {
		return nil // the rates of phases are known from the plan
	}
	iter, err := s.Iter()
	if err != nil {
		return err
	}
	defer iter.Close()
	var second []int64 // due times of the last second, in order
	for {
		a, ok, err := iter.Next()
		if err != nil || !ok {
			return err
		}
		for len(second) > 0 && second[0] <= a.DueNs-int64(time.Second) {
			second = second[1:]
		}
		if second = append(second, a.DueNs); float64(len(second)) > p.Safety.MaxRate {
			return fmt.Errorf("load.trace: has more than %s requests in the second up to %s of the load, and safety.max_rate is that: lower load.trace.speed or raise the limit",
				plainNumber(p.Safety.MaxRate), time.Duration(a.DueNs).Round(time.Millisecond))
		}
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

// filesNeeded is what the load needs at the very least: the requests of one
// second of the steepest phase, open at once. A service that falls behind needs
// more; running out in the middle is counted as dropped by the harness, and
// voids the verdict.
func filesNeeded(p *Plan, s *loadgen.Schedule) uint64 {
	var steepest float64
	for _, w := range s.Windows() {
		if seconds := float64(w.ToNs-w.FromNs) / 1e9; seconds > 0 {
			steepest = max(steepest, float64(w.Planned)/seconds)
		}
	}
	open := min(float64(p.Load.MaxInFlight), math.Ceil(steepest*min(1, p.Load.Client.Timeout.Seconds())), float64(s.Planned()))
	return uint64(max(1, open))*filesPerRequest(p) + filesBesides
}
