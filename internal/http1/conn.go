package http1

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// conn is one connection. It belongs to the goroutine of serve; Close and the
// watcher touch only what says so.
type conn struct {
	response response // of the call that is being answered: first, so that it begins on a line of memory

	server *Server
	nc     net.Conn
	try    trier // nil: it cannot be written to without waiting
	socket socket
	values context.Context
	peer   string
	call   atomic.Pointer[call] // that is being answered, for Close
	ended  atomic.Bool          // by Close

	hijacked atomic.Bool // by the handler
	fresh    bool        // no request has come yet
	posted   bool        // the last one was a POST

	came     time.Time // what was read last; zero: not known
	headCame time.Time // the head of the request, likewise

	buf      []byte // read and not yet taken: buf[taken:]
	taken    int
	watching chan struct{} // closed when the watcher has ended; nil: there is none
	lost     bool          // the watcher has seen the end of the connection
	// One for all requests: of no use to who keeps them beyond the handler.
	head   head
	body   body
	header http.Header // of the answer
	out    []byte      // of the answer
	keys   []string    // of the answer's headers
	date   []byte      // as it was at dateAt
	dateAt int64       // in seconds
}

// readMin is the room for a read. A usual request comes in one.
const readMin = 4 << 10

// serve answers the requests of a connection, one after another.
func (c *conn) serve() {
	defer c.server.drop(c)
	for again := true; again; {
		text, status := c.readHead()
		if status == 0 && text == "" {
			break
		}
		if status == 0 {
			status = c.head.parse(text)
		}
		if status != 0 {
			c.refuse(status)
			return
		}
		again = c.answer()
	}
	if !c.hijacked.Load() {
		_ = c.nc.Close() // who closes has read what he wanted
	}
}

// end ends what the connection is doing, from another goroutine.
func (c *conn) end() {
	c.ended.Store(true)
	if x := c.call.Load(); x != nil {
		x.cancel()
	}
	if !c.hijacked.Load() {
		_ = c.nc.Close()
	}
}

// readHead returns the next head, "" when the connection has ended, or the
// status of a refusal.
func (c *conn) readHead() (text string, status int) {
	c.compact()
	deadline, started := c.server.IdleTimeout, false
	if c.fresh {
		deadline, c.fresh = c.server.HeadTimeout, false
	}
	from := 0 // no end of a head begins before
	c.came = time.Time{}
	for {
		if c.posted && bytes.HasPrefix(c.buf, []byte("\r\n")) {
			// RFC 9112 2.2: old clients end a body with an empty line that is not of it.
			c.buf, c.posted = c.buf[:copy(c.buf, c.buf[2:])], false
		}
		if i := bytes.Index(c.buf[from:], []byte("\r\n\r\n")); i >= 0 {
			end := from + i + len("\r\n\r\n")
			if end > c.server.HeadMax {
				return "", http.StatusRequestHeaderFieldsTooLarge
			}
			c.taken, c.headCame = end, c.came
			return string(c.buf[:end]), 0
		}
		if len(c.buf) > c.server.HeadMax {
			return "", http.StatusRequestHeaderFieldsTooLarge
		}
		// What is no HTTP never ends a head: say so when the first line is there.
		if i := bytes.IndexByte(c.buf, '\n'); i >= 0 && from == 0 && !firstLine(c.buf[:i+1]) {
			return "", http.StatusBadRequest
		}
		from = max(0, len(c.buf)-3)
		if !started {
			if started = len(c.buf) > 0; started {
				deadline = c.server.HeadTimeout
			}
			_ = c.nc.SetReadDeadline(time.Now().Add(deadline))
		}
		switch err := c.fill(); {
		case err == io.EOF && len(c.buf) > 0:
			return "", http.StatusBadRequest
		case err != nil:
			return "", 0
		}
	}
}

// firstLine reports whether a line may begin a request.
func firstLine(line []byte) bool {
	return new(head).parse(string(line)+"Host: any\r\n\r\n") == 0
}

// compact moves what is not taken to the start of the buffer.
func (c *conn) compact() {
	c.buf = c.buf[:copy(c.buf, c.buf[c.taken:])]
	c.taken = 0
	if cap(c.buf) > keepMax && len(c.buf) < readMin { // of one long head
		c.buf = append(make([]byte, 0, 2*readMin), c.buf...)
	}
}

// fill reads once into the buffer.
func (c *conn) fill() error {
	if cap(c.buf)-len(c.buf) < readMin {
		grown := make([]byte, len(c.buf), 2*cap(c.buf)+readMin)
		copy(grown, c.buf)
		c.buf = grown
	}
	n, err := c.read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// answer has a request answered. true: the connection can take another one.
func (c *conn) answer() (again bool) {
	a := &call{conn: c}
	c.posted = c.head.Method == http.MethodPost
	c.body = body{conn: c, left: c.head.length, over: c.head.length == 0, expects: c.head.expects, came: c.headCame}
	r := c.head.WithContext(a)
	r.RemoteAddr, r.Body = c.peer, http.NoBody
	if !c.body.over {
		r.Body = &c.body
	}
	clear(c.header)
	c.response = response{conn: c, request: r, body: &c.body, header: c.header, length: -1, keep: c.head.keep, out: c.out[:0]}
	c.call.Store(a)
	defer func() {
		a.cancel()
		c.call.Store(nil)
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	if c.ended.Load() { // Close came before it could see this call
		return false
	}
	c.server.Handler.ServeHTTP(&c.response, r)
	if c.hijacked.Load() {
		return false
	}
	again = c.response.finish()
	if c.out = nil; cap(c.response.out) <= keepMax {
		c.out = c.response.out
	}
	c.response.out = nil
	if !c.unwatch() {
		return false
	}
	if !again && !c.body.over {
		c.linger()
	}
	return again
}

// refuse answers what cannot be read as a request, as net/http does.
func (c *conn) refuse(status int) {
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	err := c.write([]byte("HTTP/1.1 " + text + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + text))
	if err == nil {
		c.linger()
	}
	_ = c.nc.Close()
}

// linger ends the answer and reads on for a while.
func (c *conn) linger() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = c.nc.SetReadDeadline(time.Now().Add(linger))
		_, _ = io.Copy(io.Discard, io.LimitReader(c.nc, discardMax))
	}
}
