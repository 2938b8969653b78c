//go:build amd64 || arm64

package rxstamp

import (
	"encoding/binary"
	"syscall"
	"unsafe"
)

// Receiver receives from one connection. It is not for two goroutines at once.
type Receiver struct {
	iov     syscall.Iovec
	msg     syscall.Msghdr
	control [64]byte
}

// Enable has the kernel stamp what comes on the connection from now on.
func Enable(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
}

// Receive takes what has come, at most len(p) bytes and at least one must be
// asked for, and does not wait: EAGAIN where nothing has. n is 0 at the end of the
// stream. unixNs is when the last of it came; 0: the kernel has not stamped it, as
// it was there before Enable. The scheduler is not told of the call.
func (r *Receiver) Receive(fd uintptr, p []byte) (n int, unixNs int64, errno syscall.Errno) {
	r.iov.Base = &p[0]
	r.iov.SetLen(len(p))
	r.msg = syscall.Msghdr{Iov: &r.iov, Iovlen: 1, Control: &r.control[0]}
	r.msg.SetControllen(len(r.control))
	got, _, errno := syscall.RawSyscall(syscall.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&r.msg)), syscall.MSG_DONTWAIT)
	r.iov.Base = nil // it is the caller's
	if errno != 0 {
		return 0, 0, errno
	}
	return int(got), r.stamp(), 0
}

// stamp returns what the control message says.
func (r *Receiver) stamp() int64 {
	const header = syscall.SizeofCmsghdr // length, level, type
	c := r.control[:min(int(r.msg.Controllen), len(r.control))]
	if len(c) < header+16 || binary.NativeEndian.Uint32(c[8:]) != syscall.SOL_SOCKET || binary.NativeEndian.Uint32(c[12:]) != syscall.SCM_TIMESTAMPNS {
		return 0
	}
	sec, ns := binary.NativeEndian.Uint64(c[header:]), binary.NativeEndian.Uint64(c[header+8:])
	return int64(sec)*1e9 + int64(ns)
}
