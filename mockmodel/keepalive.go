package mockmodel

import (
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// pinger is a form whose streams have a sign of life of their own; those of the
// others that are event streams have comments, which the standard of server-sent
// events names for it (9.2.7).
type pinger interface {
	// ping writes one; p is the part that is being said.
	ping(f *frames, a *answer, p *part)
}

var commentPing = []byte(": keep-alive\n\n")

// ping is Anthropic's event: "Event streams may also include any number of ping
// events".
func (*anthropicMessages) ping(f *frames, _ *answer, _ *part) {
	f.buf = append(f.buf, "event: ping\ndata: {\"type\":\"ping\"}\n\n"...)
	f.end()
}

// ping is a comment, or white space between the elements of an array.
func (f *geminiChat) ping(out *frames, _ *answer, _ *part) {
	if f.sse {
		out.buf = append(out.buf, commentPing...)
	} else {
		out.buf = append(out.buf, '\n')
	}
	out.end()
}

// ping is a line without text: clients read each line as JSON.
func (f *ollamaChat) ping(out *frames, a *answer, _ *part) { f.delta(out, a, &part{}, nil) }

// ping is a delta without text: the framing has no other.
func (c bedrockConverse) ping(f *frames, a *answer, p *part) { c.delta(f, a, p, nil) }

// ping is nothing: the session pings its socket on its own.
func (*openAIRealtime) ping(*frames, *answer, *part) {}

// keepAlive sends signs of life, the first at once, until the caller leaves.
func (a *attempt) keepAlive() {
	s, _ := a.call.form.(streamer)
	every := int64(max(a.effect.Ending.Every, time.Millisecond))
	p := a.saying.next.part
	if p == nil && len(a.ans.parts) > 0 {
		p = &a.ans.parts[0]
	}
	if p == nil {
		p = &part{}
	}
	for due := a.now(); a.wait(waitPing, due); due += every {
		if x, ok := s.(pinger); ok {
			x.ping(&a.out, &a.ans, p)
		} else {
			a.out.buf = append(a.out.buf, commentPing...)
			a.out.end()
		}
		if !a.write(a.out.buf) {
			break
		}
		a.out.reset()
	}
	if a.rec.End == journal.AttemptPeerClosed {
		a.rec.End = journal.AttemptStall
	}
}

// waitHeaders waits before the headers of a stream, where a fault makes them
// late. false: the caller is gone.
func (a *attempt) waitHeaders(t *timing) bool {
	d := a.effect.Delay
	if d == nil || !d.Headers || t.first <= t.ownFirst {
		return true
	}
	a.work.stage, a.work.firstNs = stageFirst, t.token(0)
	a.show(faults.SlotDelay) // its own would have come at once
	return a.waitDue(waitHeaders, saturate(t.admitted, t.first-t.ownFirst))
}
