package mockmodel

import (
	"net/http"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// end closes the record of a call and hands it on.
func (s *Server) end(a *attempt) {
	rec := &a.rec
	rec.EndNs = a.ended()
	if rec.End == "" { // a panic of our own; Err tells
		rec.End = journal.AttemptReset
	}
	a.countReplayed()
	a.remember() // before anybody can know that the call has ended
	out := s.bill(a)
	if a.limits != nil {
		u := a.use()
		u.cached, u.out, u.costNanoUSD = rec.TokensCached, out, rec.CostNanoUSD
		a.limits.settle(u, rec.EndNs)
	}
	if rec.Cause == journal.CauseNone && a.shown != 0 {
		rec.Cause = journal.CauseFault
	}
	rec.Rules = a.ruleHits()
	// Open until it is on record: else there is an instant at which it is nowhere.
	if s.opt.Sink != nil {
		s.opt.Sink.Attempt(rec)
	}
	s.mu.Lock()
	delete(s.open, rec.ID)
	s.mu.Unlock()
	if cap(a.body) <= bufferKeep && cap(a.buf) <= bufferKeep && cap(a.out.buf) <= bufferKeep {
		s.pool.Put(a)
	}
}

// bill writes down what the call costs, and returns for how many tokens of
// output: its input, of which what a prefix cache held is cheaper, and what was
// generated of the answer. Where the model does not notice that the caller is
// gone, that is all of it.
func (s *Server) bill(a *attempt) (out int) {
	rec, w := &a.rec, &a.work
	out = rec.TokensEmitted
	reached := w.inside || a.passed
	if rec.End == journal.AttemptPeerClosed && s.outlive(*w, a.effect.Delay) {
		if out, reached = rec.TokensPlanned, true; out == 0 { // it had not come to that
			out = w.out * w.places
		}
	} else {
		w.leave(rec.EndNs)
	}
	if x := a.replaying; !reached || a.ans.empty || x != nil && x.Status != http.StatusOK {
		return 0
	}
	p := a.at.price(rec.ModelServed)
	input, output := p.NanoPerToken()
	rec.CostNanoUSD = int64(rec.TokensIn-rec.TokensCached)*input + int64(rec.TokensCached)*p.nanoPerCached() + int64(out)*output
	return out
}

// ended returns when the call ended: what was answered whole ended when its last
// write began, and a reset when it was sent. A busy machine may come back from a
// write after the caller has read the answer and tried again, and that retry
// must not look as if it had come while the answer was open.
func (a *attempt) ended() int64 {
	switch a.rec.End {
	case journal.AttemptComplete, journal.AttemptEOF, journal.AttemptInStreamError, journal.AttemptReset:
		return max(a.writesNs, a.rec.ArrivedNs)
	}
	return a.now()
}

// ruleHits says what became of each rule. There are at most [faults.RulesMax].
func (a *attempt) ruleHits() []journal.RuleHit {
	if len(a.hits) == 0 {
		return nil
	}
	out := make([]journal.RuleHit, len(a.hits))
	for i := range a.hits {
		out[i] = a.ruleHit(&a.hits[i])
	}
	return out
}

func (a *attempt) ruleHit(h *faults.Hit) journal.RuleHit {
	out := journal.RuleHit{Name: h.Name, Slot: h.Wants.String(), At: -1}
	shown := h.Slots & a.shown
	switch {
	case h.State == faults.Passed:
		out.State = journal.RulePassed
	case h.State == faults.Unknown:
		out.State = journal.RuleUnknown
	case h.State == faults.Held:
		out.State = journal.RuleHeld
	case shown != 0:
		out.State, out.Slot = journal.RuleInjected, shown.String()
		if shown.Has(faults.SlotEnding) && a.effect.Ending != nil {
			out.At = a.effect.Ending.After.N
		}
	case h.Masked || a.barred:
		out.State = journal.RuleMasked
	default:
		out.State = journal.RuleMissed
	}
	return out
}

// emit notes the progress of an answer: up to EmittedMax points. When they are
// full every other one is dropped, so that they stay spread over the answer.
func (a *attempt) emit(now int64, tokens int) {
	p := a.rec.Emitted
	if p == nil {
		p = make([]journal.Point, 0, journal.EmittedMax)
	}
	if len(p) == journal.EmittedMax {
		// Compact to the odd positions, so that the latest stays.
		for i := range len(p) / 2 {
			p[i] = p[2*i+1]
		}
		p = p[:len(p)/2]
	}
	a.rec.Emitted = append(p, journal.Point{TNs: now, Tokens: tokens})
}
