package mockmodel

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/faults"
)

// hint is what a refusal says about when to come back. Where it stands is the
// vendor's business: in headers, or in the body.
type hint struct {
	kind faults.HintKind // HintNone: nothing is said
	raw  string          // of a Retry-After header
	// millis is the value of a retry-after-ms header; "" is none.
	millis string
	// asWritten is the wait of HintSeconds as it was meant: not rounded, maybe
	// negative.
	asWritten time.Duration
	// wait is what a caller understands, which prefers milliseconds as the SDKs
	// do; usable says that it is one.
	wait   time.Duration
	usable bool
}

// waitHint is a wait as providers tell it: whole seconds, and milliseconds
// beside them where asked. Both are rounded up: who obeys either one is let in.
func (a *attempt) waitHint(wait time.Duration, ms bool) hint {
	seconds := ceilDiv(int64(wait), int64(time.Second))
	t := hint{
		kind: faults.HintSeconds, raw: strconv.FormatInt(seconds, 10), asWritten: wait,
		wait: time.Duration(seconds) * time.Second, usable: true,
	}
	if ms {
		millis := ceilDiv(int64(wait), int64(time.Millisecond))
		t.millis, t.wait = strconv.FormatInt(millis, 10), time.Duration(millis)*time.Millisecond
	}
	if a.route.vendor.hint != nil {
		t.wait = wait
	}
	return t
}

// faultHint is the hint of a status fault. An honest limit that the step was
// told of before is told again, with what is left of it; a new one is
// remembered.
func (a *attempt) faultHint(e *faults.Status, now int64) hint {
	wall, rule := a.s.opt.Epoch.Time(now), a.ruleName(e.Rule)
	for _, h := range a.holds {
		if h.rule != rule || h.untilNs <= now { // it may have run out while a delay lasted
			continue
		}
		a.rec.EarliestNs = h.untilNs
		if left := time.Duration(h.saidNs - now); left > 0 {
			return a.leftHint(e, h, left)
		}
		return a.newHint(e, wall) // it lies: the hint has run out, the limit has not
	}
	if lasts := e.Hold(wall); lasts > 0 {
		wait, _ := e.RetryAfter.Wait(wall)
		h := hold{rule: rule, model: a.rec.ModelAsked, untilNs: saturate(now, lasts), saidNs: saturate(now, wait), kind: e.RetryAfter.Kind}
		a.s.memory.keep(a.key, h, now)
		a.rec.EarliestNs = h.untilNs
	}
	return a.newHint(e, wall)
}

func saturate(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// newHint is the hint as the rule has it.
func (a *attempt) newHint(e *faults.Status, wall time.Time) hint {
	t := hint{kind: e.RetryAfter.Kind, raw: e.RetryAfter.Header(wall)}
	if t.raw == "" {
		return hint{}
	}
	seconds := t.kind == faults.HintSeconds
	if seconds {
		t.asWritten = e.RetryAfter.For
	}
	if t.wait, t.usable = e.RetryAfter.Wait(wall); !t.usable {
		t.wait = 0
	}
	ms := a.route.vendor.hintMS && seconds
	if e.RetryAfterMS != nil {
		ms = *e.RetryAfterMS && (t.usable || seconds)
	}
	if ms {
		millis := t.wait
		if seconds { // negative ones too
			millis = t.asWritten
		}
		t.millis = strconv.FormatFloat(float64(millis)/1e6, 'f', -1, 64)
	}
	return t
}

// leftHint is what is left of a hint.
func (a *attempt) leftHint(e *faults.Status, h hold, left time.Duration) hint {
	if h.kind == faults.HintDate {
		return hint{kind: h.kind, raw: a.s.opt.Epoch.Time(h.saidNs).UTC().Format(http.TimeFormat), wait: left, usable: true}
	}
	ms := a.route.vendor.hintMS
	if e.RetryAfterMS != nil {
		ms = *e.RetryAfterMS
	}
	return a.waitHint(left, ms)
}

// tell puts a hint where the vendor puts it, and on record.
func (a *attempt) tell(r *refusal, t hint) {
	if t.kind == faults.HintNone {
		return
	}
	raw := t.raw
	if place := a.route.vendor.hint; place != nil {
		raw = place(r, t)
	} else {
		a.w.Header()["Retry-After"] = []string{t.raw}
	}
	if t.millis != "" {
		a.w.Header()["Retry-After-Ms"] = []string{t.millis}
	}
	a.rec.HintRaw = raw
	if t.usable {
		a.rec.RetryAfterNs = int64(t.wait)
	}
}
