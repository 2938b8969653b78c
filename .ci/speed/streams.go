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
// 20 ms) for token i from 0, both on the client's clock. Arrival is when the
// client's kernel had the token, by its own stamp (SO_TIMESTAMPNS), as a capture
// on the client's machine would show it: when the client gets round to reading is
// not what is measured. So it holds the way there, all that the mock does before it
// knows that a call has come, sending, and the way back; nothing is taken off. Only
// tokens that were due while all 2,000 streams were open count. Every stream must
// have all its tokens and its end.
//
// The client reads each stream once per token, 18 ms after it was due, so that a read
// finds one token and its stamp is that token's. Where it comes too late for that it
// reads chunk by chunk, each of which has a stamp of its own. A token that is later than
// 18 ms is found by a later read. It reads that late because what the kernel keeps of a
// connection is then in the cache that the cores share when the next token is sent,
// 2 ms later: 3 hundredths of the server's core.
//
// It has no poller: over loopback the sender's core carries a packet all the way
// into the receiver's socket and wakes who waits there, so that a client that is
// woken for each token takes a tenth of the server's core. Its kernel acknowledges
// as it does by default, once per read.
//
// 2,000 streams need most of a core for the kernel alone, and a machine that is shared
// with others has phases in which memory is slow and it needs all of one, for 100 ms
// (a hundredth of the run is 300 ms) or for an hour; a loop that only counts runs as
// always meanwhile. So the mock's rounds take turns with those of a sender that does
// nothing but send: the same bytes, one write a token, when it is due. It sleeps a
// millisecond at a time, which is its p99 where it has the time that it needs. Where
// it is behind by a sleep more, before the mock's round or after it, the machine did not have
// a core for anybody, and the round does not count. Three rounds count, of eight at most;
// all are printed, and the median of the mock's p99 decides, as with answers. What
// the mock costs beyond sending is the ratio of what the two used of their core.

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/internal/rxstamp"
)

const (
	lateLimit = 5 * time.Millisecond // at p99
	// startEvery is no divisor of the time between two tokens, so that streams
	// are spread over it evenly.
	startEvery = 1010 * time.Microsecond
	streamGap  = time.Duration(float64(time.Second) / streamRate)
	lookEvery  = 500 * time.Microsecond // for streams to be read
	readAfter  = 18 * time.Millisecond  // a token was due
	againAfter = 2 * time.Millisecond   // it was not there
	stepMax    = 100 * time.Microsecond // of the clock, beside the monotonic one
)

const (
	streamRounds = 3 // that count
	streamTries  = 8 // nine minutes, with the sender's
	senderLimit  = 2 * time.Millisecond
)

// late is what a round found: quantiles of lateness, and the share of its
// core that each side used.
type late struct {
	own, theirs [3]time.Duration // p50, p99, the worst
	busy, meter float64          // of its core, the server and the client
}

// within reports whether its p99 is less than a limit, by both stamps.
func (l late) within(d time.Duration) bool { return l.own[1] < d && l.theirs[1] < d }

// streams measures the lateness of tokens.
func streams(dir string) outcome {
	var own, theirs []time.Duration
	var more []float64
	before := senderRound()
	for i := 0; len(own) < streamRounds && i < streamTries; i++ {
		mock := streamRound("serve-mock", filepath.Join(dir, fmt.Sprintf("streams-%d.chaos", i+1)))
		mock.print("mock")
		after := senderRound()
		if before.within(senderLimit) && after.within(senderLimit) {
			own, theirs = append(own, mock.own[1]), append(theirs, mock.theirs[1])
			more = append(more, 2*mock.busy/(before.busy+after.busy))
		} else {
			fmt.Println("streams           the mock's round does not count: the sender beside it is late")
		}
		before = after
	}
	if len(own) < streamRounds {
		fmt.Printf("streams   of %d rounds %d count: the machine is too slow now for %d at %.0f tokens/s, whoever sends them; measure again  ok=unknown\n",
			streamTries, len(own), streamCount, streamRate)
		return unknown
	}
	slices.Sort(own)
	slices.Sort(theirs)
	o, t := own[streamRounds/2], theirs[streamRounds/2]
	ok := o < lateLimit && t < lateLimit
	fmt.Printf("streams   median  %d at %.0f tokens/s: late p99 %v by the mock's stamps, %v by the client's (limit %v)  core busy %.2f times the sender's  ok=%v\n",
		streamCount, streamRate, o, t, lateLimit, median(more), ok)
	return is(ok)
}

// senderRound is a round of the sender.
func senderRound() late {
	l := streamRound("serve-sender")
	l.print("sender")
	return l
}

func (l late) print(who string) {
	fmt.Printf("streams   %-6s  late by its own stamps p50 %v p99 %v worst %v, by the client's p50 %v p99 %v worst %v  core busy %.0f %%, the client's %.0f %%\n",
		who, l.own[0], l.own[1], l.own[2], l.theirs[0], l.theirs[1], l.theirs[2], 100*l.busy, 100*l.meter)
}

// streamRound runs all streams once, sent by one of this program's children.
func streamRound(child string, args ...string) late {
	s := self(child, args...)
	cmd := pinned(clientCore, os.Args[0], "client", s.addr)
	before, start := cpu(s.cmd.Process.Pid), time.Now()
	out, err := cmd.Output()
	if err != nil {
		fail(fmt.Errorf("client: %w\n%s", err, out))
	}
	took := time.Since(start).Seconds()
	return late{
		busy:   (cpu(s.cmd.Process.Pid) - before).Seconds() / took,
		meter:  (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() / took,
		theirs: parseLate(strings.TrimSpace(string(out))),
		own:    parseLate(s.stop()),
	}
}

// parseLate reads the three quantiles that a child says in nanoseconds.
func parseLate(line string) (q [3]time.Duration) {
	var ns [3]int64
	_, err := fmt.Sscan(line, &ns[0], &ns[1], &ns[2])
	check(err)
	for i, n := range ns {
		q[i] = time.Duration(n).Round(time.Microsecond)
	}
	return q
}

// stream is one connection of the client.
type stream struct {
	fd      int
	written time.Duration // on the client's clock
	tokens  int
	tail    []byte // of the last read, in which a token may have begun
	done    bool
}

// due is when the next token is.
func (s *stream) due() time.Duration {
	return s.written + streamTTFT + time.Duration(s.tokens)*streamGap
}

// meter is the client: one goroutine that never waits for one socket.
type meter struct {
	start   time.Time
	streams []*stream
	look    []time.Duration // from when on the stream is read
	asked   int
	open    int
	from    time.Duration // all are open from here
	until   time.Duration // until the first that ends
	late    []time.Duration
	buf     []byte
	inbox   rxstamp.Receiver
}

var (
	token = []byte(`"delta":{"content":"`)
	ended = []byte("data: [DONE]\n\n")
	ask   = []byte("POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nContent-Length: 128\r\n\r\n" +
		`{"model":"gpt-4o","messages":[{"role":"user","content":"How do I reset the password of my account, please?????"}],"stream":true}`)
)

func client(addr string) {
	m := &meter{late: make([]time.Duration, 0, streamCount*streamTokens), buf: make([]byte, 64<<10)}
	at, err := netip.ParseAddrPort(addr)
	check(err)
	for range streamCount {
		m.dial(&syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
	}
	m.start = time.Now()
	m.from = streamCount*startEvery + streamTTFT
	m.until = streamTTFT + (streamTokens-1)*streamGap
	m.run()
	if step := m.now() - time.Since(m.start); step.Abs() > stepMax {
		fail(fmt.Errorf("the machine's clock was set by %v meanwhile: measure again", step))
	}
	for i, s := range m.streams {
		if s.tokens != streamTokens || !s.done {
			fail(fmt.Errorf("stream %d has %d tokens of %d, end %v", i, s.tokens, streamTokens, s.done))
		}
	}
	slices.Sort(m.late)
	n := len(m.late)
	fmt.Println(int64(m.late[n/2]), int64(m.late[n*99/100]), int64(m.late[n-1]))
}

// now is the client's time, on the clock by which its kernel stamps what comes.
func (m *meter) now() time.Duration { return m.at(time.Now().UnixNano()) }

func (m *meter) at(unixNs int64) time.Duration { return time.Duration(unixNs - m.start.UnixNano()) }

// dial opens a connection that no poller knows of, that of the runtime neither:
// one would be told of each token by the sender, on the server's core.
func (m *meter) dial(to syscall.Sockaddr) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	check(err)
	check(syscall.Connect(fd, to))
	check(rxstamp.Enable(uintptr(fd)))
	m.streams = append(m.streams, &stream{fd: fd})
	m.look = append(m.look, never)
}

const never = time.Duration(1<<63 - 1)

// run asks when it is time to and reads what has come, until all have ended.
func (m *meter) run() {
	m.open = streamCount
	for m.open > 0 {
		now := m.now()
		for m.asked < streamCount && now >= time.Duration(m.asked)*startEvery {
			m.ask(m.asked)
			m.asked++
		}
		for i, at := range m.look {
			if at <= now {
				m.read(i)
			}
		}
		if now > m.until+time.Minute {
			fail(fmt.Errorf("%d streams are open a minute after their end", m.open))
		}
		rest(lookEvery - (m.now() - now)) // not at all when it took longer
	}
}

// rest sleeps in the kernel: the runtime's own timers wait for whole
// milliseconds where nothing else is to be done.
func rest(d time.Duration) {
	if d <= 0 {
		return
	}
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // cut short by a signal: looked too early once
}

func (m *meter) ask(i int) {
	s := m.streams[i]
	s.written = m.now()
	_, err := syscall.Write(s.fd, ask)
	check(err)
	m.look[i] = s.due() + readAfter
}

// read takes what has come on a stream, if anything has.
func (m *meter) read(i int) {
	s := m.streams[i]
	kept := copy(m.buf, s.tail)
	room := len(m.buf)
	if s.tokens > 0 && m.now() >= s.due()+streamGap { // the one after it may have come, too
		if n := chunkAhead(s.fd, m.buf[kept:]); n > 0 {
			room = min(room, kept+n)
		}
	}
	n, came, err := m.inbox.Receive(uintptr(s.fd), m.buf[kept:room])
	switch {
	case err == syscall.EAGAIN:
		m.look[i] += againAfter
		return
	case err != 0:
		fail(fmt.Errorf("stream %d after %d tokens: %w", i, s.tokens, err))
	case n == 0:
		fail(fmt.Errorf("stream %d was closed after %d tokens", i, s.tokens))
	case came == 0:
		fail(fmt.Errorf("what came on stream %d after %d tokens has no stamp of the kernel's", i, s.tokens))
	}
	m.take(s, m.buf[:kept+n], m.at(came))
	m.look[i] = s.due() + readAfter
	if s.done {
		m.look[i] = never
		m.open--
	}
}

// chunkAhead returns how long the chunk is that comes next (RFC 9112 7.1), 0 where that
// is not to be seen. Each chunk is one write of the server's, and what was written by
// itself the kernel keeps by itself, with its stamp, until it is acknowledged.
func chunkAhead(fd int, buf []byte) int {
	n, _, err := syscall.Recvfrom(fd, buf[:16], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	if err != nil {
		return 0
	}
	size, _, ok := bytes.Cut(buf[:n], []byte("\r\n"))
	length, err := strconv.ParseInt(string(size), 16, 32)
	if !ok || err != nil {
		return 0
	}
	return len(size) + len("\r\n") + int(length) + len("\r\n")
}

// take counts the tokens in what had come by at.
func (m *meter) take(s *stream, got []byte, at time.Duration) {
	for {
		i := bytes.Index(got, token)
		if i < 0 {
			break
		}
		got = got[i+len(token):]
		if due := s.due(); due >= m.from && due < m.until {
			m.late = append(m.late, at-due)
		}
		s.tokens++
	}
	s.done = bytes.Contains(got, ended)
	s.tail = append(s.tail[:0], got[max(0, len(got)-len(token)+1):]...)
}
