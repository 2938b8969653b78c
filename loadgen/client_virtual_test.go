package loadgen

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/internal/wire"
)

// inVirtualTime runs f with a client of a service on an in-memory network, in
// time that passes only when everybody waits. So stamps can be compared
// exactly.
func inVirtualTime(t *testing.T, handler http.HandlerFunc, f func(c *Client), change ...func(*ClientOptions)) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("target:80")
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// net/http notices that a client has left only once the body is read.
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/event-stream")
			handler(w, r)
		})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		c := testClient(t, "http://target/v1/chat/completions", append(change, func(o *ClientOptions) { o.DialContext = l.DialContext })...)
		f(c)
		c.Close()
		if err := server.Shutdown(context.Background()); err != nil { // waits for the handlers
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// pieces writes frames of an event stream with a pause before each.
func pieces(w http.ResponseWriter, pause time.Duration, frames ...string) {
	for _, f := range frames {
		time.Sleep(pause)
		_, _ = io.WriteString(w, f)
		_ = http.NewResponseController(w).Flush()
	}
}

const ms = int64(time.Millisecond)

func TestStampsOfAStream(t *testing.T) {
	inVirtualTime(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(300 * time.Millisecond)
		_ = http.NewResponseController(w).Flush()
		pieces(w, 20*time.Millisecond, roleDelta, delta("a"), delta("b"), delta("c")+delta("d"), finishDelta, usageDelta)
		time.Sleep(2 * time.Second)
		pieces(w, 0, delta("e"), doneFrame)
		time.Sleep(50 * time.Millisecond)
	}, func(c *Client) {
		start := c.opt.Epoch.Now()
		rec := send(context.Background(), c)
		at := func(ns int64) int64 { return (ns - start) / ms }
		got := [...]int64{at(rec.SentNs), at(rec.ConnNs), at(rec.WroteNs), at(rec.HeaderNs), at(rec.FirstNs), at(rec.FirstVisibleNs), at(rec.LastNs), at(rec.TerminalNs), at(rec.EndNs), rec.GapMaxNs / ms}
		want := [...]int64{0, 0, 0, 300, 340, 340, 2420, 2420, 2470, 2040}
		if got != want {
			t.Errorf("sent conn wrote header first visible last terminal end gap\n%v, want\n%v", got, want)
		}
		// a, 20 ms, b, 20 ms, c, 0 ms, d, 2040 ms, e
		if want := [8]uint32{0: 1, 3: 2, 6: 1}; rec.Gaps != want {
			t.Errorf("gaps %v, want %v", rec.Gaps, want)
		}
		if rec.ConnReused || rec.Chunks != 5 || rec.Outcome != journal.OutcomeFull {
			t.Errorf("reused %v, %d chunks, %s", rec.ConnReused, rec.Chunks, rec.Outcome)
		}
		if again := send(context.Background(), c); !again.ConnReused {
			t.Error("the second request opened a connection")
		}
	})
}

func TestReasoningIsNotVisible(t *testing.T) {
	inVirtualTime(t, func(w http.ResponseWriter, _ *http.Request) {
		pieces(w, 100*time.Millisecond, `data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}`+"\n\n", delta("42"), doneFrame)
	}, func(c *Client) {
		start := c.opt.Epoch.Now()
		rec := send(context.Background(), c)
		if rec.FirstNs-start != 100*ms || rec.FirstVisibleNs-start != 200*ms || rec.ContentBytes != 2 {
			t.Errorf("first %d, first visible %d, %d bytes", rec.FirstNs-start, rec.FirstVisibleNs-start, rec.ContentBytes)
		}
	})
}

// The user's patience counts from due, so what was late on the way has less.
func TestTimeoutCountsFromDue(t *testing.T) {
	tests := []struct {
		words   string
		handler http.HandlerFunc
	}{
		{"before the headers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"after the headers", func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		{"in the middle of a stream", func(w http.ResponseWriter, r *http.Request) {
			pieces(w, 10*time.Millisecond, roleDelta, delta("4"))
			<-r.Context().Done()
		}},
		{"while the text still comes", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				pieces(w, 70*time.Millisecond, delta("4"))
			}
		}},
	}
	for _, test := range tests {
		inVirtualTime(t, test.handler, func(c *Client) {
			due := c.opt.Epoch.Now()
			time.Sleep(400 * time.Millisecond)
			rec := send(context.Background(), c, func(a *Arrival) { a.DueNs = due })
			if rec.Outcome != journal.OutcomeTimeout || rec.EndBy != journal.EndClientTimeout || rec.SentNs-due != 400*ms || rec.EndNs-due != 1000*ms {
				t.Errorf("%s: %s %s, sent %d ns and ended %d ns after due", test.words, rec.Outcome, rec.EndBy, rec.SentNs-due, rec.EndNs-due)
			}
			synctest.Wait() // the service notices
		}, func(o *ClientOptions) { o.Timeout = time.Second })
	}
}

func TestTheRunEndsFirst(t *testing.T) {
	inVirtualTime(t, func(w http.ResponseWriter, r *http.Request) {
		pieces(w, 10*time.Millisecond, delta("4"))
		<-r.Context().Done()
	}, func(c *Client) {
		for _, test := range []struct {
			cause error
			want  journal.EndBy
		}{{nil, journal.EndStopped}, {endedBy(journal.EndRunEnd), journal.EndRunEnd}} {
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(time.Second, func() { cancel(test.cause) })
			rec := send(ctx, c)
			if rec.Outcome != journal.OutcomeNone || rec.EndBy != test.want {
				t.Errorf("cause %v: %q by %s", test.cause, rec.Outcome, rec.EndBy)
			}
		}
	})
}

// endedBy is a cause that says how a record shall name it.
type endedBy journal.EndBy

func (e endedBy) Error() string        { return string(e) }
func (e endedBy) EndBy() journal.EndBy { return journal.EndBy(e) }

// A service that has said all and keeps the connection does not keep the user.
func TestLinger(t *testing.T) {
	inVirtualTime(t, func(w http.ResponseWriter, r *http.Request) {
		pieces(w, 10*time.Millisecond, delta("42"), doneFrame)
		<-r.Context().Done()
	}, func(c *Client) {
		rec := send(context.Background(), c)
		if rec.Outcome != journal.OutcomeFull || rec.EndBy != journal.EndClientHangup || rec.EndNs-rec.TerminalNs != int64(lingerMax) {
			t.Errorf("%s by %s, %d ns after the terminal event", rec.Outcome, rec.EndBy, rec.EndNs-rec.TerminalNs)
		}
	})
}

// The content's hash and the search for a text do not depend on how the text
// was cut into pieces.
func TestPiecesDoNotMatter(t *testing.T) {
	var hashes []uint64
	for _, frames := range [][]string{
		{delta("we are temporarily unavailable")},
		{delta("we are te"), delta("mporarily un"), delta("available")},
	} {
		inVirtualTime(t, func(w http.ResponseWriter, _ *http.Request) {
			pieces(w, 0, append(frames, doneFrame)...)
		}, func(c *Client) {
			rec := send(context.Background(), c)
			hashes = append(hashes, rec.ContentHash)
			if rec.DegradedKind != "message" || !rec.Disclosed {
				t.Errorf("%d pieces: %s %q", len(frames), rec.Outcome, rec.DegradedKind)
			}
		}, func(o *ClientOptions) {
			o.Response.Degraded = []DegradedRule{{Kind: "cached", Contains: "from the archive"}, {Kind: "message", Contains: "temporarily unavailable"}}
		})
	}
	if hashes[0] != hashes[1] || hashes[0] != wire.Fold64([]byte("we are temporarily unavailable")) {
		t.Errorf("hashes %x", hashes)
	}
}
