// Package journal holds the three flat records that every figure and verdict
// of chaos is computed from, and the file they are kept in.
//
// Integers only: *Ns are nanoseconds since the start of the run on one
// monotonic clock, [Never] where the thing did not happen; money is in
// nano-USD. A field marked + has no reader yet.
package journal

import "strconv"

// Never is the value of a *Ns field for what did not happen.
const Never int64 = -1

// Schema names the version of the file format. Within a version fields are
// only added.
const Schema = "chaos.journal/v1"

// Key names a request: the phase that it was due in and its index there, or
// ("trace", source row). An attempt without carrier has the phase "anon".
type Key struct {
	_     struct{} `cbor:",toarray"`
	Phase string
	Index int64
}

// Phases of keys that are not phases of the load.
const (
	PhaseTrace = "trace" // index is the row of the trace file
	PhaseAnon  = "anon"  // an attempt that no carrier names
	PhaseTrial = "trial" // the serial requests before the load
)

// None reports whether k names nothing.
func (k Key) None() bool { return k.Phase == "" }

func (k Key) String() string { return k.Phase + "/" + strconv.FormatInt(k.Index, 10) }

// Purpose says why a request was made.
type Purpose string

// Purposes.
const (
	PurposeLoad  Purpose = "load"
	PurposeTrial Purpose = "trial"
	PurposeProbe Purpose = "probe"
)

// Outcome is what the user got. The order of judgement is in DESIGN section 6.
type Outcome string

// Outcomes. A dropped request has none.
const (
	OutcomeNone      Outcome = ""
	OutcomeFull      Outcome = "full"
	OutcomeDegraded  Outcome = "degraded"
	OutcomeRejected  Outcome = "rejected"
	OutcomeError     Outcome = "error"
	OutcomeTimeout   Outcome = "timeout"
	OutcomeTruncated Outcome = "truncated"
	OutcomeEmpty     Outcome = "empty"
	OutcomeWrong     Outcome = "wrong"
)

// Outcomes lists what a user can get, the best first.
var Outcomes = []Outcome{
	OutcomeFull, OutcomeDegraded, OutcomeRejected, OutcomeError, OutcomeTimeout, OutcomeTruncated, OutcomeEmpty, OutcomeWrong,
}

// EndBy says who ended a request.
type EndBy string

// Ways in which a request ends.
const (
	EndServer        EndBy = "server"
	EndClientTimeout EndBy = "client_timeout"
	EndClientHangup  EndBy = "client_hangup"
	EndReset         EndBy = "reset"
	EndRefused       EndBy = "refused"
	EndEOF           EndBy = "eof"
	EndStopped       EndBy = "stopped" // the run was stopped while it was open
	EndRunEnd        EndBy = "run_end" // still open when the drain gave up
)

// Carriers is a set of ways in which a request id travels.
type Carriers uint8

// Carriers in their order of trust.
const (
	CarrierHeader Carriers = 1 << iota
	CarrierGateway
	CarrierTraceparent
	CarrierMarker
)

// CarrierNames lists the carriers in their order of trust.
var CarrierNames = []struct {
	Bit  Carriers
	Name string
}{
	{CarrierHeader, "header"}, {CarrierGateway, "gateway"},
	{CarrierTraceparent, "traceparent"}, {CarrierMarker, "marker"},
}

// Request is one arrival of the load, sent or not. One writer: the load
// generator. A Sink does not keep the pointer.
type Request struct {
	Key      Key     `cbor:"1,keyasint"`
	Tenant   string  `cbor:"2,keyasint"`
	Mix      string  `cbor:"3,keyasint"`
	TraceRow int64   `cbor:"4,keyasint"`
	Session  string  `cbor:"5,keyasint,omitempty"` // +
	Turn     int     `cbor:"6,keyasint,omitempty"` // +
	Priority int     `cbor:"7,keyasint,omitempty"` // +
	Auth     string  `cbor:"8,keyasint,omitempty"` // +
	Purpose  Purpose `cbor:"9,keyasint"`

	PromptTokens      int      `cbor:"10,keyasint"`
	OutputTokensAsked int      `cbor:"11,keyasint"`
	ModelAsked        string   `cbor:"12,keyasint"`
	Stream            bool     `cbor:"13,keyasint"`
	PromptHash        uint64   `cbor:"14,keyasint"`
	CarriersSent      Carriers `cbor:"15,keyasint"`

	DueNs          int64 `cbor:"16,keyasint"`
	DispatchNs     int64 `cbor:"17,keyasint"` // the pacer released it
	ConnNs         int64 `cbor:"18,keyasint"` // it had a connection
	ConnReused     bool  `cbor:"19,keyasint"`
	SentNs         int64 `cbor:"20,keyasint"` // handed to the transport
	WroteNs        int64 `cbor:"21,keyasint"` // last byte of the request written
	HeaderNs       int64 `cbor:"22,keyasint"`
	FirstNs        int64 `cbor:"23,keyasint"` // first content
	FirstVisibleNs int64 `cbor:"24,keyasint"` // + first content that is not reasoning
	LastNs         int64 `cbor:"25,keyasint"`
	TerminalNs     int64 `cbor:"26,keyasint"` // the declared terminal event
	EndNs          int64 `cbor:"27,keyasint"`
	DeadlineNs     int64 `cbor:"28,keyasint"` // due + client timeout

	EndBy   EndBy  `cbor:"29,keyasint"`
	Dropped string `cbor:"30,keyasint,omitempty"` // the reason it was not sent: max_in_flight, stopped ...

	Status        int               `cbor:"31,keyasint"`
	ErrorCode     string            `cbor:"32,keyasint,omitempty"`
	RetryAfterNs  int64             `cbor:"33,keyasint"`
	Headers       map[string]string `cbor:"34,keyasint,omitempty"` // allow-list only
	ModelDeclared string            `cbor:"35,keyasint,omitempty"`
	Finish        string            `cbor:"36,keyasint,omitempty"` // finish_reason or stop_reason
	TerminalKind  string            `cbor:"37,keyasint,omitempty"` // [DONE], message_stop, body_end ...
	StreamError   string            `cbor:"38,keyasint,omitempty"`

	Outcome       Outcome `cbor:"39,keyasint"`
	DegradedKind  string  `cbor:"40,keyasint,omitempty"`
	OutcomeReason string  `cbor:"41,keyasint,omitempty"`
	Disclosed     bool    `cbor:"42,keyasint"` // a response.degraded rule matched

	ContentBytes int       `cbor:"43,keyasint"`
	ContentHash  uint64    `cbor:"44,keyasint"`
	Chunks       int       `cbor:"45,keyasint"`
	GapMaxNs     int64     `cbor:"46,keyasint"`
	Gaps         [8]uint32 `cbor:"47,keyasint"` // log2 buckets of gaps: <1 ms, <4, <16, <64, <256, <1024, <4096, more
	ToolCalls    int       `cbor:"48,keyasint,omitempty"`
	Refusal      bool      `cbor:"49,keyasint,omitempty"`
	UsageIn      int       `cbor:"50,keyasint"`           // -1: the service did not say
	UsageOut     int       `cbor:"51,keyasint"`           // -1: the service did not say
	Citations    int       `cbor:"52,keyasint,omitempty"` // +
	AddedNsP50   int64     `cbor:"53,keyasint"`           // +
	AddedNsMax   int64     `cbor:"54,keyasint"`           // +

	Marks   []MarkSeen `cbor:"55,keyasint,omitempty"` // watermarks in the answer, up to MarksMax
	Excerpt string     `cbor:"56,keyasint,omitempty"` // at most ExcerptMax bytes, kept for witnesses only
	Err     string     `cbor:"57,keyasint,omitempty"`

	// MarkFindings says of each of Marks what was found, as bits of
	// wire.Finding; left out where nothing was. See Finding.
	MarkFindings []uint16 `cbor:"58,keyasint,omitempty"`
	MarksMore    int      `cbor:"59,keyasint,omitempty"` // attempts with watermarks in the answer that are not in Marks
}

// Finding returns what was found of Marks[i], as bits of wire.Finding. A journal
// of before they were kept has none.
func (r *Request) Finding(i int) uint16 {
	if i >= len(r.MarkFindings) {
		return 0
	}
	return r.MarkFindings[i]
}

// Bounds of a record.
const (
	MarksMax   = 8
	ExcerptMax = 256
	ErrMax     = 256
	RulesMax   = 64 // as many as a plan may have: a rule that is left out would make its counts untrue
	EmittedMax = 16
)

// MarkSeen is what the watermarks of one attempt in one answer say.
type MarkSeen struct {
	_        struct{} `cbor:",toarray"`
	Attempt  uint64
	Key      Key
	Tenant   string
	Model    string
	MintedNs int64
	Whole    bool // the text is all that the attempt said, word for word
	Bad      bool // it was changed: a mark whose checksum fails, out of order, twice or missing, or other words between two
}

// NewRequest returns a record in which nothing has happened.
func NewRequest() Request {
	return Request{
		TraceRow: -1, DueNs: Never, DispatchNs: Never, ConnNs: Never, SentNs: Never, WroteNs: Never, HeaderNs: Never,
		FirstNs: Never, FirstVisibleNs: Never, LastNs: Never, TerminalNs: Never, EndNs: Never, DeadlineNs: Never,
		RetryAfterNs: Never, GapMaxNs: Never, UsageIn: -1, UsageOut: -1, AddedNsP50: Never, AddedNsMax: Never,
	}
}

// AttemptEnd says how an attempt ended, as the provider saw it.
type AttemptEnd string

// Ways in which an attempt ends.
const (
	AttemptComplete      AttemptEnd = "complete"
	AttemptEOF           AttemptEnd = "eof"
	AttemptReset         AttemptEnd = "reset"
	AttemptStall         AttemptEnd = "stall" // the caller left a stalled or hanging answer
	AttemptInStreamError AttemptEnd = "in_stream_error"
	AttemptPeerClosed    AttemptEnd = "peer_closed"
	AttemptRunEnd        AttemptEnd = "run_end"
)

// Cause says why an attempt did not simply succeed.
type Cause string

// Causes.
const (
	CauseNone       Cause = "none"
	CauseFault      Cause = "fault"
	CauseLimit      Cause = "limit"
	CauseCapacity   Cause = "capacity"
	CauseValidation Cause = "validation"
	CauseUpstream   Cause = "upstream"
)

// RuleState says what became of a rule for one attempt: eligible = chosen +
// passed; chosen = injected + masked + missed.
type RuleState string

// States. A rule that was not eligible is not in the record. Unknown: the
// attempt has no carrier, so a rule that needs the request's key could not
// apply. Held: no dice were thrown, as an honest limit given to an earlier
// attempt of the step had not run out; it is neither chosen nor passed.
const (
	RulePassed   RuleState = "passed"
	RuleInjected RuleState = "injected"
	RuleMasked   RuleState = "masked"
	RuleMissed   RuleState = "missed"
	RuleUnknown  RuleState = "unknown"
	RuleHeld     RuleState = "held"
)

// RuleHit is the state of one rule for one attempt.
type RuleHit struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	State RuleState
	Slot  string // connection, status, delay, pace, mutation, ending
	At    int    // position in the answer, in the unit of the fault; -1: none
}

// Point is one sample of a streamed answer's progress.
type Point struct {
	_      struct{} `cbor:",toarray"`
	TNs    int64
	Tokens int
}

// Attempt is one HTTP call that arrived at the provider. One writer: the mock
// model. A Sink does not keep the pointer.
type Attempt struct {
	ID           uint64   `cbor:"1,keyasint"`
	Key          Key      `cbor:"2,keyasint"`
	Tenant       string   `cbor:"3,keyasint"`
	Carrier      Carriers `cbor:"4,keyasint"` // the one that was believed; 0: none
	CarriersSeen Carriers `cbor:"5,keyasint"`
	Conflict     bool     `cbor:"6,keyasint,omitempty"`
	Stale        bool     `cbor:"7,keyasint,omitempty"` // another run's id
	Principal    uint64   `cbor:"8,keyasint,omitempty"` // fold of the API key, never the key itself; comparable in one run only; 0: none
	Source       string   `cbor:"9,keyasint,omitempty"` // remote address
	Conn         uint64   `cbor:"10,keyasint"`
	ConnSeq      int      `cbor:"11,keyasint"`

	Endpoint     string `cbor:"12,keyasint"`
	Dialect      string `cbor:"13,keyasint"`
	Kind         string `cbor:"14,keyasint"` // chat, embed, rerank, search, moderation, tool, tcp
	ModelAsked   string `cbor:"15,keyasint"`
	ModelServed  string `cbor:"16,keyasint"`
	Stream       bool   `cbor:"17,keyasint"`
	MaxTokens    int    `cbor:"18,keyasint"` // 0: not given
	StepHash     uint64 `cbor:"19,keyasint"`
	Ordinal      int    `cbor:"20,keyasint"` // from 1
	BodyHash     uint64 `cbor:"21,keyasint"`
	BodyBytes    int    `cbor:"22,keyasint"`
	Messages     int    `cbor:"23,keyasint"`
	Continues    bool   `cbor:"24,keyasint,omitempty"` // +
	DocsReturned int    `cbor:"25,keyasint,omitempty"` // +

	ArrivedNs    int64 `cbor:"26,keyasint"` // request line and headers had come: by the kernel, where it stamps
	BodyNs       int64 `cbor:"27,keyasint"`
	AdmittedNs   int64 `cbor:"28,keyasint"` // got a slot
	HeaderNs     int64 `cbor:"29,keyasint"`
	FirstNs      int64 `cbor:"30,keyasint"`
	LastNs       int64 `cbor:"31,keyasint"`
	EndNs        int64 `cbor:"32,keyasint"`
	PeerClosedNs int64 `cbor:"33,keyasint"`
	LateMaxNs    int64 `cbor:"34,keyasint"` // the mock's own lateness: worst of actual minus intended write
	QueueNs      int64 `cbor:"35,keyasint"`
	Batch        int   `cbor:"36,keyasint,omitempty"` // +
	ServiceNs    int64 `cbor:"37,keyasint"`           // +

	End            AttemptEnd `cbor:"38,keyasint"`
	Status         int        `cbor:"39,keyasint"` // 0: no status was sent
	Code           string     `cbor:"40,keyasint,omitempty"`
	Cause          Cause      `cbor:"41,keyasint"`
	RetryAfterNs   int64      `cbor:"42,keyasint"` // the hint as a wait; Never: no usable hint
	HintRaw        string     `cbor:"43,keyasint,omitempty"`
	ShouldRetry    string     `cbor:"44,keyasint,omitempty"` // x-should-retry as sent
	EarliestNs     int64      `cbor:"45,keyasint"`           // the bucket's true earliest success
	QuotaKey       string     `cbor:"46,keyasint,omitempty"`
	LimitRemaining int64      `cbor:"47,keyasint"` // requests left in the bucket; -1: no limit
	Rules          []RuleHit  `cbor:"48,keyasint,omitempty"`

	TokensIn        int     `cbor:"49,keyasint"`
	TokensCached    int     `cbor:"50,keyasint,omitempty"` // +
	TokensPlanned   int     `cbor:"51,keyasint"`
	TokensEmitted   int     `cbor:"52,keyasint"`
	ReasoningTokens int     `cbor:"53,keyasint,omitempty"`
	Emitted         []Point `cbor:"54,keyasint,omitempty"`
	CostNanoUSD     int64   `cbor:"55,keyasint"`
	MarkID          uint64  `cbor:"56,keyasint"` // the attempt id in its watermarks; 0: unmarked

	SDK          string `cbor:"57,keyasint,omitempty"` // user agent
	SDKRetry     int    `cbor:"58,keyasint"`           // x-stainless-retry-count; -1: absent
	SDKTimeoutNs int64  `cbor:"59,keyasint"`
	ProxyAttempt int    `cbor:"60,keyasint,omitempty"` // x-envoy-attempt-count
	TraceHash    uint64 `cbor:"61,keyasint,omitempty"`
	HeldNs       int64  `cbor:"62,keyasint,omitempty"` // by the barriers of rules that chose it
}

// KindTCP is the kind of a record that is no call but a connection of a proxy,
// whose name is its endpoint. It belongs to no request; only its instants, its
// end, BodyBytes (what the client sent) and Rules mean anything.
const KindTCP = "tcp"

// NewAttempt returns a record in which nothing has happened.
func NewAttempt() Attempt {
	return Attempt{
		ArrivedNs: Never, BodyNs: Never, AdmittedNs: Never, HeaderNs: Never, FirstNs: Never, LastNs: Never, EndNs: Never,
		PeerClosedNs: Never, LateMaxNs: Never, QueueNs: Never, ServiceNs: Never, RetryAfterNs: Never, EarliestNs: Never,
		LimitRemaining: -1, SDKRetry: -1, SDKTimeoutNs: Never, Cause: CauseNone,
	}
}

// Header opens a journal.
type Header struct {
	Schema      string   `cbor:"1,keyasint"`
	Version     string   `cbor:"2,keyasint"` // of chaos
	Run         string   `cbor:"3,keyasint"` // wire.RunID
	Seed        uint64   `cbor:"4,keyasint"`
	PlanSHA256  string   `cbor:"5,keyasint"`
	Started     string   `cbor:"6,keyasint"` // RFC 3339 UTC; the only wall time
	Shard       int      `cbor:"7,keyasint"` // from 0
	Shards      int      `cbor:"8,keyasint"`
	Host        string   `cbor:"9,keyasint"`
	ClockErrNs  int64    `cbor:"10,keyasint"`
	Prices      []Price  `cbor:"11,keyasint,omitempty"`
	Phases      []string `cbor:"12,keyasint,omitempty"` // in order: what a folded traceparent counts
	Tenants     []string `cbor:"13,keyasint,omitempty"` // in order
	Models      []string `cbor:"14,keyasint,omitempty"` // in order
	QuotaKeys   []string `cbor:"15,keyasint,omitempty"`
	PlannedReqs int64    `cbor:"16,keyasint"` // arrivals of the schedule
	// Alone: the provider was served without a load, so there are attempts and
	// no requests.
	Alone bool `cbor:"17,keyasint,omitempty"`
}

// Price of a model in nano-USD per token (USD per million tokens x 1000).
type Price struct {
	_      struct{} `cbor:",toarray"`
	Model  string
	Input  int64
	Output int64
}

// Sink takes records as they happen. Safe for concurrent use; it has copied
// what it needs when it returns.
type Sink interface {
	Request(*Request)
	Attempt(*Attempt)
	Mark(*Mark)
}
