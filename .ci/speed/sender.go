package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chaoskit/chaos/internal/rxstamp"
)

// tokenBytes is what the mock sends for a token of its streams here.
const tokenBytes = 279

var (
	senderHead  = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	senderToken = func() []byte {
		const before, behind = `data: {"delta":{"content":"`, "\"}}\n\n"
		body := before + strings.Repeat("x", tokenBytes-len("10f\r\n\r\n")-len(before)-len(behind)) + behind
		return fmt.Appendf(nil, "%x\r\n%s\r\n", len(body), body)
	}()
	senderEnd = fmt.Appendf(nil, "%x\r\n%s\r\n0\r\n\r\n", len(ended), ended)
)

// A sender does nothing but send: the same bytes for every token of every stream,
// one send(2) each, when it is due. No server on this machine can be less late.
type sender struct {
	late *hdrhistogram.Histogram // in µs
	quit chan struct{}

	mu    sync.Mutex
	first []sending // whose first token is due
	next  []sending // others: all have the same gap, so they stand in the order in which they are due
}

// sending is when the next token of a stream is due.
type sending struct {
	due time.Time
	to  *recipient
}

type recipient struct {
	fd, tokens int
	conn       net.Conn
}

// serveSender serves a sender until standard input ends, and then says how late its
// tokens were.
func serveSender() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr())
	s := &sender{late: hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3), quit: make(chan struct{})}
	go func() {
		for {
			c, err := l.Accept()
			check(err)
			go s.begin(c.(*net.TCPConn))
		}
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run()
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	check(err)
	close(s.quit)
	<-done
	for _, q := range []float64{50, 99, 100} {
		fmt.Print(s.late.ValueAtPercentile(q)*int64(time.Microsecond), " ")
	}
	fmt.Println()
}

// begin reads a request and begins its stream, from when the kernel had it, as the
// mock does.
func (s *sender) begin(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	check(err)
	to := &recipient{conn: c}
	check(raw.Control(func(fd uintptr) {
		to.fd = int(fd)
		err = rxstamp.Enable(fd)
	}))
	check(err)
	var from rxstamp.Receiver
	var came int64
	var errno syscall.Errno
	buf := make([]byte, 4<<10)
	check(raw.Read(func(fd uintptr) bool {
		_, came, errno = from.Receive(fd, buf)
		return errno != syscall.EAGAIN
	}))
	if errno != 0 {
		fail(fmt.Errorf("reading a request: %w", errno))
	}
	at := time.Now()
	if came > 0 {
		at = at.Add(-time.Since(time.Unix(0, came)))
	}
	send(to.fd, senderHead)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = append(s.first, sending{at.Add(streamTTFT), to})
	for i := len(s.first) - 1; i > 0 && s.first[i].due.Before(s.first[i-1].due); i-- {
		s.first[i], s.first[i-1] = s.first[i-1], s.first[i]
	}
}

// run sends what is due, and looks again as soon as the runtime lets it.
func (s *sender) run() {
	for {
		s.sendDue()
		select {
		case <-s.quit:
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

func (s *sender) sendDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		q := &s.next
		if len(s.next) == 0 || len(s.first) > 0 && s.first[0].due.Before(s.next[0].due) {
			q = &s.first
		}
		if len(*q) == 0 {
			return
		}
		x := (*q)[0]
		late := time.Since(x.due)
		if late < 0 {
			return
		}
		*q = (*q)[1:]
		check(s.late.RecordValue(int64(late / time.Microsecond)))
		send(x.to.fd, senderToken)
		if x.to.tokens++; x.to.tokens == streamTokens {
			send(x.to.fd, senderEnd)
			continue
		}
		s.next = append(s.next, sending{x.due.Add(streamGap), x.to})
	}
}

// send sends p on a socket that has room for it.
func send(fd int, p []byte) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 || int(n) != len(p) {
		fail(fmt.Errorf("send took %d of %d bytes: %w", int(n), len(p), errno))
	}
}
