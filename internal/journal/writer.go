package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// WriterOptions says how a Writer keeps a journal.
type WriterOptions struct {
	Epoch Epoch // of the run: stamps of the writer's own marks

	// FlushEvery is how long a record stays in memory at most, beside the
	// time of the write itself. 0: 200 ms.
	FlushEvery time.Duration

	// Inflight returns the requests and attempts that are open now; nil: no
	// inflight marks. It is called twice a second, from the writer's goroutine
	// and without a lock. A thing must stay in it until its record was given
	// to the Sink: else there is an instant at which it is nowhere.
	Inflight func() (requests []Key, attempts []uint64)
}

// Times and sizes of a Writer.
const (
	flushEvery = 200 * time.Millisecond

	// A killed run must know all that was sent up to a second before. Marks a
	// whole second apart would leave no time for a late tick.
	inflightEvery = 500 * time.Millisecond

	pendingMax  = 8 << 20 // bytes; who adds more waits for the disk
	pendingWake = 1 << 20 // bytes; do not wait for the tick
	openMax     = 1 << 14 // keys in one inflight mark, so that it fits a frame
)

// file is what a Writer needs of an *os.File.
type file interface {
	Write([]byte) (int, error)
	Sync() error
	Close() error
}

// Writer is a Sink that keeps a journal in a file. Records are encoded by who
// brings them and written by one goroutine, which alone touches the file.
//
// An error of the disk is final: from then on records are dropped, Failed is
// closed and Err says why. The load goes on; the run is lost, and says so.
type Writer struct {
	opt  WriterOptions
	file file

	mu       sync.Mutex
	room     sync.Cond // pending was taken, or will never be; or the last of bringing is through
	pending  []byte
	bringing int   // calls that came before Close and are not through
	blocked  int64 // when the first of those who wait for room began to; Never: nobody waits
	closed   bool
	err      error

	failed chan struct{}
	wake   chan struct{} // pendingWake was reached
	stop   chan struct{}
	done   chan struct{}
}

// NewWriter creates the journal at path and writes its header. It refuses to
// write over a file: a journal is the only record of a run.
func NewWriter(path string, h Header, opts WriterOptions) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	w, err := newWriter(f, h, opts)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

func newWriter(f file, h Header, opts WriterOptions) (*Writer, error) {
	if opts.FlushEvery <= 0 {
		opts.FlushEvery = flushEvery
	}
	w := &Writer{
		opt: opts, file: f, blocked: Never,
		failed: make(chan struct{}), wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	w.room.L = &w.mu
	buf, err := encode(kindHeader, &h)
	if err != nil {
		return nil, err
	}
	defer free(buf)
	if err := w.write(append([]byte(magic), buf.Bytes()...)); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// Request keeps a request.
func (w *Writer) Request(r *Request) { w.keep(requestFrame(r)) }

// Attempt keeps an attempt.
func (w *Writer) Attempt(a *Attempt) { w.keep(attemptFrame(a)) }

// Mark keeps a mark.
func (w *Writer) Mark(m *Mark) { w.keep(bounded(kindMark, m)) }

// Err returns what ended the writing, nil while all is well.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Failed is closed when the first record could not be kept.
func (w *Writer) Failed() <-chan struct{} { return w.failed }

// Close writes all that is pending and runEnd as the last record, waits until
// it is on the disk, and closes the file. It returns the first error of the
// Writer. What was brought before is kept, what is brought later is dropped.
func (w *Writer) Close(runEnd Mark) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		<-w.done
		return w.Err()
	}
	w.closed = true
	w.room.Broadcast() // who waits for room need not any more
	for w.bringing > 0 {
		w.room.Wait()
	}
	w.mu.Unlock()
	close(w.stop)
	<-w.done

	runEnd.Kind = MarkRunEnd
	w.flush()
	w.flush() // a writer.blocked mark of the first
	buf, err := bounded(kindMark, &runEnd)
	if err != nil {
		w.fail(err)
	} else if w.Err() == nil {
		if err := w.write(buf.Bytes()); err != nil {
			w.fail(err)
		}
		free(buf)
	}
	if w.Err() == nil {
		if err := w.file.Sync(); err != nil {
			w.fail(fmt.Errorf("journal: %w", err))
		}
	}
	if err := w.file.Close(); err != nil {
		w.fail(fmt.Errorf("journal: %w", err))
	}
	return w.Err()
}

// keep appends a frame to what is pending. It waits only where the disk is
// pendingMax behind.
func (w *Writer) keep(buf *bytes.Buffer, err error) {
	if err != nil {
		w.fail(err)
		return
	}
	defer free(buf)
	if w.append(buf.Bytes()) {
		select {
		case w.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

// append reports whether so much is pending that the writer should wake.
func (w *Writer) append(frame []byte) (full bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.bringing++
	for w.err == nil && !w.closed && len(w.pending)+len(frame) > pendingMax {
		if w.blocked == Never {
			w.blocked = w.opt.Epoch.Now()
		}
		w.room.Wait()
	}
	if w.err == nil {
		w.pending = append(w.pending, frame...)
	}
	if w.bringing--; w.closed && w.bringing == 0 {
		w.room.Broadcast()
	}
	return len(w.pending) >= pendingWake
}

// run is the goroutine that owns the file.
func (w *Writer) run() {
	defer close(w.done)
	flush := time.NewTicker(w.opt.FlushEvery)
	defer flush.Stop()
	open := time.NewTicker(inflightEvery)
	defer open.Stop()
	for {
		select {
		case <-open.C:
			w.inflight()
		case <-flush.C:
		case <-w.wake:
		case <-w.stop:
			return
		}
		w.flush()
	}
}

// flush writes what is pending.
func (w *Writer) flush() {
	w.mu.Lock()
	batch, began := w.pending, w.blocked
	w.pending, w.blocked = nil, Never
	w.room.Broadcast()
	w.mu.Unlock()
	if len(batch) > 0 {
		if err := w.write(batch); err != nil {
			w.fail(err)
			return
		}
	}
	w.recycle(batch)
	if began != Never {
		// In the next batch, as those who waited come first.
		now := w.opt.Epoch.Now()
		w.own(&Mark{TNs: now, PlannedNs: Never, Kind: MarkWriterBlocked, Value: now - began, Unit: "ns"})
	}
}

// recycle gives a written batch's memory to the next, unless one has begun or
// it is far more than a usual batch needs.
func (w *Writer) recycle(batch []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending == nil && cap(batch) <= 2*pendingWake {
		w.pending = batch[:0]
	}
}

// inflight notes what is open, in as many marks as it needs. Value counts the
// marks that follow for the same instant.
func (w *Writer) inflight() {
	if w.opt.Inflight == nil {
		return
	}
	now := w.opt.Epoch.Now()
	requests, attempts := w.opt.Inflight()
	parts := max(1, (len(requests)+openMax-1)/openMax, (len(attempts)+openMax-1)/openMax)
	for left := parts - 1; left >= 0; left-- {
		m := Mark{TNs: now, PlannedNs: Never, Kind: MarkInflight, Value: int64(left)}
		m.OpenRequests, requests = split(requests)
		m.OpenAttempts, attempts = split(attempts)
		w.own(&m)
	}
}

func split[T any](list []T) (head, tail []T) {
	n := min(len(list), openMax)
	return list[:n], list[n:]
}

// own keeps a mark of the writer itself, which must not wait for itself.
func (w *Writer) own(m *Mark) {
	buf, err := encode(kindMark, m)
	if err != nil {
		w.fail(err)
		return
	}
	defer free(buf)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.pending = append(w.pending, buf.Bytes()...)
	}
}

func (w *Writer) write(b []byte) error {
	if _, err := w.file.Write(b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// fail notes the first error and lets all go who wait.
func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.err, w.pending = err, nil
	close(w.failed)
	w.room.Broadcast()
}
