package assertions

import "github.com/chaoskit/chaos/internal/journal"

// Journal is what a judge reads: the records of one run.
type Journal struct {
	Header   journal.Header
	Requests []journal.Request
	Attempts []journal.Attempt
	Marks    []journal.Mark
	Cut      bool  // the file ends without run.end
	LastNs   int64 // latest stamp in the file

	// Open in the last inflight mark and without a record of their own.
	CensoredRequests []journal.Key
	CensoredAttempts []uint64
}
