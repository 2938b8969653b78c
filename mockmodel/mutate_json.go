package mockmodel

import (
	"bytes"
	"slices"

	"github.com/chaoskit/chaos/faults"
)

// What a fault changes of the JSON that an answer is made of, once it is written:
// of a whole body before it is sent, and of the frames of a stream one by one. A
// frame or a body that is no JSON, as recorded ones may be, is left alone.

// editBody changes an answer in one piece, and returns behind which of its bytes
// that shows; 0: nothing is changed.
func (a *attempt) editBody() (shows int) {
	m := a.effect.Mutation
	if m == nil || !m.OfJSON() || m.Kind == faults.MutationNoChoices || !valid(a.buf) {
		return 0
	}
	splices, shown := a.edits(m, doc(a.buf))
	if len(splices) == 0 {
		return 0
	}
	a.buf = apply(nil, a.buf, splices)
	for i := range a.ans.parts {
		if p := &a.ans.parts[i]; p.at > 0 {
			p.at = moved(splices, p.at)
		}
	}
	if !shown {
		return 0
	}
	first := splices[0]
	return min(first.from+max(1, len(first.with)), len(a.buf))
}

// editFrames changes the frames that are new in the buffer.
func (a *attempt) editFrames(m *faults.Mutation) {
	out := &a.out
	start := out.start(out.shaped)
	raw := bytes.Clone(out.buf[start:])
	ends := slices.Clone(out.ends[out.shaped:])
	out.buf, out.ends = out.buf[:start], out.ends[:out.shaped]
	from := start
	for _, end := range ends {
		frame := raw[from-start : end.at-start]
		from = end.at
		edited, shows := a.editFrame(m, frame, end)
		out.buf = append(out.buf, edited...)
		out.ends = append(out.ends, frameEnd{len(out.buf), end.tokens})
		if shows {
			out.changes()
		}
		if m.Kind == faults.MutationNoChoices && a.chunks.hits == 0 && end.tokens > m.After {
			if more, ok := a.withoutChoices(frame); ok {
				a.chunks.hits++
				out.buf = append(out.buf, more...)
				out.ends = append(out.ends, frameEnd{len(out.buf), end.tokens})
				out.changes()
			}
		}
	}
	out.shaped = len(out.ends)
}

// editFrame changes a frame, the next one behind those that are in the buffer.
func (a *attempt) editFrame(m *faults.Mutation, frame []byte, end frameEnd) (edited []byte, shows bool) {
	if m.Kind == faults.MutationNoChoices || m.Kind == faults.MutationBroken && !a.breaks(m, frame, end) {
		return frame, false
	}
	from, to := payload(frame)
	if to == 0 {
		return frame, false
	}
	splices, shows := a.edits(m, doc(frame[from:to]))
	if len(splices) == 0 {
		return frame, false
	}
	a.chunks.hits++
	return reframe(nil, frame, from, to, apply(nil, frame[from:to], splices)), shows
}

// breaks reports whether the frame is the one to break, if it can be.
func (a *attempt) breaks(m *faults.Mutation, frame []byte, end frameEnd) bool {
	switch {
	case a.chunks.hits > 0:
		return false
	case a.onSocket() && (m.Form == "control" || bytes.HasPrefix(frame, realtimeDone)):
		return false // a line feed ends a message there, and the session reads its own last one
	case m.At.In == faults.Events:
		return a.sent.events+len(a.out.ends) >= m.At.N
	}
	return end.tokens > m.At.N
}

// endWithoutUsage drops the frames of the end, which begin with frame i, from
// the one on that tells the usage.
func (a *attempt) endWithoutUsage(i int) {
	e, out := a.effect.Ending, &a.out
	if e == nil || e.Kind != faults.EndingNoUsage {
		return
	}
	out.omitted = false
	for ; i < len(out.ends); i++ {
		if tellsUsage(a.route.vendor.name, out.buf[out.start(i):out.ends[i].at]) {
			out.drop(i)
			out.omitted = true
			return
		}
	}
}
