package loadgen

import (
	"context"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// Clock waits until an instant of the run. It never returns early, unless with
// the error of ctx.
type Clock interface {
	Wait(ctx context.Context, epoch journal.Epoch, untilNs int64) error
}

// TimerClock returns a clock of timers: about a millisecond late on an idle
// machine, exact in virtual time.
func TimerClock() Clock { return timerClock{} }

type timerClock struct{}

func (timerClock) Wait(ctx context.Context, epoch journal.Epoch, untilNs int64) error {
	for {
		wait := time.Duration(untilNs - epoch.Now())
		if wait <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
