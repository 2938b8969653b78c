package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Frame is one event of an event stream, or one comment line.
type Frame struct {
	Event   string // "" is "message"
	Data    string
	ID      string
	Comment bool // Data is the comment's text; providers send such lines to keep a connection alive
}

// ErrFrameSize is returned for a frame that is larger than the scanner allows.
var ErrFrameSize = errors.New("wire: event is too large")

// Scanner reads an event stream as the WHATWG HTML standard section 9.2.6 says:
// lines end in CR, LF or CRLF, a byte order mark is skipped, data lines are
// joined by LF, an event without its blank line is dropped at the end.
type Scanner struct {
	r     *bufio.Reader
	max   int
	begun bool
	cr    bool // the last line ended in CR: an LF that follows belongs to it
	data  []byte
	line  []byte
	id    string
}

// NewScanner reads frames of at most max bytes from r.
func NewScanner(r io.Reader, max int) *Scanner {
	return &Scanner{r: bufio.NewReaderSize(r, 4096), max: max}
}

// Next returns the next frame, or the error that ended the stream: io.EOF at
// its clean end.
func (s *Scanner) Next() (Frame, error) {
	s.data = s.data[:0]
	event, hasData := "", false
	for {
		line, err := s.readLine()
		if err != nil {
			return Frame{}, err
		}
		if len(line) == 0 {
			if hasData {
				return Frame{Event: event, Data: string(bytes.TrimSuffix(s.data, []byte("\n"))), ID: s.id}, nil
			}
			event = ""
			continue
		}
		if line[0] == ':' {
			if hasData || event != "" {
				continue // inside an event it means nothing
			}
			return Frame{Data: strings.TrimPrefix(string(line[1:]), " "), Comment: true}, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			event = string(value)
		case "data":
			hasData = true
			s.data = append(append(s.data, value...), '\n')
			if len(s.data) > s.max {
				return Frame{}, ErrFrameSize
			}
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				s.id = string(value)
			}
		}
	}
}

// readLine returns the next line without its end. At the end of the stream a
// line without one is no line.
func (s *Scanner) readLine() ([]byte, error) {
	s.line = s.line[:0]
	for {
		b, err := s.r.ReadByte()
		if err != nil {
			return nil, err
		}
		if s.cr {
			s.cr = false
			if b == '\n' {
				continue
			}
		}
		switch b {
		case '\r':
			s.cr = true
			return s.endLine(), nil
		case '\n':
			return s.endLine(), nil
		}
		if s.line = append(s.line, b); len(s.line) > s.max {
			return nil, ErrFrameSize
		}
	}
}

func (s *Scanner) endLine() []byte {
	if !s.begun {
		s.begun = true
		return bytes.TrimPrefix(s.line, []byte("\xef\xbb\xbf"))
	}
	return s.line
}

// AppendFrame appends an event. A data of several lines becomes several data
// lines.
func AppendFrame(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(append(append(dst, "event: "...), event...), '\n')
	}
	for {
		line, rest, more := bytes.Cut(data, []byte("\n"))
		dst = append(append(append(dst, "data: "...), line...), '\n')
		if !more {
			return append(dst, '\n')
		}
		data = rest
	}
}
