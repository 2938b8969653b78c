package assertions

// Judgement is what a journal proves: the part of result.json that is computed
// from records. Milliseconds and seconds are floats, shares 0..1, money in USD;
// a nil pointer (null) was never measured.
type Judgement struct {
	Alone      bool             `json:"alone,omitempty"` // the provider was served without a load
	Generator  GeneratorFigures `json:"generator"`
	Provider   ProviderFigures  `json:"provider"`
	Load       LoadCounts       `json:"load"`
	Phases     []PhaseFigures   `json:"phases"`
	Faults     []FaultCounts    `json:"faults"`
	Join       JoinFigures      `json:"join"`
	Cost       CostFigures      `json:"cost"`
	Assertions []Finding        `json:"assertions"`
}

// Spread is the spread of what the harness did late.
type Spread struct {
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

// Quantiles of a latency.
type Quantiles struct {
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

// GeneratorFigures say how well the load was sent.
type GeneratorFigures struct {
	LagMs Spread   `json:"lag_ms"` // dispatch minus due
	CPUS  *float64 `json:"cpu_s"`
	GCMs  *float64 `json:"gc_ms"`
	RSSMB *float64 `json:"rss_mb"`
}

// ProviderFigures say how well the mock model kept its times.
type ProviderFigures struct {
	LatenessMs    Spread   `json:"lateness_ms"` // actual minus intended write
	UnknownModels []string `json:"unknown_models"`
	// RefusedConnections were reset before anything was read of them, by a rule
	// that refuses: what they would have asked is on no record.
	RefusedConnections int64 `json:"refused_connections"`
}

// LoadCounts are the requests of the load: planned = due + not_due, due = sent +
// dropped, sent = completed + open; the outcomes sum to completed. Trial
// requests are not in it.
type LoadCounts struct {
	Planned   int64            `json:"planned"`
	Due       int64            `json:"due"`
	NotDue    int64            `json:"not_due"`
	Sent      int64            `json:"sent"`
	Completed int64            `json:"completed"`
	Open      int64            `json:"open"`
	Dropped   map[string]int64 `json:"dropped"`  // by reason
	Outcomes  map[string]int64 `json:"outcomes"` // "full", "degraded:KIND" ...

	// Broken says which of the identities does not hold; empty: all do.
	Broken string `json:"broken,omitempty"`
}

// PhaseFigures are the figures of the requests due in one phase.
type PhaseFigures struct {
	Name            string           `json:"name"`
	FromS           float64          `json:"from_s"` // since the start of the load
	ToS             float64          `json:"to_s"`
	Requests        int64            `json:"requests"`
	Outcomes        map[string]int64 `json:"outcomes"`
	LatencyMs       Quantiles        `json:"latency_ms"`      // end minus due, of completed requests
	LatencySentMs   Quantiles        `json:"latency_sent_ms"` // end minus sent
	TTFTMs          Quantiles        `json:"ttft_ms"`         // first content minus due
	Goodput         *float64         `json:"goodput"`         // good requests / requests due
	GoodPerS        *float64         `json:"good_per_s"`
	AttemptsPerStep *float64         `json:"attempts_per_step"`
	CostUSD         float64          `json:"cost_usd"`
}

// FaultCounts say what became of a rule: eligible = chosen + passed, chosen =
// injected + masked + missed. Held are attempts for which no dice were thrown, as
// an honest limit given earlier had not run out. Unknown are attempts without a
// request id that a rule asking for a tenant could not judge.
type FaultCounts struct {
	Rule     string   `json:"rule"`
	Fault    string   `json:"fault"`
	Eligible int64    `json:"eligible"`
	Chosen   int64    `json:"chosen"`
	Injected int64    `json:"injected"`
	Masked   int64    `json:"masked"`
	Missed   int64    `json:"missed"`
	Unknown  int64    `json:"unknown"`
	Held     int64    `json:"held"`
	Asked    *float64 `json:"asked"` // the rule's probability
	Text     string   `json:"text,omitempty"`

	Barrier *BarrierCounts `json:"barrier,omitempty"` // nil: the rule has none
}

// JoinFigures say how many attempts could be told to belong to a request, over
// inference endpoints between the first due instant and the end of the drain.
type JoinFigures struct {
	Attempts       int64               `json:"attempts"`
	Attributed     int64               `json:"attributed"`
	Coverage       *float64            `json:"coverage"`
	CoverageByStep map[string]*float64 `json:"coverage_by_step"`
	Carriers       map[string]int64    `json:"carriers"` // by the carrier that was believed
	Conflict       int64               `json:"conflict"`
	Stale          int64               `json:"stale"`
}

// CostFigures are simulated money and tokens of the load.
type CostFigures struct {
	USD              float64  `json:"usd"`
	TokensIn         int64    `json:"tokens_in"`
	TokensOut        int64    `json:"tokens_out"`
	WastedTokens     int64    `json:"wasted_tokens"` // emitted for nobody: see fold_provider.go
	USDPerGoodAnswer *float64 `json:"usd_per_good_answer"`
}

// Finding is one assertion with its verdict and what the verdict rests on.
type Finding struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Args    map[string]any `json:"args"` // as a plan writes them, defaults included
	During  string         `json:"during,omitempty"`
	For     *For           `json:"for,omitempty"` // nil: not narrowed
	Verdict Verdict        `json:"verdict"`
	Claim   string         `json:"claim"`

	// Label is a few words that say what was measured.
	Label           string    `json:"label"`
	Measured        *Quantity `json:"measured"`
	Threshold       *Quantity `json:"threshold"`
	ThresholdSource Source    `json:"threshold_source"`
	SourceNote      string    `json:"source_note,omitempty"` // "RFC 9110 10.2.3"
	Samples         int64     `json:"samples"`
	Exposure        int64     `json:"exposure"`
	Exposed         string    `json:"exposed,omitempty"` // what the exposure counts
	Violations      int64     `json:"violations"`        // sound witnesses found, shown or not
	Interval        *Interval `json:"interval"`

	Reason     string    `json:"reason"`
	Details    []string  `json:"details,omitempty"`    // further figures, one line each
	Sure       string    `json:"sure,omitempty"`       // of a failure: why it cannot be the harness
	ToConclude string    `json:"to_conclude"`          // of a yellow verdict: text for the plan
	AllowFail  *Allowed  `json:"allow_fail,omitempty"` // the plan tolerates a failure
	Line       int       `json:"line,omitempty"`       // in the plan
	Witnesses  []Witness `json:"witnesses"`            // at most WitnessesMax
}

// Quantity is a number with its unit. Units: ms, s, share, usd, tokens,
// attempts, times (a ratio), count.
type Quantity struct {
	Value *float64 `json:"value"`
	Unit  string   `json:"unit"`
	Op    string   `json:"op,omitempty"` // of a threshold: <=, >=, =; of a measured: >= is "at least so much"
}

// Interval is a confidence interval in the unit of the measured quantity. A
// one-sided interval has one end nil.
type Interval struct {
	Lo    *float64 `json:"lo"`
	Hi    *float64 `json:"hi"`
	Level float64  `json:"level"`
	Sided string   `json:"sided"` // one, two
}

// Allowed is an allow_fail as it was judged.
type Allowed struct {
	Until  string `json:"until"`
	Reason string `json:"reason"`
	Active bool   `json:"active"` // the run started before Until ended
}

// WitnessesMax bounds the witnesses of a finding.
const WitnessesMax = 3

// Witness is one request that shows what a finding says.
type Witness struct {
	Request  string   `json:"request"`
	Tenant   string   `json:"tenant,omitempty"`
	Phase    string   `json:"phase,omitempty"`
	PhaseS   *float64 `json:"phase_s"` // due, since the start of its phase
	What     string   `json:"what"`    // in one line
	Timeline []Event  `json:"timeline"`
}

// Lanes of a timeline.
const (
	LaneClient   = "client"
	LaneProvider = "provider"
)

// Event is one line of a timeline. Provider lines stand at the arrival of an
// attempt and tell its whole fate.
type Event struct {
	TMs     float64 `json:"t_ms"` // since the request was due
	Lane    string  `json:"lane"`
	Event   string  `json:"event"`             // client: due, sent, first, end; provider: attempt, skipped
	Attempt int     `json:"attempt,omitempty"` // number in the request, by arrival, from 1
	Status  int     `json:"status,omitempty"`
	Note    string  `json:"note,omitempty"`

	Kind         string   `json:"kind,omitempty"`
	Model        string   `json:"model,omitempty"`
	Relation     string   `json:"relation,omitempty"` // first, retry, timeout-retry, hedge, fallback, repeat
	EndMs        *float64 `json:"end_ms,omitempty"`
	RetryAfterMs *float64 `json:"retry_after_ms,omitempty"`
	Rule         string   `json:"rule,omitempty"`   // the fault that was injected
	Guilty       bool     `json:"guilty,omitempty"` // this line breaks the claim
}
