package tcpproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
)

// Bounds of one direction.
const (
	readMost   = 16 << 10  // of a piece
	queueMost  = 256 << 10 // bytes under way
	bytesMost  = 256 << 20 // of all connections and both directions
	piecesMost = 4096      // pieces under way
	pacesEvery = 50        // pieces a second, where bandwidth makes them

	catchesUp = 20 * time.Millisecond // how much of its time a narrow pipe makes up for
)

// piece is what was read at once, or the end of a direction. Pieces are passed on
// in their order, so one that is later than the next makes that late as well.
type piece struct {
	data []byte
	end  error     // io.EOF, or a reset; nil: more may come
	at   time.Time // not to be passed on before
	late int       // rule that made it late, -1: none
}

// queue is what is under way in one direction.
type queue struct {
	mu     sync.Mutex
	change sync.Cond
	room   func() int64 // bytes that may be under way
	list   []piece
	bytes  int64
	closed bool
}

func newQueue(room func() int64) *queue {
	q := &queue{room: room}
	q.change.L = &q.mu
	return q
}

// push waits for room. false: nobody takes anything any more.
func (q *queue) push(p piece) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && (q.bytes >= q.room() || len(q.list) >= piecesMost) {
		q.change.Wait()
	}
	if q.closed {
		return false
	}
	q.list, q.bytes = append(q.list, p), q.bytes+int64(len(p.data))
	q.change.Broadcast()
	return true
}

// pop waits for a piece. Its bytes count as under way until done.
func (q *queue) pop() (piece, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && len(q.list) == 0 {
		q.change.Wait()
	}
	if q.closed {
		return piece{}, false
	}
	p := q.list[0]
	if q.list = q.list[1:]; len(q.list) == 0 {
		q.list = nil
	}
	return p, true
}

func (q *queue) done(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= int64(n)
	q.change.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.list = true, nil
	q.change.Broadcast()
}

// pass carries one direction until its end. Reading goes on while pieces wait,
// so that latency is distance and not a narrow pipe.
func (c *conn) pass(way int) {
	src, dst := c.client, c.upstream
	if way == down {
		src, dst = dst, src
	}
	q := newQueue(c.p.room)
	read := make(chan struct{})
	go func() { defer close(read); c.read(way, src, q) }()
	stop := context.AfterFunc(c.life, q.close)
	c.write(way, dst, q)
	stop()
	// Whoever still sends this way does it in vain.
	q.close()
	_ = src.SetReadDeadline(time.Unix(1, 0))
	<-read
}

// read takes what comes, and says when it is to be passed on.
func (c *conn) read(way int, src net.Conn, q *queue) {
	buf := make([]byte, readMost)
	for n := 0; ; {
		got, err := src.Read(buf)
		p := piece{data: append([]byte(nil), buf[:got]...), at: time.Now(), late: -1}
		if e := c.judge(true)[way].Delay; e != nil && !c.isDraining() {
			p.at, p.late = p.at.Add(lateness(e, way, n)), e.Rule
			n++
		}
		switch {
		case errors.Is(err, io.EOF) && wasReset(src) && !c.ended[1-way].Load():
			p.end = syscall.ECONNRESET
		case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF):
			p.end = io.EOF
		case err != nil:
			p.end = err
		}
		if !q.push(p) || p.end != nil {
			return
		}
	}
}

// lateness is the latency of the n-th piece that is late.
func lateness(d *faults.Delay, way, n int) time.Duration {
	if d.Jitter == 0 {
		return d.Extra
	}
	u := float64(draw.Bits(d.Draw, "tcp.jitter", string(directions[way]), strconv.Itoa(n))>>11) / (1 << 53)
	return time.Duration(float64(d.Extra) * (1 + float64(d.Jitter*float64(2*u-1))))
}

// write passes on what has come, each piece at its time.
func (c *conn) write(way int, dst net.Conn, q *queue) {
	var free time.Time // of the narrow pipe
	for {
		p, ok := q.pop()
		if !ok || !c.wait(p.at) {
			return
		}
		if p.late >= 0 && len(p.data) > 0 && !c.isDraining() {
			c.show(p.late, -1)
		}
		if !c.send(way, dst, p, &free) {
			return
		}
		q.done(len(p.data))
		switch {
		case p.end == io.EOF:
			c.closeWrite(way, dst)
			return
		case p.end != nil:
			c.end(aborted, -1, 0)
			return
		}
	}
}

// send writes one piece: in parts, where its way is narrow or comes to an end.
func (c *conn) send(way int, dst net.Conn, p piece, free *time.Time) bool {
	for data := p.data; len(data) > 0; {
		e := c.judge(true)[way]
		if c.isDead() {
			return false
		}
		n := len(data)
		if e.Ending != nil {
			n = int(min(int64(n), max(1, c.left(way, e.Ending))))
		}
		if e.Pace != nil {
			rate := e.Pace.BytesPerSecond
			n = min(n, int(max(1, min(rate/pacesEvery, readMost))))
			*free = through(*free, p.at, time.Now(), n, rate)
			if !c.wait(*free) {
				return false
			}
			c.show(e.Pace.Rule, -1)
		}
		wrote, err := dst.Write(data[:n])
		c.count(way, wrote)
		if err != nil {
			return false
		}
		data = data[n:]
		if e.Ending != nil {
			c.judge(true) // it may have been the last byte before the end
		}
	}
	return !c.isDead()
}

// through is when the last of n bytes that came at an instant has left a narrow
// pipe that was taken until free. Timers are late, so what they lose is made up
// for; but not what a reader who was slow did, for more than catchesUp.
func through(free, at, now time.Time, n int, rate int64) time.Time {
	for _, t := range []time.Time{at, now.Add(-catchesUp)} {
		if free.Before(t) {
			free = t
		}
	}
	return free.Add(time.Duration(int64(n) * int64(time.Second) / rate))
}

func (c *conn) count(way, n int) {
	if n > 0 && way == down {
		now := c.p.opt.Epoch.Now()
		c.first.CompareAndSwap(0, now)
		c.last.Store(now)
	}
	c.passed[way].Add(int64(n))
}

// wait waits until an instant, or until the proxy drains. false: the connection
// has come to its end.
func (c *conn) wait(at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return !c.isDead()
	}
	due, stop := after(d)
	defer stop()
	select {
	case <-due:
	case <-c.p.closing.Done():
	case <-c.life.Done():
	}
	return !c.isDead()
}

func (c *conn) isDraining() bool { return c.p.closing.Err() != nil }
