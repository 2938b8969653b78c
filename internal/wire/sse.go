package wire

import (
	"bytes"
	"errors"
	"io"
)

// Frame is one event of an event stream, or one comment line.
type Frame struct {
	Event   string // "": the default, message
	Data    string // for a comment its text
	ID      string // the last event id so far
	Comment bool   // a line that starts with a colon: keep-alives look like this
}

// ErrFrameSize is returned for a line or an event that is larger than the
// scanner allows. The stream cannot be read on.
var ErrFrameSize = errors.New("wire: event is too large")

// Scanner reads an event stream as the WHATWG HTML standard, section 9.2.6,
// says: lines end in LF, CR or CRLF; one byte order mark at the start is
// skipped; data lines are joined by LF; an event without data, and one whose
// blank line never came, is dropped; an id with a NUL is ignored. Comments are
// returned as they come, retry and unknown fields are skipped. Invalid UTF-8 is
// left as it is.
//
// It returns a frame as soon as its last byte was read, even if the CR of a
// CRLF is all that came so far.
type Scanner struct {
	r   io.Reader
	max int
	err error

	buf      []byte
	from, to int  // what is read and not yet taken
	begun    bool // the byte order mark is behind us
	skipLF   bool // the line before ended in CR

	event   string
	id      string
	data    []byte
	hasData bool
}

// scanBuf is the first size of a Scanner's buffer.
const scanBuf = 4096

// NewScanner reads frames of at most max bytes from r. It reads ahead, but
// never more than r has ready.
func NewScanner(r io.Reader, max int) *Scanner { return &Scanner{r: r, max: max} }

// Next returns the next frame, or what ended the stream: io.EOF, an error of
// the reader, ErrFrameSize. What came before an error is returned first.
func (s *Scanner) Next() (Frame, error) {
	for {
		line, err := s.line()
		if err != nil {
			return Frame{}, err
		}
		if len(line) > 0 && line[0] == ':' {
			return Frame{Comment: true, Data: string(value(line[1:])), ID: s.id}, nil
		}
		if len(line) > 0 {
			if !s.field(line) {
				s.tooLarge()
			}
			continue
		}
		f := Frame{Event: s.event, Data: string(s.data), ID: s.id}
		ready := s.hasData
		s.event, s.data, s.hasData = "", s.data[:0], false
		if ready {
			return f, nil
		}
	}
}

// field takes one line of an event. false: the event is too large.
func (s *Scanner) field(line []byte) bool {
	name, v, _ := bytes.Cut(line, []byte(":"))
	v = value(v)
	switch string(name) {
	case "data":
		if s.hasData {
			s.data = append(s.data, '\n')
		}
		s.data, s.hasData = append(s.data, v...), true
	case "event":
		s.event = string(v)
	case "id":
		if bytes.IndexByte(v, 0) < 0 {
			s.id = string(v)
		}
	}
	return len(s.data)+len(s.event)+len(s.id) <= s.max
}

// value drops the one space that may follow a colon.
func value(v []byte) []byte {
	if len(v) > 0 && v[0] == ' ' {
		return v[1:]
	}
	return v
}

// line returns the next line without its end, valid until the next call. What
// stands behind the last line end is no line.
func (s *Scanner) line() ([]byte, error) {
	for scanned := 0; ; {
		if s.err == nil || s.from < s.to {
			if line, ok := s.buffered(&scanned); ok {
				return line, nil
			}
		}
		if s.err == nil && s.to-s.from > s.max {
			s.tooLarge()
		}
		if s.err != nil {
			return nil, s.err
		}
		s.fill()
	}
}

// tooLarge ends the stream: what is read already is no part of it any more.
func (s *Scanner) tooLarge() {
	s.err = ErrFrameSize
	s.from, s.to = 0, 0
}

// buffered takes a line from the buffer, if a whole one is there. *scanned is
// how much of what is there has no line end.
func (s *Scanner) buffered(scanned *int) ([]byte, bool) {
	if s.skipLF && s.from < s.to {
		s.skipLF = false
		if s.buf[s.from] == '\n' {
			s.from++
		}
	}
	b := s.buf[s.from:s.to]
	end := bytes.IndexByte(b[*scanned:], '\n')
	if end < 0 {
		end = len(b) - *scanned
	}
	if cr := bytes.IndexByte(b[*scanned:*scanned+end], '\r'); cr >= 0 {
		end = cr
	}
	end += *scanned
	if end >= len(b) {
		*scanned = len(b)
		return nil, false
	}
	s.skipLF = b[end] == '\r'
	s.from += end + 1
	line := b[:end]
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line, true
}

// fill reads once more. The buffer grows to what the largest line needs.
func (s *Scanner) fill() {
	if s.from > 0 {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	if s.to == len(s.buf) {
		s.buf = append(s.buf, make([]byte, max(scanBuf, len(s.buf)))...)
	}
	// A reader may return nothing and no error, but not for ever.
	for range 100 {
		n, err := s.r.Read(s.buf[s.to:])
		s.to += n
		s.err = err
		if n > 0 || err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

// AppendFrame appends an event to dst. event has no line break; "" leaves the
// line out. Data of several lines becomes several data lines, whatever ends
// them.
func AppendFrame(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(append(append(dst, "event: "...), event...), '\n')
	}
	for {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			end = len(data)
		}
		dst = append(append(append(dst, "data: "...), data[:end]...), '\n')
		if end == len(data) {
			return append(dst, '\n')
		}
		if data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n' {
			end++
		}
		data = data[end+1:]
	}
}
