package http1

import (
	"bufio"
	"errors"
	"io"
	"net/http/httputil"
	"strings"
	"time"
)

// ErrMalformedBody is the error of a body in chunks that are none: unlike one that
// does not come, there is a caller who waits for an answer.
var ErrMalformedBody = errors.New("http1: malformed chunked body")

// malformed says what is wrong in the words of net/http.
type malformed struct{ error }

func (malformed) Is(target error) bool { return target == ErrMalformedBody }

// body is the body of a request. Its first read that has to wait for the caller
// starts the clock of BodyTimeout, and sends 100 Continue where the caller
// waits for that.
type body struct {
	conn    *conn
	left    int64 // -1: chunked
	expects bool  // 100 Continue
	timed   bool
	over    bool // all of it was read
	failed  error
	lost    bool      // the connection has no more of it
	came    time.Time // the last of it, once it is over; zero: not known

	chunks  *bufio.Reader // the body as it came
	chunked io.Reader     // what it says
}

// Read returns the next bytes; io.ErrUnexpectedEOF if the caller ends before
// the body does, os.ErrDeadlineExceeded if BodyTimeout has run out,
// ErrMalformedBody if it is none.
func (b *body) Read(p []byte) (n int, err error) {
	switch {
	case b.failed != nil:
		return 0, b.failed
	case b.over:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case b.left < 0:
		n, err = b.readChunked(p)
	default:
		n, err = b.readLength(p)
	}
	switch {
	case err == io.EOF:
		b.over, b.came = true, b.conn.came // before the connection is watched
		b.conn.bodyRead()
	case err != nil:
		if b.left < 0 && !b.lost {
			err = malformed{err}
		}
		b.failed = err
	}
	return n, err
}

// Close does nothing: the connection reads what is left.
func (b *body) Close() error { return nil }

func (b *body) readLength(p []byte) (int, error) {
	n, err := (*raw)(b).Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left == 0 {
		return n, io.EOF
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *body) readChunked(p []byte) (int, error) {
	if b.chunked == nil {
		b.chunks = bufio.NewReader((*raw)(b))
		b.chunked = httputil.NewChunkedReader(b.chunks)
	}
	n, err := b.chunked.Read(p)
	if err != io.EOF {
		return n, err
	}
	if !b.trailer() {
		return n, io.ErrUnexpectedEOF
	}
	// What came behind the body belongs to the next request.
	more, _ := b.chunks.Peek(b.chunks.Buffered()) // they are there
	c := b.conn
	c.buf, c.taken = append(append([]byte{}, more...), c.buf[c.taken:]...), 0
	return n, io.EOF
}

// trailer reads what follows the last chunk: headers that nobody asked for, and
// an empty line.
func (b *body) trailer() bool {
	for total := 0; total < readMin; {
		line, err := b.chunks.ReadSlice('\n')
		if err != nil {
			return false
		}
		total += len(line)
		text, ok := strings.CutSuffix(string(line), "\r\n")
		name, value, colon := strings.Cut(text, ":")
		switch {
		case !ok:
			return false
		case text == "":
			return true
		case !colon || !isToken(name) || !isText(value):
			return false
		}
	}
	return false
}

// raw reads the bytes of a body as they come: from the buffer of the
// connection, then from the connection itself.
type raw body

func (b *raw) Read(p []byte) (int, error) {
	c := b.conn
	if c.taken < len(c.buf) {
		n := copy(p, c.buf[c.taken:])
		c.taken += n
		return n, nil
	}
	if b.expects {
		b.expects = false
		if err := c.write([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
			b.lost = true
			return 0, err
		}
	}
	if !b.timed {
		b.timed = true
		_ = c.nc.SetReadDeadline(time.Now().Add(c.server.BodyTimeout))
	}
	n, err := c.read(p)
	b.lost = b.lost || err != nil
	return n, err
}

// discard reads what the handler left. false: that is too much, or it does not
// come, and the connection cannot be used again.
func (b *body) discard() bool {
	if b.over {
		return true
	}
	if b.failed != nil || b.expects || b.left > discardMax {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(b, discardMax+1))
	return err == nil && n <= discardMax && b.over
}
