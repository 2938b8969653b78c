package assertions

import (
	"fmt"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// gap is the wait between the end of one try, as the target knew it, and the
// arrival of the next.
type gap struct {
	req       *request
	from, to  *attempt
	ns        int64
	clockErr  int64     // how far the stamps may be off
	queueing  *queueing // noise of the target then; nil: not measured
	retriesAt int       // 1 for the gap before the first retry
}

// gapsOf calls f for every wait before a retry in a chain, at one quota key.
// Hedges are no waits, nor are calls repeated after a clean answer. What the
// connection alone ended before a status is left out: the transport may have
// sent that again by itself.
func (v *view) gapsOf(r *request, c *chain, f func(gap)) {
	for _, a := range c.attempts {
		if !a.relation.isRetry() || otherQuota(a.prev, a) || resent(a.prev) || c.openBefore(a) {
			continue
		}
		f(v.gap(r, a.prev, a))
	}
}

// otherQuota reports whether two attempts at one model surely draw on different
// quotas. The provider names a quota where it looked at one: an attempt that it
// refused before that has no name, and may be of the same.
func otherQuota(a, b *attempt) bool {
	return a.QuotaKey != "" && b.QuotaKey != "" && a.QuotaKey != b.QuotaKey
}

// openBefore reports whether an earlier attempt was still open when a arrived: a
// may double that one and answer to nobody's failure.
func (c *chain) openBefore(a *attempt) bool {
	for _, o := range c.attempts {
		if o == a {
			return false
		}
		if o.openAt(a.ArrivedNs) {
			return true
		}
	}
	return false
}

// resent reports whether a client's transport may send the attempt again without
// telling anybody: nothing of an answer was there when the connection broke.
func resent(a *attempt) bool {
	return a.Status == 0 && (a.End == journal.AttemptReset || a.End == journal.AttemptEOF)
}

func (v *view) gap(r *request, from, to *attempt) gap {
	return gap{
		req: r, from: from, to: to, ns: max(0, to.ArrivedNs-from.knownNs), queueing: v.h.queueing(from.knownNs, to.ArrivedNs),
		retriesAt: to.try - 1, clockErr: v.h.j.Header.ClockErrNs,
	}
}

// noWait is the longest wait that is none: the smallest first backoff among
// known defaults is Envoy's 25 ms. Where at least half of the waits are shorter,
// there is no policy behind them whatever their ratios and spreads.
const noWait = 25 * int64(time.Millisecond)

// What a verdict on waits that are none says of its limit and of its certainty.
const (
	noWaitNote = "the smallest first backoff among known defaults is Envoy's 25 ms"
	noWaitSure = "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them, and these are none"
)

// whoRetries tells from the SDKs' header which layer sent the retries.
func whoRetries(clues []clue) string {
	var loop, sdk, unsaid int64
	for _, c := range clues {
		switch {
		case c.guilty == nil:
		case c.guilty.SDKRetry > 0:
			sdk++
		case c.guilty.SDKRetry == 0:
			loop++
		default:
			unsaid++
		}
	}
	switch {
	case loop+sdk+unsaid == 0:
		return ""
	case sdk == 0:
		return "who retries: the service's own loop (x-stainless-retry-count is absent or 0)"
	case loop+unsaid == 0:
		return "who retries: the SDK (x-stainless-retry-count is above 0)"
	}
	return fmt.Sprintf("who retries: the SDK in %s, a loop outside it in %s (x-stainless-retry-count)", number(sdk), number(loop+unsaid))
}

// told reports whether the answer carried a Retry-After at all. What is waited
// after one, even a senseless one, need not be the target's own policy.
func told(a *journal.Attempt) bool {
	return a.Status != 200 && (a.HintRaw != "" || a.RetryAfterNs >= 0)
}

// hinted reports whether the answer told the target to wait for a time ahead.
func hinted(a *journal.Attempt) bool { return a.RetryAfterNs > 0 && a.Status != 200 }

// epsMost bounds the tolerance on a wait; a tenth of short bounds keeps it from
// swallowing them.
const epsMost = 50 * int64(time.Millisecond)

func eps(bound, clockErr int64) int64 { return min(epsMost, bound/10) + clockErr }

// waits judges waits that have a least length: DESIGN section 7, "Retry gaps".
type waits struct {
	judged   []int64 // the waits
	bounds   []int64
	broken   []clue
	unsure   int64 // long enough, but only if there was no queueing
	unknown  bool  // queueing was never measured
	q99      int64 // the worst queueing among the unsure
	queueing string
}

// add judges one wait against its bound. A wait that is too short convicts: the
// target waited at most that long, because queueing only adds. One that is long
// enough acquits only where queueing was small against it.
func (w *waits) add(g gap, bound int64) {
	e := eps(bound, g.clockErr)
	w.judged, w.bounds = append(w.judged, g.ns), append(w.bounds, bound)
	switch {
	case g.ns < bound-e:
		early := bound - g.ns
		w.broken = append(w.broken, clue{
			req: g.req, guilty: g.to, weight: early,
			what: fmt.Sprintf("waited %s of %s: %s too early", millis(g.ns), millis(bound), millisDown(early)),
		})
	case g.queueing == nil:
		w.unsure++
		w.unknown = true
	case g.queueing.q99 > e && g.ns-g.queueing.q99 < bound-e:
		w.unsure++
		if g.queueing.q99 > w.q99 {
			w.q99, w.queueing = g.queueing.q99, g.queueing.from
		}
	}
}

// decide fills an exam from the waits.
func (w *waits) decide(v *view, e *exam) {
	n := int64(len(w.judged))
	e.samples = n
	if n > 0 {
		s := sorted(w.judged)
		e.details = append(e.details, fmt.Sprintf("waited p50 %s, shortest %s, longest %s", millis(quantile(s, 0.5)), millis(s[0]), millis(s[n-1])))
	}
	e.broken = w.broken
	switch {
	case w.unknown:
		e.verdict = Inconclusive
		e.reason = fmt.Sprintf("%s, so %s cannot be told from waits lengthened by it", v.unmeasured(), plural(w.unsure, "wait", "waits"))
		e.fix = v.calibration()
	case w.unsure > 0:
		e.verdict = Inconclusive
		e.reason = fmt.Sprintf("%s of %s are long enough only if the target did not queue, and it queues: p99 %s in %s", number(w.unsure), plural(n, "wait", "waits"), millis(w.q99), w.queueing)
		e.fix = v.slower()
	default:
		e.verdict = Pass
	}
}

// slower is the change of the plan that lowers queueing: half the rate.
func (v *view) slower() string {
	if i := v.stage(); i >= 0 {
		return v.slowerPhase(i, "less queueing")
	}
	return ""
}

func (v *view) slowerPhase(i int, why string) string {
	p := v.h.phases[i]
	if p.ToNs <= p.FromNs || p.Planned == 0 {
		return ""
	}
	if s := v.h.setup.TraceSpeed; s > 0 {
		return fmt.Sprintf("speed: %.4g   # under load.trace, was %.4g: %s", s/2, s, why)
	}
	rate := float64(p.Planned) / (float64(p.ToNs-p.FromNs) / 1e9)
	return fmt.Sprintf("rate: %.4g   # phase %s, was about %.4g: %s", rate/2, p.Name, rate, why)
}
