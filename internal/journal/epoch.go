package journal

import "time"

// Epoch is the start of a run on the monotonic clock. All stamps of a run are
// taken from one Epoch, so they can be subtracted from each other.
type Epoch struct{ start time.Time }

// NewEpoch starts the clock of a run now.
func NewEpoch() Epoch { return Epoch{time.Now()} }

// Now returns nanoseconds since the start of the run.
func (e Epoch) Now() int64 { return int64(time.Since(e.start)) }

// At returns the nanoseconds since the start of the run at t, which must carry
// a monotonic reading.
func (e Epoch) At(t time.Time) int64 { return int64(t.Sub(e.start)) }

// Time returns the instant ns after the start of the run.
func (e Epoch) Time(ns int64) time.Time { return e.start.Add(time.Duration(ns)) }

// Started returns the wall time of the start of the run.
func (e Epoch) Started() time.Time { return e.start }
