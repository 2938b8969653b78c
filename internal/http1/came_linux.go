//go:build linux && (amd64 || arm64)

package http1

import (
	"io"
	"net"
	"os"
	"syscall"

	"github.com/chaoskit/chaos/internal/rxstamp"
)

// reader is what a socket reads with. Only one goroutine at a time reads from a
// connection.
type reader struct {
	raw  syscall.RawConn // nil: nothing is stamped
	from rxstamp.Receiver
	once func(fd uintptr) bool

	// Of a read.
	p      []byte
	n      int
	unixNs int64
	errno  syscall.Errno
}

// stampAll has the kernel stamp what comes on the connections of l, also before they
// are accepted, as they inherit it.
func stampAll(l net.Listener) {
	if sc, ok := l.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = rxstamp.Enable(fd) }) // else nothing is stamped
		}
	}
}

// open has the kernel stamp what comes.
func (r *reader) open(raw syscall.RawConn) {
	var err error
	if raw.Control(func(fd uintptr) { err = rxstamp.Enable(fd) }) != nil || err != nil {
		return
	}
	r.raw, r.once = raw, r.receive
}

func (r *reader) stamps() bool { return r.raw != nil }

// read is a Read that tells when the last of it came, in Unix nanoseconds; 0: that
// is not known.
func (r *reader) read(p []byte) (n int, unixNs int64, err error) {
	if len(p) == 0 {
		return 0, 0, nil
	}
	r.p = p
	err = r.raw.Read(r.once)
	r.p = nil
	switch {
	case err != nil:
		return 0, 0, err
	case r.errno != 0:
		return 0, 0, os.NewSyscallError("recvmsg", r.errno)
	case r.n == 0:
		return 0, 0, io.EOF
	}
	return r.n, r.unixNs, nil
}

// receive tries once. false: nothing is there yet.
func (r *reader) receive(fd uintptr) bool {
	for {
		r.n, r.unixNs, r.errno = r.from.Receive(fd, r.p)
		if r.errno != syscall.EINTR {
			return r.errno != syscall.EAGAIN
		}
	}
}
