package loadgen

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// waiter answers after a while, or when it is told to stop.
type waiter struct{ after time.Duration }

func (w waiter) Do(ctx context.Context, _ Arrival, rec *journal.Request) {
	timer := time.NewTimer(w.after)
	defer timer.Stop()
	select {
	case <-timer.C:
		rec.EndBy, rec.Outcome = journal.EndServer, journal.OutcomeFull
	case <-ctx.Done():
		rec.EndBy, rec.Outcome = endByContext(context.Cause(ctx)), journal.OutcomeTimeout
	}
	rec.EndNs = rec.DueNs
}

// loadOf runs a constant load in virtual time and returns its records.
func loadOf(t *testing.T, rate string, d time.Duration, opt RunOptions, ctx context.Context) ([]journal.Request, Stats) {
	t.Helper()
	s := opened(t, Config{Phases: []Phase{phase("a", rate, d)}}, 1)
	it, err := s.Iter()
	if err != nil {
		t.Fatal(err)
	}
	sink := &journal.MemSink{}
	opt.Iter, opt.Clock, opt.Epoch, opt.Sink = it, TimerClock(), journal.NewEpoch(), sink
	opt.EndNs = s.EndNs()
	r := NewRunner(opt)
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if open := r.Open(); len(open) > 0 {
		t.Errorf("open after the run: %v", open)
	}
	return sink.Requests(), r.Stats()
}

func TestRequestsAreSentAtTheirInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs, st := loadOf(t, "100", 2*time.Second, RunOptions{Doer: waiter{time.Second}, Timeout: 5 * time.Second, Drain: 5 * time.Second}, t.Context())
		if len(recs) != 200 || st.Due != 200 || st.Sent != 200 || st.LagMax >= time.Microsecond {
			t.Fatalf("%d records, %+v", len(recs), st)
		}
		for _, r := range recs {
			if r.DispatchNs != r.DueNs {
				t.Fatalf("%s: due %d, dispatched %d", r.Key, r.DueNs, r.DispatchNs)
			}
		}
	})
}

func TestTooManyInFlightAreDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs, st := loadOf(t, "10", time.Second, RunOptions{Doer: waiter{10 * time.Second}, MaxInFlight: 3, Timeout: 20 * time.Second, Drain: 20 * time.Second}, t.Context())
		dropped := 0
		for _, r := range recs {
			if r.Dropped == DropMaxInFlight {
				dropped++
			}
		}
		if len(recs) != 10 || dropped != 7 || st.Due != 10 || st.Sent != 3 || st.Dropped != 7 {
			t.Errorf("%d records, %d dropped, %+v; want 10, 7", len(recs), dropped, st)
		}
	})
}

func TestAStoppedLoadSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		recs, st := loadOf(t, "10", 10*time.Second, RunOptions{Doer: waiter{100 * time.Millisecond}, Timeout: time.Second, Drain: time.Second}, ctx)
		if len(recs) != 11 || st.Due != 11 {
			t.Errorf("%d records, %+v; want the 11 that were due in 1.05 s", len(recs), st)
		}
	})
}

func TestTheDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs, _ := loadOf(t, "2", time.Second, RunOptions{Doer: waiter{time.Hour}, Timeout: 30 * time.Minute, Drain: 5 * time.Second}, t.Context())
		for _, r := range recs {
			if r.EndBy != journal.EndRunEnd {
				t.Errorf("%s ended by %s, want run_end", r.Key, r.EndBy)
			}
		}
	})
}

func TestUsersGiveUpAfterTheirTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recs, _ := loadOf(t, "2", time.Second, RunOptions{Doer: waiter{time.Hour}, Timeout: 3 * time.Second, Drain: 5 * time.Second}, t.Context())
		for _, r := range recs {
			if r.EndBy != journal.EndClientTimeout {
				t.Errorf("%s ended by %s, want client_timeout", r.Key, r.EndBy)
			}
		}
	})
}

func TestHurryCutsTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hurry := make(chan struct{})
		close(hurry)
		recs, _ := loadOf(t, "2", time.Second, RunOptions{Doer: waiter{time.Hour}, Timeout: 30 * time.Minute, Drain: time.Hour, Hurry: hurry}, t.Context())
		for _, r := range recs {
			if r.EndBy != journal.EndStopped {
				t.Errorf("%s ended by %s, want stopped", r.Key, r.EndBy)
			}
		}
	})
}

// What the Doer could not send is no request that was sent.
func TestWhatNeverLeftIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lacking := doerFunc(func(_ context.Context, a Arrival, rec *journal.Request) {
			if a.Key.Index%2 == 0 {
				rec.Dropped = "no_file_descriptor"
			}
		})
		recs, st := loadOf(t, "10", time.Second, RunOptions{Doer: lacking, Timeout: time.Second, Drain: time.Second}, t.Context())
		if len(recs) != 10 || st.Due != 10 || st.Sent != 5 || st.Dropped != 5 {
			t.Errorf("%d records, %+v; want 10 due = 5 sent + 5 dropped", len(recs), st)
		}
	})
}

type doerFunc func(context.Context, Arrival, *journal.Request)

func (f doerFunc) Do(ctx context.Context, a Arrival, rec *journal.Request) { f(ctx, a, rec) }

// A generator that was held up sends at once all that has become due, each
// with its lag on record: nothing is left out, shifted or sent before its time.
func TestALateGeneratorCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t, Config{Phases: []Phase{phase("a", "100", time.Second)}}, 1)
		it, err := s.Iter()
		if err != nil {
			t.Fatal(err)
		}
		sink := &journal.MemSink{}
		r := NewRunner(RunOptions{
			Iter: it, Clock: &heldUp{from: 300 * time.Millisecond, to: 700 * time.Millisecond}, Epoch: journal.NewEpoch(), EndNs: s.EndNs(),
			Doer: waiter{0}, Sink: sink, Timeout: time.Minute, Drain: time.Minute,
		})
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(sink.Requests()) != 100 {
			t.Fatalf("%d requests, want 100", len(sink.Requests()))
		}
		for _, rec := range sink.Requests() {
			want := rec.DueNs
			if want > int64(300*time.Millisecond) {
				want = max(want, int64(700*time.Millisecond))
			}
			if rec.DispatchNs != want {
				t.Errorf("%s: due %v, dispatched %v, want %v", rec.Key, time.Duration(rec.DueNs), time.Duration(rec.DispatchNs), time.Duration(want))
			}
		}
		if lag := r.Stats().LagMax; lag < 389*time.Millisecond || lag > 391*time.Millisecond {
			t.Errorf("the greatest lag is %v, want 390ms", lag)
		}
	})
}

// heldUp is a clock that does not come to it between two instants.
type heldUp struct{ from, to time.Duration }

func (h *heldUp) Wait(ctx context.Context, epoch journal.Epoch, untilNs int64) error {
	if untilNs > int64(h.from) {
		untilNs = max(untilNs, int64(h.to))
	}
	return TimerClock().Wait(ctx, epoch, untilNs)
}

// A trace that breaks off in the middle of the run is an error of the run, and
// what was sent until then ends as it should.
func TestAScheduleThatBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("the trace is gone")
		sink := &journal.MemSink{}
		r := NewRunner(RunOptions{
			Iter: &brokenIter{left: 3, err: broken}, Clock: TimerClock(), Epoch: journal.NewEpoch(), EndNs: int64(time.Hour),
			Doer: waiter{time.Second}, Sink: sink, Timeout: time.Minute, Drain: time.Minute,
		})
		if err := r.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		if n := len(sink.Requests()); n != 3 || r.Stats().InFlight != 0 {
			t.Errorf("%d records, %d in flight", n, r.Stats().InFlight)
		}
	})
}

type brokenIter struct {
	left int
	err  error
}

func (b *brokenIter) Next() (Arrival, bool, error) {
	if b.left--; b.left < 0 {
		return Arrival{}, false, b.err
	}
	return Arrival{Key: journal.Key{Phase: "a", Index: int64(b.left)}}, true, nil
}

func (b *brokenIter) Close() {}

// The clocks are never early, not even by a nanosecond, and let go when the
// load is stopped.
func TestClocksAreNeverEarly(t *testing.T) {
	for name, clock := range map[string]Clock{"real": RealClock(), "timer": TimerClock()} {
		epoch := journal.NewEpoch()
		for i := range 20 {
			until := epoch.Now() + int64(i)*int64(50*time.Microsecond)
			if err := clock.Wait(t.Context(), epoch, until); err != nil {
				t.Fatal(err)
			}
			if now := epoch.Now(); now < until {
				t.Errorf("%s: %d ns early", name, until-now)
			}
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(nil)
		if err := clock.Wait(ctx, epoch, epoch.Now()+int64(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: waits on after the stop: %v", name, err)
		}
	}
}

// BenchmarkRunner is the generator alone: schedule, pacing without waiting, a
// goroutine and a record for each request.
func BenchmarkRunner(b *testing.B) {
	s := opened(b, Config{Arrivals: Arrivals{Process: "poisson"}, Phases: []Phase{phase("a", "100000", time.Hour/36)}, Tenants: 5}, 1)
	it, err := s.Iter()
	if err != nil {
		b.Fatal(err)
	}
	r := NewRunner(RunOptions{
		Iter: &firstOf{it, b.N}, Clock: noWait{}, Epoch: journal.NewEpoch(), Sink: nowhere{},
		Doer: doerFunc(func(context.Context, Arrival, *journal.Request) {}), Timeout: time.Minute, Drain: time.Minute,
	})
	b.ReportAllocs()
	b.ResetTimer()
	if err := r.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

type firstOf struct {
	Iter
	left int
}

func (f *firstOf) Next() (Arrival, bool, error) {
	if f.left--; f.left < 0 {
		return Arrival{}, false, nil
	}
	return f.Iter.Next()
}

type noWait struct{}

func (noWait) Wait(context.Context, journal.Epoch, int64) error { return nil }

type nowhere struct{}

func (nowhere) Request(*journal.Request) {}
func (nowhere) Attempt(*journal.Attempt) {}
func (nowhere) Mark(*journal.Mark)       {}

func BenchmarkPrompt(b *testing.B) {
	a := Arrival{PromptTokens: 1200, Tenant: "4", PromptOf: own}
	b.ReportAllocs()
	for b.Loop() {
		Prompt(42, a)
	}
}
