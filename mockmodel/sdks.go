package mockmodel

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// An SDK is how an official SDK, or a library that many use in its place, calls
// a provider again, with its stock settings: measured by running it against this
// provider with faults. All waits are in milliseconds and lie between the end of
// an attempt and the beginning of the next one.
type SDK struct {
	Name     string `json:"name"`
	Package  string `json:"package"` // Go module, or npm package
	Version  string `json:"version"`
	Language string `json:"language"` // go, js
	Dialect  string `json:"dialect"`  // the one it was measured in
	// Method says what the waits were measured with: "virtual time", or "virtual
	// timers" where the SDK's own timers fire at once and say how long they were.
	Method string `json:"method"`

	Tries        int      `json:"tries"`         // attempts in all for a call that never succeeds
	Waits        []Span   `json:"waits"`         // before each retry after a 503 without a hint
	LimitWaits   []Span   `json:"limit_waits"`   // the same after a 429; null: it is not retried without a hint
	CountsItself bool     `json:"counts_itself"` // x-stainless-retry-count is sent and right
	Retried      []int    `json:"retried"`       // statuses, of those that were tried
	NotRetried   []int    `json:"not_retried"`
	ResetRetried bool     `json:"reset_retried"` // a connection reset before the answer
	CutRetried   bool     `json:"cut_retried"`   // a connection reset in the body of an answer in one piece
	EmptyRetried bool     `json:"empty_retried"` // a 200 that says nothing
	Streams      []Ending `json:"streams"`       // what becomes of a stream that breaks off
	Hints        []Heeded `json:"hints"`
	// ShouldRetry and ShouldNotRetry say whether x-should-retry overrules the
	// status: true on a 400, false on a 503.
	ShouldRetry    bool `json:"should_retry"`
	ShouldNotRetry bool `json:"should_not_retry"`
}

// A Span is the least, the median and the greatest of Samples waits, in ms.
type Span struct {
	MinMs    float64 `json:"min_ms"`
	MedianMs float64 `json:"median_ms"`
	MaxMs    float64 `json:"max_ms"`
	Samples  int     `json:"samples"`
}

// What an SDK does with a hint.
const (
	HintWaited   = "waits"    // as long as the hint says, or longer by its own jitter
	HintIgnored  = "ignores"  // its own backoff, as without a hint
	HintSameWait = "either"   // its own backoff is as long as the hint
	HintClamped  = "clamps"   // a time that is neither the hint nor its own backoff
	HintAtOnce   = "at once"  // no wait at all, though the hint does not say so
	HintGivesUp  = "gives up" // no retry
)

// Heeded is what an SDK makes of a hint in a 429.
type Heeded struct {
	Hint string `json:"hint"` // as on the wire
	Does string `json:"does"`
	Wait *Span  `json:"wait,omitempty"` // before the first retry; nil: there was none
}

// Ending is what an SDK makes of a stream that breaks off.
type Ending struct {
	Fault  string `json:"fault"`
	Tries  int    `json:"tries"`
	Raises string `json:"raises"` // the type of the error; "" where the caller is told nothing
}

// sdksSchema is the version of the data: within one, keys are only added.
const sdksSchema = "chaos.sdks/v1"

//go:embed sdks.json
var sdksJSON []byte

// SDKTable is the measured data as it is kept.
type SDKTable struct {
	Schema   string `json:"schema"`
	Measured string `json:"measured"` // the day, as 2006-01-02
	SDKs     []SDK  `json:"sdks"`
}

// SDKs returns the measured retry policies of the official SDKs. The tests of
// mockmodel/conformance measure them again, and write them anew with -update.
func SDKs() SDKTable {
	var t SDKTable
	if err := json.Unmarshal(sdksJSON, &t); err != nil || t.Schema != sdksSchema {
		panic(fmt.Sprintf("mockmodel: sdks.json is no %s: %v", sdksSchema, err)) // it is part of the program
	}
	return t
}
