package mockmodel

import "sync"

// A meter is something that a provider limits.
type meter int

const (
	requestsMinute meter = iota
	tokensMinute
	inputMinute
	outputMinute
	requestsDay
	tokensDay
	credit // nano-USD; what is spent does not come back
	meters
)

// meterWords are the keys of the limits in a plan, and what messages call them.
var meterWords = [meters]struct{ key, unit, period string }{
	requestsMinute: {"requests_per_minute", "requests", "minute"},
	tokensMinute:   {"tokens_per_minute", "tokens", "minute"},
	inputMinute:    {"input_tokens_per_minute", "input tokens", "minute"},
	outputMinute:   {"output_tokens_per_minute", "output tokens", "minute"},
	requestsDay:    {"requests_per_day", "requests", "day"},
	tokensDay:      {"tokens_per_day", "tokens", "day"},
	credit:         {"credit_usd", "USD", ""},
}

func (m meter) period() int64 {
	if m == requestsDay || m == tokensDay {
		return aDay
	}
	return aMinute
}

// requests says whether the limit is one on calls; else it is on tokens or money.
func (m meter) requests() bool { return m == requestsMinute || m == requestsDay }

// quotas is what a call is told about the limits of its model.
type quotas [meters]quota

// tally is how much of each limit something takes.
type tally [meters]int64

// use is what a call asks for and, when it has ended, what it has got.
type use struct {
	model       string
	in          int // tokens
	outMax      int // max_tokens of all answers that it asks for; 0: not given
	cached      int // of in, read from a cache: known at the end
	out         int // tokens: known at the end
	costNanoUSD int64
}

// A twin counts as the providers of one family count. Every limit of a plan
// holds in every family, also one that its provider does not have: then the
// twin counts it as the others do and names it in its own sentence. So no key
// of a plan is ignored, whatever dialect a model is asked in.
//
// What all families share: a call that is refused for a limit takes nothing
// from the limits on tokens, so that nobody who knocks makes the hints of the
// others untrue. A hint promises that the same call succeeds then, if nobody
// else comes.
type twin struct {
	// counter opens the counter of a limit; nil: a bucket.
	counter func(m meter, limit int64) counter
	// asks is what a call takes of the limits on tokens, of a minute and of a
	// day, when it is admitted.
	asks func(u use) int64
	// used is what it has taken when it has ended; nil: what it asked for.
	used func(u use) int64
	// failuresCount: a call that fails for whatever reason takes one of the
	// requests of the minute, if there is one.
	failuresCount bool
	// silent: a refusal does not say when to come back.
	silent bool
}

// refused says why the limiter refused a call.
type refused struct {
	of     meter        // the limit that lasts longest
	over   [meters]bool // all that are in the way
	asked  int64        // units of it
	waitNs int64        // until the call would succeed if nobody else came; -1: never
}

// limiter holds the counters of one model at one vendor. The nil limiter limits
// nothing. Safe for concurrent use.
type limiter struct {
	twin     *twin
	mu       sync.Mutex
	counters [meters]counter // nil: no limit
}

// newLimiter returns nil where there are no limits.
func newLimiter(t *twin, l Limits) *limiter {
	if !l.limited() {
		return nil
	}
	out := &limiter{twin: t}
	for m, limit := range l.tally() {
		switch m := meter(m); {
		case limit == 0:
		case m == credit:
			out.counters[m] = &purse{limit: limit}
		case t.counter != nil:
			out.counters[m] = t.counter(m, limit)
		default:
			out.counters[m] = newBucket(limit, m.period())
		}
	}
	return out
}

// admit takes what a call asks for, all or nothing. What it tells is the state
// behind the call.
func (l *limiter) admit(u use, now int64) (quotas, *refused) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(now)
	asked := tally{requestsMinute: 1, requestsDay: 1, inputMinute: int64(u.in)}
	asked[tokensMinute] = l.twin.asks(u)
	asked[tokensDay] = asked[tokensMinute]
	if l.inTheWay(&asked) == nil {
		for m, c := range l.counters {
			if c != nil {
				c.take(asked[m])
			}
		}
		return l.told(), nil
	}
	l.failed() // before the hint is worked out: it costs what the hint waits for
	r := l.inTheWay(&asked)
	return l.told(), r
}

// inTheWay returns what refuses a call, nil for nothing. Of what it cannot know
// yet, the tokens of its answer and its price, there must be one at least.
func (l *limiter) inTheWay(asked *tally) *refused {
	var r refused
	found := false
	for m, c := range l.counters {
		if c == nil {
			continue
		}
		n := max(1, asked[m])
		wait := c.wait(n)
		if wait == 0 {
			continue
		}
		r.over[m] = true
		if !found || r.waitNs >= 0 && (wait < 0 || wait > r.waitNs) {
			r.of, r.asked, r.waitNs = meter(m), n, wait
		}
		found = true
	}
	if !found {
		return nil
	}
	return &r
}

// settle puts in what was not known of a call before it ended, on credit where
// need be. Every call that was admitted must be settled.
func (l *limiter) settle(u use, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(now)
	more := tally{inputMinute: -int64(u.cached), outputMinute: int64(u.out), credit: u.costNanoUSD}
	if l.twin.used != nil {
		more[tokensMinute] = l.twin.used(u) - l.twin.asks(u)
		more[tokensDay] = more[tokensMinute]
	}
	for m, c := range l.counters {
		if c != nil && more[m] != 0 {
			c.take(more[m])
		}
	}
}

// fail counts a call that has failed before it came to the limits.
func (l *limiter) fail(now int64) {
	if l == nil || !l.twin.failuresCount {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(now)
	l.failed()
}

func (l *limiter) failed() {
	if c := l.counters[requestsMinute]; l.twin.failuresCount && c != nil && c.wait(1) == 0 {
		c.take(1)
	}
}

// look returns the state without taking anything.
func (l *limiter) look(now int64) quotas {
	if l == nil {
		return quotas{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(now)
	return l.told()
}

func (l *limiter) at(now int64) {
	for _, c := range l.counters {
		if c != nil {
			c.at(now)
		}
	}
}

func (l *limiter) told() quotas {
	var q quotas
	for m, c := range l.counters {
		if c != nil {
			q[m] = c.told()
		}
	}
	return q
}

// tighter returns the quota that has less left: what a header speaks of where
// it has room for one. No limit is the least tight.
func tighter(a, b quota) quota {
	if a.limit == 0 || b.limit > 0 && b.remaining < a.remaining {
		return b
	}
	return a
}
