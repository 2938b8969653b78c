package loadgen

import (
	"context"
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
