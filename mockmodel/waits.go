package mockmodel

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// waitKind is what something in the provider waits for.
type waitKind int

// All waits of the provider. A new one is a line here and in the table below,
// and a case of TestEveryWaitEnds.
const (
	waitBody     waitKind = iota // the rest of a call
	waitPage                     // the rest of a call that is no inference, or its caller to read
	waitOthers                   // others that a rule chose too
	waitStatus                   // an error that a fault makes late
	waitUpstream                 // a real provider
	waitRelay                    // a real provider's answer, made late by a fault
	waitSlot                     // a slot of the model
	waitWarm                     // a model that is being started
	waitTurn                     // the turn of a prompt to be read
	waitPrompt                   // the prompt to be read
	waitToken                    // a token, or the answer, to be generated
	waitBatch                    // the same, in a batch
	waitPacer                    // a pacer that sends the tokens
	waitReader                   // a caller who reads slowly
	waitGrace                    // what precedes a reset to be read
	waitPause                    // what is left of a frame to be sent by a fault
	waitHeaders                  // headers that a fault makes late
	waitPing                     // the next sign of life
	waitLeft                     // the caller to give up
	waitNobody                   // work whose caller is gone to be done
	waitEvent                    // something to happen in a session
	waitTaken                    // an event of the caller to be taken in
	waitSent                     // an event of a response to be sent
	waitBye                      // the caller to read the end of a session
	waitKinds                    // how many there are
)

// wait says of a kind what ends it and where it stands: no other function may
// block. TestNothingElseWaits holds the source against it.
type wait struct {
	name string
	ends string   // beside what is waited for
	in   []string // functions that block, by their names
}

const (
	byEither = "the caller hangs up, or the server closes"
	byServer = "the server closes"
)

// waitTable is the list of all waits.
var waitTable = [waitKinds]wait{
	waitBody:     {"body", byEither, []string{"attempt.readBody"}},
	waitPage:     {"page", byEither, []string{"Server.readPage", "Server.other"}},
	waitOthers:   {"others", byEither, []string{"waits.either"}},
	waitStatus:   {"status", byEither, []string{"waits.until"}},
	waitUpstream: {"upstream", byEither, []string{"attempt.ask", "attempt.readWhole", "attempt.readSome"}},
	waitRelay:    {"relay", byEither, []string{"waits.until"}},
	waitSlot:     {"slot", byEither, []string{"waits.on"}},
	waitWarm:     {"warm", byEither, []string{"waits.until"}},
	waitTurn:     {"turn", byEither, []string{"waits.on"}},
	waitPrompt:   {"prompt", byEither, []string{"waits.until"}},
	waitToken:    {"token", byEither, []string{"waits.until"}},
	waitBatch:    {"batch", byEither, []string{"waits.until"}},
	waitPacer:    {"pacer", byEither, []string{"waits.on", "attempt.playOn", "pacer.run", "pacer.send"}},
	waitReader:   {"reader", byEither, []string{"attempt.write", "attempt.send"}},
	waitGrace:    {"grace", byEither, []string{"waits.until"}},
	waitPause:    {"pause", byEither, []string{"waits.until"}},
	waitHeaders:  {"headers", byEither, []string{"waits.until"}},
	waitPing:     {"ping", byEither, []string{"waits.until"}},
	waitLeft:     {"left", byEither, []string{"waits.end"}},
	waitNobody:   {"nobody", byServer, []string{"waits.on", "waits.until"}},
	waitEvent:    {"event", byEither, []string{"realtime.serve", "realtime.read", "serveRealtime"}},
	waitTaken:    {"taken", byEither, []string{"realtime.hand"}},
	waitSent:     {"sent", byEither, []string{"realtimeTurn.send"}},
	waitBye:      {"bye", byEither, []string{"realtime.hangUp"}},
}

// waits counts who stands in which wait. Safe for concurrent use; nil counts
// nothing.
type waits [waitKinds]atomic.Int32

// enter notes that a wait begins, and returns what notes its end.
func (w *waits) enter(kind waitKind) *atomic.Int32 {
	if w == nil {
		return new(atomic.Int32)
	}
	w[kind].Add(1)
	return &w[kind]
}

// on waits for a channel to be closed, or to have something. false: ctx ended.
func (w *waits) on(ctx context.Context, kind waitKind, ready <-chan struct{}) bool {
	defer w.enter(kind).Add(-1)
	select {
	case <-ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// until waits for d, above 0, with the timer that it is given, or with a new
// one, and returns the timer, stopped. false: ctx ended.
func (w *waits) until(ctx context.Context, kind waitKind, t *time.Timer, d time.Duration) (*time.Timer, bool) {
	defer w.enter(kind).Add(-1)
	if t == nil {
		t = time.NewTimer(d)
	} else {
		t.Reset(d)
	}
	select {
	case <-t.C:
		return t, true
	case <-ctx.Done():
		t.Stop()
		return t, false
	}
}

// ended is what ended a wait.
type ended int

const (
	endedReady ended = iota
	endedTime
	endedLeft // the context
)

// either waits for d, above 0, or for a channel to be closed. The timer is as in
// until.
func (w *waits) either(ctx context.Context, kind waitKind, t *time.Timer, d time.Duration, ready <-chan struct{}) (*time.Timer, ended) {
	defer w.enter(kind).Add(-1)
	if t == nil {
		t = time.NewTimer(d)
	} else {
		t.Reset(d)
	}
	defer t.Stop()
	select {
	case <-ready:
		return t, endedReady
	case <-t.C:
		return t, endedTime
	case <-ctx.Done():
		return t, endedLeft
	}
}

// end waits until ctx ends.
func (w *waits) end(ctx context.Context, kind waitKind) {
	defer w.enter(kind).Add(-1)
	<-ctx.Done()
}

// ask passes a call on.
func (a *attempt) ask(u *upstream, req *http.Request) (*http.Response, error) {
	defer a.s.waits.enter(waitUpstream).Add(-1)
	return u.client.Do(req)
}

// readWhole reads an answer in one piece, up to one byte more than may be.
func (a *attempt) readWhole(resp *http.Response) ([]byte, error) {
	defer a.s.waits.enter(waitUpstream).Add(-1)
	return readAll(a.buf[:0], io.LimitReader(resp.Body, upstreamBodyMax+1), int(min(max(resp.ContentLength, 0), bufferKeep)))
}

// readSome reads what there is of an answer.
func (a *attempt) readSome(body io.Reader, p []byte) (int, error) {
	defer a.s.waits.enter(waitUpstream).Add(-1)
	return body.Read(p)
}
