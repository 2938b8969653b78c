package plans

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/chaoskit/chaos/internal/journal"
)

// attemptLine is an attempt as the API tells it: the names of the journal,
// instants in nanoseconds since the start (-1: never), money in nano-USD. Hashes
// are hexadecimal, as 64 bits do not fit into a number of JavaScript. Within a
// version of chaos keys are only added.
type attemptLine struct {
	Record  string   `json:"record"` // attempt
	Seq     uint64   `json:"seq"`
	ID      uint64   `json:"id"`
	Request string   `json:"request"` // the key; anon/... where no id or name came with it
	Carrier []string `json:"carriers_seen"`
	Stale   bool     `json:"stale,omitempty"`
	Tenant  string   `json:"tenant,omitempty"`
	Source  string   `json:"source,omitempty"`
	Conn    uint64   `json:"conn"`

	Dialect     string `json:"dialect"`
	Kind        string `json:"kind"`
	ModelAsked  string `json:"model_asked"`
	ModelServed string `json:"model_served"`
	Stream      bool   `json:"stream"`
	MaxTokens   int    `json:"max_tokens"`
	StepHash    string `json:"step_hash"`
	Ordinal     int    `json:"ordinal"`
	BodyHash    string `json:"body_hash"`
	BodyBytes   int    `json:"body_bytes"`
	Messages    int    `json:"messages"`

	ArrivedNs    int64 `json:"arrived_ns"`
	BodyNs       int64 `json:"body_ns"`
	AdmittedNs   int64 `json:"admitted_ns"`
	HeaderNs     int64 `json:"header_ns"`
	FirstNs      int64 `json:"first_ns"`
	LastNs       int64 `json:"last_ns"`
	EndNs        int64 `json:"end_ns"`
	PeerClosedNs int64 `json:"peer_closed_ns"`
	LateMaxNs    int64 `json:"late_max_ns"`
	QueueNs      int64 `json:"queue_ns"`
	HeldNs       int64 `json:"held_ns"`

	End            string    `json:"end"`
	Status         int       `json:"status"`
	Code           string    `json:"code,omitempty"`
	Cause          string    `json:"cause"`
	RetryAfterNs   int64     `json:"retry_after_ns"`
	HintRaw        string    `json:"hint_raw,omitempty"`
	ShouldRetry    string    `json:"should_retry,omitempty"`
	EarliestNs     int64     `json:"earliest_ns"`
	QuotaKey       string    `json:"quota_key,omitempty"`
	LimitRemaining int64     `json:"limit_remaining"`
	Rules          []ruleHit `json:"rules"`

	TokensIn      int    `json:"tokens_in"`
	TokensPlanned int    `json:"tokens_planned"`
	TokensEmitted int    `json:"tokens_emitted"`
	Cost          int64  `json:"cost_nano_usd"`
	SDK           string `json:"sdk,omitempty"`
	SDKRetry      int    `json:"sdk_retry"`
	SDKTimeoutNs  int64  `json:"sdk_timeout_ns"`
}

type ruleHit struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Slot  string `json:"slot"`
	At    int    `json:"at"`
}

// markLine is a mark: a rule that was put on or taken off, or whose barrier let
// so many calls go.
type markLine struct {
	Record string            `json:"record"` // mark
	Seq    uint64            `json:"seq"`
	TNs    int64             `json:"t_ns"`
	Kind   string            `json:"kind"`
	Name   string            `json:"name,omitempty"`
	Value  int64             `json:"value,omitempty"`
	Attrs  map[string]string `json:"attrs,omitempty"`
}

func lineOf(k *keptAttempt) attemptLine {
	a := &k.record
	l := attemptLine{
		Record: "attempt", Seq: k.seq, ID: a.ID, Request: a.Key.String(), Carrier: []string{}, Stale: a.Stale, Tenant: a.Tenant, Source: a.Source, Conn: a.Conn,
		Dialect: a.Dialect, Kind: a.Kind, ModelAsked: a.ModelAsked, ModelServed: a.ModelServed, Stream: a.Stream, MaxTokens: a.MaxTokens,
		StepHash: hexOf(a.StepHash), Ordinal: a.Ordinal, BodyHash: hexOf(a.BodyHash), BodyBytes: a.BodyBytes, Messages: a.Messages,
		ArrivedNs: a.ArrivedNs, BodyNs: a.BodyNs, AdmittedNs: a.AdmittedNs, HeaderNs: a.HeaderNs, FirstNs: a.FirstNs, LastNs: a.LastNs,
		EndNs: a.EndNs, PeerClosedNs: a.PeerClosedNs, LateMaxNs: a.LateMaxNs, QueueNs: a.QueueNs, HeldNs: a.HeldNs,
		End: string(a.End), Status: a.Status, Code: a.Code, Cause: string(a.Cause), RetryAfterNs: a.RetryAfterNs, HintRaw: a.HintRaw,
		ShouldRetry: a.ShouldRetry, EarliestNs: a.EarliestNs, QuotaKey: a.QuotaKey, LimitRemaining: a.LimitRemaining, Rules: []ruleHit{},
		TokensIn: a.TokensIn, TokensPlanned: a.TokensPlanned, TokensEmitted: a.TokensEmitted, Cost: a.CostNanoUSD,
		SDK: a.SDK, SDKRetry: a.SDKRetry, SDKTimeoutNs: a.SDKTimeoutNs,
	}
	for _, c := range journal.CarrierNames {
		if a.CarriersSeen&c.Bit != 0 {
			l.Carrier = append(l.Carrier, c.Name)
		}
	}
	for _, h := range a.Rules {
		l.Rules = append(l.Rules, ruleHit{h.Name, string(h.State), h.Slot, h.At})
	}
	return l
}

func hexOf(h uint64) string { return fmt.Sprintf("%016x", h) }

// writeLines writes the records after since as lines of JSON, at most limit of
// them, oldest first.
func (r *recent) writeLines(w io.Writer, since uint64, limit int) error {
	attempts, marks := r.since(since)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for n := 0; n < limit && len(attempts)+len(marks) > 0; n++ {
		var line any
		if len(attempts) == 0 || len(marks) > 0 && marks[0].seq < attempts[0].seq {
			m := &marks[0]
			line = markLine{"mark", m.seq, m.record.TNs, string(m.record.Kind), m.record.Name, m.record.Value, m.record.Attrs}
			marks = marks[1:]
		} else {
			line = lineOf(&attempts[0])
			attempts = attempts[1:]
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// countOf reads a number of a query, absent where it is left out.
func countOf(text string, absent uint64) (uint64, error) {
	if text == "" {
		return absent, nil
	}
	return strconv.ParseUint(text, 10, 63)
}
