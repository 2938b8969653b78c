package mockmodel

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// The Realtime API is a conversation over a WebSocket: the caller changes it by
// events, asks for responses, and reads them as events. Each response.create is
// one attempt, and all that holds for one holds for it: faults, limits,
// capacity, watermarks and its record. Names and shapes of events are those of
// openai/openai-python, types/realtime: the API that is generally available, not
// the beta before it. There is text alone: audio is refused by name.
//
//	openai_realtime.go        the socket: who reads, who writes, how long
//	openai_realtime_events.go what the caller's events do
//	openai_realtime_items.go  the conversation, and the settings of the session
//	openai_realtime_turn.go   a response as an attempt
//	openai_realtime_form.go   its events
//	openai_realtime_close.go  what faults do to the socket

// Bounds of a session. An hour is the API's own.
const (
	realtimeMessageMax = 4 << 20  // bytes of an event of the caller
	realtimeItemsMax   = 1000     // of a conversation
	realtimeBytesMax   = 16 << 20 // of a conversation
	realtimePing       = 20 * time.Second
	realtimeSilence    = 5 * time.Minute // without a sign of life: some clients answer a ping only while they read
	realtimeWrite      = time.Minute     // for one write
	realtimeLasts      = time.Hour
	realtimeBye        = time.Second // for the caller to read the end
	realtimeWaiting    = 4           // events of the caller that wait to be taken in
)

// A socket is a path at which a connection is kept for a conversation.
type socket struct {
	pattern string
	vendor  *vendor
	// serve answers the request that the socket begins as, and returns when the
	// socket is closed; or it returns a refusal.
	serve func(s *Server, w http.ResponseWriter, r *http.Request, at *endpoint) *refusal
}

// realtime is a session. It belongs to the goroutine of serve: a reader and the
// response that is under way hand it what they have.
type realtime struct {
	s     *Server
	at    *endpoint
	ws    *websocket.Conn
	write func(event []byte) error
	r     *http.Request // that the socket began as
	ctx   context.Context
	model string
	id    string // 24 characters, unique in the run
	ends  int64  // Unix seconds

	seq      int            // of the session's own events and items
	settings map[string]doc // as the caller has set them
	items    []realtimeItem
	bytes    int // of items

	in   chan []byte
	out  chan outgoing
	turn *realtimeTurn // that is under way; nil: none

	silent    atomic.Bool // it says nothing any more
	abandoned atomic.Bool // the connection is somebody else's
}

// outgoing is an event that a response wants sent.
type outgoing struct {
	event   []byte
	request string // id of its attempt
	last    bool   // the response is over with it
	done    chan error
}

var realtimeUpgrader = websocket.Upgrader{
	// Of browsers, which have no header to put a key in: openai-realtime-agents.
	Subprotocols: []string{"realtime"},
	// Nothing is here that a page of another origin must not see.
	CheckOrigin:     func(*http.Request) bool { return true },
	ReadBufferSize:  4 << 10,
	WriteBufferSize: 4 << 10,
}

// serveRealtime answers GET /v1/realtime until the socket closes.
func serveRealtime(s *Server, w http.ResponseWriter, r *http.Request, at *endpoint) *refusal {
	query := r.URL.Query()
	switch {
	case s.upstream(&openAI) != nil:
		return &refusal{status: http.StatusBadRequest, kind: "invalid_request_error", code: "unsupported_parameter", message: "Passing on sessions of the Realtime API is not built yet: leave provider.upstream out for them."}
	case !websocket.IsWebSocketUpgrade(r):
		return &refusal{status: http.StatusBadRequest, kind: "invalid_request_error", message: "Expected a WebSocket handshake: send Upgrade: websocket."}
	case query.Get("intent") != "":
		return openAIUnbuilt("intent")
	case query.Get("call_id") != "":
		return openAIUnbuilt("call_id")
	case query.Get("model") == "":
		return &refusal{status: http.StatusBadRequest, kind: "invalid_request_error", code: "missing_model", message: "You must provide a model parameter."}
	case r.Header.Get("OpenAI-Beta") == "realtime=v1":
		return &refusal{status: http.StatusBadRequest, kind: "invalid_request_error", code: "beta_api_shape_disabled",
			message: "The Realtime Beta API is not built in the chaos mock model: leave out the header OpenAI-Beta, and use the API that is generally available."}
	}
	ws, err := realtimeUpgrader.Upgrade(w, r, http.Header{"X-Request-Id": {"req_" + s.otherID()}})
	if err != nil {
		return nil // it has been answered
	}
	// Only now: who asks an HTTP connection whether its caller is there has it
	// read, and what is read of it is the socket's.
	ctx, cancel := context.WithCancel(r.Context())
	x := &realtime{
		s: s, at: at, ws: ws, r: r, ctx: ctx, model: query.Get("model"), id: s.otherID(),
		ends: time.Now().Add(realtimeLasts).Unix(), settings: map[string]doc{},
		in: make(chan []byte, realtimeWaiting), out: make(chan outgoing),
	}
	x.write = x.writeSocket
	// A caller who does not read does not keep the server from closing.
	defer context.AfterFunc(s.ctx, func() { _ = ws.NetConn().SetWriteDeadline(time.Now().Add(realtimeBye)) })()
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer cancel()
		x.read()
	}()
	x.serve()
	cancel()
	if x.turn != nil {
		<-x.turn.done
	}
	if x.abandoned.Load() {
		_ = ws.SetReadDeadline(time.Now())
	} else {
		_ = ws.Close()
	}
	<-read // has ended now
	return nil
}

// read takes in the events of the caller until it hangs up.
func (x *realtime) read() {
	x.ws.SetReadLimit(realtimeMessageMax)
	alive := func(string) error { return x.ws.SetReadDeadline(time.Now().Add(realtimeSilence)) }
	x.ws.SetPongHandler(alive)
	x.answerWhileHeard()
	for alive("") == nil {
		_, event, err := x.ws.ReadMessage()
		if err != nil {
			return
		}
		if !x.hand(event) {
			return
		}
	}
}

// hand gives the session an event of the caller. false: it is over.
func (x *realtime) hand(event []byte) bool {
	defer x.s.waits.enter(waitTaken).Add(-1)
	select {
	case x.in <- event:
		return true
	case <-x.ctx.Done():
		return false
	}
}

// serve carries the session on until one side ends it.
func (x *realtime) serve() {
	defer x.s.waits.enter(waitEvent).Add(-1)
	expires := time.NewTimer(realtimeLasts)
	defer expires.Stop()
	ping := time.NewTicker(realtimePing)
	defer ping.Stop()
	if x.tell("session.created", x.session) != nil {
		return
	}
	for {
		var ended chan struct{}
		if x.turn != nil {
			ended = x.turn.done
		}
		var err error
		select {
		case event := <-x.in:
			if x.silent.Load() {
				continue
			}
			if x.turn != nil && x.turn.over { // the caller knows that it is over
				<-x.turn.done
				err = x.endTurn()
			}
			if err == nil {
				err = x.take(event)
			}
		case o := <-x.out:
			x.turn.id, x.turn.over = o.request, o.last
			err = x.write(o.event)
			o.done <- err
		case <-ended:
			err = x.endTurn()
		case <-ping.C:
			if x.silent.Load() {
				continue
			}
			err = x.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(realtimeWrite))
		case <-expires.C:
			if x.silent.Load() {
				return
			}
			_ = x.refuse(&refusal{kind: "invalid_request_error", code: "session_expired", message: "Your session hit the maximum duration of 60 minutes."}, "")
			err = x.hangUp(websocket.CloseNormalClosure, "")
		case <-x.ctx.Done():
			if !x.silent.Load() {
				_ = x.hangUp(websocket.CloseGoingAway, "") // a caller that is gone misses nothing
			}
			return
		}
		if err != nil {
			return
		}
	}
}

// writeSocket sends one event.
func (x *realtime) writeSocket(event []byte) error {
	_ = x.ws.SetWriteDeadline(time.Now().Add(realtimeWrite))
	return x.ws.WriteMessage(websocket.TextMessage, event)
}

// hangUp ends the socket in an orderly way: the caller reads what was sent to it
// and says so, or it has had the time to. The error is never nil.
func (x *realtime) hangUp(code int, reason string) error {
	_ = x.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(realtimeBye))
	defer x.s.waits.enter(waitBye).Add(-1)
	patience := time.NewTimer(realtimeBye)
	defer patience.Stop()
	for {
		select {
		case <-x.in: // too late
		case <-x.ctx.Done(): // the reader has seen the end
			return websocket.ErrCloseSent
		case <-patience.C:
			return websocket.ErrCloseSent
		}
	}
}

// tell sends an event of the session's own; more writes its further members.
func (x *realtime) tell(kind string, more func([]byte) []byte) error {
	return x.write(append(more(x.event(kind)), '}'))
}

// event begins an event of the session's own.
func (x *realtime) event(kind string) []byte {
	x.seq++
	return realtimeEvent(nil, kind, x.id, x.seq)
}

// refuse sends the event error; event is the id of the caller's event, where it
// has one.
func (x *realtime) refuse(r *refusal, event string) error {
	return x.tell("error", func(dst []byte) []byte { return appendRealtimeError(dst, r, event) })
}
