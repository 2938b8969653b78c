package mockmodel

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// recordingMax bounds what is kept of one answer in memory: more is passed on
// and not recorded.
const recordingMax = 8 << 20

// headersKept are headers of an answer that tell a client what to do, and no
// secret: all others are left out of a recording.
var headersKept = []string{"Content-Type", "Retry-After", "Retry-After-Ms", "X-Should-Retry"}

// taking is a recording that is being made. A nil one takes nothing.
type taking struct {
	Recording
	passedNs int64
	size     int
	told     bool     // the answer says what it cost
	keys     []string // of the call
}

// newTaking begins to record an answer.
func newTaking(a *attempt, resp *http.Response) *taking {
	t := &taking{passedNs: a.rec.AdmittedNs, keys: keysOf(a.r), Recording: Recording{
		Version: RecordingVersion, Dialect: a.route.vendor.name, Path: a.route.pattern, Model: a.call.model, Stream: a.call.stream,
		Step: strconv.FormatUint(a.rec.StepHash, 16), Status: resp.StatusCode,
	}}
	for _, name := range headersKept {
		if v := resp.Header.Get(name); v != "" {
			t.Headers = append(t.Headers, Header{name, string(t.mask([]byte(v)))})
		}
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-Ratelimit-") || strings.HasPrefix(name, "Anthropic-Ratelimit-") {
			t.Headers = append(t.Headers, Header{name, string(t.mask([]byte(resp.Header.Get(name))))})
		}
	}
	slices.SortFunc(t.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	return t
}

// keysOf returns what of a call may be a key, wherever SDKs put it: all of them,
// as an answer may repeat any.
func keysOf(r *http.Request) (keys []string) {
	add := func(v string) {
		if len(v) >= keyMin && !slices.Contains(keys, v) {
			keys = append(keys, v)
		}
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key"} {
		v := r.Header.Get(name)
		add(v[strings.LastIndexByte(v, ' ')+1:]) // without its scheme
	}
	if r.URL.RawQuery != "" {
		for _, name := range []string{"key", "api_key", "api-key"} {
			add(r.URL.Query().Get(name))
		}
	}
	return keys
}

// keyMin is the length below which a key is none: it would stand in any answer.
const keyMin = 8

// mask returns a copy of data without the keys of the call, as long as it was.
func (t *taking) mask(data []byte) []byte {
	out := bytes.Clone(data)
	for _, key := range t.keys {
		out = bytes.ReplaceAll(out, []byte(key), bytes.Repeat([]byte{'*'}, len(key)))
	}
	return out
}

// event takes a part of the answer.
func (t *taking) event(now int64, data []byte) {
	if u, ok := usageIn(data); ok {
		t.told = true
		t.TokensIn, t.TokensOut = max(t.TokensIn, u.in), max(t.TokensOut, u.out)
		t.TokensCached, t.ReasoningTokens = max(t.TokensCached, u.cached), max(t.ReasoningTokens, u.reasoning)
	}
	if t.size += len(data); t.size > recordingMax {
		t.Events = nil
		return
	}
	e := Event{AtMS: float64((now-t.passedNs)/1000) / 1000}
	if data = t.mask(data); utf8.Valid(data) {
		e.Text = string(data)
	} else {
		e.Bytes = data
	}
	t.Events = append(t.Events, e)
}

// done writes down what the answer cost, and hands on what was recorded of it
// if all of it came: half an answer is not to be given again as a whole one, and
// the times of one that a fault slowed down are not the provider's.
func (t *taking) done(a *attempt) {
	rec := &a.rec
	a.passed = rec.Status == http.StatusOK
	if t.TokensIn > 0 {
		rec.TokensIn = t.TokensIn
	}
	rec.TokensCached, rec.ReasoningTokens = min(t.TokensCached, rec.TokensIn), t.ReasoningTokens
	out, whole := t.TokensOut, rec.End == journal.AttemptComplete
	if a.passed && !(whole && t.told) {
		out = max(out, rec.TokensEmitted) // an event is a token, or nearly so
	}
	rec.TokensPlanned, rec.TokensEmitted = out, out
	slowed := t.streams() && a.shown&(faults.SlotDelay|faults.SlotPace) != 0
	if a.s.opt.Record != nil && whole && !slowed && len(t.Events) > 0 && t.Status <= statusMax {
		a.s.opt.Record(t.Recording)
	}
}
