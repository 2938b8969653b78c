package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// inWords reports whether a status is told in the words of the dialect, and not
// by a proxy that knows none.
func inWords(e *faults.Status) bool {
	return e.Kind != faults.StatusPage && e.Kind != faults.StatusNothing
}

// inSocket reports whether the answer goes into a socket, which has no statuses
// and no media types: see realtimeTurn.
func (a *attempt) inSocket() bool {
	_, ok := a.w.(*realtimeTurn)
	return ok
}

var (
	htmlType      = []string{"text/html; charset=utf-8"}
	proxyServer   = []string{"proxy"}
	networkServer = []string{"cloudflare"}
)

// What a record calls an answer that is none of the provider's.
const (
	codePage    = "html_page"
	codeNothing = "empty_body"
)

// statusUnknown is the status with which Cloudflare answers where it does not
// understand the origin: its documentation, error 520.
const statusUnknown = 520

// proxied answers as a proxy does that stands before the provider. false: the
// caller is gone.
func (a *attempt) proxied(e *faults.Status) bool {
	h := a.w.Header()
	rec := &a.rec
	a.buf = a.buf[:0]
	if rec.Code = codeNothing; e.Kind == faults.StatusPage {
		rec.Code = codePage
		a.buf = appendPage(a.buf, e.Code)
		h["Content-Type"] = htmlType
	} else {
		h["Content-Type"] = a.media(a.call.stream)
	}
	if h["Server"] = proxyServer; e.Code == statusUnknown {
		h["Server"] = networkServer
		// As in Cloudflare's page of its HTTP headers: 230b030023ae2822-SJC.
		h["Cf-Ray"] = []string{uuidOf("ray", a.request)[:8] + uuidOf("ray", a.request)[28:] + "-FRA"}
	}
	// Not writeHead: these headers are not the provider's.
	h["Content-Length"] = []string{strconv.Itoa(len(a.buf))}
	rec.HeaderNs, rec.Status = a.now(), e.Code
	a.w.WriteHeader(e.Code)
	if !a.write(a.buf) {
		return false
	}
	rec.LastNs = rec.HeaderNs
	rec.End = journal.AttemptComplete
	return true
}

// appendPage writes a page as proxies do: for people, and in no words that mean
// anything to a program.
func appendPage(dst []byte, status int) []byte {
	title, text := http.StatusText(status), "The server behind this one did not give an answer that can be passed on."
	switch status {
	case http.StatusOK:
		title, text = "Just a moment", "This page checks that you are human before it lets you go on. Please enable JavaScript and cookies."
	case statusUnknown:
		title, text = "Unknown answer of the origin", "The server behind this network gave an answer that it does not understand."
	}
	if status != http.StatusOK {
		title = fmt.Sprintf("%d %s", status, title)
	}
	return fmt.Appendf(dst, "<!DOCTYPE html>\n<html>\n<head><title>%[1]s</title></head>\n<body>\n<h1>%[1]s</h1>\n<p>%[2]s</p>\n</body>\n</html>\n", title, text)
}
