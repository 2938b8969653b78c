package report

import (
	"io"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// explainBarrier tells what a rule's barrier does, and what the finding on one
// says that was not filled.
func explainBarrier(w io.Writer, s Style) error {
	p := &printer{w: w, s: s}
	p.line(Ends(s.Bold("barrier"), "a key of a fault rule", s.width()))
	p.wrap("lets the calls that a rule chose wait for each other, and fail at one instant", "  ")
	section(p, "What it does", "The dice of the rule choose as ever, and whoever they do not choose goes on at once. A chosen call is held at the provider before its fault meets it: it has no slot of the model, "+
		"and no limit has counted it. When the barrier opens, the fault meets all that wait at the same instant: it is the hardest test of what spreads a client's retries, as whoever waits the same time comes back in one wave. "+
		"Each endpoint gathers its own, and so do each scope of a mock and each process of a run on several. A caller who leaves while he is held frees his place, and is counted as missed.")
	section(p, "When it opens", "As soon as `wait` calls wait, and then it gathers the next so many; at the instant `at`, after which nobody is held any more; when the first of those that wait has waited for `patience`; "+
		"without `at`, at the end of the rule's window; and when the rules are taken off or replaced. Each time is a mark barrier.release in the journal, with how many calls it was and why.")
	section(p, "The finding "+assertions.BarrierID, "A run in which a barrier never let so many calls go at once as it is for, `wait`, or with `at` two, says so and does not pass: "+
		"inconclusive where too few waited, vacuous where none came. No plan needs to ask for it.")
	section(p, "In a plan", "faults: [{http_500: {}, probability: 0.5, during: spike, barrier: {wait: 20, patience: 5s}}]. The plan together-naive shows what it finds.")
	p.line("")
	p.line("  Parameters")
	arguments(p, &faults.Barrier{})
	return p.err
}
