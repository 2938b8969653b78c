//go:build linux && (amd64 || arm64)

package http1

import (
	"net"
	"os"
	"syscall"
	"unsafe"
)

// socket sends with send(2) rather than write(2), whose way through the file
// layer costs 5 to 10 % more. Only one goroutine at a time writes to a
// connection, so RawConn.Control will do, which keeps the descriptor from being
// closed and nothing else.
type socket struct {
	raw  syscall.RawConn
	once func(fd uintptr)

	// Of a TryWrite.
	p   []byte
	n   int
	err error

	in reader
}

// held is a descriptor and one, while Control keeps it; 0: it does not.
type held int32

func (h held) holds() bool                    { return h > 0 }
func (h held) TryWrite(p []byte) (int, error) { return trySend(uintptr(h-1), p) }

// trySocket makes s that of nc and returns it, nil where nc has none.
func trySocket(s *socket, nc net.Conn) trier {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	s.raw, s.once = raw, s.send
	s.in.open(raw)
	return s
}

// hold keeps the descriptor in h while f runs.
func (s *socket) hold(h *held, f func()) {
	called := false
	_ = s.raw.Control(func(fd uintptr) {
		called, *h = true, held(fd)+1
		defer func() { *h = 0 }()
		f()
	})
	if !called { // it is closed: f learns of that by itself
		f()
	}
}

func (s *socket) TryWrite(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.p, s.n, s.err = p, 0, nil
	err = s.raw.Control(s.once)
	s.p = nil
	if err == nil {
		err = s.err
	}
	return s.n, err
}

func (s *socket) send(fd uintptr) { s.n, s.err = trySend(fd, s.p) }

// trySend tries once.
func trySend(fd uintptr, p []byte) (int, error) {
	for {
		// It does not wait, so the scheduler need not be told.
		n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, os.NewSyscallError("send", e)
		}
	}
}
