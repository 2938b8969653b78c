package mockmodel

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// connectionFault carries out the connection slot. true: the call is over.
func (a *attempt) connectionFault() bool {
	c := a.effect.Connection
	if c == nil {
		return false
	}
	if a.ctx.Err() != nil {
		a.gone()
		return true
	}
	a.show(faults.SlotConnection)
	switch c.Kind {
	case faults.ConnectionResetPre:
		a.reset()
	default: // faults.ConnectionHang
		a.waitGone()
	}
	return true
}

// reset ends the connection with a TCP RST.
func (a *attempt) reset() {
	a.writesNs = a.now()
	a.conn.reset()
	a.rec.End = journal.AttemptReset
}

// statusFault carries out the status slot. true: the call is over.
func (a *attempt) statusFault() bool {
	e := a.effect.Status
	if e == nil {
		return false
	}
	if d := a.effect.Delay; d != nil {
		wait := d.FirstToken(0, a.station.inFlight()+1)
		if wait > 0 {
			a.show(faults.SlotDelay) // who leaves while it lasts has met it
		}
		if !a.waitDue(a.rec.BodyNs + int64(wait)) {
			return true
		}
	}
	r := a.statusWords(e)
	if a.refuse(&r) {
		a.show(faults.SlotStatus)
	}
	return true
}

// statusWords writes the headers of a status fault and returns its body.
func (a *attempt) statusWords(e *faults.Status) refusal {
	now := a.now()
	h := a.w.Header()
	wait, said := a.sayHint(e, now)
	if e.ShouldRetry != nil {
		a.rec.ShouldRetry = strconv.FormatBool(*e.ShouldRetry)
		h["X-Should-Retry"] = []string{a.rec.ShouldRetry}
	}
	v := a.route.vendor
	q := a.station.limits.look(now)
	if q.requests.limit > 0 {
		a.rec.LimitRemaining = q.requests.remaining
	}
	if e.Code != http.StatusTooManyRequests {
		v.quota(h, q, a.s.opt.Epoch.Time(now))
		return v.words(e.Code, &a.call)
	}
	q = a.quotasTold(wait)
	if said { // without a hint, the headers would be one
		v.quota(h, q, a.s.opt.Epoch.Time(now))
	}
	return v.limited(&a.call, q, refused{asked: 1, waitNs: int64(wait)}, wait)
}

// limitTold is the limit, in requests per minute, that an injected 429 speaks
// of where the model has none.
const limitTold = 10_000

// quotasTold is the state of the buckets as an injected 429 tells it: one story
// with the refusal, no request is left until the hint has run out.
func (a *attempt) quotasTold(wait time.Duration) quotas {
	q := a.station.limits.look(a.now())
	if q.requests.limit == 0 {
		q.requests.limit = limitTold
	}
	q.requests.remaining, q.requests.fullNs = 0, int64(wait)
	return q
}

// sayHint writes the Retry-After of a status fault. An honest limit that the
// step was told of before is told again, with what is left of it; a new one is
// remembered. It returns the wait that was said, 0 if none was usable.
func (a *attempt) sayHint(e *faults.Status, now int64) (wait time.Duration, said bool) {
	wall, rule := a.s.opt.Epoch.Time(now), a.ruleName(e.Rule)
	for _, h := range a.holds {
		if h.rule != rule || h.untilNs <= now { // it may have run out while a delay lasted
			continue
		}
		a.rec.EarliestNs = h.untilNs
		if left := time.Duration(h.saidNs - now); left > 0 {
			return a.sayLeft(e, h, left, now), true
		}
		return a.sayNew(e, wall) // it lies: the hint has run out, the limit has not
	}
	if lasts := e.Hold(wall); lasts > 0 {
		wait, _ := e.RetryAfter.Wait(wall)
		h := hold{rule: rule, model: a.rec.ModelAsked, untilNs: saturate(now, lasts), saidNs: saturate(now, wait), kind: e.RetryAfter.Kind}
		a.s.memory.keep(a.key, h, now)
		a.rec.EarliestNs = h.untilNs
	}
	return a.sayNew(e, wall)
}

// ruleName is the name of a rule that hit the attempt.
func (a *attempt) ruleName(index int) string {
	for i := range a.hits {
		if a.hits[i].Rule == index {
			return a.hits[i].Name
		}
	}
	return ""
}

func saturate(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// sayNew writes the hint as the rule has it.
func (a *attempt) sayNew(e *faults.Status, wall time.Time) (wait time.Duration, said bool) {
	raw := e.RetryAfter.Header(wall)
	if raw == "" {
		return 0, false
	}
	wait, usable := e.RetryAfter.Wait(wall)
	if !usable {
		wait = 0
	}
	ms := a.route.vendor.hintMS && e.RetryAfter.Kind == faults.HintSeconds
	if e.RetryAfterMS != nil {
		ms = *e.RetryAfterMS && (usable || e.RetryAfter.Kind == faults.HintSeconds)
	}
	if ms {
		millis := wait
		if e.RetryAfter.Kind == faults.HintSeconds {
			millis = e.RetryAfter.For // negative ones too
		}
		a.w.Header()["Retry-After-Ms"] = []string{strconv.FormatFloat(float64(millis)/1e6, 'f', -1, 64)}
	}
	a.hint(raw, wait, usable)
	return wait, true
}

// sayLeft writes what is left of a hint.
func (a *attempt) sayLeft(e *faults.Status, h hold, left time.Duration, now int64) time.Duration {
	if h.kind == faults.HintDate {
		a.hint(a.s.opt.Epoch.Time(h.saidNs).UTC().Format(http.TimeFormat), left, true)
		return left
	}
	ms := a.route.vendor.hintMS
	if e.RetryAfterMS != nil {
		ms = *e.RetryAfterMS
	}
	return a.sayWait(left, ms)
}

// sayWait writes a wait as providers do: whole seconds, and milliseconds beside
// them where asked. Both are rounded up: who obeys either one is let in. It
// returns the wait that a caller understands, which prefers milliseconds as
// the SDKs do.
func (a *attempt) sayWait(wait time.Duration, ms bool) time.Duration {
	seconds := ceilDiv(int64(wait), int64(time.Second))
	said := time.Duration(seconds) * time.Second
	if ms {
		millis := ceilDiv(int64(wait), int64(time.Millisecond))
		said = time.Duration(millis) * time.Millisecond
		a.w.Header()["Retry-After-Ms"] = []string{strconv.FormatInt(millis, 10)}
	}
	a.hint(strconv.FormatInt(seconds, 10), said, true)
	return said
}

// hint writes the header and notes what it means.
func (a *attempt) hint(raw string, wait time.Duration, usable bool) {
	a.w.Header()["Retry-After"] = []string{raw}
	a.rec.HintRaw = raw
	if usable {
		a.rec.RetryAfterNs = int64(wait)
	}
}

// resetGrace lies between the last byte before a reset and the reset: a RST
// overtakes what the peer has not read yet, and the plan wants it to be read.
const resetGrace = time.Millisecond

// endHere carries out the ending of an answer whose part before it is sent.
func (a *attempt) endHere() {
	e := a.effect.Ending
	if e.Kind == faults.EndingReset && !a.wait(a.now()+int64(resetGrace)) {
		return
	}
	a.show(faults.SlotEnding)
	switch e.Kind {
	case faults.EndingReset:
		a.reset()
	case faults.EndingStall:
		a.waitGone()
	case faults.EndingInStreamError:
		a.rec.End = journal.AttemptInStreamError
	default: // faults.EndingEOF
		a.rec.End = journal.AttemptEOF
	}
}

// inStreamStatus is the status whose words an in-stream error uses.
func inStreamStatus(v *vendor, kind string) int {
	switch kind {
	case "rate_limit":
		return http.StatusTooManyRequests
	case "overloaded":
		return v.overload
	}
	return http.StatusInternalServerError
}
