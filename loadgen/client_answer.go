package loadgen

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Bounds of what an answer leaves in a record.
const (
	nameMax = 128 // names and codes that a service chooses: models, finish reasons, headers
	headMax = 512 // first bytes kept, to see whether content is more than watermarks; more than ExcerptMax, so that no secret is cut before it is masked
)

// answer is what one answer has said so far. The formats tell it what they
// find; it alone knows what that means for the record.
type answer struct {
	reader *reader
	rec    *journal.Request
	nowNs  int64 // when the bytes that are being looked at were read

	source io.Reader // the body
	epoch  journal.Epoch
	hangup context.CancelCauseFunc
	size   int  // bytes read
	events bool // an event stream

	marks   wire.Marks
	called  wire.Marks   // in arguments of tool calls
	labels  []wire.Found // in arrays of numbers
	head    []byte       // the first content
	beyond  bool         // there is more than space behind it
	raw     []byte       // the first bytes of the body
	body    []byte       // all of a body that is read as a whole, or one event
	parsed  any          // body as a tree, once it was asked for
	isTree  bool
	found   []int  // how far each needle of the reader is found
	errRule string // the response.error rule that matched
	note    string // what is odd about the answer
	awaited string // what did not come, where that is neither the format's event nor the end of the body
	over    bool   // the terminal event or an error came: nothing more is awaited
}

// reset makes a ready for the next answer. What was allocated is used again.
func (a *answer) reset(r *reader, rec *journal.Request) {
	a.marks.Reset(r.codec)
	a.called.Reset(r.codec)
	body := a.body[:0]
	if cap(body) > keepBodyMax {
		body = nil
	}
	*a = answer{reader: r, rec: rec, marks: a.marks, called: a.called, labels: a.labels[:0], head: a.head[:0], raw: a.raw[:0], body: body, found: a.found[:0]}
	for range r.needles {
		a.found = append(a.found, 0)
	}
}

// content takes a piece of the text that the user sees.
func (a *answer) content(b []byte) {
	if len(b) == 0 {
		return
	}
	a.progress(true)
	rec := a.rec
	// Carried along: how a content was cut into chunks must not change its hash.
	if rec.ContentBytes == 0 {
		rec.ContentHash = wire.FoldStart
	}
	rec.ContentBytes += len(b)
	rec.ContentHash = wire.FoldMore(rec.ContentHash, b)
	fits := min(len(b), headMax-len(a.head))
	a.head = append(a.head, b[:fits]...)
	a.beyond = a.beyond || len(bytes.TrimSpace(b[fits:])) > 0
	a.marks.Write(b)
	for i, n := range a.reader.needles {
		a.found[i] = n.find(a.found[i], b)
	}
}

// call takes that the service calls a tool.
func (a *answer) call() {
	a.rec.ToolCalls++
	a.called.Break()
}

// arguments takes a piece of the arguments of the tool call.
func (a *answer) arguments(b []byte) { _, _ = a.called.Write(b) }

// progress stamps a piece of an answer. visible is false for reasoning, which
// a user does not get to see but which shows that the service is alive.
func (a *answer) progress(visible bool) {
	rec := a.rec
	if rec.FirstNs == journal.Never {
		rec.FirstNs = a.nowNs
	} else {
		gap := a.nowNs - rec.LastNs
		rec.GapMaxNs = max(rec.GapMaxNs, gap)
		rec.Gaps[gapBucket(gap)]++
	}
	if visible && rec.FirstVisibleNs == journal.Never {
		rec.FirstVisibleNs = a.nowNs
	}
	rec.LastNs = a.nowNs
	rec.Chunks++
}

// gapBucket is the bucket of journal.Request.Gaps: each is four times as wide
// as the one before, the first ends at 1 ms.
func gapBucket(ns int64) int {
	i := 0
	for bound := int64(1e6); ns >= bound && i < 7; bound *= 4 {
		i++
	}
	return i
}

// terminate takes the event that declares the answer complete.
func (a *answer) terminate(kind string) {
	if a.rec.TerminalNs == journal.Never {
		a.rec.TerminalNs, a.rec.TerminalKind = a.nowNs, kind
	}
	a.over = true
}

// fail takes an error that came inside the answer. The first one counts: an
// SDK raises at once and reads no further.
func (a *answer) fail(code, message string) {
	if a.rec.StreamError == "" {
		a.rec.ErrorCode, a.rec.StreamError = clip(a.reader.mask(code), nameMax), clip(a.reader.mask(message), journal.ErrMax)
	}
	a.over = true
}

// notJSON takes that the body as a whole is no JSON. A client gets nothing out
// of it, so what was read of its beginning does not make it an answer. Where
// nothing was, that it is empty says it all.
func (a *answer) notJSON(what string) {
	switch {
	case a.awaited != "": // it was cut, and is judged by that
	case a.rec.FirstNs == journal.Never:
		a.remark(what)
	default:
		a.fail("", what)
	}
}

// failed takes an error as the dialects write it: an object with message,
// type and perhaps code, or a string.
func (a *answer) failed(value []byte) {
	code, message := errorOf(value)
	if message == "" {
		message = string(value[:min(len(value), journal.ErrMax)])
	}
	a.fail(code, message)
}

// errorOf reads the code and the message of an error. OpenAI's code is finer
// than its type, Anthropic has only a type.
func errorOf(value []byte) (code, message string) {
	if text, ok := textOf(value); ok {
		return "", string(text)
	}
	kind := ""
	for m := membersOf(value); ; {
		key, v, ok := m.next()
		if !ok {
			break
		}
		switch string(key) {
		case "message":
			text, _ := textOf(v)
			message = string(text[:min(len(text), 4*journal.ErrMax)])
		case "code":
			code = stringOf(v)
		case "type":
			kind = stringOf(v)
		}
	}
	if code == "" {
		code = kind
	}
	if message == "" {
		message = code
	}
	return code, message
}

// refuse reads the body of an answer whose status is an error: its code, where
// it has one.
func (a *answer) refuse(body []byte) {
	for m := membersOf(body); ; {
		key, value, ok := m.next()
		switch {
		case !ok:
			return
		case string(key) == "error":
			code, _ := errorOf(value)
			a.rec.ErrorCode = a.reader.mask(code)
		case string(key) == "code" && a.rec.ErrorCode == "":
			a.rec.ErrorCode = a.reader.mask(stringOf(value))
		}
	}
}

func (a *answer) model(value []byte) {
	if a.rec.ModelDeclared == "" {
		a.rec.ModelDeclared = stringOf(value)
	}
}

func (a *answer) finish(value []byte) {
	if text, _ := textOf(value); len(text) > 0 {
		a.rec.Finish = stringOf(value)
	}
}

// tree returns the body as a tree, decoded once.
func (a *answer) tree() (any, bool) {
	if !a.isTree {
		a.parsed, a.isTree = parseTree(a.body)
	}
	return a.parsed, a.isTree
}

// spoken reports whether there is anything for the user to read: more than
// space, watermarks and an echo of the marker.
func (a *answer) spoken() bool {
	switch {
	case a.rec.ContentBytes == 0:
		return false
	case a.beyond:
		return true
	case len(bytes.TrimSpace(a.head)) == 0:
		return false
	}
	return strings.TrimSpace(wire.StripMarkers(string(a.head))) != ""
}

// excerpt is the beginning of the answer, for a witness: of the content, or of
// the body where no content was found in it.
func (a *answer) excerpt() string {
	if a.spoken() {
		return clip(a.reader.mask(string(a.head)), journal.ExcerptMax)
	}
	return clip(a.reader.mask(string(a.raw)), journal.ExcerptMax)
}

// clip returns s with at most size bytes, without what is no UTF-8: no report can
// print it, and a cut leaves a part of a rune behind.
func clip(s string, size int) string {
	return strings.ToValidUTF8(s[:min(len(s), size)], "")
}
