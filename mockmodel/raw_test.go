package mockmodel

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// rawAnswer is what a client without a library reads off a connection.
type rawAnswer struct {
	head, body []byte
	end        string // how the connection ended: eof, ECONNRESET, open (read deadline), complete
}

// quiet is how long a client waits for another byte of a provider that has
// come to rest, and idle for one that may yet send some.
const (
	quiet = 30 * time.Millisecond
	idle  = time.Second
	given = 10 * time.Second // up: no fault is that slow here
)

// readRaw sends a call on a connection of its own and reads until the answer
// is complete, the connection ends or the provider rests.
func (g *rig) readRaw(q ask) rawAnswer {
	g.t.Helper()
	raw, err := g.dial(context.Background())
	if err != nil {
		return rawAnswer{end: ending(err)}
	}
	conn := patient{raw}
	defer conn.Close()
	var call bytes.Buffer
	if err := g.request(context.Background(), q).Write(&call); err != nil {
		g.t.Fatal(err)
	}
	if _, err := conn.Write(call.Bytes()); err != nil {
		return rawAnswer{end: ending(err)}
	}
	var r rawAnswer
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		all = append(all, buf[:n]...)
		r.head, r.body, _ = bytes.Cut(all, []byte("\r\n\r\n"))
		switch {
		case r.end == "" && err == nil && r.complete():
			// The provider closes once nothing more is asked for; what else it sends
			// shows in the body.
			r.end = "complete"
			_ = conn.Conn.(*net.TCPConn).CloseWrite()
		case err == io.EOF && r.end == "complete":
			return r
		case err != nil && r.end == "complete":
			r.end += ", " + ending(err)
			return r
		case err != nil:
			r.end = ending(err)
			return r
		}
	}
}

// patient is a connection that reads until the provider has come to rest: only
// then does its deadline pass.
type patient struct{ net.Conn }

func (c patient) Read(b []byte) (int, error) {
	last, rested := time.Now(), false
	for {
		_ = c.SetReadDeadline(time.Now().Add(quiet))
		n, err := c.Conn.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || rested {
			return n, err
		}
		// Seen at rest, it may have sent its last bytes since the deadline: what
		// counts is a deadline that begins then.
		rested = resting("waitGone") || resting("wait") && time.Since(last) > idle || time.Since(last) > given
	}
}

// ending names how a read ended.
func ending(err error) string {
	var timed net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "eof"
	case errors.Is(err, syscall.ECONNRESET):
		return "ECONNRESET"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "ECONNREFUSED"
	case errors.As(err, &timed) && timed.Timeout(): // a client of WebSockets hides the rest
		return "open (read deadline)"
	}
	return err.Error()
}

// resting reports whether an attempt of some provider stands in that wait.
func resting(wait string) bool {
	buf := make([]byte, 1<<20)
	return bytes.Contains(buf[:runtime.Stack(buf, true)], []byte("mockmodel.(*attempt)."+wait+"("))
}

// complete reports whether the answer is, as HTTP counts.
func (r rawAnswer) complete() bool {
	head, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(r.head), strings.NewReader("\r\n\r\n"), bytes.NewReader(r.body))), nil)
	if err != nil {
		return false
	}
	defer head.Body.Close()
	if head.ContentLength < 0 && len(head.TransferEncoding) == 0 {
		return false // ends with the connection
	}
	_, err = io.Copy(io.Discard, head.Body)
	return err == nil
}

// clocked is what the clock says in an answer; a golden file has it masked.
var clocked = regexp.MustCompile(`("(?:created|created_at|createTime|completed_at)":)(?:\d{10}(?:\.\d+)?|"[^"]*")|("(?:total|load|prompt_eval|eval)_duration":)\d+|("latencyMs":)\d+|("time":)[\d.e-]+|("reset_seconds":)[\d.e-]+|(regain access on )[\d-]+`)

// unminted sets the instants in the marks of b to 0.
func unminted(b []byte) []byte {
	b = bytes.Clone(b)
	for _, f := range codec.FindMarks(b) {
		if !f.Bad && !f.Short && !f.OtherRun {
			f.MintedNs = 0
			copy(b[f.Off:], codec.Mark(f.Mark))
		}
	}
	return b
}

func masked(b []byte) []byte { return clocked.ReplaceAll(b, []byte("$1$2$3$4$5$6<clock>")) }

var clockedHead = regexp.MustCompile(`(?mi)^((?:date|openai-processing-ms|x-envoy-upstream-service-time|server-timing|[a-z-]*-reset): ).*$|^(retry-after: )\w+, .*$`)

// legible prints an answer: \r where it is not the end of a line of the head
// or of a chunk's size, and bytes that are no UTF-8, show as such, the frames
// of Bedrock as lines. Lengths are those of what is printed where the clock is
// masked. joined prints chunks as one, where it depends on the clock how many
// there are.
func (r rawAnswer) legible(joined bool) string {
	if len(r.head) == 0 {
		return "(not one byte)\n"
	}
	head := strings.ReplaceAll(string(r.head), "\r\n", "\n")
	frames := strings.Contains(head, "vnd.amazon.eventstream") || bytes.Contains(r.body, []byte(":message-type")) // whatever it is called
	sent := r.body
	if !frames { // theirs have checksums
		sent = unminted(sent)
	}
	var body strings.Builder
	if strings.Contains(strings.ToLower(head), "transfer-encoding: chunked") {
		text, whole := splitFrames(sent)
		if whole || !frames {
			text = chunksOf(sent, frames, joined)
		}
		body.WriteString(text)
	} else {
		text, shift := show(sent, frames)
		body.WriteString(text)
		head = length.ReplaceAllStringFunc(head, func(line string) string {
			n, _ := strconv.Atoi(length.FindStringSubmatch(line)[2])
			if n > len(sent) { // what the clock says in the rest is not known
				return length.ReplaceAllString(line, "${1}<more than came>")
			}
			return length.ReplaceAllString(line, "${1}"+strconv.Itoa(n+shift))
		})
	}
	return clockedHead.ReplaceAllString(head, "${1}${2}<clock>") + "\n\n" + body.String()
}

var length = regexp.MustCompile(`(?mi)^(content-length: )(\d+)$`)

// chunksOf prints a body in chunks, each behind a line with its size. What is
// no chunk, or the beginning of one, is printed behind a line that says so.
func chunksOf(b []byte, frames, joined bool) string {
	var out strings.Builder
	var all []byte
	for len(b) > 0 {
		line, rest, found := bytes.Cut(b, []byte("\r\n"))
		n, err := strconv.ParseUint(string(line), 16, 32)
		if !found || err != nil || len(rest) < int(n)+2 || string(rest[n:n+2]) != "\r\n" {
			if joined {
				break
			}
			text, _ := show(b, false)
			return out.String() + "[no whole chunk]\n" + text
		}
		if all = append(all, rest[:n]...); !joined {
			text, shift := show(rest[:n], frames)
			fmt.Fprintf(&out, "[chunk of %d]\n%s\n", int(n)+shift, text)
		}
		b = rest[n+2:]
	}
	if joined {
		text, shift := show(all, frames)
		fmt.Fprintf(&out, "[chunks of %d together]\n%s\n", len(all)+shift, text)
		if len(b) > 0 {
			fmt.Fprintf(&out, "[no whole chunk]\n%q\n", b)
		}
	}
	return out.String()
}

// splitFrames prints chunks that do not hold whole frames: their sizes, up to the
// first frame whose length depends on the clock, and the frames. whole: they do.
func splitFrames(b []byte) (text string, whole bool) {
	var all []byte
	var ends []int
	whole = true
	for len(b) > 0 {
		line, rest, found := bytes.Cut(b, []byte("\r\n"))
		n, err := strconv.ParseUint(string(line), 16, 32)
		if !found || err != nil || len(rest) < int(n)+2 {
			break
		}
		if _, left, err := eventFramesOf(rest[:n]); left > 0 || err != nil {
			whole = false
		}
		all, b = append(all, rest[:n]...), rest[n+2:]
		ends = append(ends, len(all))
	}
	stable := len(all)
	if i := bytes.Index(all, []byte(`"latencyMs":`)); i >= 0 {
		stable = i
	}
	var sizes []string
	from := 0
	for _, end := range ends {
		if end > stable {
			sizes = append(sizes, "...")
			break
		}
		sizes = append(sizes, strconv.Itoa(end-from))
		from = end
	}
	frames, _ := show(all, true)
	return "[chunks of " + strings.Join(sizes, " ") + "]\n" + frames + "\n", whole
}

// show prints bytes, and says by how much what the clock says is shorter or
// longer as it is printed.
func show(b []byte, frames bool) (text string, shift int) {
	if frames {
		events, rest, err := eventFramesOf(b)
		if err == nil {
			for _, e := range events {
				payload := masked(unminted([]byte(e.payload)))
				shift += len(payload) - len(e.payload)
				e.payload = string(payload)
				text += e.String() + "\n"
			}
			if rest > 0 {
				text += fmt.Sprintf("%q\n", b[len(b)-rest:])
			}
			return text, shift
		}
	}
	m := masked(b)
	shift = len(m) - len(b)
	var out strings.Builder
	for len(m) > 0 {
		c, n := utf8.DecodeRune(m)
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&out, `\x%02x`, m[0])
		case c == '\r', c == '\ufeff', c == 0:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.WriteRune(c)
		}
		m = m[n:]
	}
	return out.String(), shift
}
