package main

// Method of streams. The mock model, its journal on, has core 0 to itself; the
// client, a process of its own, has core 1. The client opens 2,000 connections
// and asks for one stream on each, spread over two seconds and a bit, as users
// who do not know of each other are: all at once would have all tokens of all
// streams due at the same instants. Each answer is 1,500 tokens, a token is an
// event of about 300 bytes, the first is due 500 ms after the call, each next
// one 20 ms after the one before: 100,000 writes a second.
//
// Lateness by the mock's stamps is Server.Lateness: for every token, from the
// instant at which it was due to the one at which its write began, 3 million of
// them. By the client's it is arrival minus (request written + 500 ms + i x
// 20 ms) for token i from 0, read on the client's own monotonic clock. So it
// holds the way there, the mock's accepting and reading, the way back, and the
// client itself, which looks at its sockets every half millisecond; nothing is
// taken off. Only tokens that were due while all 2,000 streams were open count. Every
// stream must have all its tokens and its end.

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	lateLimit = 5 * time.Millisecond // at p99
	// startEvery is no divisor of the time between two tokens, so that streams
	// are spread over it evenly.
	startEvery = 1010 * time.Microsecond
	lookEvery  = 500 * time.Microsecond
	streamGap  = time.Duration(float64(time.Second) / streamRate)
)

// streams measures the lateness of tokens and reports whether it is good.
func streams(dir string) bool {
	mock := self("serve-mock", filepath.Join(dir, "streams.chaos"))
	cmd := pinned(clientCore, os.Args[0], "client", mock.addr)
	before, start := cpu(mock.cmd.Process.Pid), time.Now()
	out, err := cmd.Output()
	if err != nil {
		fail(fmt.Errorf("client: %w\n%s", err, out))
	}
	busy := (cpu(mock.cmd.Process.Pid) - before).Seconds() / time.Since(start).Seconds()
	own, theirs := parseLate(mock.stop()), parseLate(strings.TrimSpace(string(out)))
	good := own[1] < lateLimit && theirs[1] < lateLimit
	fmt.Printf("streams   %d at %.0f tokens/s: late by the mock's stamps p50 %v p99 %v worst %v, by the client's p50 %v p99 %v worst %v (limit p99 %v)  core busy %.0f %%  ok=%v\n",
		streamCount, streamRate, own[0], own[1], own[2], theirs[0], theirs[1], theirs[2], lateLimit, 100*busy, good)
	return good
}

// parseLate reads the three quantiles that a child says in nanoseconds.
func parseLate(line string) (late [3]time.Duration) {
	var ns [3]int64
	_, err := fmt.Sscan(line, &ns[0], &ns[1], &ns[2])
	check(err)
	for i, n := range ns {
		late[i] = time.Duration(n).Round(time.Microsecond)
	}
	return late
}

// stream is one connection of the client.
type stream struct {
	fd      int
	written time.Duration // on the client's clock
	tokens  int
	tail    []byte // of the last read, in which a token may have begun
	done    bool
}

// meter is the client: one goroutine that never waits for one socket.
type meter struct {
	start   time.Time
	poll    int
	streams []*stream
	asked   int
	open    int
	from    time.Duration // all are open from here
	until   time.Duration // until the first that ends
	late    []time.Duration
	buf     []byte
}

var (
	token = []byte(`"delta":{"content":"`)
	ended = []byte("data: [DONE]\n\n")
	ask   = []byte("POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nContent-Length: 128\r\n\r\n" +
		`{"model":"gpt-4o","messages":[{"role":"user","content":"How do I reset the password of my account, please?????"}],"stream":true}`)
)

func client(addr string) {
	m := &meter{late: make([]time.Duration, 0, streamCount*streamTokens), buf: make([]byte, 64<<10)}
	var err error
	m.poll, err = syscall.EpollCreate1(0)
	check(err)
	for range streamCount {
		m.dial(addr)
	}
	m.start = time.Now()
	m.from = streamCount*startEvery + streamTTFT
	m.until = streamTTFT + (streamTokens-1)*streamGap
	m.run()
	for i, s := range m.streams {
		if s.tokens != streamTokens || !s.done {
			fail(fmt.Errorf("stream %d has %d tokens of %d, end %v", i, s.tokens, streamTokens, s.done))
		}
	}
	slices.Sort(m.late)
	n := len(m.late)
	fmt.Println(int64(m.late[n/2]), int64(m.late[n*99/100]), int64(m.late[n-1]))
}

func (m *meter) dial(addr string) {
	c, err := net.Dial("tcp", addr)
	check(err)
	f, err := c.(*net.TCPConn).File()
	check(err)
	check(c.Close())
	fd := int(f.Fd())
	check(syscall.SetNonblock(fd, true))
	check(syscall.EpollCtl(m.poll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(len(m.streams))}))
	m.streams = append(m.streams, &stream{fd: fd})
	files = append(files, f)
}

// files keeps the sockets from being closed by the collector.
var files []*os.File

// run asks when it is time to and reads what has come, until all have ended.
func (m *meter) run() {
	events := make([]syscall.EpollEvent, 512)
	m.open = streamCount
	for m.open > 0 {
		now := time.Since(m.start)
		for m.asked < streamCount && now >= time.Duration(m.asked)*startEvery {
			s := m.streams[m.asked]
			s.written = time.Since(m.start)
			_, err := syscall.Write(s.fd, ask)
			check(err)
			m.asked++
		}
		n, err := syscall.EpollWait(m.poll, events, 0)
		if err != nil && err != syscall.EINTR {
			check(err)
		}
		for _, e := range events[:max(n, 0)] {
			m.read(m.streams[e.Fd])
		}
		if n <= 0 {
			time.Sleep(lookEvery)
		}
		if now > m.until+time.Minute {
			fail(fmt.Errorf("%d streams are open a minute after their end", m.open))
		}
	}
}

// read takes what has come on a stream: once, as the poll tells of the rest.
func (m *meter) read(s *stream) {
	kept := copy(m.buf, s.tail)
	n, err := syscall.Read(s.fd, m.buf[kept:])
	if err == syscall.EAGAIN {
		return
	}
	check(err)
	if n == 0 {
		fail(fmt.Errorf("a stream was closed after %d tokens", s.tokens))
	}
	now := time.Since(m.start)
	got := m.buf[:kept+n]
	for {
		i := bytes.Index(got, token)
		if i < 0 {
			break
		}
		got = got[i+len(token):]
		due := s.written + streamTTFT + time.Duration(s.tokens)*streamGap
		if due >= m.from && due < m.until {
			m.late = append(m.late, now-due)
		}
		s.tokens++
	}
	if !s.done && bytes.Contains(got, ended) {
		s.done = true
		m.open--
	}
	s.tail = append(s.tail[:0], got[max(0, len(got)-len(token)+1):]...)
}
