package refapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// Kinds of degraded answers, as the header x-degraded discloses them, the
// mildest first: the worst that holds is named.
const (
	RetrievalSkipped = "retrieval_skipped"
	SmallerModel     = "smaller_model"
	Cached           = "cached"
	Message          = "message"
)

// Degradations lists the kinds, the mildest first.
func Degradations() []string { return []string{RetrievalSkipped, SmallerModel, Cached, Message} }

// HeaderDegraded discloses in what way an answer is less than it could be;
// HeaderReason says why in words.
const (
	HeaderDegraded = "X-Degraded"
	HeaderReason   = "X-Degraded-Reason"
)

// writeTimeout bounds a write to a caller who does not read.
const writeTimeout = 30 * time.Second

// A reply is the one answer that a request gets. It holds what attempts say
// until the answer is whole or too long to hold, and knows whether the caller
// has seen anything.
type reply struct {
	w      http.ResponseWriter
	rq     *request
	hold   int
	check  bool // what is shown must have content
	asked  string
	kind   string // how the answer is degraded, "" if it is not
	reason string

	started bool
	failed  error // of writing to the caller
	ans     *answer
	held    bytes.Buffer // a JSON answer, or frames not yet shown
}

// begin forgets what an earlier attempt left.
func (r *reply) begin(ans *answer) {
	r.ans = ans
	r.held.Reset()
}

// keep takes a whole JSON answer.
func (r *reply) keep(ans *answer, body []byte) {
	r.begin(ans)
	r.held.Write(body)
}

// frame takes one frame of a stream, as its data stands. The first frames are
// held; from the moment they are too many, all is shown as it comes.
func (r *reply) frame(data []byte) {
	r.held.Write(wire.AppendFrame(r.held.AvailableBuffer(), "", data))
	if r.started || r.held.Len() > r.hold && (r.ans.spoken || !r.check) {
		r.show()
	}
}

// degrade notes a kind of degradation; the worst one stays.
func (r *reply) degrade(kind, reason string) {
	kinds := Degradations()
	if slices.Index(kinds, kind) >= slices.Index(kinds, r.kind) { // -1: not degraded yet
		r.kind, r.reason = kind, reason
	}
}

// show sends what is held, the headers before it. net/http takes the deadline
// back when the request is over.
func (r *reply) show() {
	rc := http.NewResponseController(r.w)
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer can
	if !r.started {
		r.started = true
		r.head()
	}
	if r.failed == nil {
		_, r.failed = r.held.WriteTo(r.w)
	}
	r.held.Reset()
	if r.failed == nil && r.rq.stream {
		r.failed = rc.Flush()
	}
}

// head sends the headers, which disclose what is decided by now: the model that
// answers is known from its first frame.
func (r *reply) head() {
	if r.check && !sameModel(r.asked, r.ans.model) {
		r.degrade(SmallerModel, fmt.Sprintf("asked for %s, the provider served %s", clip(r.asked, 64), clip(r.ans.model, 64)))
	}
	h := r.w.Header()
	if r.rq.stream {
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(r.held.Len()))
	}
	if r.kind != "" {
		h.Set(HeaderDegraded, r.kind)
		h.Set(HeaderReason, clip(r.reason, 200))
	}
	r.w.WriteHeader(http.StatusOK)
}

// finish ends a good answer. A stream whose provider forgot to say that it is
// finished is finished here: only an app that does not check its answers gets
// there with one.
func (r *reply) finish() {
	if r.rq.stream {
		if r.ans.finish == "" {
			r.held.Write(frameOf(r.rq.chunk(r.ans.model, map[string]any{}, "stop", nil)))
		}
		r.held.WriteString("data: [DONE]\n\n")
	}
	r.show()
}

// cut ends an answer of which the caller has seen a part: with an error frame
// and without [DONE], so that nobody takes the part for the whole.
func (r *reply) cut(f *failure) {
	r.held.Reset()
	r.held.Write(frameOf(errorBody("the answer broke off: "+f.what, "server_error", "upstream_cut")))
	r.show()
}

// say answers with a text of the app's own: from the cache, or the message.
func (r *reply) say(model, text, finish string, usage json.RawMessage) {
	ans := newAnswer(r.rq.scripts)
	ans.model, ans.finish, ans.spoken = model, finish, true
	r.begin(ans)
	if usage == nil {
		usage = json.RawMessage(`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`)
	}
	if !r.rq.stream {
		r.held.Write(mustJSON(r.rq.completion(model, text, finish, usage)))
		r.show()
		return
	}
	r.held.Write(frameOf(r.rq.chunk(model, map[string]any{"role": "assistant", "content": text}, "", nil)))
	r.held.Write(frameOf(r.rq.chunk(model, map[string]any{}, finish, nil)))
	if r.rq.includeUsage {
		r.held.Write(frameOf(r.rq.chunk(model, nil, "", usage)))
	}
	r.finish()
}

// sameModel reports whether the provider served what was asked: the name, or a
// dated snapshot of it (gpt-4o, gpt-4o-2024-08-06). gpt-4o-mini is not gpt-4o.
// A provider that declares nothing is believed.
func sameModel(asked, served string) bool {
	if served == "" || served == asked {
		return true
	}
	rest := served[min(len(asked), len(served)):]
	return len(rest) > 1 && served[:len(asked)] == asked && rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9'
}

func frameOf(v any) []byte { return wire.AppendFrame(nil, "", mustJSON(v)) }

// mustJSON encodes values built here, which cannot fail.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// errorBody is the shape of OpenAI's errors.
func errorBody(message, kind, code string) map[string]any {
	return map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": code}}
}
