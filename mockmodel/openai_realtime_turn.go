package mockmodel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chaoskit/chaos/faults"
)

// realtimeTurn is a response under way: to the attempt that makes it, a request
// and the writer of its answer.
type realtimeTurn struct {
	x         *realtime
	event     string // id of the caller's event
	before    string // id of the last item of the conversation
	id        string // of the attempt, once an event of it has been sent
	over      bool   // its last event has been sent
	apart     bool   // conversation: none
	metadata  doc
	most      doc // max_output_tokens
	cancel    context.CancelFunc
	cancelled bool // by the caller

	done    chan struct{} // closed when the attempt is over
	aborted bool          // it ended without an answer
	stays   bool          // the session goes on, though the answer does not end
	closes  int           // the code with which the session ends with it; 0: it does not
	reason  string

	header  http.Header
	status  int
	refused []byte // the body of a refusal
	rest    []byte // of a frame that is not whole
	limits  bool   // have been told
	form    *openAIRealtime
}

type realtimeKey struct{}

// realtimeRoute is what a response.create is to the provider.
var realtimeRoute = route{"POST", "/v1/realtime", "chat", &openAI, readOpenAIRealtime}

// begin starts a response.
func (x *realtime) begin(given map[string]doc, event string) {
	setting := func(name string) doc {
		if v := given[name]; v.present() {
			return v
		}
		if v := x.settings[name]; v != "" {
			return v
		}
		return realtimeDefault(name)
	}
	t := &realtimeTurn{
		x: x, event: event, apart: given["conversation"].text() == "none", metadata: given["metadata"], most: setting("max_output_tokens"),
		done: make(chan struct{}), header: http.Header{},
	}
	if n := len(x.items); n > 0 {
		t.before = x.items[n-1].id
	}
	var ctx context.Context
	ctx, t.cancel = context.WithCancel(context.WithValue(x.ctx, realtimeKey{}, t))
	body := x.body(given, setting)
	r := (&http.Request{
		Method: http.MethodPost, URL: x.r.URL, Host: x.r.Host, RemoteAddr: x.r.RemoteAddr, Header: x.r.Header,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}).WithContext(ctx)
	x.turn = t
	go t.run(r)
}

// body is what the model is asked, as the Responses API would be. The ids of
// items are left out: a retry has others.
func (x *realtime) body(given map[string]doc, setting func(string) doc) []byte {
	b := append([]byte(`{"model":`), appendString(nil, x.model)...)
	for _, name := range []string{"instructions", "tools", "tool_choice", "max_output_tokens", "reasoning", "parallel_tool_calls"} {
		b = appendName(append(b, ','), name)
		b = append(b, setting(name)...)
	}
	b = append(b, `,"input":[`...)
	n := 0
	add := func(item doc) {
		if n++; n > 1 {
			b = append(b, ',')
		}
		from := len(b)
		b = append(appendMembers(b, item, "id", "object", "status"), '}')
		b[from] = '{' // for the comma before the first member: an item has a type
	}
	if v := given["input"]; v.present() {
		for item := range v.items {
			add(item)
		}
	} else {
		for _, i := range x.items {
			add(i.json)
		}
	}
	return append(b, "]}"...)
}

// run makes the response: an attempt like any other.
func (t *realtimeTurn) run(r *http.Request) {
	s := t.x.s
	defer close(t.done)
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if t.aborted = true; p != http.ErrAbortHandler {
			err := fmt.Errorf("mockmodel: a response of a realtime session: %v", p)
			s.failed.CompareAndSwap(nil, &err)
		}
	}()
	s.attempt(t, r, found{route: &realtimeRoute, endpoint: t.x.at})
}

// Header, WriteHeader, Write and FlushError are the writer of an answer. There
// are no statuses and headers in a socket: they become events.
func (t *realtimeTurn) Header() http.Header { return t.header }

func (t *realtimeTurn) WriteHeader(status int) { t.status = status }

// Write sends the events in b, each of which ends with a line feed.
func (t *realtimeTurn) Write(b []byte) (int, error) {
	if t.status != http.StatusOK {
		t.refused = append(t.refused, b...)
		return len(b), nil
	}
	for rest := b; ; {
		line, more, whole := bytes.Cut(rest, []byte{'\n'})
		t.rest = append(t.rest, line...)
		if !whole {
			return len(b), nil
		}
		if err := t.send(t.rest); err != nil {
			return 0, err
		}
		t.rest, rest = t.rest[:0], more
		if !t.limits {
			t.limits = true
			if limits := t.rateLimits(); limits != nil {
				if err := t.send(limits); err != nil {
					return 0, err
				}
			}
		}
	}
}

// FlushError has nothing to do: events are sent as they are written.
func (t *realtimeTurn) FlushError() error { return nil }

// One of these begins the last event of a response.
var (
	realtimeDone  = []byte(`{"type":"response.done"`)
	realtimeError = []byte(`{"type":"error"`)
)

// send has the session send an event.
func (t *realtimeTurn) send(event []byte) error {
	o := outgoing{event, t.request(), t.form.ended && (bytes.HasPrefix(event, realtimeDone) || bytes.HasPrefix(event, realtimeError)), make(chan error, 1)}
	defer t.x.s.waits.enter(waitSent).Add(-1)
	select {
	case t.x.out <- o:
	case <-t.x.ctx.Done():
		return context.Cause(t.x.ctx)
	}
	// Who took it tells what became of it, though the caller has left since: what
	// was sent was sent.
	return <-o.done
}

// rateLimits is the event that tells what is left of the limits, nil where the
// model has none.
func (t *realtimeTurn) rateLimits() []byte {
	var list []byte
	for _, name := range []string{"Requests", "Tokens"} {
		limit := t.header.Get("X-Ratelimit-Limit-" + name)
		if limit == "" {
			continue
		}
		if list != nil {
			list = append(list, ',')
		}
		reset, _ := time.ParseDuration(t.header.Get("X-Ratelimit-Reset-" + name)) // ours
		list = append(list, `{"name":"`+strings.ToLower(name)+`","limit":`+limit+`,"remaining":`+t.header.Get("X-Ratelimit-Remaining-"+name)+`,"reset_seconds":`...)
		list = strconv.AppendFloat(list, reset.Seconds(), 'f', -1, 64)
		list = append(list, '}')
	}
	if list == nil {
		return nil
	}
	event := realtimeEvent(nil, "rate_limits.updated", t.request(), 0)
	event = append(event, `,"rate_limits":[`...)
	return append(append(event, list...), "]}"...)
}

// request is the id of the attempt, "" before it has one.
func (t *realtimeTurn) request() string {
	return strings.TrimPrefix(t.header.Get("X-Request-Id"), "req_")
}

// response is the id of the response, "" before it is known.
func (t *realtimeTurn) response() string {
	if t.id == "" {
		return ""
	}
	return "resp_" + t.id
}

// endTurn takes in what became of a response.
func (x *realtime) endTurn() error {
	t := x.turn
	x.turn = nil
	t.cancel()
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case t.aborted && !t.cancelled:
		return websocket.ErrCloseSent // reset
	case t.aborted:
		return x.endCancelled(t)
	case t.status != http.StatusOK:
		return x.endRefused(t)
	case t.closes == faults.CloseNone:
		return websocket.ErrCloseSent
	case t.closes != 0:
		return x.hangUp(t.closes, t.reason)
	case !t.over && !t.stays:
		return x.hangUp(websocket.CloseNormalClosure, "") // the answer was to break off
	}
	return x.keep(t)
}

// keep adds what the model has said to the conversation.
func (x *realtime) keep(t *realtimeTurn) error {
	if t.apart {
		return nil
	}
	for _, item := range t.form.items {
		id := doc(item).get("id").text()
		if r := x.add(len(x.items), id, doc(item)); r != nil {
			return x.refuse(r, t.event)
		}
	}
	return nil
}

// endCancelled tells that the caller has ended the response.
func (x *realtime) endCancelled(t *realtimeTurn) error {
	f := t.form
	if f == nil || !f.begun { // it was waiting for its turn
		f = newRealtimeForm(t)
		f.id = x.id
	}
	var out frames
	f.cut(&out)
	f.end(&out, "cancelled", `{"type":"cancelled","reason":"client_cancelled"}`)
	for event := range bytes.Lines(out.buf) {
		if err := x.write(bytes.TrimSuffix(event, []byte{'\n'})); err != nil {
			return err
		}
	}
	t.form = f
	return x.keep(t)
}

// endRefused tells of an error that stands for the answer: as an error where
// the event was wrong, else as a response that failed.
func (x *realtime) endRefused(t *realtimeTurn) error {
	e := doc(t.refused).get("error")
	r := &refusal{kind: e.get("type").text(), code: e.get("code").text(), message: e.get("message").text(), param: e.get("param").text()}
	if t.status == http.StatusBadRequest {
		return x.refuse(r, t.event)
	}
	f := newRealtimeForm(t)
	f.id = t.request()
	var out frames
	f.created(&out)
	if limits := t.rateLimits(); limits != nil {
		out.buf = append(append(out.buf, limits...), '\n')
	}
	f.end(&out, "failed", realtimeFailure(r))
	for event := range bytes.Lines(out.buf) {
		if err := x.write(bytes.TrimSuffix(event, []byte{'\n'})); err != nil {
			return err
		}
	}
	return nil
}

// realtimeFailure writes the status_details of a response that failed.
func realtimeFailure(r *refusal) string {
	b := append([]byte(`{"type":"failed","error":{"type":`), appendString(nil, r.kind)...)
	b = appendOrNull(append(b, `,"code":`...), r.code)
	b = appendString(append(b, `,"message":`...), r.message)
	return string(append(b, "}}"...))
}
