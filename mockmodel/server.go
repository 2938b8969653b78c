// Package mockmodel is the provider behind the service under test: it speaks
// the dialects of OpenAI, Anthropic, Gemini, Ollama and rerankers, takes as long
// as a model takes, refuses what a provider refuses, carries out the effects that faults
// decide, and writes one Attempt per call.
//
// The way of a call, in the order of the files:
//
//	server.go    connections, paths, bounds
//	attempt.go   one call: read, understood, identified, decided, answered
//	caller.go    reads, writes and waits, and the caller who hangs up in them; waits.go is the list of all waits
//	endpoint.go  listeners with models and a fate of their own
//	route.go     which route of an endpoint a path means
//	page.go      what is no call to a model
//	dialect.go   what a dialect is, and the list of them: openai*.go, azure*.go, anthropic*.go, gemini*.go, ollama*.go, bedrock*.go, rerank*.go, search.go, qdrant*.go
//	call.go      what is understood of a request
//	step.go      what makes two calls attempts of one step
//	memory.go    ordinals of steps, honest limits
//	quota.go     whose limits a call is under
//	twin.go      rate limits, counted with bucket.go as limit_*.go say for each family; hint.go tells when to come back
//	station.go, work.go, batch.go, prefix.go  slots, queue and batch of a model
//	part.go, compose.go, generate.go, script.go  what is said
//	answer.go, stream.go            when and how it is sent; pacer.go and play.go, by whom
//	vector.go    how near two texts are; vector_answer.go vectors of the plan
//	openai_realtime*.go  a conversation over a socket, whose responses are attempts
//	schema*.go   values that a JSON Schema allows
//	effect.go    connection, status and ending of a fault; mutate_chunks.go, mutate_writes.go, loose_end.go pieces, writes and end of a stream; mutate_json.go, json_edit.go, json_fields.go the JSON of an answer; mutate_form.go, mutate_filter.go its form, and filters of content; held.go connections that it keeps, refuses or closes; keepalive.go signs of life; barrier.go calls that wait for each other
//	past.go      answers that were given, for a fault to give them again
//	record.go    what the journal is told
//	upstream.go  calls that are passed on to a real provider     taking.go, usage.go  its answers, recorded     recording.go  and given again
//
// The order at the provider is connection fault, validation, fault status,
// limits, capacity, and then delay, pace, mutation and ending of the answer.
//
// The API key of a call is accepted, whatever it is, and neither kept nor
// logged: principal.go folds it beyond recognition. HTTP/1.1 only, which is what an http:// base URL means to the SDKs.
package mockmodel

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/http1"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Server is the provider. Safe for concurrent use.
type Server struct {
	cfg       Config
	opt       Options
	answers   []literal
	endpoints []*endpoint     // the main one first
	https     []*http1.Server // one an endpoint
	order     order
	ctx       context.Context // ends when the server closes
	cancel    context.CancelFunc
	handlers  sync.WaitGroup
	pacers    []pacer // one a processor
	waits     waits
	held      held
	barriers  barriers
	past      past
	faults    atomic.Pointer[faults.Schedule]
	memory    *memory
	store     *store
	schemas   schemas
	upstreams []upstream
	salt      salt
	pool      sync.Pool // of *attempt; the server's own, as timers belong to a clock
	conns     atomic.Uint64
	attempts  atomic.Uint64
	others    atomic.Uint64 // answers that are no attempts
	failed    atomic.Pointer[error]

	mu       sync.Mutex
	closed   bool
	unserved []string // paths that nothing answers
	open     map[uint64]struct{}
	late     *hdrhistogram.Histogram // microseconds
}

// Bounds against a hostile or broken caller.
const (
	headerTimeout = 10 * time.Second // of the request line and headers
	bodyTimeout   = 60 * time.Second // of the whole body: 32 MB at 5 Mbit/s
	writeTimeout  = 5 * time.Minute  // of 64 KB of an answer: a caller may stand in a debugger
	headerMax     = 256 << 10
	stationsMax   = 1000 // models that are not listed; further ones share one station
	namesMax      = 64   // unknown models and paths that are reported
	textMax       = 128  // bytes of a caller's words in a record
)

// New returns a provider that listens nowhere yet. The configuration must have
// passed Validate; what it leaves out has its default.
func New(c Config, o Options) *Server {
	if o.Codec == nil {
		o.Codec = &wire.Codec{Run: "standing", Models: c.ModelNames()}
	}
	if o.Epoch.Started().IsZero() {
		o.Epoch = journal.NewEpoch()
	}
	s := &Server{
		cfg: c.WithDefaults(), opt: o,
		memory: newMemory(o.Horizon), store: &store{seed: o.Seed},
		salt: newSalt(), open: map[uint64]struct{}{},
		late: hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.pacers = make([]pacer, runtime.GOMAXPROCS(0))
	for i := range s.pacers {
		s.pacers[i].now = s.opt.Epoch.Now
	}
	for _, a := range s.cfg.Answers {
		l := a.literal()
		if a.File != "" {
			l.file = newRecordings(o.Recorded[a.File])
		}
		s.answers = append(s.answers, l)
	}
	s.barriers.set(o.Faults)
	s.past.set(o.Faults)
	s.faults.Store(o.Faults)
	s.endpoints = s.cfg.endpoints()
	s.upstreams = newUpstreams(s.cfg.Upstream, o.Transport)
	for _, e := range s.endpoints {
		e.unlisted = o.Unlisted
		s.https = append(s.https, s.newHTTP(e))
	}
	return s
}

// newHTTP makes the HTTP server of an endpoint.
func (s *Server) newHTTP(e *endpoint) *http1.Server {
	return &http1.Server{
		Handler: http.HandlerFunc(s.serve),
		Conn: func(ctx context.Context, raw net.Conn) context.Context {
			e.refuse(raw, s.opt.Epoch.Now())
			return context.WithValue(ctx, connKey{}, &conn{id: s.conns.Add(1), at: e, raw: raw, peer: raw.RemoteAddr().String()})
		},
		HeadTimeout: headerTimeout, BodyTimeout: bodyTimeout, WriteTimeout: writeTimeout, HeadMax: headerMax,
		// Longer than any client keeps an idle connection, so that it is never
		// the provider who closes one that a call is just being sent on.
		IdleTimeout: 15 * time.Minute,
	}
}

// Serve answers calls to the main endpoint on l until Close, and returns
// http.ErrServerClosed then. It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error { return s.https[0].Serve(l) }

// Close ends all calls, closes listeners and connections, and returns when the
// record of every call is in the sink.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	var err error
	for _, h := range s.https {
		if e := h.Close(); err == nil {
			err = e
		}
	}
	s.handlers.Wait()
	s.held.close()
	for _, u := range s.upstreams {
		u.client.CloseIdleConnections()
	}
	return err
}

// enter counts a handler that Close waits for; false once it is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.handlers.Add(1)
	}
	return !s.closed
}

// Calls returns how many calls came to inference endpoints.
func (s *Server) Calls() int { return int(s.attempts.Load()) }

// InFlight returns the ids of the calls that are open, in order.
func (s *Server) InFlight() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]uint64, 0, len(s.open))
	for id := range s.open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Lateness returns the median, the 99th percentile and the worst of the delay
// between when a write was to happen and when it did: the provider's own fault.
func (s *Server) Lateness() (p50, p99, worst time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := func(q float64) time.Duration { return time.Duration(s.late.ValueAtQuantile(q)) * time.Microsecond }
	return at(50), at(99), time.Duration(s.late.Max()) * time.Microsecond
}

// UnknownPaths returns the calls that no endpoint answers, as "POST /v1/x", in
// order of arrival; at most 64.
func (s *Server) UnknownPaths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unserved)
}

// Err returns the first failure of the provider itself, nil if there was none.
func (s *Server) Err() error {
	if e := s.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// conn is what is known of a connection.
type conn struct {
	id   uint64
	at   *endpoint
	raw  net.Conn
	seq  atomic.Int64
	peer string

	folded folded
	sdk    string // what its last call said of its SDK
}

// sdkOf returns what a call says of its SDK, to be kept: what is cut out of the
// head of a request would hold all of it.
func (c *conn) sdkOf(r *http.Request) string {
	sdk := journal.Clip(r.UserAgent(), textMax)
	if c == nil || c.sdk != sdk {
		sdk = strings.Clone(sdk)
	} else {
		sdk = c.sdk
	}
	if c != nil {
		c.sdk = sdk
	}
	return sdk
}

type connKey struct{}

// endpointOf returns the endpoint that a call came to. The connection of a call
// to a scope belongs to another server, whose endpoints have the same names.
func (s *Server) endpointOf(r *http.Request) *endpoint {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		for _, e := range s.endpoints {
			if e == c.at || e.name == c.at.name {
				return e
			}
		}
	}
	return s.endpoints[0]
}

// reset ends the connection with a TCP RST. What was written before is lost if
// the peer has not read it yet, as with a real one.
func (c *conn) reset() {
	if l, ok := c.raw.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // fails only on a connection that is dead already
	}
	_ = c.raw.Close()
}

// serve finds the endpoint of a call.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			err := fmt.Errorf("mockmodel: %s %s: %v", r.Method, r.URL.Path, p)
			s.failed.CompareAndSwap(nil, &err)
			panic(http.ErrAbortHandler) // the connection is in no known state
		} else if p != nil {
			panic(p)
		}
	}()
	if s.serveScope(w, r) {
		return
	}
	f := find(r, s.endpointOf(r))
	switch {
	case f.route != nil:
		s.attempt(w, r, f)
	case f.socket != nil:
		if refused := f.socket.serve(s, w, r, f.endpoint); refused != nil {
			s.refuse(w, f.socket.vendor, refused)
		}
	case s.passes(w, r, f):
	case f.page != nil:
		s.page(w, r, f)
	case f.other != nil:
		s.refuseMethod(w, r, f.other, f.method)
	default:
		s.noteUnserved(r)
		v := &openAI
		if f.only != nil {
			v = f.only
		}
		s.refuse(w, v, v.noPath(r.Method, journal.Clip(r.URL.Path, 4*textMax)))
	}
}

// noPath is the dialect's error for a path that nothing answers.
func (v *vendor) noPath(method, path string) *refusal {
	r := v.words(http.StatusNotFound, &call{})
	r.code = ""
	r.message = fmt.Sprintf("Invalid URL (%s %s)", method, path)
	return &r
}

func (s *Server) refuseMethod(w http.ResponseWriter, r *http.Request, v *vendor, allowed string) {
	refused := v.words(http.StatusMethodNotAllowed, &call{})
	if v.name == "openai" {
		refused.code = "method_not_supported"
	}
	refused.message = fmt.Sprintf("Not allowed to %s on %s. (HINT: Perhaps you meant to use a different HTTP method?)", r.Method, journal.Clip(r.URL.Path, 4*textMax))
	w.Header().Set("Allow", allowed)
	s.refuse(w, v, &refused)
}

// refuse answers what is no attempt at an inference endpoint with an error.
func (s *Server) refuse(w http.ResponseWriter, v *vendor, r *refusal) {
	id := s.otherID()
	if v.errorHead != nil {
		v.errorHead(w.Header(), r)
	}
	s.other(w, v, id, r.status, v.body(nil, r, id))
}

// other answers what is no attempt at an inference endpoint.
func (s *Server) other(w http.ResponseWriter, v *vendor, id string, status int, body []byte) {
	h := w.Header()
	v.headers(h, id, 0)
	h["Content-Type"] = pageType(body)
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	defer s.waits.enter(waitPage).Add(-1)
	_, _ = w.Write(body) // a caller that is gone misses nothing
}

// otherID draws the id of the next answer that is no attempt.
func (s *Server) otherID() string {
	return requestID(s.opt.Seed, &journal.Attempt{Ordinal: int(s.others.Add(1))})
}

var (
	jsonType   = []string{"application/json"}
	streamType = []string{"text/event-stream; charset=utf-8"}
	noCache    = []string{"no-cache"}
)

// noteUnserved adds a call to the bounded list of those that nothing answers.
func (s *Server) noteUnserved(r *http.Request) {
	name := r.Method + " " + journal.Clip(r.URL.Path, textMax)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unserved) < namesMax && !slices.Contains(s.unserved, name) {
		s.unserved = append(s.unserved, name)
	}
}

// lateBy records a write that happened ns after it was to.
func (s *Server) lateBy(ns int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The histogram holds an hour; what is later is as late as that.
	_ = s.late.RecordValue(min(ns/int64(time.Microsecond), int64(time.Hour/time.Microsecond)))
}
