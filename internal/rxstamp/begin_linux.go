//go:build amd64 || arm64

package rxstamp

import (
	"errors"
	"net"
	"syscall"
)

// Begin returns once the kernel stamps what comes, and keeps it doing so until end
// is called. It begins to a little after the first Enable on the machine, as that
// takes a change of its code (net_enable_timestamp in net/core/dev.c): what comes
// before has no stamp. A test that asks for one has to wait for that.
func Begin() (end func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	far, err := l.Accept()
	if err != nil {
		_ = near.Close()
		return nil, err
	}
	end = func() { _, _ = near.Close(), far.Close() }
	if err := awaitStamp(near, far.(*net.TCPConn)); err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// roundsMax is some seconds of sending a byte over loopback.
const roundsMax = 500_000

// awaitStamp sends from near to far until what comes is stamped.
func awaitStamp(near net.Conn, far *net.TCPConn) error {
	raw, err := far.SyscallConn()
	if err != nil {
		return err
	}
	if e := raw.Control(func(fd uintptr) { err = Enable(fd) }); e != nil || err != nil {
		return errors.Join(e, err)
	}
	r, buf := new(Receiver), make([]byte, 1)
	for range roundsMax {
		if _, err := near.Write(buf); err != nil {
			return err
		}
		var unixNs int64
		var errno syscall.Errno
		if err := raw.Read(func(fd uintptr) bool {
			_, unixNs, errno = r.Receive(fd, buf)
			return errno != syscall.EAGAIN
		}); err != nil {
			return err
		}
		if errno != 0 {
			return errno
		}
		if unixNs > 0 {
			return nil
		}
	}
	return errors.New("the kernel stamps nothing that it receives")
}
