package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// Reader reads a journal from its start.
type Reader struct {
	file  io.Closer
	r     *bufio.Reader
	buf   []byte
	ended bool // run.end was read
	done  bool
}

// Open opens a journal. Close it after use.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file = f
	return r, nil
}

// NewReader reads a journal from r.
func NewReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(br, head); err != nil || string(head) != magic {
		return nil, errors.New("not a journal of chaos, or one of another version")
	}
	return &Reader{r: br}, nil
}

// Next returns the next record. The end is io.EOF, whether the journal was
// ended or cut; see Cut.
func (r *Reader) Next() (Record, error) {
	for !r.done {
		buf, err := readFrame(r.r, r.buf)
		r.buf = buf
		if err != nil {
			r.done = true
			break
		}
		rec, err := decode(buf)
		if err != nil {
			// The checksum is right, so this is no damage: it was written so.
			return Record{}, err
		}
		if rec == (Record{}) {
			continue
		}
		r.ended = rec.Mark != nil && rec.Mark.Kind == MarkRunEnd
		return rec, nil
	}
	return Record{}, io.EOF
}

// Cut reports, after the end was reached, that the journal has no end: the
// process died or could not write.
func (r *Reader) Cut() bool { return r.done && !r.ended }

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Journal is a whole journal in memory, for the judge.
type Journal struct {
	Header   Header
	Requests []Request
	Attempts []Attempt
	Marks    []Mark
	Cut      bool  // it has no run.end
	LastNs   int64 // the latest stamp of a mark or of the end of a record

	// What stood in the last inflight mark and has no record of its own: it was
	// open when the journal was cut, and nothing more is known of it.
	CensoredRequests map[Key]bool
	CensoredAttempts map[uint64]bool
}

// Load reads a journal whole.
func Load(path string) (*Journal, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return load(r)
}

func load(r *Reader) (*Journal, error) {
	j := &Journal{CensoredRequests: map[Key]bool{}, CensoredAttempts: map[uint64]bool{}}
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		j.add(rec)
	}
	if j.Header.Schema == "" {
		return nil, errors.New("the journal has no header: the run ended before it began")
	}
	j.Cut = r.Cut()
	j.censor()
	return j, nil
}

func (j *Journal) add(rec Record) {
	switch {
	case rec.Header != nil:
		j.Header = *rec.Header
	case rec.Request != nil:
		j.Requests = append(j.Requests, *rec.Request)
		j.LastNs = max(j.LastNs, rec.Request.EndNs)
	case rec.Attempt != nil:
		j.Attempts = append(j.Attempts, *rec.Attempt)
		j.LastNs = max(j.LastNs, rec.Attempt.EndNs)
	case rec.Mark != nil:
		j.Marks = append(j.Marks, *rec.Mark)
		j.LastNs = max(j.LastNs, rec.Mark.TNs)
	}
}

// censor finds what the last inflight mark lists and no record tells of.
func (j *Journal) censor() {
	for i := len(j.Marks) - 1; i >= 0; i-- {
		m := &j.Marks[i]
		if m.Kind != MarkInflight {
			continue
		}
		for _, k := range m.OpenRequests {
			j.CensoredRequests[k] = true
		}
		for _, id := range m.OpenAttempts {
			j.CensoredAttempts[id] = true
		}
		break
	}
	for i := range j.Requests {
		delete(j.CensoredRequests, j.Requests[i].Key)
	}
	for i := range j.Attempts {
		delete(j.CensoredAttempts, j.Attempts[i].ID)
	}
}
