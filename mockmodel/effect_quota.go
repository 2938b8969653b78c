package mockmodel

import (
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// tokensTold is the limit, in tokens per minute, that a call is too large for
// where the model has none, and spentHint the wait that Gemini names where none
// helps. Both as quoted: the OpenAI community, gemini-cli #10925.
const (
	tokensTold = 30_000
	spentHint  = 53_016_342_224 * time.Nanosecond
)

// tooLargeBy is how many times its limit a call is told to ask for.
const tooLargeBy = 8

// quotaWords are the words of a refusal that its code does not tell from others.
func (a *attempt) quotaWords(e *faults.Status, q quotas, t hint) refusal {
	v := a.route.vendor
	var r refusal
	switch e.Kind {
	case faults.StatusTooLarge:
		over := refused{of: tokensMinute, waitNs: -1}
		over.over[tokensMinute] = true
		of := &q[tokensMinute]
		if of.limit == 0 {
			of.limit = tokensTold
		}
		of.remaining, of.fullNs = of.limit, 0 // nothing of it is used, and that does not help
		over.asked = saturate(tooLargeBy*of.limit, time.Duration(a.call.tokensIn))
		r = v.limited(&a.call, q, over, 0)
		v.quota(a.w.Header(), q, a.s.opt.Epoch.Time(a.now()))
		t = hint{}
	case faults.StatusSlowDown:
		r = openAISlowDown()
	case faults.StatusTooLong:
		r, t = a.tooLong(e.Window), hint{}
		v.quota(a.w.Header(), q, a.s.opt.Epoch.Time(a.now()))
	default: // faults.StatusExhausted
		if v.exhausted != nil {
			r = v.exhausted(&a.call, e.Type, a.s.opt.Epoch.Time(a.now()))
		} else {
			over := refused{of: credit, asked: 1, waitNs: -1}
			over.over[credit] = true
			r = v.limited(&a.call, q, over, 0)
		}
		if v.hint != nil {
			t = a.waitHint(spentHint, false)
		} else {
			t = hint{}
		}
	}
	if e.Kind != faults.StatusSlowDown {
		a.rec.EarliestNs = journal.Never
	}
	a.tell(&r, t)
	return r
}
