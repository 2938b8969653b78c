package tcpproxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// tcpClosed is TCP_CLOSE of the kernel's net/tcp_states.h: nothing comes and
// nothing goes any more.
const tcpClosed = 7

// wasReset reports whether a connection that reads as ended was reset. A system
// tells of a reset once: if a write was told, the next read finds an end of file.
// It does not hold for a connection whose own end has been sent (see closeWrite),
// which comes into the same state in peace.
func wasReset(c net.Conn) bool {
	closed := false
	control(c, func(fd int) {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		closed = err == nil && info.State == tcpClosed
	})
	return closed
}

// unsent is how many bytes the other side's system has not taken yet. What was
// sent and is not acknowledged is among them: a system that is short of room drops
// it, and takes it when it is sent again.
func unsent(c net.Conn) int {
	n := 0
	control(c, func(fd int) {
		var err error
		if n, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ); err != nil {
			n = 0
		}
	})
	return n
}

func control(c net.Conn, f func(fd int)) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return // of memory: it tells everybody, and holds nothing back
	}
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}
