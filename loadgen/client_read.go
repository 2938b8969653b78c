package loadgen

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

const (
	answerMax   = 16 << 20 // bytes of an answer that are read: no user reads more
	eventMax    = 1 << 20  // bytes of one event
	readMax     = 8 << 10  // bytes of one read; each open answer holds a buffer
	keepBodyMax = 1 << 20  // larger buffers are not kept for the next answer
	// lingerMax is how long the end of the body is awaited after the event that
	// declares the answer complete. Reading it to the end keeps the connection;
	// waiting longer would be for a service that has said all.
	lingerMax = 250 * time.Millisecond
)

// bodyEnd is the terminal event of an answer that has no other.
const bodyEnd = "the end of the body"

// terminalBody is bodyEnd as a record names it.
const terminalBody = "body_end"

var (
	answers = sync.Pool{New: func() any { return new(answer) }}
	buffers = sync.Pool{New: func() any { return new([readMax]byte) }}
)

// read reads the body of resp to its end, and returns what kept it from that.
// Whether it is a stream is for its content type to say, not for what was
// asked: services answer in one piece what they have in a cache.
func (a *answer) read(resp *http.Response) error {
	kind := mediaType(resp.Header)
	a.source = resp.Body
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		a.remark("content encoding " + clip(coding, nameMax) + ", which was not asked for")
	}
	a.events = kind == "text/event-stream"
	f := a.reader.format
	switch {
	case resp.StatusCode >= 300:
		err := a.readWhole(resp.ContentLength)
		a.refuse(a.body)
		return err
	case a.events:
		if !a.rec.Stream && f.awaits != "" {
			a.remark("answered with an event stream, which was not asked for")
		}
		return a.readEvents()
	case a.rec.Stream && f.awaits != "":
		a.remark("asked for a stream, answered with content type " + clip(kind, nameMax))
	}
	if f.body == nil && !(a.reader.paths && strings.Contains(kind, "json")) {
		return a.readText()
	}
	err := a.readWhole(resp.ContentLength)
	if err != nil {
		return err
	}
	a.terminate(terminalBody)
	if f.body != nil && cutJSON(a.body) {
		a.cut()
	}
	if a.reader.paths {
		if tree, ok := a.tree(); ok {
			a.errRule = a.reader.errorByPath(tree)
		}
	}
	if f.body == nil {
		a.content(a.body)
	} else {
		f.body(a.body, a)
	}
	return nil
}

// mediaType is the content type without its parameters, even where those make
// no sense.
func mediaType(h http.Header) string {
	text := h.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(text)
	if err != nil {
		kind, _, _ = strings.Cut(text, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
	}
	return kind
}

// cutJSON reports whether b is the beginning of a JSON object or array, and not
// all of it: a client raises on it, whatever could be read before the cut.
func cutJSON(b []byte) bool {
	i := skipSpace(b, 0)
	if i == len(b) || b[i] != '{' && b[i] != '[' || skipValue(b, i, 0) >= 0 {
		return false
	}
	var whole json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(b)).Decode(&whole), io.ErrUnexpectedEOF)
}

// cut takes the end of the body back: it came before the end of the JSON.
func (a *answer) cut() {
	a.rec.TerminalNs, a.rec.TerminalKind = journal.Never, ""
	a.awaited = "the end of the JSON"
}

// Read reads from the body and stamps what came.
func (a *answer) Read(p []byte) (int, error) {
	n, err := a.source.Read(p)
	a.nowNs = a.epoch.Now()
	a.raw = append(a.raw, p[:min(n, headMax-len(a.raw))]...)
	if a.size += n; a.size > answerMax {
		return n, errTooLong
	}
	return n, err
}

// readWhole reads all into a.body. size is what the headers announce, -1 if
// they do not; a large one is not believed before it has come.
func (a *answer) readWhole(size int64) error {
	if size > 0 && size <= keepBodyMax && int64(cap(a.body)) <= size {
		a.body = make([]byte, 0, size+1) // 1: the read that finds the end
	}
	for {
		if len(a.body) == cap(a.body) {
			a.body = append(a.body, make([]byte, max(len(a.body), readMax))...)[:len(a.body)]
		}
		n, err := a.Read(a.body[len(a.body):cap(a.body)])
		a.body = a.body[:len(a.body)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readText takes the bytes of the body as the content, as they come.
func (a *answer) readText() error {
	buf := buffers.Get().(*[readMax]byte)
	defer buffers.Put(buf)
	for {
		n, err := a.Read(buf[:])
		a.content(buf[:n])
		if err == io.EOF {
			a.terminate(terminalBody)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readEvents reads an event stream. After the event that ends the answer it
// waits for the end of the body, but not for long.
func (a *answer) readEvents() error {
	s := wire.NewScanner(a, eventMax)
	var linger *time.Timer
	for {
		frame, err := s.Next()
		switch {
		case err == io.EOF:
			if !a.over && a.reader.format.awaits == "" {
				a.terminate(terminalBody)
			}
			return nil
		case err != nil:
			return err
		case frame.Comment || a.over:
			continue
		}
		a.body = append(a.body[:0], frame.Data...)
		a.reader.format.event(frame.Event, a.body, a)
		if a.reader.paths && !a.over {
			a.judgeEvent()
		}
		if a.over && linger == nil {
			// Not a.hangup: a late timer would find that of the next answer there.
			hangup := a.hangup
			linger = time.AfterFunc(lingerMax, func() { hangup(errLinger) })
			defer linger.Stop()
		}
	}
}

// judgeEvent looks for an error in one event by the rules of the plan.
func (a *answer) judgeEvent() {
	tree, ok := parseTree(a.body)
	if !ok {
		return
	}
	if rule := a.reader.errorByPath(tree); rule != "" {
		a.errRule, a.over = rule, true
	}
}

// report tells what the outcome depends on, and completes the record.
func (a *answer) report(resp *http.Response, err error, f *facts) {
	rec := a.rec
	f.headers, f.status = true, rec.Status
	f.rejected = a.reader.rejects(rec.Status)
	if f.errorRule = a.reader.errorByStatus(rec.Status); f.errorRule == "" {
		f.errorRule = a.errRule
	}
	f.streamError, f.terminal = rec.StreamError, rec.TerminalKind
	switch {
	case a.awaited != "":
		f.awaited = a.awaited
	case a.events && a.reader.format.awaits != "":
		f.awaited = a.reader.format.awaits
	}
	if errors.Is(err, errTooLong) || errors.Is(err, wire.ErrFrameSize) {
		a.remark(err.Error())
	}
	f.content, f.tools, f.refusal, f.finish = a.spoken(), rec.ToolCalls, rec.Refusal, rec.Finish
	f.note = a.note
	f.degraded = a.reader.degradedKind(resp.Header, rec.ModelDeclared, a.found)
	a.reportMarks(f)
}

// remark notes what is odd about the answer.
func (a *answer) remark(s string) {
	if a.note != "" {
		a.note += "; "
	}
	a.note += s
}
