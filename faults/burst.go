package faults

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// Burst lets a rule come and go: it is on for a while and off for a while, and
// both are random with a mean of their own. Off is not eligible, as outside of
// the window; on, the rule's probability decides as ever.
//
// It is a Markov process with two states in time. Time is cut into slots of a
// sixteenth of the shorter mean, counted from the start of the load. In each
// slot one throw of (seed, rule, slot), and nothing else, says whether the rule
// is turned on, turned off, or stays as it was: so every process finds the same
// stretches, whatever it is asked and in which order.
type Burst struct {
	On  time.Duration `yaml:"on" required:"true" doc:"mean of the time for which the rule is on, 100ms to 24h"`
	Off time.Duration `yaml:"off" required:"true" doc:"mean of the time for which it is off"`
}

// Bounds of a mean, for the sake of the number of slots.
const (
	burstMin = 100 * time.Millisecond
	burstMax = 24 * time.Hour
)

// burstSlots is how many slots the shorter mean has.
const burstSlots = 16

// burstBack is how far back the slot that decides is looked for. One slot in 16
// at least decides, so that it is farther back once in 10^114 times.
const burstBack = 4096

func (b *Burst) validate(out *problems) {
	for _, m := range []struct {
		key  string
		mean time.Duration
	}{{"burst.on", b.On}, {"burst.off", b.Off}} {
		switch {
		case m.mean == 0:
			out.add(m.key, "is missing: give the mean of the time, such as burst: {on: 5s, off: 20s}")
		case m.mean < burstMin || m.mean > burstMax:
			out.add(m.key, "is %s: give a mean from %s to %s", formatDuration(m.mean), formatDuration(burstMin), formatDuration(burstMax))
		}
	}
}

// bursts are the stretches of one rule.
type bursts struct {
	seed    uint64
	rule    string
	origin  int64   // ns since the start of the run at which slot 0 begins
	slotNs  int64   // length of a slot
	turnOn  float64 // chance that a slot turns the rule on, whatever it was
	keepsOn float64 // chance that it turns it on or leaves it as it was
	// last is the slot that was asked for last, and its state: calls come by the
	// thousand in a slot. Only a cache of a pure function: (slot+1)*2 + on.
	last atomic.Uint64
}

func (b *Burst) bind(seed uint64, rule string, origin int64) *bursts {
	slot := max(1, min(b.On, b.Off)/burstSlots)
	return &bursts{
		seed: seed, rule: rule, origin: origin, slotNs: int64(slot),
		turnOn: float64(slot) / float64(b.Off), keepsOn: 1 - float64(slot)/float64(b.On),
	}
}

const purposeBurst = "fault.burst"

// on reports whether the rule is on at an instant of the run.
func (b *bursts) on(ns int64) bool {
	slot := b.slot(ns)
	if last := b.last.Load(); slot >= 0 && last>>1 == uint64(slot)+1 {
		return last&1 == 1
	}
	on := b.onIn(slot)
	if slot >= 0 {
		last := (uint64(slot) + 1) << 1
		if on {
			last++
		}
		b.last.Store(last)
	}
	return on
}

// slot returns the slot in which an instant lies; those before the load are
// below 0.
func (b *bursts) slot(ns int64) int64 {
	since := ns - b.origin
	slot := since / b.slotNs
	if since%b.slotNs < 0 {
		slot--
	}
	return slot
}

// onIn looks back for the slot that turned the rule on or off: the one before
// the load counts, so the process is as likely on at its start as ever.
func (b *bursts) onIn(slot int64) bool {
	for back := range int64(burstBack) {
		if on, decides := b.throw(slot - back); decides {
			return on
		}
	}
	return false
}

// throw returns whether a slot turns the rule on or off, and which.
func (b *bursts) throw(slot int64) (on, decides bool) {
	bits := draw.Bits(b.seed, purposeBurst, b.rule, strconv.FormatInt(slot, 10))
	on = draw.Below(bits, b.turnOn)
	return on, on || !draw.Below(bits, b.keepsOn)
}

// stretches returns when the rule is on within [from, to), at most n of them.
func (b *bursts) stretches(from, to int64, n int) []Stretch {
	var out []Stretch
	on := b.onIn(b.slot(from))
	for at := from; at < to && len(out) <= n; {
		next := to
		slot := b.slot(at)
		if end := b.origin + (slot+1)*b.slotNs; end < to {
			next = end
		}
		if now, decides := b.throw(slot); decides {
			on = now
		}
		if on {
			if last := len(out) - 1; last >= 0 && out[last].ToNs == at {
				out[last].ToNs = next
			} else {
				out = append(out, Stretch{at, next})
			}
		}
		at = next
	}
	return out[:min(n, len(out))]
}

// Stretch is a time in which a rule is on: [FromNs, ToNs), in nanoseconds since
// the start of the run.
type Stretch struct{ FromNs, ToNs int64 }

// StretchesMax is how many stretches of a rule [Schedule.Stretches] returns.
const StretchesMax = 4096

// Stretches returns when the rule of that index applies before endNs: the whole
// of its window, or where it has bursts the stretches in which they are on, the
// first [StretchesMax] of them.
func (s *Schedule) Stretches(rule int, endNs int64) []Stretch {
	b := &s.rules[rule]
	var out []Stretch
	for _, x := range s.Spans(rule) {
		to := min(x.ToNs, endNs)
		switch {
		case x.FromNs >= to:
		case b.burst == nil:
			out = append(out, Stretch{x.FromNs, to})
		default:
			out = append(out, b.burst.stretches(x.FromNs, to, StretchesMax-len(out))...)
		}
	}
	return out
}
