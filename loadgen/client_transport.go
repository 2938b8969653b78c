package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// headerMax bounds the headers of a response, in bytes.
const headerMax = 1 << 20

// idleTimeout is how long an unused connection is kept. It is shorter than what
// Node.js and uvicorn keep theirs for, 5 s: a request on a connection that the
// service is just closing fails, is not sent again, and would be taken for an
// error of the service.
const idleTimeout = 4 * time.Second

// newTransport makes a transport for load: no proxy between the generator and
// the target, no compression (its cost would be taken for the target's), and
// connections kept. HTTP/2 only over TLS: beside it, many requests would share
// a connection and its fate.
func newTransport(opt ClientOptions, secure bool, closed context.Context) *http.Transport {
	dial := opt.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	idle := opt.MaxIdle
	if idle <= 0 {
		idle = idleDefault
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// net/http goes on dialing for a request that is gone: the next one
			// may want the connection. It must not do so when the client is.
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(closed, cancel)()
			return dial(ctx, network, addr)
		},
		Proxy:                  nil,
		DisableCompression:     true,
		ForceAttemptHTTP2:      secure,
		MaxIdleConns:           idle,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: headerMax,
	}
}

// stamps are the instants that only the transport sees. Its goroutines may
// write them after RoundTrip has returned.
type stamps struct {
	epoch  journal.Epoch
	conn   atomic.Int64 // 0: not yet
	wrote  atomic.Int64
	reused atomic.Bool
}

func (s *stamps) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			s.conn.Store(s.epoch.Now())
			s.reused.Store(info.Reused)
		},
		// Called when the request is written to the buffer of the connection;
		// what is left there is flushed within microseconds.
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				s.wrote.Store(s.epoch.Now())
			}
		},
	}
}

func (s *stamps) copyTo(rec *journal.Request) {
	if t := s.conn.Load(); t > 0 {
		rec.ConnNs, rec.ConnReused = t, s.reused.Load()
	}
	if t := s.wrote.Load(); t > 0 {
		rec.WroteNs = t
	}
}

// errLinger is the cause for which the client hangs up on a service that has
// said all and keeps the answer open.
var errLinger = errors.New("the connection stayed open after the end of the answer")

// errTooLong ends the reading of an answer that is longer than answerMax.
var errTooLong = errors.New("the answer is longer than 16 MiB; the rest was not read")

// closedIdle is how net/http calls the end of a kept connection that comes in
// place of an answer; it exports no error for it.
const closedIdle = "server closed idle connection"

// endBy says who ended a request that failed with err. What the network said
// goes before the context: a reset stays one, even where the deadline passes
// while it is looked at.
func endBy(ctx context.Context, err error) journal.EndBy {
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errLinger), errors.Is(err, wire.ErrFrameSize):
		return journal.EndClientHangup
	case errors.Is(err, syscall.ECONNREFUSED):
		return journal.EndRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return journal.EndReset
	case ctx.Err() != nil:
		return endByContext(context.Cause(ctx))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), closedIdle):
		return journal.EndEOF
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return journal.EndRefused // no route, no such host: nobody is there
	}
	return journal.EndServer // it broke the protocol
}

// endByContext says why the context of a request was done.
func endByContext(cause error) journal.EndBy {
	var by interface{ EndBy() journal.EndBy }
	switch {
	case errors.As(cause, &by):
		return by.EndBy()
	case errors.Is(cause, errLinger):
		return journal.EndClientHangup
	case errors.Is(cause, context.DeadlineExceeded):
		return journal.EndClientTimeout
	}
	return journal.EndStopped
}

// ownFault names the reason for which this machine could not open a
// connection, "" where that is not why the request failed.
func ownFault(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "no_file_descriptor"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no_local_port"
	case errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
		return "no_memory"
	}
	return ""
}

// plainError is err as a record has it: without the address of this end, which
// differs from run to run.
func plainError(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
