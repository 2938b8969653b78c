package refapp

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// storm is a provider in trouble: of the attempts at gpt-4o 20 % are limited
// with a hint of 2 s, 10 % are refused, and 1 % each hang, are cut and say
// nothing. Who comes back before the hint has run out is limited again. A
// healthy answer takes 1.8 s, of the smaller model 0.7 s.
func storm(seed uint64) func(model, question string, attempt int) string {
	var mu sync.Mutex
	limited := map[string]time.Time{}
	return func(model, question string, attempt int) string {
		if model != "gpt-4o" {
			return "slow 700ms"
		}
		mu.Lock()
		defer mu.Unlock()
		share := float64(draw.Bits(seed, "storm", question, strconv.Itoa(attempt))>>11) / (1 << 53)
		switch now := time.Now(); {
		case now.Before(limited[question]):
			return "429 retry-after=2"
		case share < 0.20:
			limited[question] = now.Add(2 * time.Second)
			return "429 retry-after=2"
		case share < 0.30:
			return "503"
		case share < 0.31:
			return "hang"
		case share < 0.32:
			return "slow 900ms cut"
		case share < 0.33:
			return "slow 900ms empty"
		}
		return "slow 1800ms"
	}
}

// TestSpike: 200 requests a second for 5 s into the storm. The resilient
// version serves at least 99 % of them, fully or disclosed, within 8 s, with at
// most 1.2 attempts per question at gpt-4o; the naive one does neither.
func TestSpike(t *testing.T) {
	const n = 1000
	for _, mode := range []string{"resilient", "naive"} {
		t.Run(mode, func(t *testing.T) {
			inVirtualTime(t, Config{Mode: mode}, nil, func(r *rig) {
				r.provider.dice = storm(42)
				r.user.Timeout = 10 * time.Second
				answers := make(chan got)
				for i := range n {
					go func() { answers <- r.ask(i%4 != 0, fmt.Sprint("question ", i)) }()
					<-time.After(5 * time.Millisecond)
				}
				kinds, slowest := map[string]int{}, time.Duration(0)
				for range n {
					g := <-answers
					kinds[judge(g)]++
					slowest = max(slowest, g.took)
				}
				attempts := 0
				r.provider.mu.Lock() // it may still answer calls that nobody waits for
				for i := range n {
					attempts += r.provider.seen["gpt-4o"+fmt.Sprint("question ", i)]
				}
				r.provider.mu.Unlock()
				t.Logf("%v, slowest %v, %.2f attempts per question", kinds, slowest, float64(attempts)/n)
				good := kinds["full"] + kinds[SmallerModel]
				switch mode {
				case "resilient":
					if good < n*99/100 || slowest > 8*time.Second || attempts > n*12/10 {
						t.Errorf("%d of %d good, slowest %v, %d attempts", good, n, slowest, attempts)
					}
				case "naive":
					if good >= n*99/100 || attempts < n*12/10 {
						t.Errorf("%d of %d good with %d attempts: the storm is too mild", good, n, attempts)
					}
				}
			})
		})
	}
}

// judge is what the user got, in a word.
func judge(g got) string {
	_, text, end := g.read()
	switch {
	case g.err != nil:
		return "timeout"
	case g.status != 200:
		return "error"
	case text == "":
		return "empty"
	case end != "" && end != "done" || text == "hello ":
		return "truncated"
	case g.kind() != "":
		return g.kind()
	}
	return "full"
}
