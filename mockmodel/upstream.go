package mockmodel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Upstream is a real provider that the calls of a dialect are passed on to: the
// provider then records and makes fail, and answers nothing itself. Limits,
// capacity and watermarks are the real provider's business.
type Upstream struct {
	Dialect string `yaml:",key"`
	URL     string `yaml:",value"`
}

// upstream is a provider that calls are passed on to.
type upstream struct {
	vendor *vendor
	base   *url.URL
	client *http.Client
	proxy  *httputil.ReverseProxy // for what is no inference
}

// Bounds of what is passed on.
const (
	upstreamBodyMax = 32 << 20         // bytes of an answer in one piece
	upstreamTimeout = 10 * time.Minute // as the SDKs' own
	upstreamPiece   = 32 << 10         // bytes read at a time
)

// newUpstreams returns the providers that calls are passed on to. Redirects are
// the caller's to follow, and what is compressed could not be recorded.
func newUpstreams(list []Upstream, transport http.RoundTripper) []upstream {
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DisableCompression = true
		t.MaxIdleConnsPerHost = 1000 // as many as a spike has open
		transport = t
	}
	client := &http.Client{Transport: transport, Timeout: upstreamTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var out []upstream
	for _, u := range list {
		base, err := url.Parse(u.URL)
		if err != nil { // Validate has refused it
			continue
		}
		x := upstream{vendor: vendorNamed(u.Dialect), base: base, client: client}
		x.proxy = &httputil.ReverseProxy{Transport: transport, ErrorLog: log.New(io.Discard, "", 0), Rewrite: x.rewrite}
		out = append(out, x)
	}
	return out
}

// upstream returns where calls of a dialect are passed on to, nil for nowhere.
func (s *Server) upstream(v *vendor) *upstream {
	for i := range s.upstreams {
		if s.upstreams[i].vendor == v {
			return &s.upstreams[i]
		}
	}
	return nil
}

// passes passes on a call that is no inference, such as the list of models: it
// is not recorded, and no fault hits it. false: there is nowhere to pass it.
func (s *Server) passes(w http.ResponseWriter, r *http.Request, f found) bool {
	v := f.only
	if f.page != nil {
		v = f.page.vendor
	}
	u := s.upstream(v)
	if v == nil && len(s.upstreams) == 1 {
		u = &s.upstreams[0]
	}
	if u == nil {
		return false
	}
	// Before anything is passed on: who reads the body while it is answered would
	// read what follows it on the connection.
	if status := s.readPage(w, r, u.vendor.bodyMax); status != 0 {
		refused := u.vendor.words(status, &call{})
		s.refuse(w, u.vendor, &refused)
		return true
	}
	ctx := context.WithValue(r.Context(), pathKey{}, f.path)
	// The proxy asks for the key before it breaks off what broke off there.
	u.proxy.ServeHTTP(w, r.WithContext(context.WithValue(ctx, http.ServerContextKey, s)))
	return true
}

type pathKey struct{}

// rewrite turns a call that is no inference into the one that is passed on.
func (u *upstream) rewrite(p *httputil.ProxyRequest) {
	path, _ := p.In.Context().Value(pathKey{}).(string)
	p.Out.URL = u.url(path, p.In.URL.RawQuery)
	p.Out.Host = ""
	p.Out.Header = passedOn(p.In.Header)
}

// url is where a path is at the provider. A base URL is written with /v1 or
// without, as SDKs want it.
func (u *upstream) url(path, query string) *url.URL {
	to := *u.base
	prefix := strings.TrimSuffix(to.Path, "/")
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 && strings.HasPrefix(path, prefix[i:]+"/") {
		prefix = prefix[:i]
	}
	to.Path, to.RawPath, to.RawQuery = prefix+path, "", query
	if plain, err := url.PathUnescape(path); err == nil && plain != path {
		to.Path, to.RawPath = prefix+plain, prefix+path
	}
	return &to
}

// hopByHop are headers of one connection: RFC 9110 7.6.1, RFC 2616 13.5.1.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// request is the call as it is passed on: what it asks for and the caller's
// key, without what belongs to the connection or to us.
func (u *upstream) request(ctx context.Context, r *http.Request, path string, body []byte) (*http.Request, error) {
	out, err := http.NewRequestWithContext(ctx, r.Method, u.url(path, r.URL.RawQuery).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = passedOn(r.Header)
	out.Header.Del("Accept-Encoding")
	out.Header.Del("Expect") // the body is here
	return out, nil
}

// passedOn copies headers without those of the connection and our own.
func passedOn(h http.Header) http.Header {
	out := http.Header{}
	drop := slices.Clone(hopByHop)
	for name := range strings.SplitSeq(strings.Join(h["Connection"], ","), ",") {
		drop = append(drop, http.CanonicalHeaderKey(strings.TrimSpace(name)))
	}
	for name, v := range h {
		if !slices.Contains(drop, name) && !strings.HasPrefix(name, "X-Chaos-") {
			out[name] = v
		}
	}
	return out
}

// forward passes the call on and its answer back.
func (a *attempt) forward(u *upstream) {
	if a.empties() && a.call.form != nil {
		a.rec.AdmittedNs = a.now()
		a.answer() // an empty answer needs nobody
		return
	}
	rec := &a.rec
	req, err := u.request(a.ctx, a.r, a.path, a.body)
	var resp *http.Response
	if err == nil {
		rec.AdmittedNs = a.now()
		resp, err = a.ask(u, req)
	}
	if err == nil && resp.StatusCode < http.StatusOK {
		err = fmt.Errorf("it answered %d to a call", resp.StatusCode)
		_ = resp.Body.Close() // a protocol that nobody asked for
	}
	if err != nil {
		a.unreachable(err)
		return
	}
	defer resp.Body.Close()
	h := a.w.Header()
	for name, v := range passedOn(resp.Header) {
		h[name] = v
	}
	if rec.Status = resp.StatusCode; rec.Status >= 400 {
		a.noteRefusal(resp.Header)
	}
	took := newTaking(a, resp)
	kind := eventsOf(resp.Header.Get("Content-Type"))
	if kind == eventsNone && a.call.stream && resp.StatusCode == http.StatusOK && resp.ContentLength < 0 {
		kind = eventsArray
	}
	if kind != eventsNone {
		a.relayEvents(resp, kind, took)
	} else {
		a.relayWhole(resp, took)
	}
	took.done(a)
}

// noteRefusal puts a provider's refusal on record, with its hint.
func (a *attempt) noteRefusal(h http.Header) {
	a.rec.Cause = journal.CauseUpstream
	wait, raw, ok := wire.ParseRetryAfter(h, a.s.opt.Epoch.Time(a.now()))
	if a.rec.HintRaw = journal.Clip(raw, textMax); ok {
		a.rec.RetryAfterNs = int64(wait)
	}
}

// broke breaks the call off as the provider did, or where its answer cannot be
// passed on.
func (a *attempt) broke(code string) {
	a.reset()
	a.rec.Cause, a.rec.Code = journal.CauseUpstream, code
}

// unreachable answers for a provider that does not.
func (a *attempt) unreachable(err error) {
	if a.ctx.Err() != nil {
		a.gone()
		return
	}
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err // without the address, which may hold a key
	}
	r := a.route.vendor.words(http.StatusBadGateway, &a.call)
	a.rec.Cause = journal.CauseUpstream
	r.code, r.message = "upstream_unreachable", "chaos could not reach the upstream provider: "+err.Error()
	a.refuse(&r)
}

// relayHead sends status and headers of the provider's answer.
func (a *attempt) relayHead(status int) {
	a.rec.HeaderNs, a.rec.Status = a.now(), status
	a.w.WriteHeader(status)
}

// relayDelay makes the first byte of the answer as late as a fault says.
// false: the caller is gone.
func (a *attempt) relayDelay() bool {
	d := a.effect.Delay
	if d == nil {
		return true
	}
	own := time.Duration(a.now() - a.rec.AdmittedNs)
	until := saturate(a.rec.AdmittedNs, d.FirstToken(own, a.station.inFlight()))
	if until > a.now() {
		a.show(faults.SlotDelay)
	}
	return a.wait(waitRelay, until)
}

// relayWhole passes an answer in one piece back.
func (a *attempt) relayWhole(resp *http.Response, took *taking) {
	var err error
	a.buf, err = a.readWhole(resp)
	if err != nil {
		if a.ctx.Err() != nil {
			a.gone()
			return
		}
		a.broke("upstream_cut")
		return
	}
	if len(a.buf) > upstreamBodyMax {
		a.broke("upstream_too_large") // rather than a part of it that looks whole
		return
	}
	took.event(a.now(), a.buf)
	if !a.relayDelay() {
		return
	}
	at := len(a.buf)
	if a.effect.Ending != nil && resp.StatusCode == http.StatusOK {
		at = a.cutWhole()
	}
	a.w.Header()["Content-Length"] = []string{strconv.Itoa(len(a.buf))}
	a.relayHead(resp.StatusCode)
	if !a.write(a.buf[:at]) {
		return
	}
	a.rec.FirstNs, a.rec.LastNs = a.rec.HeaderNs, a.rec.HeaderNs
	if at < len(a.buf) {
		a.endHere()
		return
	}
	a.rec.End = journal.AttemptComplete
}

// relayEvents passes a stream back, event by event. A token, where a fault
// counts them, is an event.
func (a *attempt) relayEvents(resp *http.Response, kind eventKind, took *taking) {
	if !a.relayDelay() {
		return
	}
	delete(a.w.Header(), "Content-Length") // a fault may end it before, or add an error
	a.relayHead(resp.StatusCode)
	s, _ := a.call.form.(streamer)
	if s == nil {
		s = mute{}
	}
	if a.cutNow(s, 0) || !a.flush() {
		return
	}
	a.buf = a.buf[:0]
	for {
		if cap(a.buf)-len(a.buf) < upstreamPiece {
			a.buf = slices.Grow(a.buf, upstreamPiece)
		}
		n, err := a.readSome(resp.Body, a.buf[len(a.buf):cap(a.buf)])
		a.buf = a.buf[:len(a.buf)+n]
		if !a.relayReady(s, kind, took, err != nil || len(a.buf) > upstreamBodyMax) {
			return
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			a.rec.End = journal.AttemptComplete
		case a.ctx.Err() != nil:
			a.gone()
		default:
			a.broke("upstream_cut")
		}
		return
	}
}

// relayReady passes on the events that are whole, and all that is there where
// no more comes. false: the stream is over.
func (a *attempt) relayReady(s streamer, kind eventKind, took *taking, rest bool) bool {
	from := 0
	for from < len(a.buf) {
		n := kind.end(a.buf[from:])
		if n == 0 {
			if !rest {
				break
			}
			n = len(a.buf) - from
		}
		event := a.buf[from : from+n]
		from += n
		took.event(a.now(), event)
		if !a.relayPace() {
			return false
		}
		a.out.buf = append(a.out.buf, event...)
		a.sent.before = a.sent.tokens
		a.sent.tokens++
		a.out.said = a.sent.tokens
		a.out.end()
		if a.cutFrames(s) || a.cutNow(s, 1) || !a.flush() {
			return false
		}
	}
	a.buf = append(a.buf[:0], a.buf[from:]...)
	return true
}

// relayPace keeps events apart as a fault says. false: the caller is gone.
func (a *attempt) relayPace() bool {
	p := a.effect.Pace
	if p == nil || a.rec.LastNs == journal.Never {
		return true
	}
	own := time.Duration(max(0, a.now()-a.rec.LastNs))
	until := saturate(a.rec.LastNs, p.Gap(own, a.station.inFlight()))
	if until > a.now() {
		a.show(faults.SlotPace)
	}
	return a.wait(waitRelay, until)
}

// mute is the streamer of what is no stream of ours: it has no error to write.
type mute struct{}

func (mute) open(*frames, *answer)                 {}
func (mute) begin(*frames, *answer, *part)         {}
func (mute) delta(*frames, *answer, *part, []byte) {}
func (mute) close(*frames, *answer, *part)         {}
func (mute) finish(*frames, *answer)               {}
func (mute) fail(*frames, *answer, *refusal)       {}

// validateUpstreams refuses providers that calls could not be passed on to.
func (c Config) validateUpstreams(out *problems) {
	for _, u := range c.Upstream {
		path := "upstream." + u.Dialect
		if v := vendorNamed(u.Dialect); v == nil || v == &plainHTTP {
			out.add(path, "%q is not spoken here: see `chaos list dialects`", u.Dialect)
		}
		if p, err := url.Parse(u.URL); err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" || p.RawQuery != "" || p.User != nil {
			out.add(path, "is no address of a provider: write one such as https://api.openai.com; keys come with the calls")
		}
	}
}
