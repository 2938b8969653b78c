package mockmodel

import (
	"sync"
	"time"
)

// order keeps the instants of calls and of hang-ups from contradicting what the
// mock saw. When a call came is the kernel's word, however late it was read; when a
// caller left is only known once it is noticed. On a machine that is busy both are
// seen late and together, and a caller who hung up and called again would seem to
// have called first: a hedge, where there was a retry.
type order struct {
	mu     sync.Mutex
	leftNs int64 // the latest hang-up
	readNs int64 // when the call with lagNs was read
	lagNs  int64 // how late: the most of those that were read together
}

// seenTogether is how far apart two things may be noticed that were there at the same
// time. Who leaves and calls again at once is given as much by the verdicts.
const seenTogether = int64(10 * time.Millisecond)

// came returns when a call came that is read at nowNs and stamped with cameNs: not
// before a hang-up that was noticed before.
func (o *order) came(cameNs, nowNs int64) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	cameNs = min(max(0, cameNs, o.leftNs), nowNs)
	if lag := nowNs - cameNs; lag >= o.lagNs || nowNs-o.readNs > seenTogether {
		o.readNs, o.lagNs = nowNs, lag
	}
	return cameNs
}

// left returns when a caller left whose hang-up is noticed at nowNs: as much before
// as the calls that were read just now had waited to be read.
func (o *order) left(nowNs int64) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if nowNs-o.readNs <= seenTogether {
		nowNs -= o.lagNs
	}
	o.leftNs = max(o.leftNs, nowNs)
	return nowNs
}
