package mockmodel

import (
	"context"
	"net/http"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// attempt is one call on its way through the provider. It belongs to one
// goroutine, the handler's.
type attempt struct {
	// What a pacer needs for every token lies side by side, up to the first field of
	// ans, and in two places of rec: of thousands of streams none of it is in a cache
	// when its turn comes. TestLinesOfAToken counts them.
	s      *Server
	*desk                  // that it is written at: ownDesk, or that of its pacer
	ctx    context.Context // ends when the caller hangs up, or the server closes
	saying saying          // of a stream
	// wroteNs is when the last write returned: what a caller that reads slowly
	// delays is not the provider's lateness.
	wroteNs int64
	// writesNs is when the last write began.
	writesNs int64
	sent     progress
	shown    faults.Slots // the slots of effect that were carried out
	effect   faults.Effect
	ans      answer
	rec      journal.Attempt
	onePart  [1]part // of ans, where it has no more: a page of memory less to be found

	w       http.ResponseWriter
	flusher flusher
	r       *http.Request
	conn    *conn
	at      *endpoint
	route   *route
	only    *vendor // the dialect that the path or the endpoint names; nil: none

	body []byte
	call call
	// outputAsked is how many tokens the request id asks for; 0: it does not say.
	outputAsked int
	key         stepKey
	holds       []hold // honest limits on the step at the model
	request     string // the id in headers and bodies, 24 characters
	station     *station
	limits      *limiter // that have let it in, and want to know what it used
	work        work     // what it has of the station

	rules *faults.Schedule // that decided
	hits  []faults.Hit
	// gatheredNs is when the last barrier let it go; 0: it waited at none.
	gatheredNs int64
	enteredNs  int64 // when it was in at the model, by the mock's own work
	closes     bool  // the connection after the answer, without a word
	barred     bool  // validation, a limit or capacity hid the slots behind them

	made      made       // what was generated from a schema
	path      string     // as it is passed on
	replaying *Recording // the recorded answer that is given; nil: none
	passed    bool       // a real provider answered it, and has to be paid
	ownDesk   desk
	timer     *time.Timer
	back      chan struct{} // from its pacer
	chunks    chunks        // of a stream whose frames a fault changes
}

// Buffers above this are not kept for the next call.
const bufferKeep = 256 << 10

// attempt carries out one call and writes it down.
func (s *Server) attempt(w http.ResponseWriter, r *http.Request, f found) {
	a := s.begin(w, r, f)
	defer s.end(a)
	a.run()
	a.closeAfter()
	switch a.rec.End {
	case journal.AttemptComplete, journal.AttemptEOF, journal.AttemptInStreamError:
	default:
		// Returning would end the answer in an orderly way, which a caller
		// that has closed only its own direction would take for a whole one.
		panic(http.ErrAbortHandler)
	}
}

// begin stamps the arrival of a call and opens its record.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, f found) *attempt {
	a, _ := s.pool.Get().(*attempt)
	if a == nil {
		a = &attempt{}
	}
	keep := *a
	*a = attempt{
		s: s, w: w, r: r, ctx: r.Context(), at: f.endpoint, route: f.route, only: f.only,
		body: keep.body[:0], timer: keep.timer, back: keep.back,
		ownDesk: desk{out: frames{buf: keep.ownDesk.out.buf[:0], ends: keep.ownDesk.out.ends[:0]}, buf: keep.ownDesk.buf[:0]},
		ans:     answer{content: keep.ans.content[:0], parts: keep.ans.parts[:0]},
		path:    f.path,
		call:    call{http: r, at: f.at, messages: keep.call.messages[:0], tools: keep.call.tools[:0]},
	}
	a.desk = &a.ownDesk
	if cap(a.ans.parts) == 0 {
		a.ans.parts = a.onePart[:0]
	}
	a.flusher, _ = w.(flusher)
	a.rec = journal.NewAttempt()
	rec := &a.rec
	rec.ArrivedNs = a.headCame()
	rec.ID = s.attempts.Add(1)
	rec.Endpoint, rec.Dialect, rec.Kind = f.endpoint.name, f.route.vendor.name, f.route.kind
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		a.conn = c
		rec.Conn, rec.ConnSeq, rec.Source = c.id, int(c.seq.Add(1)), c.peer
	}
	rec.Principal = s.salt.principal(r, a.conn)
	rec.SDK = a.conn.sdkOf(r)
	rec.SDKRetry = countIn(r.Header, "X-Stainless-Retry-Count", rec.SDKRetry)
	rec.SDKTimeoutNs = sdkTimeout(r.Header)
	rec.ProxyAttempt = countIn(r.Header, "X-Envoy-Attempt-Count", rec.ProxyAttempt)
	if tp := r.Header.Get("Traceparent"); len(tp) >= 35 {
		rec.TraceHash = wire.Fold64([]byte(tp[3:35]))
	}
	s.mu.Lock()
	s.open[rec.ID] = struct{}{}
	s.mu.Unlock()
	return a
}

func (a *attempt) now() int64 { return a.s.opt.Epoch.Now() }

// run takes the call through the provider, in the order of DESIGN section 5.
func (a *attempt) run() {
	if !a.readBody() {
		return
	}
	invalid := a.understand()
	a.identify()
	a.decide()
	if a.connectionFault() {
		return
	}
	if u := a.s.upstream(a.route.vendor); u != nil {
		a.station = a.at.station(a.call.model)
		if !a.statusFault() {
			a.forward(u)
		}
		return
	}
	a.station = a.at.station(a.call.model)
	if invalid == nil && a.s.cfg.UnknownModels == modelsRefuse && !a.at.lists(a.call.model) {
		r := a.route.vendor.words(http.StatusNotFound, &a.call)
		invalid = &r
	}
	if _, x := a.literal(); x != nil && !a.empties() {
		invalid = nil // the real provider has had its say
	} else if invalid == nil {
		invalid = a.generate()
	}
	if invalid != nil {
		a.rec.Cause, a.barred = journal.CauseValidation, true
		a.at.limiter(a.route.vendor, a.call.model, a.rec.Principal).fail(a.now())
		a.refuse(invalid)
		return
	}
	if a.statusFault() || !a.passLimits() || !a.takeSlot() {
		return
	}
	a.answer()
}

// understand reads the body in its dialect, and names its step.
func (a *attempt) understand() *refusal {
	c := &a.call
	c.kind = a.route.kind
	body := doc(a.body)
	switch isJSON := valid(a.body); {
	case a.route.vendor.anyBody:
		// What is asked for stands in the path too.
		where := a.r.Method + " " + a.r.URL.RequestURI()
		if a.rec.StepHash = rawHash(c.kind+" "+where, a.body); isJSON {
			a.rec.StepHash = stepHash(c.kind+" "+where, body[space(body, 0):])
		}
	case !isJSON:
		a.rec.StepHash = rawHash(c.kind, a.body)
		return a.route.vendor.unreadable(a.body)
	default:
		body = body[space(body, 0):]
		a.rec.StepHash = stepHash(c.kind, body)
		a.sort(body)
	}
	r := a.route.read(body, c)
	rec := &a.rec
	rec.ModelAsked = a.at.nameOf(c.model)
	rec.ModelServed = rec.ModelAsked
	rec.QuotaKey = a.at.quotaKey(a.route.vendor, c.model, rec.Principal)
	rec.Stream, rec.MaxTokens, rec.Messages, rec.TokensIn = c.stream, c.maxTokens, len(c.messages), c.tokensIn
	if v := a.route.vendor; v.version != "" && a.r.Header.Get(v.version) == "" {
		return v.noVersion()
	}
	return r
}

// decide asks the faults what happens to the call.
func (a *attempt) decide() {
	schedule := a.s.faults.Load()
	if schedule == nil {
		return
	}
	rec := &a.rec
	c := faults.Call{
		Phase: rec.Key.Phase, Index: rec.Key.Index, HasKey: rec.Carrier != 0, Tenant: rec.Tenant,
		Model: a.call.model, Dialect: rec.Dialect, Kind: rec.Kind, Endpoint: rec.Endpoint, Stream: rec.Stream, Socket: a.inSocket(), Header: a.r.Header,
		StepHash: rec.StepHash, Ordinal: rec.Ordinal, ArrivedNs: rec.ArrivedNs,
	}
	for _, h := range a.holds {
		c.Held = append(c.Held, h.rule)
	}
	d := schedule.Decide(c)
	a.rules, a.effect, a.hits = schedule, d.Effect, d.Hits
	a.takeClose()
}

// show notes that a slot of the effect was carried out.
func (a *attempt) show(s faults.Slots) { a.shown |= s }

// use is what the call asks of the limits. What it asks for beyond all limits is
// bounded, so that sums of it are what they look like.
func (a *attempt) use() use {
	const most = 1 << 30
	return use{model: a.call.model, in: min(a.call.tokensIn, most), outMax: min(a.call.maxTokens, most) * max(1, a.call.choices)}
}

// passLimits takes the call's share of the model's limits. false: refused.
func (a *attempt) passLimits() bool {
	v := a.route.vendor
	l := a.station.limiter(v, a.rec.Principal)
	if l == nil {
		return true
	}
	now := a.now()
	q, refused := l.admit(a.use(), now)
	rec := &a.rec
	if of := tighter(q[requestsMinute], q[requestsDay]); of.limit > 0 {
		rec.LimitRemaining = of.remaining
	}
	v.quota(a.w.Header(), q, a.s.opt.Epoch.Time(now))
	if refused == nil {
		a.limits = l
		return true
	}
	rec.Cause, a.barred = journal.CauseLimit, true
	var t hint
	if refused.waitNs >= 0 {
		rec.EarliestNs = saturate(now, time.Duration(refused.waitNs))
		if !v.twin.silent {
			t = a.waitHint(time.Duration(refused.waitNs), v.hintMS)
		}
	}
	r := v.limited(&a.call, q, *refused, t.wait)
	a.tell(&r, t)
	a.refuse(&r)
	return false
}

// takeSlot waits for a slot of the model. false: the call is over.
func (a *attempt) takeSlot() bool {
	from := a.now()
	w := &a.work
	w.waits = &a.s.waits
	w.st, w.stage, w.in, w.out = a.station, stageQueue, a.call.tokensIn, a.outputPlanned()
	w.first, w.gap = a.own()
	w.places, w.stretch = max(1, a.call.choices), 1
	var how admission
	if how, w.waiter = a.station.enter(from); how == queueFull {
		w.stage = stageDone
		a.rec.Cause, a.barred = journal.CauseCapacity, true
		r := a.shed()
		a.refuse(&r)
		return false
	}
	if w.inside = how == admitted; !w.inside && !w.awaitSlot(a.ctx, waitSlot) {
		a.rec.QueueNs = a.now() - from
		a.gone()
		return false
	}
	// Without a queue it is let in when it is there: what a busy machine has kept
	// it since is not the provider's.
	a.enteredNs = a.now()
	a.rec.AdmittedNs, a.rec.QueueNs = max(a.rec.BodyNs, a.gatheredNs), 0
	if how != admitted {
		a.rec.AdmittedNs, a.rec.QueueNs = a.enteredNs, a.enteredNs-from
	}
	if cold := a.route.vendor.notReady; cold != nil && a.station.warmNs(a.rec.AdmittedNs) > a.rec.AdmittedNs {
		w.stage = stageDone
		w.leave(a.now())
		a.rec.Cause, a.barred = journal.CauseCapacity, true
		a.rec.AdmittedNs = journal.Never
		r := cold()
		a.refuse(&r)
		return false
	}
	w.stage = stageRead
	return true
}

// shed is the refusal of a call that finds the queue full.
func (a *attempt) shed() refusal {
	v := a.route.vendor
	status, ok := shedStatus[a.station.WhenFull]
	if !ok {
		status = v.overload
	}
	if status == http.StatusTooManyRequests {
		q := quotasTold(a.station.limiter(v, a.rec.Principal).look(a.now()), 0)
		return v.limited(&a.call, q, refused{asked: 1}, 0)
	}
	return v.words(status, &a.call)
}

// outputPlanned is how many tokens the answer will have if nothing is scripted.
func (a *attempt) outputPlanned() int {
	n := a.station.OutputTokens
	if a.outputAsked > 0 {
		n = min(a.outputAsked, outputTokensMax)
	}
	if most := a.call.maxTokens; most > 0 {
		n = min(n, most)
	}
	if a.route.kind != "chat" {
		n = 0
	}
	return n
}

// refuse answers with an error. false: the caller is gone.
func (a *attempt) refuse(r *refusal) bool {
	h := a.w.Header()
	rec := &a.rec
	rec.Code = r.name()
	a.buf = a.buf[:0]
	if r.status != http.StatusOK {
		a.buf = a.route.vendor.body(a.buf, r, a.request)
		if v := a.route.vendor; v.envelope != nil {
			a.buf = v.envelope(&a.call, a.buf)
		}
		if v := a.route.vendor; v.errorHead != nil {
			v.errorHead(h, r)
		}
	}
	h["Content-Type"] = jsonType
	a.writeHead(r.status, len(a.buf))
	if !a.write(a.buf) {
		return false
	}
	rec.LastNs = rec.HeaderNs
	rec.End = journal.AttemptComplete
	return true
}
