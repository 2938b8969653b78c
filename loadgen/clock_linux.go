package loadgen

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/chaoskit/chaos/internal/journal"
)

// RealClock returns the most exact clock of this machine. On Linux that is
// clock_nanosleep: the Go runtime waits for timers in epoll_wait, whose
// timeouts are whole milliseconds (golang/go#53824). It does not spin: on two
// processors that would take one from the target.
//
// The caller should hold its thread (runtime.LockOSThread), as the sleeping
// thread is the one that goes on.
func RealClock() Clock { return nanosleepClock{} }

type nanosleepClock struct{}

// slice bounds how long ctx is not looked at.
const slice = 50 * time.Millisecond

func (nanosleepClock) Wait(ctx context.Context, epoch journal.Epoch, untilNs int64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait := time.Duration(untilNs - epoch.Now())
		if wait <= 0 {
			return nil
		}
		ts := unix.NsecToTimespec(int64(min(wait, slice)))
		// An early return, by a signal, is seen in the loop.
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil)
	}
}
