package tcpproxy

import (
	"slices"
	"testing"

	"github.com/chaoskit/chaos/internal/blocking"
)

// TestNothingElseWaits: what can block stands in the functions of the list of
// waits, and in those that wait for what is on it.
func TestNothingElseWaits(t *testing.T) {
	listed := slices.Clone(waitForWaits)
	for _, w := range waits {
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

// TestBlockingIsFound: each way to wait is seen, and what does not wait is none.
func TestBlockingIsFound(t *testing.T) {
	for src, want := range map[string]int{
		"<-c": 1, "c <- 1": 1, "select { case <-c: case <-d: }": 1, "select { case <-c: default: }": 0, "select { case c <- 1: default: }": 0,
		"select { case <-c: <-d; default: }": 1, "go func() { <-c }()": 1, "for range c {}": 0, "time.Sleep(1)": 1, "time.NewTimer(1)": 1, "q.change.Wait()": 1, "g.Wait()": 1,
		"l.Accept()": 1, "opt.Dial(x)": 1, "src.Read(b)": 1, "dst.Write(b)": 1, "io.Copy(a, b)": 1, "io.ReadFull(a, b)": 1, "c.wait(at)": 1, "pause(ctx, d)": 1, "hash.Sum(b)": 0,
		"context.AfterFunc(c, f)": 0, "c.Close()": 0,
	} {
		if got, err := blocking.Found(src, blockingCalls); got != want || err != nil {
			t.Errorf("%s: %d found, want %d (%v)", src, got, want, err)
		}
	}
}

// blockingCalls block, or wait on behalf of who calls them.
var blockingCalls = []string{
	"Sleep", "After", "NewTimer", "NewTicker", "Wait", "Accept", "Dial", "Read", "Write", "Copy", "CopyN", "ReadFull", "ReadAll",
	"wait", "pause", "accept", "reach", "settle", "finish", "push", "pop",
}
