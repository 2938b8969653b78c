package journal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

// WriterOptions say how a journal is written.
type WriterOptions struct {
	Epoch Epoch
	// FlushEvery is the longest time that a record waits for write(2). 0: 200
	// ms, below the 250 ms that readers of a cut journal count on.
	FlushEvery time.Duration
	// Inflight lists what is open, for the mark that is written twice a second.
	// nil: no such marks. It is called from the writer's goroutine.
	Inflight func() (requests []Key, attempts []uint64)
}

// Bounds of what waits for the disk.
const (
	flushDefault  = 200 * time.Millisecond
	inflightEvery = 500 * time.Millisecond // twice a second: less than one is unknown after a kill
	flushAt       = 256 << 10              // bytes that are written without waiting for the tick
	pendingMax    = 8 << 20                // bytes; a Sink then waits for the disk, and says so
)

// file is what a Writer needs of an *os.File.
type file interface {
	io.WriteCloser
	Sync() error
}

// Writer is the one owner of a journal file. It implements Sink: a record is
// encoded by the caller into a buffer that the writer's goroutine writes.
type Writer struct {
	opt  WriterOptions
	file file

	mu      sync.Mutex
	room    sync.Cond // signalled when pending shrinks
	pending bytes.Buffer
	err     error
	closed  bool

	kick   chan struct{} // flushAt is reached
	quit   chan struct{}
	done   chan struct{}
	failed chan struct{} // closed with the first error
}

// NewWriter creates the file, writes the header and starts writing. The file
// must not exist.
func NewWriter(path string, h Header, opt WriterOptions) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(f, h, opt)
	if err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

func newWriter(f file, h Header, opt WriterOptions) (*Writer, error) {
	if opt.FlushEvery <= 0 {
		opt.FlushEvery = flushDefault
	}
	w := &Writer{opt: opt, file: f, kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), failed: make(chan struct{})}
	w.room.L = &w.mu
	w.pending.WriteString(magic)
	w.put(kindHeader, &h)
	w.flush()
	if err := w.Err(); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// Request implements Sink.
func (w *Writer) Request(r *Request) { w.put(kindRequest, r) }

// Attempt implements Sink.
func (w *Writer) Attempt(a *Attempt) { w.put(kindAttempt, a) }

// Mark implements Sink.
func (w *Writer) Mark(m *Mark) { w.put(kindMark, m) }

// scratch holds buffers for encoding outside the lock.
var scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// put encodes a record and appends its frame.
func (w *Writer) put(kind byte, rec any) {
	buf := scratch.Get().(*bytes.Buffer)
	defer scratch.Put(buf)
	buf.Reset()
	var head [frameHead + 1]byte
	head[frameHead] = kind
	buf.Write(head[:])
	if err := encMode.MarshalToBuffer(rec, buf); err != nil {
		w.fail(fmt.Errorf("journal: encode: %w", err))
		return
	}
	if buf.Len()-frameHead > frameMax {
		w.fail(fmt.Errorf("journal: a record of %d bytes is too large", buf.Len()))
		return
	}
	sealFrame(buf.Bytes(), 0)
	w.append(buf.Bytes())
}

// append adds a frame, waiting for the disk where too much is pending.
func (w *Writer) append(frame []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending.Len() > pendingMax && w.err == nil && !w.closed {
		from := w.opt.Epoch.Now()
		for w.pending.Len() > pendingMax && w.err == nil && !w.closed {
			w.room.Wait()
		}
		defer w.blocked(from)
	}
	if w.err != nil || w.closed {
		return
	}
	w.pending.Write(frame)
	if w.pending.Len() >= flushAt {
		select {
		case w.kick <- struct{}{}:
		default:
		}
	}
}

// blocked marks that a Sink had to wait. It is called with the lock held, so
// the mark is written by a goroutine of its own that only encodes.
func (w *Writer) blocked(from int64) {
	now := w.opt.Epoch.Now()
	m := Mark{TNs: now, PlannedNs: Never, Kind: MarkWriterBlocked, Value: now - from, Unit: "ns"}
	var buf bytes.Buffer
	var head [frameHead + 1]byte
	head[frameHead] = kindMark
	buf.Write(head[:])
	if err := encMode.MarshalToBuffer(&m, &buf); err == nil && w.err == nil && !w.closed {
		sealFrame(buf.Bytes(), 0)
		w.pending.Write(buf.Bytes())
	}
}

// run writes until Close.
func (w *Writer) run() {
	defer close(w.done)
	flush := time.NewTicker(w.opt.FlushEvery)
	defer flush.Stop()
	inflight := time.NewTicker(inflightEvery)
	defer inflight.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-flush.C:
		case <-w.kick:
		case <-inflight.C:
			w.markInflight()
		}
		w.flush()
	}
}

// inflightChunk bounds the keys in one mark, so that it fits into a frame.
const inflightChunk = 32768

func (w *Writer) markInflight() {
	if w.opt.Inflight == nil {
		return
	}
	reqs, attempts := w.opt.Inflight()
	reqs, attempts = reqs[:min(len(reqs), inflightChunk)], attempts[:min(len(attempts), inflightChunk)]
	w.Mark(&Mark{TNs: w.opt.Epoch.Now(), PlannedNs: Never, Kind: MarkInflight, OpenRequests: reqs, OpenAttempts: attempts, Attrs: map[string]string{"requests": strconv.Itoa(len(reqs))}})
}

// flush hands what is pending to write(2), outside the lock.
func (w *Writer) flush() {
	w.mu.Lock()
	if w.err != nil || w.pending.Len() == 0 {
		w.mu.Unlock()
		return
	}
	out := scratch.Get().(*bytes.Buffer)
	defer scratch.Put(out)
	out.Reset()
	*out, w.pending = w.pending, *out
	w.room.Broadcast()
	w.mu.Unlock()
	if _, err := w.file.Write(out.Bytes()); err != nil {
		w.fail(err)
	}
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.err = err
	close(w.failed)
	w.room.Broadcast()
}

// Err returns the first error of the disk. It stays: a journal with a hole is
// not continued.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Failed is closed when the first error of the disk comes.
func (w *Writer) Failed() <-chan struct{} { return w.failed }

// Close writes end as the last record, syncs and closes the file. Records that
// come later are dropped.
func (w *Writer) Close(end Mark) error {
	end.Kind = MarkRunEnd
	close(w.quit)
	<-w.done
	w.put(kindMark, &end)
	w.mu.Lock()
	w.closed = true
	w.room.Broadcast()
	w.mu.Unlock()
	w.flush()
	if err := w.Err(); err != nil {
		w.file.Close()
		return err
	}
	if err := w.file.Sync(); err != nil {
		w.file.Close()
		return err
	}
	return w.file.Close()
}
