package http1

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A caller that does not read ends the answer after WriteTimeout, and one that
// reads slowly gets all of it.
func TestCallersWhoDoNotRead(t *testing.T) {
	const long = 8 << 20
	for _, c := range []struct {
		name  string
		each  int // bytes that the caller reads
		every time.Duration
		err   error
		after time.Duration
	}{
		{"not at all", 0, 0, os.ErrDeadlineExceeded, writeFor},
		{"slowly", 1 << 20, writeFor / 2, nil, 0},
	} {
		for _, how := range []string{"in one piece", "in pieces"} {
			var wrote error
			var took time.Duration
			handler := func(w http.ResponseWriter, r *http.Request) {
				start := time.Now()
				piece := []byte(strings.Repeat("x", long))
				if how == "in pieces" {
					piece = piece[:long/256]
				}
				for n := 0; n < long && wrote == nil; n += len(piece) {
					_, wrote = w.Write(piece)
				}
				took = time.Since(start)
			}
			virtual(t, handler, func(g *rig) {
				raw := g.dial()
				defer raw.Close()
				say(t, raw, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				if c.each == 0 {
					time.Sleep(10 * writeFor)
				}
				got := 0
				for buf := make([]byte, max(1, c.each)); ; {
					time.Sleep(c.every)
					n, err := io.ReadFull(raw, buf)
					if got += n; err != nil {
						break
					}
				}
				if !errors.Is(wrote, c.err) || c.err == nil && got < long || c.err != nil && (got >= long || took != c.after) {
					t.Errorf("%s, %s: %d bytes, %v after %v", c.name, how, got, wrote, took)
				}
			})
		}
	}
}

// A connection that waits for its next request keeps no buffer of a long answer.
func TestIdleConnectionsAreSmall(t *testing.T) {
	virtual(t, func(w http.ResponseWriter, r *http.Request) {
		for range 8 {
			io.WriteString(w, strings.Repeat("x", flushAt/2))
		}
	}, func(g *rig) {
		raw := g.dial()
		defer raw.Close()
		go io.Copy(io.Discard, raw)
		say(t, raw, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", headMax-100)+"\r\n\r\n")
		synctest.Wait()
		for c := range g.s.conns {
			if kept := cap(c.out) + cap(c.buf); kept > 16*readMin {
				t.Errorf("%d bytes are kept", kept)
			}
		}
		if len(g.s.conns) != 1 {
			t.Error("the connection is gone")
		}
	})
}

// What is no body is told from one that does not come: only for the former is
// there somebody to be answered.
func TestMalformedBodies(t *testing.T) {
	for _, c := range []struct {
		name, body string
		malformed  bool
	}{
		{"a size that is no number", "zz\r\n", true},
		{"a negative size", "-1\r\n", true},
		{"a size beyond counting", "fffffffffffffffff\r\n", true},
		{"a line without an end", strings.Repeat("0", 8<<10), true},
		{"a bare LF behind a size", "1\nx\r\n0\r\n\r\n", true},
		{"more than the size says", "1\r\nxy\r\n0\r\n\r\n", true},
		{"more extensions than data", strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\ny\r\n", 100), true},
		{"a trailer that is no header", "0\r\nx\r\n\r\n", true},
		{"a trailer without an end", "0\r\n" + strings.Repeat("x: y\r\n", 1000), true},
		{"a chunk that is cut off", "5\r\nhel", false},
		{"a size that is cut off", "5", false},
		{"a trailer that is cut off", "0\r\nx: y", false},
	} {
		var read error
		virtual(t, func(w http.ResponseWriter, r *http.Request) { _, read = io.ReadAll(r.Body) }, func(g *rig) {
			raw := g.dial()
			go func() {
				fmt.Fprint(raw, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", c.body)
				raw.CloseWrite()
			}()
			all(raw)
			raw.Close()
			synctest.Wait()
			if read == nil || errors.Is(read, ErrMalformedBody) != c.malformed {
				t.Errorf("%s: %v", c.name, read)
			}
		})
	}
}
