package assertions

import "github.com/chaoskit/chaos/internal/journal"

// A service that was left without an answer may give one of its own: a canned
// apology, an empty phrase. Nothing in it names a model or a cache, so it counts
// as full unless the plan declares how it looks. It betrays itself by the
// watermark that it lacks, where the answers of healthy calls all have one.

// marksNeed is the least number of healthy answers that must show that
// watermarks come through.
const marksNeed = 30

// learnMarks finds whether watermarks come through the service: one that takes
// answers apart may lose them, and then their want says nothing.
func (h *history) learnMarks() {
	n := 0
	for _, list := range [][]*request{h.trial, h.reqs} {
		for _, r := range list {
			if r.Outcome != journal.OutcomeFull || !r.anyAttempt((*attempt).wrote) || r.anyAttempt((*attempt).wrong) {
				continue
			}
			if len(r.Marks) == 0 {
				return
			}
			n++
		}
	}
	h.marked = n >= marksNeed
}

// wrote reports whether the call gave the service words to answer with.
func (a *attempt) wrote() bool { return a.Kind == "chat" && a.clean }

// unwritten reports whether an answer that passes for a full one holds no words
// of a model: all calls for words failed, and no watermark says otherwise.
func (h *history) unwritten(r *request) bool {
	return h.marked && r.completed() && r.Outcome == journal.OutcomeFull && len(r.Marks) == 0 &&
		r.anyAttempt((*attempt).wrong) && !r.anyAttempt((*attempt).wrote)
}

// What a check that rests on watermarks says where the plan switches them off,
// and the change of the plan that gives it something to see.
const (
	unmarked = "the plan switches watermarks off, and without them no answer shows whose words it holds, nor that they are all there"
	marksOn  = "provider: {watermark: on}"
)

// blind reports whether the check could see nothing, for want of watermarks.
func (v *view) blind() bool { return v.entry.Marks && v.h.setup.Unmarked }
