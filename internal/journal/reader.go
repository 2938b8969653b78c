package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// ErrNoJournal is returned for a file that does not begin like a journal.
var ErrNoJournal = errors.New("not a journal of chaos")

// Record is one record of a journal: one of its fields is set.
type Record struct {
	Header  *Header
	Request *Request
	Attempt *Attempt
	Mark    *Mark
}

// Reader reads a journal from its start to its end or its first bad frame,
// whichever comes first: a file that was cut anywhere, or whose tail is
// damaged, reads as the whole records before that.
type Reader struct {
	r       *bufio.Reader
	closer  io.Closer
	payload []byte
	begun   bool // the header was read
	ended   bool // the last record was run.end
	over    bool
}

// Open opens the journal at path.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	r, err := NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %s: %w", path, err), f.Close())
	}
	r.closer = f
	return r, nil
}

// NewReader reads a journal from r. What is shorter than the magic, and begins
// like it, is a journal that was cut at once.
func NewReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, 1<<18)
	head, err := br.Peek(len(magic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 || string(head) != magic[:len(head)] {
		return nil, ErrNoJournal
	}
	over := len(head) < len(magic)
	_, err = br.Discard(len(head))
	return &Reader{r: br, over: over}, err
}

// Next returns the next record: the header first, then all others as they were
// written. The error is io.EOF at the end of what can be read. The caller owns
// the record.
func (r *Reader) Next() (Record, error) {
	for !r.over {
		kind, body, err := r.frame()
		if err != nil {
			return Record{}, err
		}
		if r.over {
			break
		}
		rec, known, err := r.decode(kind, body)
		if err != nil {
			return Record{}, err
		}
		if known && !r.over {
			return rec, nil
		}
	}
	return Record{}, io.EOF
}

// Cut reports, once Next has returned io.EOF, whether the journal lacks its
// end: the last record is not run.end.
func (r *Reader) Cut() bool { return !r.ended }

// Close closes the file.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// frame reads a payload, valid until the next call. A bad frame ends the
// journal: over is set. An error is one of reading, not of what was read.
func (r *Reader) frame() (kind byte, body []byte, err error) {
	var head [frameHead]byte
	if err := r.full(head[:]); err != nil || r.over {
		return 0, nil, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size == 0 || size > frameMax {
		r.over = true
		return 0, nil, nil
	}
	if int(size) > cap(r.payload) {
		r.payload = make([]byte, size)
	}
	r.payload = r.payload[:size]
	if err := r.full(r.payload); err != nil || r.over {
		return 0, nil, err
	}
	if crc32.Checksum(r.payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		r.over = true
		return 0, nil, nil
	}
	return r.payload[0], r.payload[1:], nil
}

// full fills b. At the end of the file over is set.
func (r *Reader) full(b []byte) error {
	_, err := io.ReadFull(r.r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		r.over = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// decode reads a record. A kind that this version does not know is skipped; a
// body that cannot be read, a header in the middle and a first record that is
// none are bad frames.
func (r *Reader) decode(kind byte, body []byte) (rec Record, known bool, err error) {
	if r.begun == (kind == kindHeader) {
		r.over = true
		return Record{}, false, nil
	}
	known = true
	switch kind {
	case kindHeader:
		rec.Header = new(Header)
		err = decoder.Unmarshal(body, rec.Header)
	case kindRequest:
		v := NewRequest()
		rec.Request = &v
		err = decoder.Unmarshal(body, rec.Request)
	case kindAttempt:
		v := NewAttempt()
		rec.Attempt = &v
		err = decoder.Unmarshal(body, rec.Attempt)
	case kindMark:
		rec.Mark = &Mark{TNs: Never, PlannedNs: Never}
		err = decoder.Unmarshal(body, rec.Mark)
	default:
		known = false
	}
	if err != nil {
		r.over = true
		return Record{}, false, nil
	}
	r.begun = true
	r.ended = rec.Mark != nil && rec.Mark.Kind == MarkRunEnd
	if rec.Header != nil && rec.Header.Schema != Schema {
		return Record{}, false, fmt.Errorf("journal: its format is %q, this chaos reads %q", Clip(rec.Header.Schema, 64), Schema)
	}
	return rec, known, nil
}
