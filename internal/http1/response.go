package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// response is the answer to a request. It is of no use when the handler has
// returned.
type response struct {
	// What a TryWrite needs while it is held, side by side: of thousands of streams
	// none is in a cache when its turn comes.
	held    held
	written int64 // of the body
	failed  error
	out     []byte // to be sent; before framed, the body alone
	chunked bool   // it is in chunks

	framed  bool  // the head is in out, and how the body is framed is decided
	keep    bool  // the connection may be used again
	bare    bool  // the answer has no body
	closes  bool  // the connection, without a word
	status  int   // 0: not yet said
	length  int64 // that the handler said; -1: none
	conn    *conn
	request *http.Request
	body    *body // of the request
	header  http.Header
}

// Header returns the headers, to be set before WriteHeader.
func (w *response) Header() http.Header { return w.header }

// WriteHeader fixes status and headers. Only the first final one counts; an
// informational one is not sent.
func (w *response) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	if w.status != 0 || w.conn.hijacked.Load() {
		return
	}
	if status < 200 || status > 999 {
		panic("http1: status " + strconv.Itoa(status) + " is no final one")
	}
	w.status = status
	w.bare = w.request.Method == http.MethodHead || !w.hasBody()
	if v := w.header["Content-Length"]; len(v) > 0 {
		if n, err := strconv.ParseUint(v[0], 10, 63); err == nil {
			w.length = int64(n)
		} else {
			delete(w.header, "Content-Length")
		}
	}
	if !w.hasBody() { // RFC 9110 8.6: no length either; with the type, as net/http has it
		w.length = -1
		delete(w.header, "Content-Length")
		if status == http.StatusNotModified {
			delete(w.header, "Content-Type")
		}
	}
	if w.length >= 0 || !w.hasBody() {
		w.frame()
	}
}

// hasBody reports whether an answer of the status may have one.
func (w *response) hasBody() bool {
	return w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// Write adds to the body, and sends it where it has become long.
func (w *response) Write(p []byte) (int, error) {
	n, err := w.add(p)
	if err == nil && len(w.out) >= flushAt {
		err = w.FlushError()
	}
	return n, err
}

// add adds to the body.
func (w *response) add(p []byte) (int, error) {
	if w.conn.hijacked.Load() {
		return 0, http.ErrHijacked
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.failed != nil:
		return 0, w.failed
	case len(p) == 0: // allowed where no body is
		return 0, nil
	case !w.hasBody():
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	switch {
	case w.bare:
	case w.chunked:
		w.chunk(p)
	default:
		w.out = append(w.out, p...)
	}
	return len(p), nil
}

// chunk frames p, which may be w's own bytes but may not be empty.
func (w *response) chunk(p []byte) {
	if len(p) == 0 {
		return
	}
	w.out = appendChunk(w.out, p)
}

// appendChunk appends p as RFC 9112 7.1 frames it.
func appendChunk(dst, p []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(p)), 16)
	dst = append(dst, '\r', '\n')
	dst = append(dst, p...)
	return append(dst, '\r', '\n')
}

// Flush sends what was written so far.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what was written so far.
func (w *response) FlushError() error {
	if err := w.ready(); err != nil {
		return err
	}
	if all, err := w.TryFlush(); all || err != nil {
		return err
	}
	w.failed = w.conn.write(w.out)
	w.out = w.out[:0]
	return w.failed
}

// write sends all of p, each 64 KB of it within WriteTimeout.
func (c *conn) write(p []byte) error {
	limit := c.server.WriteTimeout
	if limit <= 0 {
		_, err := c.nc.Write(p)
		return err
	}
	defer c.nc.SetWriteDeadline(time.Time{})
	for len(p) > 0 {
		_ = c.nc.SetWriteDeadline(time.Now().Add(limit))
		n, err := c.nc.Write(p[:min(len(p), flushAt)])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// ready makes out what is to be sent.
func (w *response) ready() error {
	if w.conn.hijacked.Load() {
		return http.ErrHijacked
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.framed { // nobody knows how long it will be
		w.chunked = w.request.ProtoMinor == 1 && !w.bare
		w.keep = w.keep && (w.chunked || w.bare)
		w.frame()
	}
	return w.failed
}

// finish sends the rest. true: the connection can be used again.
func (w *response) finish() bool {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.framed {
		if !w.bare || w.written > 0 { // of HEAD: how long the body would be, where there would be one
			w.length = w.written
		}
		w.frame()
	}
	if w.chunked {
		w.out = append(w.out, "0\r\n\r\n"...)
	}
	whole := w.bare || w.length < 0 || w.written == w.length
	return w.FlushError() == nil && w.keep && whole && !w.closes
}

// frame puts the head before what is in out.
func (w *response) frame() {
	w.framed = true
	if !w.body.discard() || hasToken(first(w.header["Connection"]), "close") {
		w.keep = false
	}
	pending := len(w.out)
	w.out = w.appendHead(w.out)
	if pending == 0 {
		return
	}
	said := slices.Clone(w.out[:pending])
	w.out = append(w.out[:0], w.out[pending:]...)
	if w.chunked {
		w.chunk(said)
	} else {
		w.out = append(w.out, said...)
	}
}

// appendHead appends the status line and the headers as net/http orders them:
// the handler's by name, then the server's own.
func (w *response) appendHead(dst []byte) []byte {
	if w.request.ProtoMinor == 1 {
		dst = append(dst, "HTTP/1.1 "...)
	} else {
		dst = append(dst, "HTTP/1.0 "...)
	}
	dst = strconv.AppendInt(dst, int64(w.status), 10)
	dst = append(dst, ' ')
	if text := http.StatusText(w.status); text != "" {
		dst = append(dst, text...)
	} else {
		dst = append(dst, "status code "...)
		dst = strconv.AppendInt(dst, int64(w.status), 10)
	}
	dst = append(dst, '\r', '\n')

	closes := hasToken(first(w.header["Connection"]), "close")
	keys := w.conn.keys[:0]
	for name := range w.header {
		if isToken(name) && name != "Transfer-Encoding" && !(name == "Content-Length" && w.length < 0) {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	w.conn.keys = keys
	for _, name := range keys {
		for _, v := range w.header[name] {
			dst = appendField(dst, name, v)
		}
	}
	if _, said := w.header["Date"]; !said {
		dst = w.conn.appendDate(dst)
	}
	if _, said := w.header["Content-Length"]; !said && w.length >= 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, w.length, 10)
		dst = append(dst, '\r', '\n')
	}
	if !w.keep && !closes && w.request.ProtoMinor == 1 {
		dst = append(dst, "Connection: close\r\n"...)
	}
	if w.chunked {
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(dst, '\r', '\n')
}

// appendDate appends the header Date, which changes once a second.
func (c *conn) appendDate(dst []byte) []byte {
	if now := time.Now(); c.dateAt != now.Unix() || c.date == nil {
		c.dateAt = now.Unix()
		c.date = append(now.UTC().AppendFormat(append(c.date[:0], "Date: "...), http.TimeFormat), '\r', '\n')
	}
	return append(dst, c.date...)
}

// appendField appends a header. A value cannot begin another one.
func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ':', ' ')
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	dst = append(dst, strings.Trim(value, " \t")...)
	return append(dst, '\r', '\n')
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// CloseAfter has the connection closed behind the answer, which does not say so.
func (w *response) CloseAfter() { w.closes = true }

// Abandon hands over a connection whose caller has hung up, or of which nothing
// is wanted any more: what was sent stands, nothing more is, and it stays open
// until who has it now closes it. The answer is given up: the handler panics
// with http.ErrAbortHandler. Server.Close leaves the connection open.
func (w *response) Abandon() net.Conn {
	w.conn.hijacked.Store(true)
	return w.conn.nc
}

// Hijack hands the connection over, with what was read of it and not yet taken.
// The context of the request ends when the handler returns or the server closes,
// no longer when the caller hangs up; Server.Close leaves the connection open.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.conn
	if c.hijacked.Load() {
		return nil, nil, http.ErrHijacked
	}
	if !c.unwatch() {
		return nil, nil, io.ErrUnexpectedEOF
	}
	c.hijacked.Store(true)
	_ = c.nc.SetDeadline(time.Time{})
	left := c.buf[c.taken:]
	in := bufio.NewReaderSize(io.MultiReader(strings.NewReader(string(left)), c.nc), max(readMin, len(left)))
	if len(left) > 0 {
		if _, err := in.Peek(len(left)); err != nil {
			return nil, nil, err
		}
	}
	return c.nc, bufio.NewReadWriter(in, bufio.NewWriter(c.nc)), nil
}
