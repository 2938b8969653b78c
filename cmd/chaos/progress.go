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

// notices is where messages go that come from outside of a run: into the
// display while there is one, which draws over everything else, and to w
// otherwise.
type notices struct {
	w io.Writer

	mu   sync.Mutex
	view progress
}

// show sends messages to v from now on; nil ends that.
func (n *notices) show(v progress) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view = v
}

// Write implements io.Writer: one call, one message.
func (n *notices) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, drawn := n.view.(*bars); !drawn {
		return n.w.Write(b)
	}
	n.view.observe(plans.Event{Message: strings.TrimPrefix(strings.TrimSpace(string(b)), "chaos: ")})
	return len(b), nil
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
	load string // what is said once it begins, and not before: an interrupt may come first
}

func (l *lines) observe(e plans.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Ready != nil:
		l.say(strings.Join(readyFacts(e.Ready), ", "))
		l.load = fmt.Sprintf("load: %s requests in %s", report.Count(e.Ready.Planned), report.Duration(e.Ready.Lasts))
		l.next = lineEvery
	case e.Message != "":
		l.say("chaos: " + e.Message)
	case e.Tick != nil && l.every && e.Tick.Elapsed >= l.next:
		l.next = e.Tick.Elapsed.Truncate(lineEvery) + lineEvery
		l.say(tickLine(e.Tick))
	case e.Stage == plans.StageStart:
		l.say(fmt.Sprintf("chaos run %s, seed %d, %s", l.plan.Name, l.plan.SeedValue(), l.plan.Target.String()))
	case e.Stage == plans.StageTrial: // of a slow model it takes half a minute
		l.say("trying a few requests, one after the other")
	case e.Stage == plans.StageLoad && l.load != "":
		l.say(l.load)
	case e.Stage == plans.StageDrain:
		l.say("load sent; waiting for open requests")
	}
}

// say writes one line. What a target said is in some of them, so it is cleaned.
func (l *lines) say(line string) { fmt.Fprintln(l.w, l.style.ASCII(report.Plain(line))) }

func (l *lines) close() {}

// tickLine is one line of progress: where the load is, and how users fare.
func tickLine(t *plans.Snapshot) string {
	phase := "drain"
	for _, p := range t.Phases {
		if p.Begun && !p.End {
			phase = p.Name
		}
	}
	return fmt.Sprintf("%s of %s  %-9s offered %.0f/s  good %.0f/s  in flight %s  lag p99 %s  dropped %s  | %s",
		clock(t.Elapsed), clock(t.Lasts), phase, t.Offered, t.Good, report.Count(t.InFlight), report.Duration(t.LagP99), report.Count(t.Dropped),
		strings.Join(outcomeFacts(t.Outcomes, report.Style{}, true), ", "))
}
