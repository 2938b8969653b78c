package refapp

import (
	"math"
	"time"
)

// A Policy is everything in which one version of the app differs from another.
// The zero value of a field switches that protection off, so that the naive
// version is what is left when nobody thought about failure.
type Policy struct {
	// Deadline is the time a request may take, from its arrival to the end of
	// its answer. 0 is no deadline; what is counted against it is then unused.
	Deadline time.Duration
	// AttemptTimeout bounds one chat attempt up to the first frame with
	// content of a stream, or up to the end of a JSON answer.
	AttemptTimeout time.Duration
	// StallTimeout bounds the silence between two frames of a stream that has
	// begun. Comment frames are no progress.
	StallTimeout time.Duration
	// RetrievalTimeout bounds embed, search and rerank together, retries and
	// waits included; one attempt may take half of it.
	RetrievalTimeout time.Duration
	// Reserve is what the primary model leaves of the deadline to the smaller
	// one.
	Reserve time.Duration
	// Floor is the least time worth starting an attempt at the primary model
	// with; the smaller model needs a quarter of it.
	Floor time.Duration

	// Attempts counts the first one too, per step: at the primary model, at
	// the smaller model (0: there is no fallback to it), and at each of embed,
	// search and rerank.
	Attempts, FallbackAttempts, RetrievalAttempts int
	// BackoffBase is the wait before the second attempt; each further wait is
	// twice as long, up to BackoffCap. Jitter spreads it: 0.25 is +-25 %; a
	// hint is only ever stretched, by up to half of that share.
	BackoffBase, BackoffCap time.Duration
	Jitter                  float64
	// HonourHints waits at least what Retry-After or retry-after-ms say, and
	// does not retry where x-should-retry says false.
	HonourHints bool
	// HintMargin is by which share of a hint a retry comes later than it must:
	// a retry a hair after the hint races the provider's own clock.
	HintMargin float64
	// RetryEverything retries whatever went wrong, a 400 too.
	RetryEverything bool

	// RetryRatio retries are earned by each first attempt at a model; up to
	// RetryReserve are saved up, and RetryPerSecond trickle in, so that a
	// quiet service may retry too. A ratio of 0 is no budget.
	RetryRatio, RetryReserve, RetryPerSecond float64

	// The breaker of a model opens when at least BreakerShare of at least
	// BreakerMin attempts begun within BreakerWindow failed; after BreakerCooldown
	// it lets BreakerProbes attempts through, and closes when all of them
	// succeed. A share of 0 is no breaker.
	BreakerShare                   float64
	BreakerMin, BreakerProbes      int
	BreakerWindow, BreakerCooldown time.Duration

	// InFlight is the number of requests beyond which new ones are shed at
	// once with 503 and Retry-After. 0 is no limit.
	InFlight int
	// Cancel gives up provider calls when the caller has left.
	Cancel bool
	// CheckAnswers takes an answer that is empty, cut, malformed, in a script
	// that the question is not in, or that carries an error for a failure.
	CheckAnswers bool
	// HoldBytes is how much of a stream is kept back before the caller sees
	// its first byte. What fails while it is held can be tried again unseen;
	// what fails later ends in an error frame. 0 relays at once.
	HoldBytes int
	// Degrade answers with less rather than not at all.
	Degrade bool
	// CacheFresh is the age up to which a repeated question is answered from
	// the cache; older answers are used only by Degrade.
	CacheFresh time.Duration
}

// resilient derives every time from the deadline, so that one number fits the
// app to its callers: half of it for the slowest attempt, a quarter kept back
// for the smaller model, a quarter to get the documents.
//
// RetryRatio is below the 0.2 of Finagle and Envoy, so that attempts per step
// stay under 1.2 with the reserve and the trickle included. Three attempts are
// the per-request budget of the SRE book. The first backoff is that of the
// official OpenAI SDKs, 500 ms, and with the jitter never under 375 ms.
func resilient(deadline time.Duration) Policy {
	if deadline <= 0 {
		deadline = 8 * time.Second
	}
	return Policy{
		Deadline:         deadline,
		AttemptTimeout:   deadline / 2,
		StallTimeout:     deadline / 4,
		RetrievalTimeout: deadline / 4,
		Reserve:          deadline / 4,
		Floor:            deadline / 4,

		Attempts: 3, FallbackAttempts: 2, RetrievalAttempts: 2,
		BackoffBase: 500 * time.Millisecond, BackoffCap: 4 * time.Second, Jitter: 0.25,
		HonourHints: true, HintMargin: 1.0 / 16,
		RetryRatio: 0.15, RetryReserve: 10, RetryPerSecond: 1,

		BreakerShare: 0.6, BreakerMin: 20, BreakerProbes: 3,
		BreakerWindow: 10 * time.Second, BreakerCooldown: 2 * time.Second,

		InFlight:     1024,
		Cancel:       true,
		CheckAnswers: true,
		HoldBytes:    64 << 10,
		Degrade:      true,
		CacheFresh:   5 * time.Minute,
	}
}

// naive ignores the deadline: it has none. It knows that a call can take too
// long, but not that to ask again makes it take longer for everybody.
func naive(time.Duration) Policy {
	return Policy{
		AttemptTimeout: 9 * time.Second,
		Attempts:       6, RetrievalAttempts: 6, RetryEverything: true,
		CacheFresh: 5 * time.Minute,
	}
}

// forever is the time left of a step that has no end.
const forever = time.Duration(math.MaxInt64)

// again decides whether a step whose attempt number n (1 is the first) failed
// tries once more, and after which wait. left is what remains until the step
// must end, floor the least of it that an attempt needs, bits the dice of the
// jitter. Where it gives up, why says so in a few words; else why is empty.
func (p Policy) again(n, attempts int, f *failure, left, floor time.Duration, bits uint64) (wait time.Duration, why string) {
	switch {
	case f.final:
		return 0, "not retryable"
	case !f.retryable && !p.RetryEverything:
		return 0, "not retryable"
	case n >= attempts:
		return 0, "attempts used up"
	}
	wait = p.backoff(n, bits)
	if p.HonourHints && f.hinted {
		wait = max(wait, f.hint+time.Duration(p.HintMargin*float64(f.hint))+spread(time.Duration(p.Jitter/2*float64(f.hint)), bits))
	}
	if left != forever && wait+floor > left {
		if f.hinted && p.HonourHints {
			return 0, "the hint does not fit the deadline"
		}
		return 0, "no time left"
	}
	return wait, ""
}

// backoff is the wait after attempt n.
func (p Policy) backoff(n int, bits uint64) time.Duration {
	if p.BackoffBase <= 0 {
		return 0
	}
	d := p.BackoffBase
	for range n - 1 {
		if d >= p.BackoffCap/2 {
			d = p.BackoffCap
			break
		}
		d *= 2
	}
	width := time.Duration(2 * p.Jitter * float64(d))
	return d - width/2 + spread(width, bits)
}

// spread maps dice evenly onto [0, width). A herd that was told to come back in
// two seconds must not come back at one instant.
func spread(width time.Duration, bits uint64) time.Duration {
	return time.Duration(float64(bits>>11) / (1 << 53) * float64(width))
}
