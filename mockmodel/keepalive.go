package mockmodel

import (
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// pinger is a form whose streams have a sign of life of their own; those of the
// others that are event streams have comments, which the standard of server-sent
// events names for it (9.2.7). Ollama and Bedrock have none: what they stream is
// not cut so.
type pinger interface{ ping(f *frames) }

var commentPing = []byte(": keep-alive\n\n")

// ping is Anthropic's event: "Event streams may also include any number of ping
// events".
func (*anthropicMessages) ping(f *frames) {
	f.buf = append(f.buf, "event: ping\ndata: {\"type\":\"ping\"}\n\n"...)
}

// ping is a comment, or white space between the elements of an array.
func (f *geminiChat) ping(out *frames) {
	if f.sse {
		out.buf = append(out.buf, commentPing...)
	} else {
		out.buf = append(out.buf, '\n')
	}
}

// ping is nothing: the session pings its socket on its own.
func (*openAIRealtime) ping(*frames) {}

// ping is what the provider's own would be.
func (f *replayedStream) ping(out *frames) { ping(f.own, out) }

// ping writes the sign of life of a form.
func ping(of any, out *frames) {
	if x, ok := of.(pinger); ok {
		x.ping(out)
	} else {
		out.buf = append(out.buf, commentPing...)
	}
}

// keepAlive sends signs of life, the first at once, until the caller leaves.
func (a *attempt) keepAlive() {
	every := int64(max(a.effect.Ending.Every, time.Millisecond))
	for due := a.now(); a.wait(waitPing, due); due += every {
		a.out.reset()
		ping(a.call.form, &a.out)
		if !a.write(a.out.buf) {
			break
		}
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
