package loadgen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// ClientOptions is what a Client needs to know.
type ClientOptions struct {
	URL       string // where to send, http or https
	Request   RequestConfig
	Response  ResponseConfig
	Correlate Correlate
	Codec     *wire.Codec
	Epoch     journal.Epoch
	// Timeout is how long a user waits, from due. It counts where the context
	// of a request has no deadline of its own.
	Timeout time.Duration
	// Prompt makes the text of a request.
	Prompt func(Arrival) string
	// Mask hides secret values in what the journal keeps of an answer, as a
	// service may repeat what it was sent; nil: there are none.
	Mask func(string) string
	// DialContext connects; nil: TCP.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// MaxIdle is how many unused connections are kept; 0: idleDefault.
	MaxIdle int
}

// idleDefault is the default of load.max_in_flight twice over: no connection is
// closed for want of room while its requests come and go.
const idleDefault = 4096

// Client sends requests over HTTP and writes down what comes back. It
// implements Doer and is safe for concurrent use. It follows no redirect and
// sends nothing twice.
type Client struct {
	opt       ClientOptions
	url       *url.URL
	templates *templates
	reader    *reader
	headers   bool
	marker    atomic.Bool
	transport *http.Transport
	closed    context.Context // ends dials that nobody waits for
	close     context.CancelFunc
}

// NewClient makes a client, or says what is wrong with its options in terms of
// the plan: target.url, target.request, target.response, correlate.
func NewClient(opt ClientOptions) (*Client, []Problem) {
	u, problems := parseURL(opt.URL)
	opt.Request, opt.Response, opt.Correlate = opt.Request.WithDefaults(), opt.Response.WithDefaults(), opt.Correlate.WithDefaults()
	for _, part := range []struct {
		path     string
		problems []Problem
	}{
		{"target.request", opt.Request.Validate()},
		{"target.response", opt.Response.Validate()},
		{"correlate", opt.Correlate.Validate()},
	} {
		for _, p := range part.problems {
			path := part.path
			if p.Path != "" {
				path += "." + p.Path
			}
			problems = append(problems, Problem{path, p.Msg})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	t, problems := newTemplates(opt.Request, opt.Response.Format)
	if len(problems) > 0 {
		return nil, problems
	}
	c := &Client{opt: opt, url: u, templates: t, reader: newReader(opt.Response, opt.Codec, opt.Mask), headers: *opt.Correlate.Headers}
	c.closed, c.close = context.WithCancel(context.Background())
	c.transport = newTransport(opt, u.Scheme == "https", c.closed)
	c.SetMarker(opt.Correlate.Marker == "on")
	return c, nil
}

func parseURL(text string) (*url.URL, []Problem) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		// The error of url.Parse quotes the URL, which may hold a password.
		return nil, []Problem{{"target.url", "is no URL: write one such as http://127.0.0.1:8080/v1/chat/completions"}}
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, []Problem{{"target.url", fmt.Sprintf("%q is no http or https URL: write one such as http://127.0.0.1:8080/v1/chat/completions", u.Redacted())}}
	case u.User != nil:
		return nil, []Problem{{"target.url", "holds a user or a password, which would end in the journal: send them as a header under target.request.headers"}}
	}
	return u, nil
}

// SetMarker turns the marker at the end of the prompt on or off, for the
// requests to come.
func (c *Client) SetMarker(on bool) { c.marker.Store(on) }

// Close ends the connections. No request may be open.
func (c *Client) Close() {
	c.close()
	c.transport.CloseIdleConnections()
}

// Do sends one request and fills rec from SentNs on, up to the outcome. It
// returns when the answer is over, or ctx is. A request that could not be sent
// for want of time, files or ports on this machine is Dropped, with SentNs
// Never: it says nothing about the target.
func (c *Client) Do(ctx context.Context, a Arrival, rec *journal.Request) {
	f := facts{key: a.Key, tenant: a.Tenant, model: c.comparable(a.Model), awaited: bodyEnd}
	ctx, cancel := c.bound(ctx, rec)
	defer cancel(nil)
	st := stamps{epoch: c.opt.Epoch}
	var answered *answer
	req, err := c.request(httptrace.WithClientTrace(ctx, st.trace()), a, rec)
	if err != nil {
		rec.Dropped, rec.Err = dropTemplate, clip(err.Error(), journal.ErrMax)
	} else {
		answered = c.exchange(req, cancel, rec, &f)
		st.copyTo(rec)
	}
	f.dropped, f.endBy, f.err = rec.Dropped, rec.EndBy, rec.Err
	j := judge(f)
	rec.Outcome, rec.DegradedKind, rec.Disclosed, rec.OutcomeReason = j.outcome, j.kind, j.disclosed, clip(j.reason, journal.ErrMax)
	if answered == nil {
		return
	}
	if rec.Outcome != journal.OutcomeFull {
		rec.Excerpt = answered.excerpt()
	}
	answers.Put(answered)
}

// comparable returns the model if the provider calls it by that name too, else
// "": a name that only the service knows cannot be held against a watermark.
func (c *Client) comparable(model string) string {
	if slices.Contains(c.opt.Codec.Models, model) {
		return model
	}
	return ""
}

// bound makes the context of one request: with a deadline, and so that the
// client can hang up.
func (c *Client) bound(ctx context.Context, rec *journal.Request) (context.Context, context.CancelCauseFunc) {
	inner, hangup := context.WithCancelCause(ctx)
	if _, bounded := ctx.Deadline(); bounded || c.opt.Timeout <= 0 {
		return inner, hangup
	}
	inner, cancel := context.WithDeadline(inner, c.opt.Epoch.Time(rec.DueNs).Add(c.opt.Timeout))
	return inner, func(cause error) { hangup(cause); cancel() }
}

// request makes the HTTP request of an arrival.
func (c *Client) request(ctx context.Context, a Arrival, rec *journal.Request) (*http.Request, error) {
	id := wire.ID{Run: c.opt.Codec.Run, Phase: a.Key.Phase, Index: a.Key.Index, Tenant: a.Tenant, OutputTokens: a.OutputTokens}
	prompt := c.opt.Prompt(a)
	rec.PromptHash = wire.Fold64([]byte(prompt))
	if c.marker.Load() {
		prompt += " " + wire.Marker(id)
		rec.CarriersSent |= journal.CarrierMarker
	}
	d := askData{
		Prompt: prompt, Tenant: a.Tenant, Model: a.Model, Stream: a.Stream, MaxTokens: a.OutputTokens,
		Request: id.String(), Mix: a.Mix, Index: a.Key.Index,
	}
	header, err := c.templates.header(&d)
	if err != nil {
		return nil, err
	}
	body, err := c.templates.fill(&d)
	if err != nil {
		return nil, err
	}
	if c.headers {
		c.opt.Codec.SetHeaders(header, id)
		rec.CarriersSent |= journal.CarrierHeader | journal.CarrierGateway | journal.CarrierTraceparent
	}
	host := header.Get("Host")
	header.Del("Host") // net/http takes it from the field alone
	req := &http.Request{
		Method: c.templates.method, URL: c.url, Host: host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	setBody(req, body)
	return req.WithContext(ctx), nil
}

// setBody gives the request its body. net/http sends a request again on a
// fresh connection where the old one closed before a byte was written: that is
// sent once, and needs GetBody. It also sends those again that it takes for
// idempotent, after they were written; a body that it cannot rewind stops it.
func setBody(req *http.Request, body []byte) {
	idempotent := req.Header["Idempotency-Key"] != nil || req.Header["X-Idempotency-Key"] != nil
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		idempotent = true
	}
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	if !idempotent {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
}

// exchange sends the request and reads the answer: nil where none came.
func (c *Client) exchange(req *http.Request, hangup context.CancelCauseFunc, rec *journal.Request, f *facts) *answer {
	if req.Context().Err() != nil {
		rec.Dropped = DropStopped
		if endByContext(context.Cause(req.Context())) == journal.EndClientTimeout {
			rec.Dropped = DropLate
		}
		return nil
	}
	rec.SentNs = c.opt.Epoch.Now()
	resp, err := c.transport.RoundTrip(req)
	now := c.opt.Epoch.Now()
	if err != nil {
		rec.EndNs, rec.EndBy = now, endBy(req.Context(), err)
		rec.Err = clip(plainError(err), journal.ErrMax)
		if reason := ownFault(err); reason != "" {
			rec.Dropped, rec.SentNs, rec.EndNs, rec.EndBy = reason, journal.Never, journal.Never, ""
		}
		return nil
	}
	rec.HeaderNs, rec.Status, rec.Headers = now, resp.StatusCode, c.reader.keep(resp.Header)
	if wait, _, ok := wire.ParseRetryAfter(resp.Header, time.Now()); ok {
		rec.RetryAfterNs = int64(wait)
	}
	a := answers.Get().(*answer)
	a.reset(c.reader, rec)
	a.epoch, a.hangup, a.nowNs = c.opt.Epoch, hangup, now
	err = a.read(resp)
	rec.EndNs, rec.EndBy = c.opt.Epoch.Now(), journal.EndServer
	if err != nil {
		rec.EndBy, rec.Err = endBy(req.Context(), err), clip(plainError(err), journal.ErrMax)
	}
	_ = resp.Body.Close() // after the end, or to give up the rest
	a.report(resp, err, f)
	return a
}
