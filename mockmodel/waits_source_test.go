package mockmodel

import (
	"testing"

	"github.com/chaoskit/chaos/internal/blocking"
)

// TestNothingElseWaits: what can block stands in the functions of the list of
// waits, and in those that end the server.
func TestNothingElseWaits(t *testing.T) {
	// It waits for what has no wait of its own in it, or for attempts as a whole.
	listed := []string{"Server.Close"}
	for _, w := range waitTable {
		listed = append(listed, w.in...)
	}
	found, err := blocking.Unlisted(".", blockingCalls, listed)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// TestBlockingIsFound: each way to wait is seen by TestNothingElseWaits, and
// what does not wait is none.
func TestBlockingIsFound(t *testing.T) {
	for src, want := range map[string]int{
		"<-c": 1, "c <- 1": 1, "for range c {}": 0, "select { case <-c: case <-d: }": 1, "select { case <-c: default: }": 0,
		"select { case c <- 1: default: x() }": 0, "time.Sleep(1)": 1, "<-time.After(1)": 2, "t := time.NewTimer(1)": 1, "time.NewTicker(1)": 1, "time.AfterFunc(1, f)": 1,
		"g.Wait()": 1, "hint.Wait(now)": 0, "r.Body.Read(p)": 1, "u.client.Do(r)": 1, "x.ws.ReadMessage()": 1, "a.w.Write(b)": 1, "w.Add(1)": 0, "select { case <-c: <-d; default: }": 1,
		"func() { <-c }()": 1, "a.timer.Reset(d)": 1, "readAll(b, r, 1)": 1, "a.flusher.FlushError()": 1, "hash.Write(b)": 0,
	} {
		if got, err := blocking.Found(src, blockingCalls); got != want || err != nil {
			t.Errorf("%s: %d found, want %d (%v)", src, got, want, err)
		}
	}
}

// blockingCalls block by their names: of package time, and of what speaks to
// somebody outside.
var blockingCalls = []string{
	"time.Sleep", "time.After", "time.NewTimer", "time.NewTicker", "time.AfterFunc", "time.Tick", "timer.Reset",
	".Wait", "Body.Read", "body.Read", "client.Do", "ws.ReadMessage", "w.Write", ".FlushError", "readAll",
}
