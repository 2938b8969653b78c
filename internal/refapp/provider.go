package refapp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// A step is one logical call to the provider: one attempt or, with retries,
// several.
type step struct {
	name     string // embed, search, rerank, chat
	model    string // whose breaker and retry budget it uses
	path     string // below the base URL
	body     []byte // the same bytes in every attempt
	attempts int
	// timeout bounds an attempt until it calls progress for the first time, 0
	// is none; until is the end of the whole step, zero is none; floor is the
	// least time worth starting an attempt with.
	timeout time.Duration
	until   time.Time
	floor   time.Duration
	// read takes a 200 answer. It calls progress whenever the answer has got
	// on, which restarts the stall clock.
	read func(resp *http.Response, progress func()) *failure
}

func (s step) left(now time.Time) time.Duration {
	if s.until.IsZero() {
		return forever
	}
	return s.until.Sub(now)
}

var (
	errAttemptTimeout = errors.New("no answer in time")
	errStalled        = errors.New("stream stalled")
	errStepTimeout    = errors.New("out of time")
)

// do carries out a step: attempts, waits and gives up as the policy says. nil
// is success.
func (a *App) do(ctx context.Context, rq *request, s step) *failure {
	m := a.model(s.model)
	for n := 1; ; n++ {
		if s.left(time.Now()) < s.floor {
			return &failure{what: errStepTimeout.Error(), final: true}
		}
		f := a.attempt(ctx, rq, s, n, m)
		if f == nil {
			return nil
		}
		bits := draw.Bits(a.cfg.Seed, "backoff", rq.dice, s.name, s.model, strconv.Itoa(n))
		wait, why := a.policy.again(n, s.attempts, f, s.left(time.Now()), s.floor, bits)
		if why == "" && !m.budget.spend(time.Now()) {
			why = "retry budget spent"
		}
		if why != "" {
			f.what = fmt.Sprintf("%s: %s; %s", s.name, f.what, why)
			return f
		}
		if !sleep(ctx, wait) {
			return gone()
		}
	}
}

// attempt makes one HTTP call, when the breaker permits and a worker is free.
func (a *App) attempt(ctx context.Context, rq *request, s step, n int, m *model) (f *failure) {
	permit, ok := m.breaker.allow(time.Now())
	if !ok {
		return &failure{what: "breaker open", final: true}
	}
	if n == 1 {
		m.budget.earn(time.Now()) // only now: a call that the breaker refuses earns no retry
	}
	health := unknown // until the provider has been asked
	defer func() { permit.done(health, time.Now()) }()

	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !s.until.IsZero() {
		end := time.AfterFunc(time.Until(s.until), func() { cancel(errStepTimeout) })
		defer end.Stop()
	}
	select {
	case a.workers <- struct{}{}:
		defer func() { <-a.workers }()
	case <-attempt.Done():
		return broken(ctx, attempt, nil)
	}
	w := &watch{cancel: cancel, stall: a.policy.StallTimeout}
	w.start(s.timeout)
	defer w.stop()

	defer func() { health = f.health() }()
	resp, err := a.http.Do(a.call(attempt, rq, s, n))
	if err != nil {
		return broken(ctx, attempt, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refused(resp, time.Now())
	}
	if f = s.read(resp, w.progress); f == nil {
		w.start(drainTimeout)
		_, _ = io.CopyN(io.Discard, resp.Body, drainMax) // whatever comes, the answer is whole
		return nil
	}
	if attempt.Err() != nil {
		seen := f.final
		f = broken(ctx, attempt, nil)
		f.final = f.final || seen
	}
	return f
}

// What may follow a whole answer: the end of the body, which is waited for so
// that the provider sees an answer taken to its end, not a caller that hung up.
const (
	drainMax     = 4 << 10
	drainTimeout = time.Second
)

// A watch cancels an attempt that makes no progress. Its clock is one of
// silence; the end of the whole step is a clock of its own, which no traffic
// restarts.
type watch struct {
	cancel context.CancelCauseFunc
	stall  time.Duration
	timer  *time.Timer
}

// start sets the time to the first sign of progress. 0 is no limit, then and
// later.
func (w *watch) start(d time.Duration) {
	w.stop()
	if d > 0 {
		w.timer = time.AfterFunc(d, func() { w.cancel(errAttemptTimeout) })
	}
}

func (w *watch) progress() {
	if w.timer != nil && w.stall > 0 && w.timer.Stop() {
		w.timer = time.AfterFunc(w.stall, func() { w.cancel(errStalled) })
	}
}

func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// broken says why an attempt has no answer: the caller left, a clock ran out,
// or the connection failed with err.
func broken(caller, attempt context.Context, err error) *failure {
	if caller.Err() != nil {
		return gone()
	}
	if cause := context.Cause(attempt); cause != nil {
		return &failure{what: cause.Error(), retryable: true}
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // users need not read where the provider is
	}
	return &failure{what: clip("connection failed: "+err.Error(), 160), retryable: true}
}

func gone() *failure { return &failure{what: "the caller is gone", final: true, gone: true} }

// call builds the HTTP request of an attempt. Bodies are equal in all attempts
// of a step; what differs stands in headers.
func (a *App) call(ctx context.Context, rq *request, s step, n int) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+s.path, bytes.NewReader(s.body))
	if err != nil {
		panic(err) // method and base URL were checked in New
	}
	h := req.Header
	for name, values := range rq.baggage {
		h[name] = values
	}
	if len(rq.trace) == traceparentLen {
		h.Set("Traceparent", rq.trace[:36]+a.span(rq, s, n)+rq.trace[52:])
	}
	h.Set("Content-Type", "application/json")
	h.Set("Authorization", "Bearer "+a.cfg.APIKey)
	h.Set("User-Agent", "chaos-refapp/"+a.cfg.Mode)
	h.Set("X-Client-Request-Id", rq.id)
	return req
}

const traceparentLen = len("00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")

// span is the id of the client span of one attempt: a traced service keeps the
// trace id and mints a parent id per call (W3C Trace Context, section 3.2.2.4).
func (a *App) span(rq *request, s step, n int) string {
	return fmt.Sprintf("%016x", max(draw.Bits(a.cfg.Seed, "span", rq.id, s.name, s.model, strconv.Itoa(n)), 1))
}

// sleep waits, and reports whether it was left in peace.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
