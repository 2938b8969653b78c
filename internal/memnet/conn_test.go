package memnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// full is what both kinds of connection can do.
type full interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// tcp returns the two ends of a real connection.
func tcp(t *testing.T) (a, b full) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client.(*net.TCPConn), server.(*net.TCPConn)
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if n, err := io.WriteString(c, text); n != len(text) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(text), err)
	}
}

func receive(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("read %q, %v; want %q", b, err, want)
	}
}

func fails(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func read(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func write(c net.Conn) error {
	_, err := c.Write([]byte("x"))
	return err
}

// TestAsTCP runs the same story on a connection of this package and on one of
// the kernel: where programs can tell, they are alike.
func TestAsTCP(t *testing.T) {
	stories := []struct {
		words string
		story func(t *testing.T, a, b full)
	}{
		{"what one end writes the other one reads, both ways", func(t *testing.T, a, b full) {
			send(t, a, "question")
			receive(t, b, "ques")
			receive(t, b, "tion")
			send(t, b, "answer")
			receive(t, a, "answer")
		}},
		{"a half-closed connection can still be read", func(t *testing.T, a, b full) {
			send(t, a, "question")
			if err := a.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(b); string(got) != "question" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
			fails(t, "write after CloseWrite", write(a), syscall.EPIPE)
			send(t, b, "answer")
			receive(t, a, "answer")
			fails(t, "read again", read(b), io.EOF)
		}},
		{"a close ends what the other end reads, after all that was sent", func(t *testing.T, a, b full) {
			send(t, a, "last words")
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(b); string(got) != "last words" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
		}},
		{"a closed end is closed for everything", func(t *testing.T, a, _ full) {
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", read(a), net.ErrClosed)
			fails(t, "write", write(a), net.ErrClosed)
			fails(t, "close", a.Close(), net.ErrClosed)
			fails(t, "close write", a.CloseWrite(), net.ErrClosed)
			fails(t, "deadline", a.SetDeadline(time.Time{}), net.ErrClosed)
		}},
		{"a close wakes who reads", func(t *testing.T, a, _ full) {
			got := make(chan error)
			go func() { got <- read(a) }()
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", <-got, net.ErrClosed)
		}},
		{"no linger: a close is a reset", func(t *testing.T, a, b full) {
			if err := a.SetLinger(0); err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", read(b), syscall.ECONNRESET)
		}},
		{"a close with unread data is a reset", func(t *testing.T, a, b full) {
			send(t, b, "never read")
			receive(t, a, "never")
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", read(b), syscall.ECONNRESET)
		}},
		{"a deadline that has passed", func(t *testing.T, a, b full) {
			send(t, b, "too late")
			if err := a.SetDeadline(time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", read(a), os.ErrDeadlineExceeded)
			fails(t, "write", write(a), os.ErrDeadlineExceeded)
			var timeout net.Error
			if err := read(a); !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%v is no timeout", err)
			}
			if err := a.SetDeadline(time.Time{}); err != nil {
				t.Fatal(err)
			}
			receive(t, a, "too late")
			send(t, a, "but not for ever")
			receive(t, b, "but not for ever")
		}},
		{"a deadline wakes who reads", func(t *testing.T, a, _ full) {
			got := make(chan error)
			go func() { got <- read(a) }()
			if err := a.SetReadDeadline(time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			fails(t, "read", <-got, os.ErrDeadlineExceeded)
		}},
		{"a read of nothing waits for nothing", func(t *testing.T, a, _ full) {
			if n, err := a.Read(nil); n != 0 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}},
		{"more than any buffer holds arrives whole", func(t *testing.T, a, b full) {
			want := bytes.Repeat([]byte("0123456789abcdef!"), 100_000)
			go func() {
				_, _ = a.Write(want)
				_ = a.CloseWrite()
			}()
			if got, err := io.ReadAll(b); !bytes.Equal(got, want) || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		}},
		{"each end has an address, and knows the other's", func(t *testing.T, a, b full) {
			if a.LocalAddr().String() != b.RemoteAddr().String() || b.LocalAddr().String() != a.RemoteAddr().String() || a.LocalAddr().String() == b.LocalAddr().String() {
				t.Errorf("%v-%v and %v-%v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
			}
		}},
	}
	for _, s := range stories {
		t.Run("tcp/"+s.words, func(t *testing.T) {
			a, b := tcp(t)
			s.story(t, a, b)
		})
		t.Run("memory/"+s.words, func(t *testing.T) {
			a, b := Pipe("a", "b")
			s.story(t, a, b)
		})
	}
}

// Where this package is simpler than TCP, as its documentation says.
func TestWhatIsSimplerThanTCP(t *testing.T) {
	t.Run("a write to an end that has closed fails at once", func(t *testing.T) {
		a, b := Pipe("a", "b")
		b.Close()
		fails(t, "write", write(a), syscall.EPIPE)
	})
	t.Run("a reset is an error for good, and what came before it is read", func(t *testing.T) {
		a, b := Pipe("a", "b")
		send(t, a, "before")
		if err := a.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		a.Close()
		receive(t, b, "before")
		for range 3 {
			fails(t, "read", read(b), syscall.ECONNRESET)
			fails(t, "write", write(b), syscall.ECONNRESET)
		}
	})
	t.Run("linger other than 0 is the default", func(t *testing.T) {
		a, b := Pipe("a", "b")
		if err := errors.Join(a.SetLinger(0), a.SetLinger(-1), a.Close()); err != nil {
			t.Fatal(err)
		}
		fails(t, "read", read(b), io.EOF)
	})
	t.Run("an end that left while the other wrote", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := Pipe("a", "b")
			got := make(chan error, 1)
			go func() { _, err := a.Write(make([]byte, 2*bufferSize)); got <- err }()
			synctest.Wait()
			b.Close() // with unread data
			fails(t, "write", <-got, syscall.ECONNRESET)
		})
	})
}

// A sender is held up once bufferSize bytes are not read, and goes on as soon
// as there is room.
func TestTheBufferIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe("a", "b")
		data := make([]byte, bufferSize+1000)
		for i := range data {
			data[i] = byte(i * 7)
		}
		if n, err := a.Write(data[:bufferSize]); n != bufferSize || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		sent := make(chan time.Time, 1)
		go func() {
			if _, err := a.Write(data[bufferSize:]); err != nil {
				t.Error(err)
			}
			sent <- time.Now()
		}()
		start := time.Now()
		got := make([]byte, 0, len(data))
		for range 4 { // 250 bytes a second
			time.Sleep(time.Second)
			b.link.mu.Lock()
			if waiting := len(b.in.buf) - b.in.taken; waiting > bufferSize || cap(b.in.buf) > 2*bufferSize {
				t.Errorf("%d bytes wait, in a buffer of %d", waiting, cap(b.in.buf))
			}
			b.link.mu.Unlock()
			part := make([]byte, 250)
			if _, err := io.ReadFull(b, part); err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if after := (<-sent).Sub(start); after != 4*time.Second {
			t.Errorf("the write ended after %v, want 4s, when all of it had room", after)
		}
		rest := make([]byte, len(data)-len(got))
		if _, err := io.ReadFull(b, rest); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(append(got, rest...), data) {
			t.Error("what arrived is not what was sent")
		}
	})
}

// Writes do not mix, even where each is longer than the buffer.
func TestWritesDoNotMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe("a", "b")
		const size = bufferSize + bufferSize/2
		var wg sync.WaitGroup
		for _, c := range []byte("xyz") {
			wg.Go(func() {
				if _, err := a.Write(bytes.Repeat([]byte{c}, size)); err != nil {
					t.Error(err)
				}
			})
		}
		go func() { wg.Wait(); a.Close() }()
		all, err := io.ReadAll(b)
		if err != nil || len(all) != 3*size {
			t.Fatalf("%d bytes, %v", len(all), err)
		}
		for i := 0; i < len(all); i += size {
			if part := all[i : i+size]; !bytes.Equal(part, bytes.Repeat(part[:1], size)) {
				t.Fatalf("another write cut in between byte %d and %d", i, i+size)
			}
		}
	})
}

// Deadlines are exact in virtual time; one that was moved or lifted does not
// strike.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe("a", "b")
		start := time.Now()
		at := func(s time.Duration) time.Time { return start.Add(s) }
		if err := a.SetReadDeadline(at(3 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fails(t, "read", read(a), os.ErrDeadlineExceeded)
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("the read failed after %v, want 3s", got)
		}
		send(t, a, "reads only") // the write has no deadline
		if err := a.SetReadDeadline(at(4 * time.Second)); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { _ = a.SetReadDeadline(at(9 * time.Second)) })
		fails(t, "read", read(a), os.ErrDeadlineExceeded)
		if got := time.Since(start); got != 9*time.Second {
			t.Errorf("the read failed after %v, want 9s, where the deadline was moved to", got)
		}
		if err := b.SetWriteDeadline(at(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := b.Write(make([]byte, bufferSize+1))
		fails(t, "write", err, os.ErrDeadlineExceeded)
		if got := time.Since(start); n != bufferSize || got != 10*time.Second {
			t.Errorf("wrote %d bytes until %v, want %d until 10s", n, got, bufferSize)
		}
	})
}
