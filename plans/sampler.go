package plans

import (
	"context"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// sampleEvery is how often resource use is written down. Once a second is
// enough to see a leak in half a minute and costs nothing.
const sampleEvery = time.Second

// usage is what a process or a group of processes uses.
type usage struct {
	rssBytes int64
	fds      int64
	cpuNs    int64
	procs    int
}

// sampleUntil writes a sample mark a second until ctx ends: one for the harness,
// generator and mock being one process, and one for the target's group.
func sampleUntil(ctx context.Context, epoch journal.Epoch, sink journal.Sink, pgid func() int) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		writeSample(epoch, sink, "harness", harnessSample())
		if id := pgid(); id > 0 {
			if u, ok := groupUsage(id); ok {
				writeSample(epoch, sink, "target", attrs(u))
			}
		}
	}
}

func writeSample(epoch journal.Epoch, sink journal.Sink, name string, a map[string]string) {
	sink.Mark(&journal.Mark{TNs: epoch.Now(), PlannedNs: journal.Never, Kind: journal.MarkSample, Name: name, Attrs: a})
}

func harnessSample() map[string]string {
	u, _ := selfUsage()
	a := attrs(u)
	a["goroutines"] = strconv.Itoa(runtime.NumGoroutine())
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	a["gc_ns"] = strconv.FormatInt(int64(gc.PauseTotal), 10)
	return a
}

func attrs(u usage) map[string]string {
	f := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]string{"rss_bytes": f(u.rssBytes), "fds": f(u.fds), "cpu_ns": f(u.cpuNs)}
}
