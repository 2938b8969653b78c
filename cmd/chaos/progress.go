package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// progress shows a run while it goes on.
type progress interface {
	observe(plans.Event)
	close()
}

// newProgress chooses the view: bars on a terminal, plain lines elsewhere,
// nothing where nothing is wanted.
func newProgress(w io.Writer, f runFlags, p *plans.Plan) progress {
	switch {
	case f.quiet:
		return silent{}
	case f.noProgress || !isTerminal(w):
		return &lines{w: w, plan: p, style: styleOf(w), every: !f.noProgress}
	}
	return newBars(w, p, styleOf(w))
}

// silent shows nothing.
type silent struct{}

func (silent) observe(plans.Event) {}
func (silent) close()              {}

// lineEvery is how often a plain line is written: often enough to see in a CI
// log that the run is alive, seldom enough not to fill it.
const lineEvery = 5 * time.Second

// lines writes plain lines, for logs and pipes.
type lines struct {
	w     io.Writer
	plan  *plans.Plan
	style report.Style
	every bool // also while the load is sent

	mu   sync.Mutex
	next time.Duration
}

func (l *lines) observe(e plans.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Ready != nil:
		for _, s := range readyLines(l.plan, e.Ready) {
			fmt.Fprintln(l.w, s)
		}
	case e.Message != "":
		fmt.Fprintln(l.w, "chaos: "+e.Message)
	case e.Tick != nil && l.every && e.Tick.Elapsed >= l.next:
		l.next = e.Tick.Elapsed.Truncate(lineEvery) + lineEvery
		fmt.Fprintln(l.w, tickLine(e.Tick))
	case e.Stage == plans.StageStart:
		fmt.Fprintln(l.w, startLine(l.plan))
	case e.Stage == plans.StageDrain:
		fmt.Fprintln(l.w, "load sent; waiting for open requests")
	}
}

func (l *lines) close() {}

func startLine(p *plans.Plan) string {
	return fmt.Sprintf("chaos run %s  seed %d, %s", p.Name, p.SeedValue(), p.Target.String())
}

// readyLines say what the trial found.
func readyLines(p *plans.Plan, r *plans.ReadyEvent) []string {
	first := fmt.Sprintf("ready in %s", report.Duration(r.Took))
	if r.Trial > 0 {
		first += fmt.Sprintf(", joined %d of %d trial requests", r.Joined, r.Trial)
	}
	if len(r.Steps) > 0 {
		first += ", a request = " + strings.Join(r.Steps, " ")
	}
	if r.Marker {
		first += ", prompt marker on"
	}
	second := fmt.Sprintf("load: %s requests in %s", report.Count(r.Planned), report.Duration(r.Lasts))
	return []string{first, second}
}

// tickLine is one line of progress: where the load is, and how users fare.
func tickLine(s *plans.Snapshot) string {
	phase := "drain"
	for _, p := range s.Phases {
		if p.Begun && !p.End {
			phase = p.Name
		}
	}
	var outcomes []string
	for _, o := range s.Outcomes {
		outcomes = append(outcomes, fmt.Sprintf("%s %s", o.Name, report.Count(o.Count)))
	}
	return fmt.Sprintf("%s of %s  %-9s offered %.0f/s  good %.0f/s  in flight %d  lag p99 %s  dropped %d  | %s",
		clock(s.Elapsed), clock(s.Lasts), phase, s.Offered, s.Good, s.InFlight, report.Duration(s.LagP99), s.Dropped, strings.Join(outcomes, ", "))
}

// clock writes a duration as m:ss.
func clock(d time.Duration) string {
	s := int(max(0, d).Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
