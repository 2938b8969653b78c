package faults

import "time"

// ConnRefuse holds the parameters of conn_refuse.
type ConnRefuse struct {
	For time.Duration `yaml:"for" default:"1s" doc:"how long new connections to the endpoint are reset, from the chosen call on"`
}

// Name returns "conn_refuse".
func (*ConnRefuse) Name() string { return "conn_refuse" }

// Validate wants a time that is one: without it the fault is conn_reset_pre.
func (f *ConnRefuse) Validate() []Problem {
	var out problems
	if f.For <= 0 {
		out.add("for", "is %s: give a duration above 0, such as 1s; conn_reset_pre resets only the chosen call", f.For)
	}
	return out
}

// Effect resets the connection, and those that come.
func (f *ConnRefuse) Effect(Dice) Effect {
	return Effect{Connection: &Connection{Kind: ConnectionRefuse, For: f.For}}
}

var connRefuse = Entry{
	Name: "conn_refuse", Stage: "connection", Slots: SlotConnection,
	Summary: "resets the call, and for a while every new connection",
	Doc: `The request is read, because only then is it known whether its dice choose it, and its connection is reset without a byte. ` +
		`For the given time every new connection to the same endpoint is accepted and reset before a byte of it is read; connections that are open go on. ` +
		`Who comes in that time is met by when he comes, not by dice, and no attempt is on record for him: nobody knows what he would have asked. ` +
		`The client sees "connection reset by peer" where a closed port would say "connection refused": the listener stays, because it may be somebody else's. ` +
		`A good client backs off instead of dialling again at once, and opens its circuit breaker. Every restart of a provider's front end does it.`,
	New: func() Fault { return &ConnRefuse{For: time.Second} },
}

// HalfOpen holds the parameters of half_open.
type HalfOpen struct {
	AfterTokens *int `yaml:"after_tokens" doc:"fall silent behind so many tokens of text; before the first byte where no position is given"`
	AfterBytes  *int `yaml:"after_bytes" doc:"fall silent behind so many bytes of the response body"`
	AfterEvents *int `yaml:"after_events" doc:"fall silent behind so many events of the stream"`
}

// Name returns "half_open".
func (*HalfOpen) Name() string { return "half_open" }

// Validate refuses a position before the start, and more than one position.
func (f *HalfOpen) Validate() []Problem {
	return f.place().validate()
}

// StreamOnly: a body in one piece has no events.
func (f *HalfOpen) StreamOnly() bool { return f.AfterEvents != nil }

// Effect lets the connection go dead.
func (f *HalfOpen) Effect(Dice) Effect {
	if !f.place().given() {
		return Effect{Connection: &Connection{Kind: ConnectionHalfOpen}}
	}
	return f.place().cut(Ending{Kind: EndingHalfOpen})
}

func (f *HalfOpen) place() place { return place{f.AfterTokens, f.AfterBytes, f.AfterEvents, ""} }

var halfOpen = Entry{
	Name: "half_open", Stage: "connection", Slots: SlotConnection | SlotEnding,
	Summary: "lets the connection go dead, and never closes it",
	Doc: `From the position on, or from before the first byte, nothing is read and nothing is written, as if the other machine had gone. ` +
		`Unlike hang_before_headers and stall_mid_stream, the connection is not closed either when the caller closes its side: no FIN comes until the provider itself is closed (of the first 1,000; further ones are closed). ` +
		`A good client has a timeout on reads, closes the connection without waiting for the other side, and does not give it back to its pool. ` +
		`Seen in amplifier #339, which hung for 8.7 hours.`,
	New: func() Fault { return &HalfOpen{} },
}

var closeKeepalive = Entry{
	Name: "close_keepalive", Stage: "connection", Slots: SlotEnding, Sockets: SocketNever,
	Summary: "closes the connection behind an answer unannounced",
	Doc: `The answer is whole and right, without Connection: close; the connection is closed right behind it. A caller that takes it from its pool at that instant sends a request that nobody reads, and gets an end of file or a reset (RFC 9112 9.6 and 9.3.1). ` +
		`A good client sends such a request again on a new connection, where nothing of the answer has come, without counting it as a failure of the provider; Go's net/http does so for requests whose body it can get again. ` +
		`HTTP/2's GOAWAY does the same there; the provider speaks HTTP/1.1 alone, which is what an http:// base URL means to the SDKs, so goaway and h2_rst_stream are not built.`,
	New: fixed("close_keepalive", Effect{Ending: &Ending{Kind: EndingClose}}),
}

// AuthFlap holds the parameters of auth_flap.
type AuthFlap struct {
	Status int `yaml:"status" default:"401" doc:"401, the key is unknown, or 403, it may not do this"`
}

// Name returns "auth_flap".
func (*AuthFlap) Name() string { return "auth_flap" }

// Validate wants a status of a key that is refused.
func (f *AuthFlap) Validate() []Problem {
	var out problems
	if f.Status != 401 && f.Status != 403 {
		out.add("status", "is %d: give 401 or 403", f.Status)
	}
	return out
}

// Effect refuses the key.
func (f *AuthFlap) Effect(Dice) Effect { return Effect{Status: &Status{Code: f.Status}} }

var authFlap = Entry{
	Name: "auth_flap", Stage: "headers", Slots: SlotStatus,
	Summary: "refuses a key that is right, for a while",
	Doc: `Status 401 or 403 with the error body of the dialect, to a key that works before and after: a rotation that has not reached every server, or a fault of the provider's own. ` +
		`When it happens is the rule's window, or bursts of it, and whose key is hit is the rule's match. ` +
		`A good client does not retry with the same key, raises an alarm, and goes on with another key or provider; it does not report the answer as an empty success, as BerriAI/litellm #41385 did with a 401 inside a stream.`,
	New: func() Fault { return &AuthFlap{Status: 401} },
}
