// Package refapp is the built-in target: a small AI service over HTTP, in a
// resilient and in a deliberately naive version. Both are the same code with
// another [Policy].
//
//	user ──POST /v1/chat/completions──▶ cache ─▶ embed ─▶ search ─▶ rerank ─▶ chat ──▶ answer
//	                                              └── provider, an OpenAI base URL ──┘
//
// An answer is one of: whole; degraded and disclosed with the header
// x-degraded; 503 with Retry-After at once, when too many requests are in
// flight; an error of the caller's (400, 401, 413). How it degrades, the first
// that works:
//
//	retrieval_skipped  the documents could not be found in time: answer without
//	smaller_model      the primary model failed, its retries are used up, its
//	                   breaker is open, or the provider's hint does not fit the
//	                   deadline: ask the fallback model
//	cached             that failed too: an old answer to the same question, to
//	                   the same tenant
//	message            nothing left, or the kill switch is on: a clear message
//
// A question asked again soon is answered from the cache in health too, and is
// disclosed as cached as well: an old answer is never passed off as a new one.
//
// Streams are relayed when they are whole: HTTP headers come before the body,
// so an answer whose first bytes are out can be neither retried nor disclosed
// as degraded. That costs the time to the first token and buys whole answers.
// Beyond Policy.HoldBytes a stream is relayed as it comes; if it then breaks it
// ends in an error frame, without [DONE].
//
// The provider's paths below the base URL: /embeddings, /chat/completions
// (OpenAI), /rerank (Cohere's {model, query, documents, top_n} to
// {results: [{index}]}) and /search ({query_vector, top_k} to
// {documents: [{id, text}]}).
package refapp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Mode is a version of the app.
type Mode struct {
	Name    string
	Summary string
	// Policy returns what the version does with a deadline per request;
	// 0 is its default.
	Policy func(deadline time.Duration) Policy
}

// Modes lists the versions.
func Modes() []Mode {
	return []Mode{
		{"resilient", "backs off with jitter and a retry budget, keeps a deadline, sheds load, and degrades in four disclosed ways", resilient},
		{"naive", "retries five times at once on everything; no budget, no deadline, no breaker, no fallback", naive},
	}
}

// Lookup finds a version by its name.
func Lookup(name string) (Mode, bool) {
	for _, m := range Modes() {
		if m.Name == name {
			return m, true
		}
	}
	return Mode{}, false
}

// Config is what an app needs to know. Only Provider must be set.
type Config struct {
	Mode     string // of Modes; default resilient
	Provider string // OpenAI base URL, ending in /v1
	APIKey   string // for the provider; default a dummy
	// Primary answers where a request names no model, default gpt-4o.
	// Fallback is the smaller model, default gpt-4o-mini.
	Primary, Fallback string
	// Deadline of a request, a bit under its caller's timeout. 0 is the
	// mode's default.
	Deadline time.Duration
	// PoolSize is the number of workers, that is of provider calls at a time.
	// Calls beyond wait in order of arrival. Default 1024.
	PoolSize int
	// AdminToken opens POST /admin/kill; without one the switch does not
	// exist.
	AdminToken string
	// Seed of the jitter.
	Seed uint64
	// Policy, if set, replaces that of the mode.
	Policy *Policy

	// Transport, if set, carries the provider calls; it stays the caller's.
	// Else DialContext, if set, makes the connections of the app's own.
	Transport   http.RoundTripper
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// App is one running version. Its methods may be called from many goroutines.
type App struct {
	cfg     Config
	policy  Policy
	base    string
	http    *http.Client
	own     *http.Transport // nil if the transport is the caller's
	workers chan struct{}
	cache   *cache

	killed   atomic.Bool
	inFlight atomic.Int64
	serial   atomic.Uint64

	mu     sync.Mutex
	models map[string]*model

	life    context.Context // ends with Close
	end     context.CancelFunc
	closing sync.RWMutex // held for reading while a request joins open
	open    sync.WaitGroup
}

// A model has a fate of its own: what one does says nothing about another.
type model struct {
	breaker *breaker
	budget  *budget
}

// modelsMax bounds how many models have a breaker of their own, as callers may
// invent names; those beyond share one.
const modelsMax = 256

// New checks cfg and makes an app. Close it after use.
func New(cfg Config) (*App, error) {
	if cfg.Mode == "" {
		cfg.Mode = "resilient"
	}
	mode, ok := Lookup(cfg.Mode)
	if !ok {
		return nil, fmt.Errorf("refapp: no version %q", cfg.Mode)
	}
	base, err := url.Parse(cfg.Provider)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("refapp: provider %q is not a base URL such as http://127.0.0.1:4010/v1", cfg.Provider)
	}
	if cfg.PoolSize < 0 || cfg.Deadline < 0 {
		return nil, errors.New("refapp: pool size and deadline must not be negative")
	}
	cfg.APIKey = cmp.Or(cfg.APIKey, "sk-dummy")
	cfg.Primary = cmp.Or(cfg.Primary, "gpt-4o")
	cfg.Fallback = cmp.Or(cfg.Fallback, "gpt-4o-mini")
	if cfg.PoolSize == 0 {
		cfg.PoolSize = 1024
	}
	a := &App{
		cfg:     cfg,
		policy:  mode.Policy(cfg.Deadline),
		base:    strings.TrimSuffix(cfg.Provider, "/"),
		workers: make(chan struct{}, cfg.PoolSize),
		cache:   newCache(),
		models:  map[string]*model{},
	}
	if cfg.Policy != nil {
		a.policy = *cfg.Policy
	}
	a.life, a.end = context.WithCancel(context.Background())
	a.http = &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if cfg.Transport == nil {
		a.own = transport(cfg)
		a.http.Transport = a.own
	}
	return a, nil
}

// transport keeps a connection per worker, so that no call pays for a new one
// after a burst. No proxy: the provider is a stand-in on this machine or one
// that was named on purpose.
func transport(cfg Config) *http.Transport {
	dial := cfg.DialContext
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return &http.Transport{
		DialContext:         dial,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConns:        cfg.PoolSize,
		MaxIdleConnsPerHost: cfg.PoolSize,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// Close ends all requests in flight, the abandoned ones of the naive version
// too, and waits for them. Further requests are refused.
func (a *App) Close() {
	a.closing.Lock()
	a.end()
	a.closing.Unlock()
	a.open.Wait()
	if a.own != nil {
		a.own.CloseIdleConnections()
	}
}

// join counts a request in, unless the app is closed.
func (a *App) join() bool {
	a.closing.RLock()
	defer a.closing.RUnlock()
	if a.life.Err() != nil {
		return false
	}
	a.open.Add(1)
	return true
}

// model returns the state of a model, made on first use.
func (a *App) model(name string) *model {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m, ok := a.models[name]; ok {
		return m
	}
	if len(a.models) >= modelsMax {
		name = ""
		if m, ok := a.models[name]; ok {
			return m
		}
	}
	now := time.Now()
	m := &model{breaker: newBreaker(a.policy, now), budget: newBudget(a.policy, now)}
	a.models[name] = m
	return m
}
