package mockmodel

import (
	"net/http"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// SetFaults replaces the faults; nil is none. Limits that steps were told of by
// rules of which no namesake is among the new ones are forgotten, and who waits
// at a barrier meets its fault now.
func (s *Server) SetFaults(f *faults.Schedule) {
	// First, or a call that the new rules choose would find the old ones there.
	for _, c := range s.barriers.set(f) {
		s.markOpened(&c, faults.OpenedOff, s.opt.Epoch.Now())
	}
	s.past.set(f)
	s.faults.Store(f)
	s.acceptAll()
	lives := map[string]bool{}
	if f != nil {
		for _, w := range f.Windows() {
			lives[w.Name] = true
		}
	}
	s.memory.forgetHolds(func(rule string) bool { return lives[rule] })
}

// connectionFault carries out the connection slot. true: the call is over.
func (a *attempt) connectionFault() bool {
	c := a.effect.Connection
	if c == nil {
		return false
	}
	if !a.gather() {
		return true
	}
	if a.ctx.Err() != nil {
		a.gone()
		return true
	}
	a.show(faults.SlotConnection)
	switch c.Kind {
	case faults.ConnectionResetPre:
		a.reset()
	case faults.ConnectionRefuse:
		a.refuseFor(c.For)
		a.reset()
	case faults.ConnectionHalfOpen:
		a.holdOpen()
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

// statusFault carries out the status slot, or waits at least until those behind
// it may be. true: the call is over.
func (a *attempt) statusFault() bool {
	if !a.gather() {
		return true
	}
	e := a.effect.Status
	if e == nil || a.inSocket() && !inWords(e) {
		return false
	}
	if d := a.effect.Delay; d != nil {
		wait := d.FirstToken(0, a.station.inFlight()+1)
		if wait > 0 {
			a.show(faults.SlotDelay) // who leaves while it lasts has met it
		}
		if !a.waitDue(waitStatus, max(a.rec.BodyNs, a.gatheredNs)+int64(wait)) {
			return true
		}
	}
	if !inWords(e) {
		if a.proxied(e) {
			a.show(faults.SlotStatus)
		}
		return true
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
	wall := a.s.opt.Epoch.Time(now)
	h := a.w.Header()
	t := a.faultHint(e, now)
	if e.ShouldRetry != nil {
		a.rec.ShouldRetry = strconv.FormatBool(*e.ShouldRetry)
		h["X-Should-Retry"] = []string{a.rec.ShouldRetry}
	}
	v := a.route.vendor
	limits := a.station.limiter(v, a.rec.Principal)
	limits.fail(now)
	q := limits.look(now)
	if of := tighter(q[requestsMinute], q[requestsDay]); of.limit > 0 {
		a.rec.LimitRemaining = of.remaining
	}
	if e.Kind != faults.StatusPlain {
		return a.quotaWords(e, q, t)
	}
	var r refusal
	if e.Code == http.StatusTooManyRequests {
		q = quotasTold(q, t.wait)
		r = v.limited(&a.call, q, refusedTold(t.wait), t.wait)
	} else {
		r = v.words(e.Code, &a.call)
	}
	if e.Code != http.StatusTooManyRequests || t.kind != faults.HintNone { // without a hint, the headers would be one
		v.quota(h, q, wall)
	}
	a.tell(&r, t)
	return r
}

// empties reports whether a fault makes the answer an empty one, of our own.
func (a *attempt) empties() bool {
	m := a.effect.Mutation
	return m != nil && m.Kind == faults.MutationEmpty
}

// limitTold is the limit, in requests per minute, that an injected 429 speaks
// of where the model has none.
const limitTold = 10_000

// quotasTold is the state of the limits as an injected 429 tells it: one story
// with the refusal, no request is left until the hint has run out.
func quotasTold(q quotas, wait time.Duration) quotas {
	of := &q[requestsMinute]
	if of.limit == 0 {
		of.limit = limitTold
	}
	of.remaining, of.fullNs = 0, int64(wait)
	return q
}

// refusedTold is the refusal of that story.
func refusedTold(wait time.Duration) refused {
	r := refused{of: requestsMinute, asked: 1, waitNs: int64(wait)}
	r.over[requestsMinute] = true
	return r
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

// resetGrace lies between the last byte before a reset and the reset: a RST
// overtakes what the peer has not read yet, and the plan wants it to be read.
const resetGrace = time.Millisecond

// endHere carries out the ending of an answer whose part before it is sent.
func (a *attempt) endHere() {
	e := a.effect.Ending
	if e.Kind == faults.EndingReset && !a.wait(waitGrace, a.now()+int64(resetGrace)) {
		return
	}
	a.show(faults.SlotEnding)
	switch e.Kind {
	case faults.EndingReset:
		a.reset()
	case faults.EndingStall:
		a.waitGone()
	case faults.EndingHalfOpen:
		a.holdOpen()
	case faults.EndingKeepAlive:
		a.keepAlive()
	case faults.EndingInStreamError, faults.EndingSocketError:
		a.rec.End = journal.AttemptInStreamError
	case faults.EndingSocketClose:
		a.closeSocket(e.Code, e.Type)
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
	case "invalid_request":
		return http.StatusBadRequest
	case "model_error":
		if v.name == bedrockDialect {
			return http.StatusFailedDependency
		}
	}
	return http.StatusInternalServerError
}
