//go:build amd64 || arm64

package rxstamp

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// pair returns two ends of a connection, the second one as a descriptor whose
// listener was stamped before it was there.
func pair(t *testing.T) (near net.Conn, far uintptr) {
	t.Helper()
	end, err := Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = Enable(fd) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	near, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	// What comes before it is accepted is stamped, too.
	accepted, err := l.(*net.TCPListener).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	f, err := accepted.(*net.TCPConn).File() // a copy, without a poller
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return near, f.Fd()
}

func say(t *testing.T, c net.Conn, text string) (before, after int64) {
	t.Helper()
	before = time.Now().UnixNano()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return before, time.Now().UnixNano()
}

// The stamp is that of the last segment of which something was read, or of one that
// the kernel has joined with it, whenever that was; then nothing is there, and at last
// the stream ends.
func TestReceive(t *testing.T) {
	near, far := pair(t)
	r := new(Receiver)
	buf := make([]byte, 8)

	before1, _ := say(t, near, "first")
	before2, after2 := say(t, near, "second")
	for _, x := range []struct {
		room          int
		want          string
		before, after int64
	}{
		{3, "fir", before1, after2},
		{4, "stse", before2, after2},
		{8, "cond", before2, after2},
	} {
		n, unixNs, errno := r.Receive(far, buf[:x.room])
		if string(buf[:n]) != x.want || errno != 0 {
			t.Errorf("%q %v, want %q", buf[:n], errno, x.want)
		}
		if unixNs < x.before || unixNs > x.after {
			t.Errorf("%q came at %d ns, sent between 0 and %d", x.want, unixNs-x.before, x.after-x.before)
		}
	}
	if n, unixNs, errno := r.Receive(far, buf); n != 0 || unixNs != 0 || errno != syscall.EAGAIN {
		t.Errorf("%d bytes at %d, %v, want EAGAIN", n, unixNs, errno)
	}
	if err := near.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, unixNs, errno := r.Receive(far, buf); n != 0 || unixNs != 0 || errno != 0 {
		t.Errorf("%d bytes at %d, %v, want the end", n, unixNs, errno)
	}
	if n, _, errno := r.Receive(^uintptr(0), buf); n != 0 || errno != syscall.EBADF {
		t.Errorf("%d bytes, %v, want EBADF", n, errno)
	}
}
