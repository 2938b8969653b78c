package faults

import (
	"slices"
	"strings"
)

// SocketUse says whether a fault exists for the responses of a socket: those of
// OpenAI's Realtime API, which has no statuses, pages, event streams or writes,
// but messages.
type SocketUse string

// Uses of a socket.
const (
	SocketToo   SocketUse = ""      // as everywhere else
	SocketNever SocketUse = "never" // such an attempt is not eligible
	SocketOnly  SocketUse = "only"  // no other attempt is
)

// Where returns the dialects in which a fault exists, as its description says
// them: "all" where the entry names none.
func (e Entry) Where() string {
	out := "all"
	if e.Dialects != nil {
		out = strings.Join(e.Dialects, ", ")
	}
	spoken := e.Dialects == nil || slices.Contains(e.Dialects, socketDialect)
	switch {
	case e.Sockets == SocketOnly:
		return socketDialect + " (Realtime only)"
	case e.Sockets == SocketNever && spoken && e.Dialects == nil:
		return out + " (" + socketDialect + " without Realtime)"
	case e.Sockets == SocketNever && spoken:
		return strings.Replace(out, socketDialect, socketDialect+" (without Realtime)", 1)
	}
	return out
}

// socketDialect is the dialect that has a socket.
const socketDialect = "openai"

// socketEnd is how ws_close ends a response.
type socketEnd struct {
	how, reason string
	code        int
}

// socketEnds are those with which the socket ends too. The codes are those of RFC
// 6455 7.4.1; the reason of going_away is what the API says at the end of a
// session, that of policy what it says of one that it does not want: none.
var socketEnds = []socketEnd{
	{"internal_error", "Internal error occurred.", 1011},
	{"policy", "", 1008},
	{"going_away", "Your session hit the maximum duration of 60 minutes.", 1001},
	{"cut", "", CloseNone},
}

// CloseNone is the code that stands for a socket that ended without one: it is
// never sent (RFC 6455 7.1.5).
const CloseNone = 1006

// Ways of ws_close in which the socket stays open.
const (
	wsError  = "error_event"
	wsNoDone = "no_done"
)

// WSClose holds the parameters of ws_close.
type WSClose struct {
	How         string `yaml:"how" default:"internal_error" enum:"internal_error,policy,going_away,cut,error_event,no_done" doc:"a close frame with code 1011, 1008 or 1001; the end of the connection without a close frame, which clients call 1006; an event error in place of the rest, and the session goes on; or all but response.done, and the session goes on"`
	AfterTokens *int   `yaml:"after_tokens" doc:"behind so many tokens of text; 10 where no position is given"`
	AfterEvents *int   `yaml:"after_events" doc:"behind so many events of the response; 0: before the first"`
}

// Name returns "ws_close".
func (*WSClose) Name() string { return "ws_close" }

// Validate refuses an unknown way, a position before the start, and one where
// the end has its own.
func (f *WSClose) Validate() []Problem {
	out := problems(validatePosition(f.AfterTokens, nil, f.AfterEvents))
	if hows := append(socketHows(), wsError, wsNoDone); !slices.Contains(hows, f.How) {
		out.add("how", "%q is unknown: one of %s", f.How, strings.Join(hows, ", "))
	}
	if f.How == wsNoDone {
		for _, p := range []struct {
			key string
			n   *int
		}{{"after_tokens", f.AfterTokens}, {"after_events", f.AfterEvents}} {
			if p.n != nil {
				out.add(p.key, "contradicts how: no_done, which is at the end: keep one of them")
			}
		}
	}
	return out
}

func socketHows() (out []string) {
	for _, e := range socketEnds {
		out = append(out, e.how)
	}
	return out
}

// StreamOnly: a response of a socket is a stream.
func (*WSClose) StreamOnly() bool { return true }

// Effect ends the response, and the socket where it says so.
func (f *WSClose) Effect(Dice) Effect {
	if f.How == wsNoDone {
		return Effect{Ending: &Ending{Kind: EndingNoDone, After: atEnd}}
	}
	e := &Ending{Kind: EndingSocketError, After: position(f.AfterTokens, nil, f.AfterEvents)}
	for _, s := range socketEnds {
		if s.how == f.How {
			e.Kind, e.Code, e.Type = EndingSocketClose, s.code, s.reason
		}
	}
	return Effect{Ending: e}
}

var wsClose = Entry{
	Name: "ws_close", Stage: "stream", Slots: SlotEnding, Dialects: []string{socketDialect}, Steps: []string{"chat"}, Sockets: SocketOnly,
	Summary: "closes the socket of a conversation in mid-response",
	Doc: `The Realtime API over a WebSocket: a response has begun, or is about to (after_events: 0), and the socket ends with a close frame (1011, 1008 or 1001 with its reason), or without one, which a client sees as 1006. ` +
		`With how: error_event an event error stands in place of the rest, and with no_done all comes but response.done: then the session stays open, and takes the next response.create. ` +
		`A good client waits for response.done, with a timeout, and takes what it has as a part; it opens a new socket with backoff and tells the conversation again, as the session is gone with the old one. It does not take a close in mid-response for the end of the conversation. ` +
		`Seen as 1001 in pollen-robotics/reachy_mini_conversation_app #134, as 1008 in openai/codex #13039, as 1011 (of another provider) in livekit/agents #2274; pydantic-ai #6704 and vercel/ai #20695 tell of clients to which such an end was a normal one.`,
	New: func() Fault { return &WSClose{How: socketEnds[0].how} },
}
