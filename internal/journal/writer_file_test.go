package journal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// disk is a file in memory that can be slow, or full.
type disk struct {
	mu     sync.Mutex
	bytes  []byte
	room   int           // bytes that still fit; -1: no end
	slow   time.Duration // that a write takes
	sync   error
	writes int
	closed bool
}

func (d *disk) Write(b []byte) (int, error) {
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if d.room >= 0 && len(b) > d.room {
		n := d.room
		d.bytes, d.room = append(d.bytes, b[:n]...), 0
		return n, syscall.ENOSPC
	}
	if d.room >= 0 {
		d.room -= len(b)
	}
	d.bytes = append(d.bytes, b...)
	return len(b), nil
}

func (d *disk) Sync() error { return d.sync }

func (d *disk) Close() error {
	d.closed = true
	return nil
}

// journal reads what is on the disk now, as after kill -9.
func (d *disk) journal(t *testing.T) *Journal {
	t.Helper()
	d.mu.Lock()
	b := bytes.Clone(d.bytes)
	d.mu.Unlock()
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	j, err := ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func onDisk(t *testing.T, d *disk, opts WriterOptions) *Writer {
	t.Helper()
	opts.Epoch = NewEpoch()
	w, err := newWriter(d, Header{Schema: Schema, Run: "abcdefgh"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func requestOf(i int) *Request {
	r := NewRequest()
	r.Key = Key{Phase: "warm", Index: int64(i)}
	return &r
}

func keys(j *Journal) string {
	var out []string
	for _, r := range j.Requests {
		out = append(out, r.Key.String())
	}
	return strings.Join(out, " ")
}

// A process that is killed loses at most the last 250 ms, whatever it did
// before, and of what was open more than a second before it ended it knows.
func TestRecordsReachTheFileWithin250ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1}
		open := []Key{{Phase: "warm", Index: 99}}
		w := onDisk(t, d, WriterOptions{Inflight: func() ([]Key, []uint64) { return open, []uint64{7} }})
		for i := range 40 {
			time.Sleep(37 * time.Millisecond)
			w.Request(requestOf(i))
			time.Sleep(250 * time.Millisecond)
			if j := d.journal(t); len(j.Requests) != i+1 || !j.Cut {
				t.Fatalf("%d requests are in the file 250 ms after number %d was given, cut %v", len(j.Requests), i, j.Cut)
			}
		}
		j := d.journal(t)
		if !j.CensoredRequests[open[0]] || !j.CensoredAttempts[7] {
			t.Errorf("open: %v and %v", j.CensoredRequests, j.CensoredAttempts)
		}
		last := int64(-1)
		for _, m := range j.Marks {
			if m.Kind == MarkInflight && last >= 0 && m.TNs-last > int64(time.Second) {
				t.Errorf("%v between two inflight marks", time.Duration(m.TNs-last))
			}
			last = m.TNs
		}
		if err := w.Close(Mark{PlannedNs: Never}); err != nil || !d.closed || d.journal(t).Cut {
			t.Errorf("closed: %v, file closed %v, cut %v", err, d.closed, d.journal(t).Cut)
		}
		w.Request(requestOf(1000))
		if err := w.Close(Mark{PlannedNs: Never}); err != nil || len(d.journal(t).Requests) != 40 {
			t.Errorf("after Close: %v, %d requests", err, len(d.journal(t).Requests))
		}
	})
}

// More is open than fits into one frame: all of it is in marks of one instant,
// and a reader takes them together.
func TestManyOpenRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1}
		var open []Key
		var attempts []uint64
		for i := range 2*openMax + 5 {
			open = append(open, Key{Phase: strings.Repeat("p", 32), Index: 1<<62 + int64(i)})
			attempts = append(attempts, 1<<63+uint64(i))
		}
		w := onDisk(t, d, WriterOptions{Inflight: func() ([]Key, []uint64) { return open, attempts }})
		time.Sleep(inflightEvery + flushEvery)
		j := d.journal(t)
		if len(j.CensoredRequests) != len(open) || len(j.CensoredAttempts) != len(attempts) {
			t.Errorf("%d requests and %d attempts are open, want %d", len(j.CensoredRequests), len(j.CensoredAttempts), len(open))
		}
		if err := w.Close(Mark{}); err != nil {
			t.Error(err)
		}
	})
}

// A full disk ends the journal at its last whole record; who writes to it is
// told, and never blocked.
func TestAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: 4000}
		w := onDisk(t, d, WriterOptions{})
		for i := range 100 {
			w.Request(requestOf(i))
			time.Sleep(10 * time.Millisecond)
		}
		select {
		case <-w.Failed():
		default:
			t.Error("nobody was told")
		}
		before := d.writes
		for i := range 100_000 {
			w.Request(requestOf(i)) // does not wait for room that will never be
		}
		time.Sleep(time.Second)
		err := w.Close(Mark{PlannedNs: Never})
		if !errors.Is(err, syscall.ENOSPC) || !errors.Is(w.Err(), syscall.ENOSPC) || d.writes != before {
			t.Errorf("%v, %v, %d writes after the first that failed", err, w.Err(), d.writes-before)
		}
		j := d.journal(t)
		if n := len(j.Requests); n == 0 || !j.Cut || !strings.HasPrefix(keys(j), "warm/0 warm/1 ") {
			t.Errorf("%d requests, cut %v: %s", n, j.Cut, keys(j))
		}
	})
}

func TestADiskThatFailsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1, sync: syscall.EIO}
		w := onDisk(t, d, WriterOptions{})
		if err := w.Close(Mark{}); !errors.Is(err, syscall.EIO) || !d.closed {
			t.Errorf("%v, file closed %v", err, d.closed)
		}
	})
	if _, err := newWriter(&disk{room: 3}, Header{Schema: Schema}, WriterOptions{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("no room for a header: %v", err)
	}
	if _, err := NewWriter(t.TempDir()+"/no/such/folder", Header{}, WriterOptions{}); err == nil {
		t.Error("a folder that is not there")
	}
	path := t.TempDir() + "/j"
	w, err := NewWriter(path, Header{Schema: Schema}, WriterOptions{Epoch: NewEpoch()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(Mark{}); err != nil {
		t.Fatal(err)
	}
	if _, err := NewWriter(path, Header{}, WriterOptions{}); err == nil {
		t.Error("a journal was written over")
	}
}

// Who brings more than the disk takes waits, loses nothing, and the journal
// says for how long: also where the run ends on it.
func TestABlockedWriterSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: -1, slow: 3 * time.Second}
		w := onDisk(t, d, WriterOptions{})
		var wg sync.WaitGroup
		// More than twice what may be pending: the writer may have taken a first
		// batch as large as that before the rest came.
		const n = 360
		for i := range n {
			wg.Go(func() {
				r := requestOf(i)
				r.Headers = map[string]string{}
				for h := range 60 {
					r.Headers[fmt.Sprint("h", h)] = strings.Repeat("x", 1000) // 21 MB in all
				}
				w.Request(r)
			})
		}
		synctest.Wait() // all have been taken, or wait for room
		if err := w.Close(Mark{PlannedNs: Never}); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		j := d.journal(t)
		blocked := int64(0)
		for _, m := range j.Marks {
			if m.Kind == MarkWriterBlocked {
				blocked += m.Value
			}
		}
		if len(j.Requests) != n || j.Cut || blocked == 0 || blocked > int64(20*time.Second) {
			t.Errorf("%d requests, cut %v, blocked %v", len(j.Requests), j.Cut, time.Duration(blocked))
		}
	})
}
