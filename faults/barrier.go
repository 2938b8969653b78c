package faults

import (
	"math"
	"time"
)

// Barrier lets the attempts that a rule chose wait for each other, so that the
// fault meets all of them at one instant: the hardest test of what spreads a
// client's retries. They are chosen by dice as ever, and who is not chosen does
// not wait.
//
// An instant and a number of calls are physics, not dice: nothing of a barrier is
// in the key of a throw, so adding one, or changing it, changes no choice.
type Barrier struct {
	Wait     Count          `yaml:"wait" doc:"opens when so many calls wait, 2 to 10000, and then gathers the next so many"`
	At       *At            `yaml:"at" doc:"opens at this instant and holds nobody after it: a phase, spike + 2s, or a time since the start of the load"`
	Patience *time.Duration `yaml:"patience" default:"5s" doc:"opens when the first of those that wait has waited so long, up to 5m; left out where there is no wait: the instant decides alone"`
}

// Bounds of a barrier, for the sake of callers who hold a connection open.
const (
	barrierWaitMax     = 10_000
	barrierPatience    = 5 * time.Second // left out
	barrierPatienceMin = 10 * time.Millisecond
	barrierPatienceMax = 5 * time.Minute
)

func (b *Barrier) validate(out *problems) {
	switch {
	case b.Wait == 0 && b.At == nil:
		out.add("barrier", "does not say when it opens: give wait, such as wait: 20, or at, such as at: spike + 2s, or both")
	case b.Wait == 1:
		out.add("barrier.wait", "is 1, and one call has nobody to wait for: give 2 or more")
	case b.Wait < 0 || b.Wait > barrierWaitMax:
		out.add("barrier.wait", "is %d: give a number of calls from 2 to %d", b.Wait, barrierWaitMax)
	}
	if p := b.Patience; p != nil && (*p < barrierPatienceMin || *p > barrierPatienceMax) {
		out.add("barrier.patience", "is %s: give a time from %s to %s", formatDuration(*p), formatDuration(barrierPatienceMin), formatDuration(barrierPatienceMax))
	}
}

// validateBarrier refuses an instant at which nobody could be let go.
func (r Rule) validateBarrier(windows []PhaseWindow) []Problem {
	b := r.Barrier
	if b == nil || b.At == nil || len(r.validateWindow(windows)) > 0 {
		return nil
	}
	var out problems
	if _, ok := phase(windows, b.At.Phase); !ok && b.At.Phase != "" {
		out.add("barrier.at", "%s", unknownPhase(b.At.Phase, windows))
		return out
	}
	from, _ := r.window(windows)
	at := b.At.instant(windows)
	var end int64 = math.MaxInt64
	if len(windows) > 0 {
		end = windows[0].ToNs
		for _, w := range windows {
			end = max(end, w.ToNs)
		}
	}
	gate := b.bind(Gate{}, windows, math.MaxInt64)
	switch {
	case at <= from:
		out.add("barrier.at", "is %s, and the rule applies from %s on: nobody would be held; give a later instant", since(at, windows), since(from, windows))
	case at > end:
		out.add("barrier.at", "is %s, and the load ends at %s: give an earlier instant", since(at, windows), since(end, windows))
	case b.Wait == 0 && b.Patience != nil && gate.Until(from) < at:
		out.add("barrier.patience", "is %s, and whoever comes when the rule begins, at %s, waits until %s: give at least %s, or leave it out",
			formatDuration(*b.Patience), since(from, windows), since(at, windows), formatDuration(time.Duration(at-from)))
	case b.Wait == 0 && at-from > int64(barrierPatienceMax):
		out.add("barrier.at", "is %s after the rule begins: calls are held for %s at most; let the rule begin later", formatDuration(time.Duration(at-from)), formatDuration(barrierPatienceMax))
	}
	return out
}

// instant is where an At lies, on the clock of the windows.
func (a At) instant(windows []PhaseWindow) int64 {
	start := origin(windows)
	if w, ok := phase(windows, a.Phase); ok {
		start = w.FromNs
	}
	return later(start, a.Offset)
}

// Gate is the barrier of a rule that chose an attempt, bound to a load. It is
// never changed, and the same for all attempts of a [Schedule]. Who carries it out
// gathers at each place where attempts arrive on its own: no process waits for
// another.
type Gate struct {
	Rule     int    // index in the plan
	Name     string // of the rule
	Wait     int    // how many open it; 0: a number does not
	AtNs     int64  // opens, and holds nobody from then on; math.MaxInt64: no instant does
	ToNs     int64  // end of the rule's window, after which nobody comes
	Patience time.Duration
}

// bind fills in when a gate opens; to is the end of the rule's window.
func (b *Barrier) bind(g Gate, windows []PhaseWindow, to int64) *Gate {
	g.Wait, g.AtNs, g.ToNs = int(b.Wait), math.MaxInt64, to
	if b.At != nil {
		g.AtNs = b.At.instant(windows)
	}
	switch {
	case b.Patience != nil:
		g.Patience = *b.Patience
	case b.Wait == 0:
		g.Patience = barrierPatienceMax
	default:
		g.Patience = barrierPatience
	}
	return &g
}

// Gate returns the barrier of the rule of that index; nil where it has none.
func (s *Schedule) Gate(rule int) *Gate { return s.rules[rule].gate }

// Until returns the instant up to which an attempt is held that comes to the
// gate at nowNs, unless others open it before. It is not after nowNs where
// nobody is held any more.
func (g *Gate) Until(nowNs int64) int64 {
	return min(g.last(), later(nowNs, g.Patience))
}

// last is when the gate opens for good. Without an instant that is the end of
// the window: nobody comes any more who could fill it.
func (g *Gate) last() int64 {
	if g.AtNs != math.MaxInt64 {
		return g.AtNs
	}
	return g.ToNs
}

// Opened is why a gate opened.
type Opened string

// Why a gate opened.
const (
	OpenedFull     Opened = "full"     // as many waited as it waits for
	OpenedAt       Opened = "at"       // its instant came
	OpenedPatience Opened = "patience" // the first of them had waited long enough
	OpenedWindow   Opened = "window"   // the rule's window ended
	OpenedOff      Opened = "off"      // the rules were taken off, or others put on
)

// OpenedBy returns what opens the gate at an instant at which somebody's time is
// over.
func (g *Gate) OpenedBy(nowNs int64) Opened {
	switch {
	case nowNs < g.last():
		return OpenedPatience
	case g.AtNs != math.MaxInt64:
		return OpenedAt
	}
	return OpenedWindow
}
