package mockmodel

import (
	"net"

	"github.com/chaoskit/chaos/internal/journal"
)

// closeSocket has the socket closed when the response is over.
func (a *attempt) closeSocket(code int, reason string) {
	a.rec.End = journal.AttemptEOF
	if t, ok := a.w.(*realtimeTurn); ok {
		t.closes, t.reason = code, reason
	}
}

// staySocket lets the session go on behind a response that lacks its end.
func (a *attempt) staySocket() {
	if t, ok := a.w.(*realtimeTurn); ok {
		t.stays = true
	}
}

// silenceSocket has the session say nothing more, not even that it lives.
func (a *attempt) silenceSocket() {
	if t, ok := a.w.(*realtimeTurn); ok {
		t.x.silent.Store(true)
	}
}

// answerWhileHeard has the socket answer pings and closes of the caller until it
// is silent.
func (x *realtime) answerWhileHeard() {
	ping, bye := x.ws.PingHandler(), x.ws.CloseHandler()
	x.ws.SetPingHandler(func(text string) error {
		if x.silent.Load() {
			return nil
		}
		return ping(text)
	})
	x.ws.SetCloseHandler(func(code int, text string) error {
		if x.silent.Load() {
			return nil
		}
		return bye(code, text)
	})
}

// Abandon gives the connection of the session away: it is not closed with it.
func (t *realtimeTurn) Abandon() net.Conn {
	t.x.abandoned.Store(true)
	return t.x.ws.NetConn()
}

// complainer is a form that tells of an error beside its answer.
type complainer interface {
	complain(f *frames, r *refusal)
}

// complain writes the event error in place of the rest of a response: "most errors
// are recoverable and the session will stay open", RealtimeErrorEvent of
// openai/openai-python.
func (f *openAIRealtime) complain(out *frames, r *refusal) {
	f.event(out, "error")
	out.buf = appendRealtimeError(out.buf, r, "")
	f.endEvent(out)
	f.ended = true
}

// appendRealtimeError writes the member error; event is the id of the caller's
// event that it is about, where it has one.
func appendRealtimeError(dst []byte, r *refusal, event string) []byte {
	dst = append(dst, `,"error":{"type":`...)
	dst = appendString(dst, r.kind)
	dst = append(dst, `,"code":`...)
	dst = appendOrNull(dst, r.code)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.message)
	dst = append(dst, `,"param":`...)
	dst = appendOrNull(dst, r.param)
	dst = append(dst, `,"event_id":`...)
	dst = appendOrNull(dst, event)
	return append(dst, '}')
}
