package mockmodel

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/internal/http1"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// All that passes between an attempt and its caller is here: what is read and
// written, and every wait, each of which ends when the caller hangs up.

// readBody reads the body. false: the call is over.
func (a *attempt) readBody() bool {
	most := a.route.vendor.bodyMax
	if a.r.ContentLength > most {
		a.unread(http.StatusRequestEntityTooLarge)
		return false
	}
	var err error
	reading := a.s.waits.enter(waitBody)
	a.body, err = readAll(a.body, io.LimitReader(a.r.Body, most+1), int(min(max(a.r.ContentLength, 0), bufferKeep)))
	reading.Add(-1)
	a.rec.BodyBytes = len(a.body)
	switch {
	case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
		a.unread(http.StatusRequestTimeout)
		return false
	case errors.Is(err, http1.ErrMalformedBody):
		a.unread(http.StatusBadRequest)
		return false
	case err != nil:
		a.nameByHeaders()
		a.gone()
		return false
	case int64(len(a.body)) > most:
		a.unread(http.StatusRequestEntityTooLarge)
		return false
	}
	a.rec.BodyNs = a.bodyCame()
	a.rec.BodyHash = wire.Fold64(a.body)
	return true
}

// arrival is a ResponseWriter that knows when the request came, also where it was
// read later: that of internal/http1.
type arrival interface {
	HeadCame() time.Time
	BodyCame() time.Time
}

// headCame returns when the head of the call came.
func (a *attempt) headCame() int64 {
	now := a.now()
	came := now
	if w, ok := a.w.(arrival); ok {
		if t := w.HeadCame(); !t.IsZero() {
			came = a.s.opt.Epoch.At(t)
		}
	}
	return a.s.order.came(came, now)
}

// bodyCame returns when the body had come.
func (a *attempt) bodyCame() int64 {
	if w, ok := a.w.(arrival); ok {
		if t := w.BodyCame(); !t.IsZero() {
			return max(a.rec.ArrivedNs, min(a.s.opt.Epoch.At(t), a.now()))
		}
	}
	return a.now()
}

// unread refuses a call whose body was not read to its end, and with it the
// connection: nobody waits for the rest.
func (a *attempt) unread(status int) {
	a.nameByHeaders()
	a.rec.Cause, a.barred = journal.CauseValidation, true
	a.w.Header().Set("Connection", "close")
	r := a.route.vendor.words(status, &a.call)
	a.refuse(&r)
}

// nameByHeaders finds out whose call it is where the body did not come: its
// step is one of its own, as nothing is known of what it asks for.
func (a *attempt) nameByHeaders() {
	a.rec.StepHash = rawHash(a.route.kind, nil)
	a.identify()
}

// readAll reads r into buf, with room for want bytes from the start.
func readAll(buf []byte, r io.Reader, want int) ([]byte, error) {
	if cap(buf) <= want {
		buf = make([]byte, 0, want+512)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// writeHead sends status and headers; length -1 is a stream.
func (a *attempt) writeHead(status, length int) {
	h := a.w.Header()
	if length >= 0 && status != http.StatusNoContent { // RFC 9110 8.6
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	rec := &a.rec
	rec.HeaderNs = a.now()
	rec.Status = status
	a.route.vendor.headers(h, a.request, time.Duration(rec.HeaderNs-rec.ArrivedNs))
	a.w.WriteHeader(status)
}

// write sends b at once. false: the caller is gone. The kernel takes the first
// bytes after a hang-up without a word, so the context is asked first: what
// nobody can have read was not answered.
func (a *attempt) write(b []byte) bool {
	a.writesNs = a.now()
	err := a.ctx.Err()
	switch try := a.saying.try; {
	case err != nil:
	case try != nil: // a pacer does not wait
		var all bool
		all, err = try.TryWrite(b, a.roomFor(len(b)))
		a.saying.full = !all
	default:
		reading := a.s.waits.enter(waitReader)
		if _, err = a.w.Write(b); err == nil {
			err = a.send()
		}
		reading.Add(-1)
	}
	return a.wrote(err)
}

// flusher is a ResponseWriter that says whether it could send: that of
// internal/http1.
type flusher interface{ FlushError() error }

// send sends what was written.
func (a *attempt) send() error {
	defer a.s.waits.enter(waitReader).Add(-1)
	if a.flusher != nil {
		return a.flusher.FlushError()
	}
	return http.NewResponseController(a.w).Flush()
}

// wrote notes that a write has returned. false: the caller is gone.
func (a *attempt) wrote(err error) bool {
	a.wroteNs = a.now()
	if err != nil {
		a.gone()
		return false
	}
	return true
}

// wait waits until the instant on the run's clock. false: the caller is gone.
// Every wait of an attempt for time is this one; kind says for what.
func (a *attempt) wait(kind waitKind, untilNs int64) bool {
	d := time.Duration(untilNs - a.now())
	if d <= 0 {
		if a.ctx.Err() != nil {
			a.gone()
			return false
		}
		return true
	}
	var on bool
	if a.timer, on = a.s.waits.until(a.ctx, kind, a.timer, d); !on {
		a.gone()
	}
	return on
}

// waitGone waits until the caller leaves or the server closes.
func (a *attempt) waitGone() {
	a.s.waits.end(a.ctx, waitLeft)
	a.gone()
	if a.rec.End == journal.AttemptPeerClosed {
		a.rec.End = journal.AttemptStall
	}
}

// gone notes that the call ended because the caller left, or the server closed.
func (a *attempt) gone() {
	if a.s.ctx.Err() != nil {
		a.rec.End = journal.AttemptRunEnd
		return
	}
	a.rec.PeerClosedNs = max(a.s.order.left(a.now()), a.rec.ArrivedNs, a.writesNs)
	a.rec.End = journal.AttemptPeerClosed
}
