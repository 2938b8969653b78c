package mockmodel

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Recording is one answer of a real provider, with when each part of it came,
// so that it can be given again. What was asked is known by its hash alone, and
// no header of the call is kept: a recording holds no prompt and no key.
type Recording struct {
	Version   int      `json:"v"` // RecordingVersion
	Dialect   string   `json:"dialect"`
	Path      string   `json:"path"` // the pattern of the endpoint
	Model     string   `json:"model"`
	Stream    bool     `json:"stream,omitempty"`
	Step      string   `json:"step"` // the step hash, in hexadecimal
	Status    int      `json:"status"`
	Headers   []Header `json:"headers,omitempty"`
	TokensIn  int      `json:"tokens_in,omitempty"`
	TokensOut int      `json:"tokens_out,omitempty"`
	// Some of those in, and some of those out.
	TokensCached    int     `json:"tokens_cached,omitempty"`
	ReasoningTokens int     `json:"tokens_reasoning,omitempty"`
	Events          []Event `json:"events"`
}

// Event is a part of a recorded answer: an event of a stream, or all of it.
type Event struct {
	AtMS  float64 `json:"t_ms"`            // since the call was passed on
	Text  string  `json:"text,omitempty"`  // its bytes, where they are UTF-8
	Bytes []byte  `json:"bytes,omitempty"` // its bytes, where they are not
}

// RecordingVersion is the version of the format: JSON, one recording a line.
const RecordingVersion = 1

func (e Event) data() []byte {
	if e.Bytes != nil {
		return e.Bytes
	}
	return []byte(e.Text)
}

// eventKind says how the events of a stream are told apart.
type eventKind int

const (
	eventsNone   eventKind = iota // an answer in one piece
	eventsSSE                     // a blank line ends one
	eventsLine                    // a line is one
	eventsBinary                  // a length comes first: Amazon's event stream
	eventsArray                   // an object is one, with what stands before it: elements of a JSON array
)

// eventsOf tells the kind of a stream by its media type.
func eventsOf(mediaType string) eventKind {
	kind, _, _ := strings.Cut(mediaType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "text/event-stream":
		return eventsSSE
	case "application/x-ndjson", "application/jsonl":
		return eventsLine
	case "application/vnd.amazon.eventstream":
		return eventsBinary
	}
	return eventsNone
}

// end returns the length of the event at the start of b; 0: it is not whole yet.
func (k eventKind) end(b []byte) int {
	switch k {
	case eventsLine:
		return bytes.IndexByte(b, '\n') + 1
	case eventsBinary:
		if len(b) < 4 {
			return 0
		}
		if n := int(binary.BigEndian.Uint32(b)); n >= 16 && n <= len(b) {
			return n
		}
		return 0
	case eventsArray:
		return objectEnd(b)
	}
	n := bytes.Index(b, []byte("\n\n")) + 2
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 && (n < 2 || i+4 < n) {
		return i + 4
	}
	if n < 2 {
		return 0
	}
	return n
}

// objectEnd returns the index behind the first object in b, 0 if it is not whole.
func objectEnd(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// statusMax is the last status of HTTP (RFC 9110 15).
const statusMax = 599

// eventMax is when the last event of an answer can come, in ms.
const eventMax = 24 * 3600 * 1000

// ReadRecordings reads recordings, one a line. The error names the line.
func ReadRecordings(r io.Reader) ([]Recording, error) {
	var out []Recording
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var x Recording
		if err := dec.Decode(&x); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("recording %d: %w", n, err)
		}
		switch {
		case x.Version != RecordingVersion:
			return nil, fmt.Errorf("recording %d: has version %d, and this chaos reads version %d", n, x.Version, RecordingVersion)
		case x.Status < http.StatusOK || x.Status > statusMax || len(x.Events) == 0:
			return nil, fmt.Errorf("recording %d: holds no answer", n)
		case slices.ContainsFunc(x.Events, func(e Event) bool { return !(e.AtMS >= 0 && e.AtMS <= eventMax) }):
			return nil, fmt.Errorf("recording %d: has an event that did not come within a day", n)
		case slices.ContainsFunc([]int{x.TokensIn, x.TokensOut, x.TokensCached, x.ReasoningTokens}, func(n int) bool { return n < 0 || n > usageMax }):
			return nil, fmt.Errorf("recording %d: has a number of tokens that no answer has", n)
		}
		out = append(out, x)
	}
}

// recordings are recorded answers by what they answer.
type recordings map[string][]*Recording

// recordingKey is what a recording answers: the same call at the same endpoint.
func recordingKey(dialect, path string, stream bool, step string) string {
	return fmt.Sprintf("%s %s %t %s", dialect, path, stream, step)
}

func newRecordings(list []Recording) recordings {
	out := recordings{}
	for i := range list {
		x := &list[i]
		key := recordingKey(x.Dialect, x.Path, x.Stream, x.Step)
		out[key] = append(out[key], x)
	}
	return out
}

// replay returns the recorded answer to the call: to its n-th attempt the n-th,
// and from the last one on that.
func (r recordings) replay(a *attempt) *Recording {
	list := r[recordingKey(a.route.vendor.name, a.route.pattern, a.call.stream, strconv.FormatUint(a.rec.StepHash, 16))]
	if len(list) == 0 {
		return nil
	}
	return list[min(a.rec.Ordinal, len(list))-1]
}

// replayed writes a recorded answer. Its events are its tokens: each comes when
// it came.
type replayed struct {
	rec  *Recording
	mime []string
}

func (f *replayed) head(h http.Header) int {
	for _, x := range f.rec.Headers {
		if x.Name != "Content-Type" {
			h[x.Name] = []string{x.Value}
		}
	}
	return f.rec.Status
}

func (f *replayed) media(bool) []string { return f.mime }

func (f *replayed) whole(dst []byte, a *answer) []byte {
	for i := range a.parts {
		dst = a.putRaw(dst, &a.parts[i])
	}
	return dst
}

func (f *replayed) open(*frames, *answer)         {}
func (f *replayed) begin(*frames, *answer, *part) {}
func (f *replayed) delta(out *frames, _ *answer, _ *part, text []byte) {
	out.buf = append(out.buf, text...)
	out.end()
}
func (f *replayed) close(*frames, *answer, *part)   {}
func (f *replayed) finish(*frames, *answer)         {}
func (f *replayed) fail(*frames, *answer, *refusal) {}

// useRecording makes a recorded answer the one that is given. Where the dialect
// has an error for the middle of a stream, it keeps it.
func (a *attempt) useRecording(x *Recording) {
	f := &replayed{rec: x, mime: jsonType}
	for _, h := range x.Headers {
		if h.Name == "Content-Type" {
			f.mime = []string{h.Value}
		}
	}
	var text strings.Builder
	cuts := make([]int, 0, len(x.Events)+1)
	for _, e := range x.Events {
		cuts = append(cuts, text.Len())
		text.Write(e.data())
	}
	cuts = append(cuts, text.Len())
	n := len(x.Events)
	a.ans.parts = append(a.ans.parts[:0], part{script: script{text: text.String(), asked: n, tokens: n, cuts: cuts}})
	if s, ok := a.call.form.(streamer); ok {
		a.call.form = &replayedStream{replayed: *f, own: s}
	} else {
		a.call.form = f
	}
	a.replaying = x
	a.ans.tokensOut, a.ans.longest, a.ans.choices = n, n, 1
	rec := &a.rec
	rec.TokensPlanned, rec.ReasoningTokens = x.TokensOut, x.ReasoningTokens
	if x.TokensIn > 0 {
		rec.TokensIn = x.TokensIn
	}
	rec.TokensCached = min(x.TokensCached, rec.TokensIn)
	if x.Status >= http.StatusBadRequest {
		h := http.Header{}
		f.head(h)
		a.noteRefusal(h)
	}
}

// replayedStream is a recorded stream in a dialect that has an error for its middle.
type replayedStream struct {
	replayed
	own streamer
}

func (f *replayedStream) fail(out *frames, a *answer, r *refusal) { f.own.fail(out, a, r) }

// streams reports whether the answer came as a stream.
func (x *Recording) streams() bool {
	if len(x.Events) > 1 {
		return true
	}
	for _, h := range x.Headers {
		if h.Name == "Content-Type" {
			return eventsOf(h.Value) != eventsNone
		}
	}
	return false
}

// table returns when the events came, in ns since the call.
func (x *Recording) table() []int64 {
	at := make([]int64, len(x.Events))
	for i, e := range x.Events {
		at[i] = int64(e.AtMS * 1e6)
		if i > 0 {
			at[i] = max(at[i], at[i-1])
		}
	}
	return at
}

// pace returns when the first event came, and the mean gap between two.
func (x *Recording) pace() (first, gap time.Duration) {
	at := x.table()
	if n := len(at); n > 1 {
		gap = time.Duration(at[n-1]-at[0]) / time.Duration(n-1)
	}
	return time.Duration(at[0]), gap
}

// countReplayed turns events that were sent into tokens, as the provider
// counted them.
func (a *attempt) countReplayed() {
	if x := a.replaying; x != nil {
		a.rec.TokensEmitted = x.TokensOut * a.rec.TokensEmitted / len(x.Events)
	}
}
