package loadgen

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaoskit/chaos/internal/journal"
)

// Doer sends one request and fills in its record, from SentNs to the outcome.
// It returns when the answer has ended, or soon after ctx has.
type Doer interface {
	Do(ctx context.Context, a Arrival, rec *journal.Request)
}

// RunOptions say how a load is sent.
type RunOptions struct {
	Iter        Iter
	Clock       Clock
	Epoch       journal.Epoch
	StartNs     int64 // of the load, on the epoch
	EndNs       int64 // of the load, on the epoch: the last phase is waited for, even if nothing is due in it
	Doer        Doer
	Sink        journal.Sink
	MaxInFlight int
	Timeout     time.Duration   // of a user, from due
	Drain       time.Duration   // how long open requests are waited for after the last one was sent
	Hurry       <-chan struct{} // closed: do not wait for them any longer
	OnLoadStop  func()          // called once, when nothing will be sent any more; may be nil
}

// Runner is the open-loop generator: a request is due when the schedule says,
// whether or not the target is ready.
type Runner struct {
	opt RunOptions

	due, sent, dropped, inFlight atomic.Int64

	mu     sync.Mutex
	open   map[journal.Key]struct{}
	lag    *hdrhistogram.Histogram // nanoseconds
	second [2]rates
}

// rates are counts of one second.
type rates struct{ second, due, sent int64 }

// Why a request is dropped, beside what the machine lacks (see ownFault).
const (
	DropMaxInFlight = "max_in_flight"            // too many are open
	DropLate        = "late"                     // its user had given up before the generator came to send it
	DropStopped     = string(journal.EndStopped) // the load was ended before it was sent
	dropTemplate    = "request_template"         // target.request cannot be filled in
)

// lagMax is the largest lag that is told apart, in nanoseconds.
const lagMax = int64(time.Hour)

// endCause is why the context of an open request is cancelled; the client
// writes it down as who ended the request.
type endCause journal.EndBy

func (e endCause) Error() string { return "the load was ended: " + string(e) }

// EndBy says who ended the request.
func (e endCause) EndBy() journal.EndBy { return journal.EndBy(e) }

// NewRunner makes a runner for one load.
func NewRunner(opt RunOptions) *Runner {
	return &Runner{opt: opt, open: map[journal.Key]struct{}{}, lag: hdrhistogram.New(1000, lagMax, 3)}
}

// Stats is the state of a load at an instant.
type Stats struct {
	Due, Sent, Dropped, InFlight int64
	DuePerSecond, SentPerSecond  float64 // over the last full second
	LagP50, LagP99, LagMax       time.Duration
}

// Stats returns the state now.
func (r *Runner) Stats() Stats {
	s := Stats{Due: r.due.Load(), Sent: r.sent.Load(), Dropped: r.dropped.Load(), InFlight: r.inFlight.Load()}
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.opt.Epoch.Now()/int64(time.Second) - 1
	if c := r.second[max(0, last)%2]; c.second == last {
		s.DuePerSecond, s.SentPerSecond = float64(c.due), float64(c.sent)
	}
	s.LagP50 = time.Duration(r.lag.ValueAtQuantile(50))
	s.LagP99 = time.Duration(r.lag.ValueAtQuantile(99))
	s.LagMax = time.Duration(r.lag.Max())
	return s
}

// Open returns the keys of the requests that are open now.
func (r *Runner) Open() []journal.Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]journal.Key, 0, len(r.open))
	for k := range r.open {
		keys = append(keys, k)
	}
	return keys
}

// NewRecord returns the record of an arrival that is about to be sent.
// a.DueNs is on the epoch.
func NewRecord(a Arrival, timeout time.Duration) journal.Request {
	rec := journal.NewRequest()
	rec.Key, rec.Tenant, rec.Mix, rec.TraceRow, rec.Purpose = a.Key, a.Tenant, a.Mix, a.TraceRow, journal.PurposeLoad
	rec.PromptTokens, rec.OutputTokensAsked, rec.ModelAsked, rec.Stream = a.PromptTokens, a.OutputTokens, a.Model, a.Stream
	rec.DueNs, rec.DeadlineNs = a.DueNs, a.DueNs+int64(timeout)
	return rec
}

// ahead is how many arrivals are prepared before they are due: enough for a
// burst, and bounded.
const ahead = 1024

// Run sends the load and returns when every request has ended. Cancelling ctx
// stops the load: what is not due yet is never sent; open requests are waited
// for as Drain and Hurry say. No goroutine is left.
func (r *Runner) Run(ctx context.Context) error {
	cut, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var wg sync.WaitGroup
	err := r.pace(ctx, cut, &wg)
	if r.opt.OnLoadStop != nil {
		r.opt.OnLoadStop()
	}
	drained := make(chan struct{})
	go func() { wg.Wait(); close(drained) }()
	limit := time.NewTimer(r.opt.Drain)
	defer limit.Stop()
	select {
	case <-drained:
	case <-limit.C:
		cancel(endCause(journal.EndRunEnd))
	case <-r.opt.Hurry:
		cancel(endCause(journal.EndStopped))
	}
	<-drained
	return err
}

// pace releases each request at its instant.
func (r *Runner) pace(ctx, cut context.Context, wg *sync.WaitGroup) error {
	// The clock sleeps with the whole thread; holding it keeps the wake-up from
	// going through the scheduler.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	arrivals, failed, stop := r.prepare()
	defer stop()
	for a := range arrivals {
		a.DueNs += r.opt.StartNs
		if err := r.opt.Clock.Wait(ctx, r.opt.Epoch, a.DueNs); err != nil {
			return nil // stopped: the rest is not due
		}
		r.release(cut, wg, a)
	}
	if err := failed(); err != nil {
		return err
	}
	_ = r.opt.Clock.Wait(ctx, r.opt.Epoch, r.opt.EndNs)
	return nil
}

// prepare reads the schedule ahead of time, so that reading a trace or drawing
// a gap never makes a request late.
func (r *Runner) prepare() (arrivals <-chan Arrival, failed func() error, stop func()) {
	ch := make(chan Arrival, ahead)
	quit := make(chan struct{})
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(ch)
		for {
			var a Arrival
			var ok bool
			if a, ok, err = r.opt.Iter.Next(); err != nil || !ok {
				return
			}
			select {
			case ch <- a:
			case <-quit:
				return
			}
		}
	}()
	return ch, func() error { <-done; return err }, func() { close(quit); <-done }
}

// release sends one request on a goroutine of its own, or drops it.
func (r *Runner) release(cut context.Context, wg *sync.WaitGroup, a Arrival) {
	now := r.opt.Epoch.Now()
	r.due.Add(1)
	rec := NewRecord(a, r.opt.Timeout)
	rec.DispatchNs = now
	if r.opt.MaxInFlight > 0 && r.inFlight.Load() >= int64(r.opt.MaxInFlight) {
		r.dropped.Add(1)
		r.count(now, 0)
		rec.Dropped, rec.EndNs = DropMaxInFlight, now
		r.opt.Sink.Request(&rec)
		return
	}
	r.sent.Add(1)
	r.inFlight.Add(1)
	r.mu.Lock()
	r.open[a.Key] = struct{}{}
	_ = r.lag.RecordValue(min(max(0, now-a.DueNs), lagMax))
	r.mu.Unlock()
	r.count(now, 1)
	wg.Add(1)
	go r.send(cut, wg, a, rec)
}

func (r *Runner) send(cut context.Context, wg *sync.WaitGroup, a Arrival, rec journal.Request) {
	defer wg.Done()
	ctx, cancel := context.WithDeadline(cut, r.opt.Epoch.Time(rec.DeadlineNs))
	defer cancel()
	r.opt.Doer.Do(ctx, a, &rec)
	if rec.Dropped != "" { // it never left this machine
		r.sent.Add(-1)
		r.dropped.Add(1)
	}
	// The record comes before the request is no longer open: between the two a
	// kill finds it in both, never in none.
	r.opt.Sink.Request(&rec)
	r.mu.Lock()
	delete(r.open, a.Key)
	r.mu.Unlock()
	r.inFlight.Add(-1)
}

func (r *Runner) count(now, sent int64) {
	s := now / int64(time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &r.second[s%2]
	if c.second != s {
		*c = rates{second: s}
	}
	c.due++
	c.sent += sent
}
