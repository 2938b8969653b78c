package mockmodel

import (
	"net/http"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Options are what a Server needs from the run around it.
type Options struct {
	// Epoch is the clock of all stamps.
	Epoch journal.Epoch
	// Codec reads request ids and writes watermarks. nil: the provider runs
	// alone, and knows no run.
	Codec *wire.Codec
	// Sink takes one Attempt per call at an inference endpoint. nil: none.
	Sink journal.Sink
	// Faults that are on from the start; SetFaults replaces them. nil: none.
	Faults *faults.Schedule
	// Unlisted is how a model behaves that is not listed; the zero value: with
	// the defaults of a model. Its name is left out.
	Unlisted Model
	// Record takes each answer of an upstream provider that came whole, from many
	// goroutines at once. nil: none is recorded.
	Record func(Recording)
	// Recorded are the recordings in the files that the answers name.
	Recorded map[string][]Recording
	// Transport reaches upstream providers. nil: a transport of their own.
	Transport http.RoundTripper
	// Seed of the words, vectors and ids.
	Seed uint64
	// Scope finds the provider that answers the calls below /_scopes/NAME, nil
	// where there is none of that name. It is asked for every such call, from
	// many goroutines at once. nil: no scopes.
	Scope func(name string) *Server
	// Horizon is how long after its last attempt a step is remembered: its
	// ordinal and the limits that hold it back. It must be longer than any
	// caller keeps trying. 0: HorizonDefault.
	Horizon time.Duration
}

// HorizonDefault is well past the ten minutes after which the official SDKs
// give up one attempt and the longest hint (two minutes) that they honour.
const HorizonDefault = 15 * time.Minute
