package faults_test

import (
	"fmt"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// A rule is written once and prints back as its YAML. What it does to an
// attempt follows from the seed and from who the attempt is.
func Example() {
	p := faults.Share(0.4)
	storm, _ := faults.Lookup("rate_limit")
	rule := faults.Rule{Name: "storm", Fault: storm.New(), During: "spike", Probability: &p}
	fmt.Println(rule)

	spike := faults.PhaseWindow{Name: "spike", FromNs: 0, ToNs: int64(10 * time.Second)}
	schedule, problems := faults.NewSchedule(42, []faults.Rule{rule}, []faults.PhaseWindow{spike}, nil)
	if problems != nil {
		fmt.Println(problems)
		return
	}
	for i := range int64(4) {
		d := schedule.Decide(faults.Call{Phase: "spike", Index: i, HasKey: true, StepHash: 7, Ordinal: 1})
		fmt.Printf("spike/%d %s", i, d.Hits[0].State)
		if d.Effect.Status != nil {
			fmt.Printf(" %d, retry after %s", d.Effect.Status.Code, d.Effect.Status.RetryAfter)
		}
		fmt.Println()
	}
	// Output:
	// {name: storm, rate_limit: {}, during: spike, probability: 0.4}
	// spike/0 chosen 429, retry after 2s
	// spike/1 passed
	// spike/2 chosen 429, retry after 2s
	// spike/3 chosen 429, retry after 2s
}
