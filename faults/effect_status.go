package faults

import "time"

// ConnectionKind says what happens to the connection.
type ConnectionKind string

// Fates of a connection.
const (
	ConnectionResetPre ConnectionKind = "reset_pre" // read the request, then RST: no byte is answered
	ConnectionHang     ConnectionKind = "hang"      // read the request, then not one byte until the caller leaves
	ConnectionRefuse   ConnectionKind = "refuse"    // as reset_pre, and so is every new connection for a while, unread
	ConnectionHalfOpen ConnectionKind = "half_open" // as hang, but the connection is not closed either when the caller closes it
)

// Connection is the fate of the connection before any byte of the answer.
type Connection struct {
	Rule int // index of the rule that holds the slot
	Kind ConnectionKind
	For  time.Duration // refuse: how long new connections to the endpoint are reset
}

// StatusKind says what an error is about, where its code does not say it.
type StatusKind string

// What errors of one code differ in.
const (
	StatusPlain     StatusKind = ""          // what the dialect says with the code
	StatusTooLarge  StatusKind = "too_large" // the call asks for more than its limit has at all
	StatusExhausted StatusKind = "exhausted" // the account may not go on
	StatusSlowDown  StatusKind = "slow_down" // traffic grows too fast
	StatusTooLong   StatusKind = "too_long"  // the call does not fit into the model's context
	StatusPage      StatusKind = "page"      // none of the dialect's: a proxy's page of HTML, with the code
	StatusNothing   StatusKind = "nothing"   // no body, with the code
)

// Status replaces the answer by an error (or by an empty success) of the
// dialect: the interpreter writes the body that the real provider sends.
type Status struct {
	Rule int
	Code int
	// RetryAfter is the hint to send; the zero Hint sends none.
	RetryAfter Hint
	// RetryAfterMS asks for a retry-after-ms header beside it; nil: as the
	// dialect does (OpenAI sends it, Anthropic does not).
	RetryAfterMS *bool
	// ShouldRetry is the x-should-retry header; nil: not sent.
	ShouldRetry *bool
	// Honest: a retry of the step before the hint has run out is limited
	// again. The interpreter keeps that state and says so in Call.Held.
	Honest bool
	// Lie is how much longer than its hint an honest limit really lasts.
	Lie time.Duration
	// Kind is what the error is about. A call that is too large, or an account
	// that is exhausted, is not mended by waiting: if Honest, for good.
	Kind StatusKind
	Type string // exhausted: what is used up, as OpenAI's code; the dialect has its own words for it

	Window int // too_long: the context that the refusal speaks of, in tokens
}

// InPlace reports whether the status stands in the place of an answer, though it
// may be 200: nothing of the answer is left to be seen.
func (s *Status) InPlace() bool {
	return s.Code != 200 || s.Kind == StatusPage || s.Kind == StatusNothing
}

// Hold returns for how long after its arrival the attempt's step stays
// limited; 0: not at all, each retry is decided on its own. wall is the wall
// time of the answer, the same that was given to [Hint.Header].
func (s *Status) Hold(wall time.Time) time.Duration {
	if s.Honest && (s.Kind == StatusTooLarge || s.Kind == StatusExhausted || s.Kind == StatusTooLong) {
		return never
	}
	wait, ok := s.RetryAfter.Wait(wall)
	if !s.Honest || !ok {
		return 0
	}
	return wait + s.Lie
}
