package refapp

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// HeaderRequestID is in every response, those of errors too. A caller's own id
// is given back.
const HeaderRequestID = "X-Request-Id"

// unavailable is the clear message.
const unavailable = "The assistant is temporarily unavailable. Nothing was lost: please ask again in a minute."

// Handler serves POST /v1/chat/completions, GET /healthz and, with an admin
// token, POST /admin/kill {"on": true}. Whoever runs it sets the timeouts of
// reading headers; the rest are the app's.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", a.serveChat)
	mux.HandleFunc("GET /healthz", a.serveHealth)
	if a.cfg.AdminToken != "" {
		mux.HandleFunc("POST /admin/kill", a.serveKill)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "no such path: "+clip(r.Method+" "+r.URL.Path, 200), "invalid_request_error", "not_found")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := clip(r.Header.Get(HeaderRequestID), idMax)
		if id == "" {
			id = fmt.Sprintf("req_%016x", draw.Bits(a.cfg.Seed, "request id", fmt.Sprint(a.serial.Add(1))))
		}
		w.Header().Set(HeaderRequestID, id)
		mux.ServeHTTP(w, r)
	})
}

func (a *App) serveHealth(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]any{"status": "ok", "mode": a.cfg.Mode, "killed": a.killed.Load(), "in_flight": a.inFlight.Load()})
}

// serveKill turns the kill switch: while it is on, every question is answered
// with the message, and the provider is not called.
func (a *App) serveKill(w http.ResponseWriter, r *http.Request) {
	given := []byte(r.Header.Get("Authorization"))
	if subtle.ConstantTimeCompare(given, []byte("Bearer "+a.cfg.AdminToken)) != 1 {
		fail(w, http.StatusUnauthorized, "the kill switch needs the admin token", "invalid_request_error", "invalid_api_key")
		return
	}
	var order struct {
		On *bool `json:"on"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&order); err != nil || order.On == nil {
		fail(w, http.StatusBadRequest, `the body must be {"on": true} or {"on": false}`, "invalid_request_error", "invalid_body")
		return
	}
	a.killed.Store(*order.On)
	respond(w, http.StatusOK, map[string]any{"killed": *order.On})
}

// serveChat admits a request and answers it.
func (a *App) serveChat(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	rq := &request{id: w.Header().Get(HeaderRequestID)}
	var ok bool
	if rq.tenant, ok = tenantOf(r.Header.Get("Authorization")); !ok {
		fail(w, http.StatusUnauthorized, "the API key is missing or wrong; it looks like key-<tenant>", "invalid_request_error", "invalid_api_key")
		return
	}
	if !a.join() {
		fail(w, http.StatusServiceUnavailable, "shutting down", "server_error", "shutting_down")
		return
	}
	defer a.open.Done()
	defer a.inFlight.Add(-1)
	if n := a.inFlight.Add(1); a.policy.InFlight > 0 && n > int64(a.policy.InFlight) {
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable, "too many requests in flight", "server_error", "overloaded")
		return
	}

	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(arrived.Add(bodyTimeout)) // not every writer can
	rq.carry(r.Header)
	if err := rq.parse(http.MaxBytesReader(w, r.Body, bodyMax), a.cfg.Primary); err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		fail(w, status, clip(err.Error(), 200), "invalid_request_error", "invalid_body")
		return
	}
	_ = rc.SetReadDeadline(time.Time{})

	if a.policy.Deadline > 0 {
		rq.deadline = arrived.Add(a.policy.Deadline)
	}
	ctx, cancel := a.lifeOf(r)
	defer cancel()
	a.answer(ctx, rq, &reply{w: w, rq: rq, hold: a.policy.HoldBytes, check: a.policy.CheckAnswers, asked: rq.model})
}

// lifeOf is how long the work for a request goes on: until its caller leaves,
// if the policy minds, and not after Close.
func (a *App) lifeOf(r *http.Request) (context.Context, context.CancelFunc) {
	if !a.policy.Cancel {
		return context.WithCancel(a.life)
	}
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(a.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// answer is the pipeline: cache, retrieval, primary model, smaller model, old
// answer, message.
func (a *App) answer(ctx context.Context, rq *request, out *reply) {
	if a.killed.Load() {
		out.degrade(Message, "switched off by an operator")
		out.say("none", unavailable, "stop", nil)
		return
	}
	if old, ok := a.cache.get(rq.key, a.policy.CacheFresh, time.Now()); ok && a.policy.CacheFresh > 0 {
		out.degrade(Cached, "asked before")
		out.say(old.model, old.text, old.finish, nil)
		return
	}
	docs, f := a.retrieve(ctx, rq)
	if f != nil && a.policy.Degrade && !f.gone {
		out.degrade(RetrievalSkipped, f.what)
		f = nil
	}
	if f == nil {
		f = a.chat(ctx, rq, out, rq.model, docs, a.policy.Attempts)
	}
	if f != nil && !out.started && a.policy.FallbackAttempts > 0 && rq.model != a.cfg.Fallback && !f.gone && !f.callers {
		out.asked = a.cfg.Fallback
		out.degrade(SmallerModel, f.what)
		f = a.chat(ctx, rq, out, a.cfg.Fallback, docs, a.policy.FallbackAttempts)
	}
	switch {
	case f == nil:
		a.remember(rq, out)
		out.finish()
	case f.gone:
		if a.life.Err() != nil && !out.started {
			fail(out.w, http.StatusServiceUnavailable, "shutting down", "server_error", "shutting_down")
		}
	case out.started:
		out.cut(f)
	case f.callers && f.body != nil && a.policy.Degrade:
		hand(out.w, f)
	case a.policy.Degrade:
		a.lastResort(rq, out, f)
	default:
		fail(out.w, http.StatusInternalServerError, "the provider failed: "+f.what, "server_error", "upstream_failed")
	}
}

// chat asks one model. The primary leaves the reserve to the smaller one.
func (a *App) chat(ctx context.Context, rq *request, out *reply, model string, docs []document, attempts int) *failure {
	s := step{
		name: "chat", model: model, path: "/chat/completions", body: rq.chatBody(model, docs),
		attempts: attempts, timeout: a.policy.AttemptTimeout, until: rq.deadline, floor: a.policy.Floor,
		read: func(resp *http.Response, progress func()) *failure {
			if rq.stream {
				return a.readStream(resp, progress, out)
			}
			return a.readJSON(resp, out)
		},
	}
	switch {
	case rq.deadline.IsZero():
	case model == a.cfg.Fallback:
		s.floor /= 4
	default:
		s.until = rq.deadline.Add(-a.policy.Reserve)
	}
	return a.do(ctx, rq, s)
}

// remember keeps a whole answer of the model that was asked for. What failed
// checks never gets here, so that one bad answer is not given twice.
func (a *App) remember(rq *request, out *reply) {
	ans := out.ans
	if out.kind == "" && ans.plain && ans.spoken && a.policy.CacheFresh > 0 && sameModel(rq.model, ans.model) {
		a.cache.put(rq.key, said{ans.model, ans.content.String(), cmp.Or(ans.finish, "stop")}, time.Now())
	}
}

// lastResort answers without any model: with an old answer, else the message.
func (a *App) lastResort(rq *request, out *reply, f *failure) {
	if old, ok := a.cache.get(rq.key, 0, time.Now()); ok {
		out.degrade(Cached, f.what)
		out.say(old.model, old.text, old.finish, nil)
		return
	}
	out.degrade(Message, f.what)
	out.say("none", unavailable, "stop", nil)
}

// hand gives the caller the provider's own words about a fault of the caller's.
func hand(w http.ResponseWriter, f *failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_, _ = w.Write(f.body) // nobody is left to tell
}

func fail(w http.ResponseWriter, status int, message, kind, code string) {
	respond(w, status, errorBody(message, kind, code))
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(mustJSON(body)) // nobody is left to tell
}
