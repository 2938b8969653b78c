// Command bench measures what the generator and the mock model can do in one
// process: 2,000 requests a second for 30 s, journal on, straight from the
// generator to the mock. It runs each case three times, prints every run and
// the medians, and fails where a median misses its limit.
//
// Method: a real `chaos run` as a child process; lag is dispatch minus due of
// every request due after the first 2 s, from the journal; resident memory is
// the child's own, sampled once a second into the journal while load is sent;
// the peak, which includes judging 60,000 requests, is the kernel's ru_maxrss.
//
//	go run ./.ci/bench
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// skip is the start-up that is not measured: connections are dialled, the heap
// grows to its size.
const skip = int64(2 * time.Second)

const plan = `name: bench-%s
description: 2,000 requests a second from the generator straight to the mock.
target: {url: "${provider.openai}/chat/completions"}
provider:
  models:
    gpt-4o: {ttft: %s, tokens_per_second: 0, output_tokens: 40, slots: 4000, queue: 1000}
load:
  arrivals: constant
  phases: [{name: steady, rate: 2000, for: 30s}]
  mix: [{name: short, weight: 1, model: gpt-4o, prompt_tokens: 50}]
  client: {timeout: 10s}
  max_in_flight: 4000
assertions:
  - degradation.available: {min: 99%%}
`

// limits of a case. Bytes are those of megabytes, 10^6.
type limits struct {
	name, ttft string
	lagP99     time.Duration
	rss        float64
	growth     float64 // resident memory at 30 s over that at 10 s; 0: no limit
}

var cases = []limits{
	{name: "instant", ttft: "0s", lagP99: 2 * time.Millisecond, rss: 100e6},
	{name: "300ms", ttft: "300ms", lagP99: 5 * time.Millisecond, rss: 200e6, growth: 1.10},
}

// figures of one run.
type figures struct {
	requests, dropped int
	lagP50, lagP99    time.Duration
	rssMax, growth    float64
	peak, cpu         float64
}

func main() {
	dir, err := os.MkdirTemp("", "chaos-bench-")
	check(err)
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "chaos")
	build := exec.Command("go", "build", "-o", bin, "./cmd/chaos")
	build.Stderr = os.Stderr
	check(build.Run())
	failed := false
	for _, c := range cases {
		var runs []figures
		for i := range 3 {
			f := measure(bin, filepath.Join(dir, fmt.Sprintf("%s-%d", c.name, i)), c)
			fmt.Printf("%-8s run %d  requests %d  dropped %d  lag p50 %v p99 %v  rss max %.0f MB, 30 s/10 s %.2f  peak %.0f MB  cpu %.1f s\n",
				c.name, i+1, f.requests, f.dropped, f.lagP50, f.lagP99, f.rssMax/1e6, f.growth, f.peak/1e6, f.cpu)
			runs = append(runs, f)
		}
		failed = !judge(c, runs) || failed
	}
	if failed {
		os.Exit(1)
	}
}

// judge prints the medians beside their limits.
func judge(c limits, runs []figures) bool {
	lag := median(runs, func(f figures) float64 { return float64(f.lagP99) })
	rss := median(runs, func(f figures) float64 { return f.rssMax })
	growth := median(runs, func(f figures) float64 { return f.growth })
	dropped := median(runs, func(f figures) float64 { return float64(f.dropped) })
	ok := lag <= float64(c.lagP99) && rss < c.rss && (c.growth == 0 || growth <= c.growth) && dropped == 0
	fmt.Printf("%-8s median   lag p99 %v (limit %v)  rss %.0f MB (limit %.0f)  30 s/10 s %.2f (limit %.2f)  dropped %.0f (limit 0)  ok=%v\n\n",
		c.name, time.Duration(lag), c.lagP99, rss/1e6, c.rss/1e6, growth, c.growth, dropped, ok)
	return ok
}

func median(runs []figures, of func(figures) float64) float64 {
	var vs []float64
	for _, r := range runs {
		vs = append(vs, of(r))
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}

func measure(bin, dir string, c limits) figures {
	file := dir + ".yaml"
	check(os.WriteFile(file, []byte(fmt.Sprintf(plan, c.name, c.ttft)), 0o644))
	cmd := exec.Command(bin, "run", file, "--out", dir, "-q")
	out, err := cmd.CombinedOutput()
	if err != nil {
		fmt.Printf("%s\n", out)
		check(err)
	}
	use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	f := figures{peak: float64(use.Maxrss) * 1024, cpu: cmd.ProcessState.UserTime().Seconds() + cmd.ProcessState.SystemTime().Seconds()}
	j, err := journal.Load(filepath.Join(dir, "journal.chaos"))
	check(err)
	f.readLag(j)
	f.readMemory(j)
	return f
}

func (f *figures) readLag(j *journal.Journal) {
	var lags []int64
	origin := int64(-1)
	for _, r := range j.Requests {
		if r.Purpose == journal.PurposeLoad && (origin < 0 || r.DueNs < origin) {
			origin = r.DueNs
		}
	}
	for _, r := range j.Requests {
		if r.Purpose != journal.PurposeLoad {
			continue
		}
		f.requests++
		if r.Dropped != "" {
			f.dropped++
		} else if r.DueNs >= origin+skip {
			lags = append(lags, r.DispatchNs-r.DueNs)
		}
	}
	slices.Sort(lags)
	f.lagP50, f.lagP99 = time.Duration(lags[len(lags)/2]), time.Duration(lags[len(lags)*99/100])
}

// readMemory compares the sample nearest to 10 s into the load with the last
// one of the load.
func (f *figures) readMemory(j *journal.Journal) {
	var start, end int64
	for _, m := range j.Marks {
		switch m.Kind {
		case journal.MarkPhaseStart:
			start = m.TNs
		case journal.MarkLoadStop:
			end = m.TNs
		}
	}
	var at10, last float64
	for _, m := range j.Marks {
		if m.Kind != journal.MarkSample || m.Name != "harness" || m.TNs < start || m.TNs > end {
			continue
		}
		rss, err := strconv.ParseFloat(m.Attrs["rss_bytes"], 64)
		check(err)
		f.rssMax = max(f.rssMax, rss)
		if m.TNs <= start+int64(10500*time.Millisecond) {
			at10 = rss
		}
		last = rss
	}
	f.growth = last / at10
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}
